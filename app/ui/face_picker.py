"""Choosing a face by a click in the picture."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from app.pipeline.types import Output
from app.ui import paint, tokens
from app.ui.view_transform import ViewTransform
from models.types import Face


class FacePicker:
    """A layer of the picture: while it asks, every face is framed and the one under the pointer is lit."""

    def __init__(self) -> None:
        self._done: Callable[[int], None] | None = None
        self._spot_xy = (-1.0, -1.0)

    @property
    def asking(self) -> bool:
        """A click is awaited."""
        return self._done is not None

    def ask(self, done: Callable[[int], None]) -> None:
        """Wait for a click; `done` gets the track id."""
        self._done = done
        self._spot_xy = (-1.0, -1.0)

    def cancel(self) -> None:
        """Wait no more."""
        self._done = None

    def hover(self, x: float, y: float) -> None:
        """The pointer, in frame pixels."""
        self._spot_xy = (x, y)

    def click(self, output: Output, x: float, y: float) -> bool:
        """A click at frame x, y; True when it chose a face."""
        face = face_at(output.perception.faces, x, y)
        if face is None or self._done is None:
            return False
        done, self._done = self._done, None
        done(face.track_id)
        return True

    def paint(self, painter: QPainter, output: Output, view: ViewTransform) -> None:
        """Draw in widget pixels."""
        if not self.asking:
            return
        theme = tokens.DARK
        painter.fillRect(QRectF(view.x, view.y, view.width, view.height), tokens.faint("#000000", 0.25))
        lit = face_at(output.perception.faces, *self._spot_xy)
        for face in output.perception.faces:
            corners = view.to_view(face.box_xyxy.reshape(2, 2)).tolist()
            box = QRectF(QPointF(*corners[0]), QPointF(*corners[1])).normalized()
            fill = tokens.faint(theme.accent, 0.28) if face is lit else None
            paint.rounded(painter, box, 12, fill, theme.accent if face is lit else theme.text)
            painter.setFont(tokens.font(tokens.TEXT_L, QFont.Weight.DemiBold))
            painter.setPen(QColor(theme.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"Face {face.track_id}")


def face_at(faces: tuple[Face, ...], x: float, y: float) -> Face | None:
    """The face whose box holds the spot; of several, the one whose middle is nearest."""
    holding = [
        face
        for face in faces
        if face.box_xyxy[0] <= x <= face.box_xyxy[2] and face.box_xyxy[1] <= y <= face.box_xyxy[3]
    ]
    return min(holding, key=lambda face: _distance_sq(face, x, y), default=None)


def _distance_sq(face: Face, x: float, y: float) -> float:
    left, top, right, bottom = (float(edge) for edge in face.box_xyxy)
    return ((left + right) / 2 - x) ** 2 + ((top + bottom) / 2 - y) ** 2
