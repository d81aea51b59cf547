"""What the face model knows of the picture, painted over it by Qt and never into it."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, qRgba

from app.pipeline.types import Output
from app.ui import paint, perception_marks, tokens
from app.ui.view_transform import ViewTransform
from models.types import F32, Face

LAYERS = (
    ("mesh", "Mesh"),
    ("irises", "Irises and gaze"),
    ("boxes", "Boxes and numbers"),
    ("pose", "Head pose"),
    ("matte", "Person matte"),
    ("visibility", "Visibility"),
)
DEFAULT_LAYERS = frozenset({"mesh", "irises", "boxes", "pose"})

_INSET_PX = 96
_MOST_INSETS = 5


class PerceptionLayer:
    """Draws the parts in `shown` while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.shown: frozenset[str] = DEFAULT_LAYERS
        self._tint = [qRgba(14, 20, 44, round((255 - level) * 0.62)) for level in range(256)]
        self._seen = [tokens.mix(tokens.DARK.danger, tokens.DARK.good, level / 255).rgb() for level in range(256)]

    def paint(self, painter: QPainter, output: Output, view: ViewTransform) -> None:
        """Draw in widget pixels."""
        if not self.on:
            return
        painter.save()
        painter.setClipRect(QRectF(view.x, view.y, view.width, view.height))
        perception = output.perception
        if "matte" in self.shown and perception.matte is not None:
            self._paint_matte(painter, perception.matte, view)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for face in perception.faces:
            self._paint_face(painter, face, view)
        if "visibility" in self.shown:
            self._paint_insets(painter, perception.faces, view)
        painter.restore()

    def _paint_face(self, painter: QPainter, face: Face, view: ViewTransform) -> None:
        if face.mesh is not None:
            points_xy = view.to_view(face.mesh[:, :2])
            if "mesh" in self.shown:
                perception_marks.mesh(painter, points_xy, face.weight)
            if "irises" in self.shown:
                perception_marks.irises(painter, points_xy, face.weight)
            if face.signals is not None and "irises" in self.shown:
                perception_marks.gaze(painter, points_xy, face.signals, view.mirrored)
            if face.signals is not None and "pose" in self.shown:
                perception_marks.pose_axes(painter, points_xy, face.signals, view.mirrored)
        if "boxes" in self.shown:
            perception_marks.box(painter, face, view)

    def _paint_matte(self, painter: QPainter, matte: F32, view: ViewTransform) -> None:
        """The person stays clear, all else is tinted."""
        image = _indexed(matte[:, ::-1] if view.mirrored else matte, self._tint)
        tinted = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(QRectF(view.x, view.y, view.width, view.height), tinted)

    def _paint_insets(self, painter: QPainter, faces: tuple[Face, ...], view: ViewTransform) -> None:
        """One small map a face at the bottom right: green where nothing is in front of it."""
        theme = tokens.DARK
        shown = [face for face in faces if face.visibility is not None][:_MOST_INSETS]
        x = view.x + view.width - tokens.GAP_L - len(shown) * (_INSET_PX + tokens.GAP) + tokens.GAP
        y = view.y + view.height - tokens.GAP_L - _INSET_PX - 20
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for face in shown:
            assert face.visibility is not None
            paint.rounded(painter, QRectF(x, y, _INSET_PX, _INSET_PX + 20), 6, tokens.faint(theme.surface, 0.78))
            visible = face.visibility[:, ::-1] if view.mirrored else face.visibility
            image = _indexed(visible, self._seen)
            area = QRectF(x + 4, y + 4, _INSET_PX - 8, _INSET_PX - 8)
            painter.drawImage(area, image)
            perception_marks.outline_uv(painter, area, view.mirrored)
            painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.Medium))
            painter.setPen(QColor(theme.text))
            share = f"{face.track_id}   {float(face.visibility.mean()) * 100:.0f} %"
            label = QRectF(x, y + _INSET_PX - 3, _INSET_PX, 20)
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, share)
            x += _INSET_PX + tokens.GAP


def _indexed(values: F32, table: list[int]) -> QImage:
    """(h, w) 0..1 as an image with a colour table; the image owns its pixels."""
    levels = np.ascontiguousarray((np.clip(values, 0.0, 1.0) * 255).astype(np.uint8))
    height, width = levels.shape
    image = QImage(levels.data, width, height, width, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(table)
    return image
