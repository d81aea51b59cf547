"""The picture: the newest output, drawn at once, with whatever lies over it.

The widget copies the pixels of an output into an image of its own and never keeps the array. Mirroring is a matter of
the view; what leaves this widget (clicks, the split) is in frame pixels.
"""

import math
import time
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.pipeline.types import Output
from app.ui import tokens
from app.ui.motion import Ease, reduced
from app.ui.own_image import OwnImage
from app.ui.split import Split
from app.ui.view_transform import ViewTransform, fit

Painted = Callable[[Output, int, float, float], None]


class Layer(Protocol):
    """Something painted over the picture."""

    def paint(self, painter: QPainter, output: Output, view: ViewTransform) -> None:
        """Draw in widget pixels."""
        ...


class PictureView(QWidget):
    """Fits the picture into its area; letterboxes, rounds the corners, fades the first frame in."""

    clicked = Signal(float, float)
    """Frame x, y of a click on the picture."""
    hovered = Signal(float, float)
    double_clicked = Signal()

    def __init__(self, painted: Painted, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._painted = painted
        self._after, self._before = OwnImage(), OwnImage()
        self._output: Output | None = None
        self._unreported_ns: int | None = None
        self._mirrored = False
        self.split = Split()
        self.layers: list[Layer] = []
        self.margin = tokens.GAP
        self.dimmed = False
        self._fade = Ease(self, 0.0, lambda _value: self.update())
        self._flash = Ease(self, 0.0, lambda _value: self.update())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAccessibleName("Picture")

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(640, 360)

    @property
    def output(self) -> Output | None:
        """What is shown."""
        return self._output

    def show_output(self, output: Output) -> None:
        """Take over a new output and paint it now: waiting for Qt's next round would add to the latency."""
        taken_ns = time.monotonic_ns()
        first = self._output is None
        self._output = output
        self._copy()
        self._unreported_ns = taken_ns
        if first:
            self._fade.to(1.0)
        self.repaint()

    def clear(self) -> None:
        """Show nothing; the next output fades in."""
        self._output = None
        self._unreported_ns = None
        self._fade.value = 0.0
        self.dimmed = False
        self.update()

    def flash(self) -> None:
        """A short white light: the snapshot has been taken."""
        if not reduced():
            self._flash.value = 0.7
            self._flash.to(0.0)

    def set_mirrored(self, mirrored: bool) -> None:
        """Show left as right."""
        if mirrored != self._mirrored:
            self._mirrored = mirrored
            self._copy_and_update()

    def set_split(self, on: bool) -> None:
        """Show the split line."""
        self.split.on = on
        self._copy_and_update()

    def set_before(self, held: bool) -> None:
        """Show the untouched frame while held."""
        if held != self.split.held:
            self.split.held = held
            self._copy_and_update()

    def transform(self) -> ViewTransform | None:
        """Where the frame lies in the widget; None without a picture."""
        if self._output is None:
            return None
        height, width = self._output.bgra.shape[:2]
        area = (self.width(), self.height())
        return fit((width, height), area, self.margin, self.devicePixelRatioF(), self._mirrored)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        started_ns = time.monotonic_ns()
        painter = QPainter(self)
        view = self.transform()
        self._paint_surroundings(painter, view)
        if view is not None and self._output is not None:
            self._paint_picture(painter, view, self._output)
        painter.end()
        if self._unreported_ns is not None and self._output is not None:
            ended_ns = time.monotonic_ns()
            waited_ms = (started_ns - self._unreported_ns) / 1e6
            self._unreported_ns = None
            self._painted(self._output, ended_ns, (ended_ns - started_ns) / 1e6, waited_ms)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        view = self.transform()
        if view is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.split.hits(view, event.position().x()):
            self.split.dragging = True
            self.update()
            return
        spot = view.to_frame(event.position().x(), event.position().y())
        if spot is not None:
            self.clicked.emit(*spot)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        view = self.transform()
        if view is None:
            return
        x, y = event.position().x(), event.position().y()
        if self.split.dragging:
            self.split.drag_to(view, x)
            self.update()
            return
        spot = view.to_frame(x, y)
        self.hovered.emit(*(spot or (-1.0, -1.0)))
        if self.split.on:
            over = self.split.hits(view, x)
            self.setCursor(Qt.CursorShape.SplitHCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        del event
        if self.split.dragging:
            self.split.dragging = False
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        view = self.transform()
        if view is None or not self.split.hits(view, event.position().x()):
            self.double_clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self.split.on:
            self.split.nudge(step, self._mirrored)
            self.update()
        else:
            super().keyPressEvent(event)

    def _copy(self) -> None:
        if self._output is None:
            return
        self._after.copy_bgra(self._output.bgra, self._mirrored)
        if self.split.active:
            self._before.copy_bgr(self._output.frame.pixels, self._mirrored)

    def _copy_and_update(self) -> None:
        self._copy()
        self.update()

    def _paint_surroundings(self, painter: QPainter, view: ViewTransform | None) -> None:
        """All but what the picture covers anyway."""
        stage = QColor(tokens.colours(self).stage)
        if view is None or self._fade.value < 1.0:
            painter.fillRect(self.rect(), stage)
            return
        left, top = math.ceil(view.x), math.ceil(view.y)
        right, bottom = math.floor(view.x + view.width), math.floor(view.y + view.height)
        for rect in (
            QRect(0, 0, self.width(), top),
            QRect(0, top, left, bottom - top),
            QRect(right, top, self.width() - right, bottom - top),
            QRect(0, bottom, self.width(), self.height() - bottom),
        ):
            painter.fillRect(rect, stage)

    def _paint_picture(self, painter: QPainter, view: ViewTransform, output: Output) -> None:
        whole = QRectF(view.x, view.y, view.width, view.height)
        painter.setOpacity(self._fade.value)
        self._after.draw(painter, whole, self.devicePixelRatioF())
        if self.split.active:
            painter.setClipRect(self.split.before_rect(view))
            self._before.draw(painter, whole, self.devicePixelRatioF())
            painter.setClipping(False)
        if self.dimmed:
            painter.fillRect(whole, tokens.faint("#000000", 0.5))
        if self._flash.value > 0:
            painter.fillRect(whole, tokens.faint("#FFFFFF", self._flash.value))
        if self.margin:
            self._cut_corners(painter, whole)
        for layer in self.layers:
            layer.paint(painter, output, view)
        if self.split.active:
            self.split.paint(painter, view)
        painter.setOpacity(1.0)

    def _cut_corners(self, painter: QPainter, whole: QRectF) -> None:
        radius = float(tokens.RADIUS)
        round_path = QPainterPath()
        round_path.addRoundedRect(whole, radius, radius)
        square = QPainterPath()
        square.addRect(whole)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(square.subtracted(round_path), QColor(tokens.colours(self).stage))
