"""The quiet pattern behind an empty stage: the crown of a cut stone, seen from above."""

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from app.ui import tokens

_SIDES = 8
_RINGS_PX = (290.0, 450.0, 680.0)
_LIGHT_DEG = 250.0
"""Where the light comes from: facets that face it are brighter."""


def paint(painter: QPainter, centre: QPointF, colour: str) -> None:
    """Facets around `centre`, fading outwards."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    rings = [_ring(centre, radius, place % 2) for place, radius in enumerate(_RINGS_PX)]
    for place, (inner, outer) in enumerate(zip(rings, rings[1:], strict=False)):
        for side in range(_SIDES):
            following = (side + 1) % _SIDES
            # The outer ring is turned by half a side against the inner one, to one direction and back.
            tip = side if place % 2 == 0 else following
            _facet(painter, centre, (inner[side], inner[following], outer[tip]), colour, place)
            base = (outer[side - 1], outer[side]) if place % 2 == 0 else (outer[side], outer[following])
            _facet(painter, centre, (inner[side], *base), colour, place)
    painter.setBrush(tokens.faint(colour, 0.06))
    painter.drawPolygon(QPolygonF(rings[0]))


def _ring(centre: QPointF, radius: float, turned: int) -> list[QPointF]:
    angles = [2 * math.pi * (side + turned / 2) / _SIDES + math.pi / _SIDES for side in range(_SIDES)]
    return [centre + QPointF(math.cos(angle) * radius, math.sin(angle) * radius) for angle in angles]


def _facet(
    painter: QPainter, centre: QPointF, corners: tuple[QPointF, QPointF, QPointF], colour: str, ring: int
) -> None:
    middle = QPointF(sum(corner.x() for corner in corners) / 3, sum(corner.y() for corner in corners) / 3) - centre
    turn = math.atan2(middle.y(), middle.x()) - math.radians(_LIGHT_DEG)
    light = 0.5 + 0.5 * math.cos(turn)
    painter.setBrush(tokens.faint(colour, (0.014 + 0.05 * light) / (1 + 1.2 * ring)))
    painter.drawPolygon(QPolygonF(list(corners)))
