"""How the perception view draws one face: mesh, contours, irises, gaze, pose axes, box and name tag."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app.ui import paint, tokens
from app.ui.segments import draw_segments
from app.ui.view_transform import ViewTransform
from models import topology
from models.types import F32, Face, Signals

_THEME = tokens.DARK
_MESH_FROM_PX = 70.0
"""A smaller face on the screen gets its contours only: its mesh would be a grey blot."""

_LOOPS = (
    topology.FACE_OVAL,
    topology.LIPS_OUTER,
    topology.LIPS_INNER,
    topology.RIGHT_EYE,
    topology.LEFT_EYE,
    topology.RIGHT_BROW,
    topology.LEFT_BROW,
)
_CONTOURS = np.concatenate([np.stack([loop, np.roll(loop, -1)], axis=1) for loop in _LOOPS])


def mesh(painter: QPainter, points_xy: F32, weight: float) -> None:
    """The net of triangles, thin, with the features drawn stronger. `points_xy` (478, 2) widget pixels."""
    width = float(np.ptp(points_xy[:, 0]))
    if width >= _MESH_FROM_PX:
        painter.setPen(QPen(tokens.faint("#CFE0FF", min(0.42, 0.16 + width / 1400) * weight), 1))
        draw_segments(painter, points_xy[topology.canonical_face().edges])
    painter.setPen(QPen(tokens.faint("#DCE7FF", 0.9 * weight), 1.5 if width >= _MESH_FROM_PX else 1.0))
    draw_segments(painter, points_xy[_CONTOURS])


def outline_uv(painter: QPainter, area: QRectF, mirrored: bool) -> None:
    """The features' outlines in the face's UV space, so that one sees what a spot of a UV map is."""
    uv = topology.canonical_face().uv[_CONTOURS]
    if mirrored:
        uv = np.stack([1.0 - uv[..., 0], uv[..., 1]], axis=-1)
    scale = np.array([area.width(), area.height()], np.float32)
    painter.setPen(QPen(tokens.faint(_THEME.surface, 0.75), 1))
    draw_segments(painter, uv * scale + np.array([area.x(), area.y()], np.float32))


def irises(painter: QPainter, points_xy: F32, weight: float) -> None:
    """A ring on the rim and a dot in the middle of each iris."""
    for group in (topology.RIGHT_IRIS, topology.LEFT_IRIS):
        centre, rim = points_xy[group[0]], points_xy[group[1:]]
        radius = float(np.linalg.norm(rim - centre, axis=1).mean())
        middle = QPointF(float(centre[0]), float(centre[1]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(tokens.faint(_THEME.good, weight), 1.4))
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens.faint(_THEME.good, weight))
        painter.drawEllipse(middle, 1.6, 1.6)


def gaze(painter: QPainter, points_xy: F32, signals: Signals, mirrored: bool) -> None:
    """A tapering ray from each iris; nothing while the gaze cannot be read."""
    yaw, pitch = (math.radians(angle) for angle in signals.gaze_deg)
    if not (math.isfinite(yaw) and math.isfinite(pitch)):
        return
    length = 0.55 * float(np.linalg.norm(points_xy[33] - points_xy[263]))
    across = math.sin(yaw) * math.cos(pitch) * (-1 if mirrored else 1)
    reach = QPointF(across * length * 2, -math.sin(pitch) * length * 2)
    for group in (topology.RIGHT_IRIS, topology.LEFT_IRIS):
        start = QPointF(float(points_xy[group[0], 0]), float(points_xy[group[0], 1]))
        end = start + reach
        painter.setPen(QPen(tokens.faint(_THEME.good, 0.9), 2.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(start, end)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_THEME.good))
        painter.drawEllipse(end, 2.6, 2.6)


def pose_axes(painter: QPainter, points_xy: F32, signals: Signals, mirrored: bool) -> None:
    """The head's own axes at the tip of the nose: to its left (red), up (green) and forward (blue)."""
    if not all(math.isfinite(angle) for angle in signals.pose_deg):
        return
    origin = points_xy[topology.NOSE_TIP]
    length = 0.7 * float(np.linalg.norm(points_xy[33] - points_xy[263]))
    for (x, y), colour in zip(axes_xy(signals.pose_deg), (_THEME.danger, _THEME.good, _THEME.accent), strict=True):
        start = QPointF(float(origin[0]), float(origin[1]))
        end = start + QPointF((-x if mirrored else x) * length, y * length)
        painter.setPen(QPen(tokens.faint("#000000", 0.45), 5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(start, end)
        painter.setPen(QPen(QColor(colour), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(start, end)


def axes_xy(pose_deg: tuple[float, float, float]) -> NDArray[np.float64]:
    """(3, 2): left, up and forward of a head with that yaw, pitch and roll, seen in the unmirrored picture (y down)."""
    yaw, pitch, roll = (math.radians(angle) for angle in pose_deg)
    left = (math.cos(yaw), 0.0)
    up = (math.sin(yaw) * math.sin(-pitch), -math.cos(pitch))
    forward = (math.sin(yaw) * math.cos(pitch), -math.sin(pitch))
    spin = np.array([[math.cos(roll), math.sin(roll)], [-math.sin(roll), math.cos(roll)]])
    axes: NDArray[np.float64] = np.array([left, up, forward]) @ spin
    return axes


def box(painter: QPainter, face: Face, view: ViewTransform) -> None:
    """Corners around the face (dashed while it coasts) and a tag with its number and score."""
    corners = view.to_view(face.box_xyxy.reshape(2, 2))
    left, right = sorted((float(corners[0, 0]), float(corners[1, 0])))
    top, bottom = float(corners[0, 1]), float(corners[1, 1])
    colour = tokens.faint(_THEME.warning if face.coasting else _THEME.accent, max(0.35, face.weight))
    pen = QPen(colour, 2, Qt.PenStyle.DotLine if face.coasting else Qt.PenStyle.SolidLine)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    arm = min(right - left, bottom - top) * 0.16
    for x, inward in ((left, 1), (right, -1)):
        for y, down in ((top, 1), (bottom, -1)):
            painter.drawLine(QPointF(x, y), QPointF(x + inward * arm, y))
            painter.drawLine(QPointF(x, y), QPointF(x, y + down * arm))
    text = f"{face.track_id}   lost" if face.coasting else f"{face.track_id}   {face.score * 100:.0f} %"
    painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.DemiBold))
    width = painter.fontMetrics().horizontalAdvance(text) + 14
    above = top - 26 if top - 26 > view.y else top + 4
    tag = QRectF(left, above, width, 22)
    paint.rounded(painter, tag, 6, tokens.faint(_THEME.surface, 0.78))
    painter.setPen(QColor(_THEME.warning if face.coasting else _THEME.text))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
