"""Sliders with a value that can be typed."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QSlider, QWidget

from app.ui import paint, tokens

_HANDLE = 7.0
_SETTLE_MS = 350
"""A slider that the scrolling panel has just brought under the pointer must not take the wheel."""


class Slider(QSlider):
    """Horizontal, in whole steps; fills from zero, or from the left where the range does not cross zero.

    Drag or click to set, arrows and wheel to fine-tune, double-click to reset.
    """

    reset = Signal()

    def __init__(self, name: str, minimum: int, maximum: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(minimum, maximum)
        self.setPageStep(max(1, (maximum - minimum) // 10))
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._ring = False
        self._calm = QElapsedTimer()

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(160, 24)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(80, 24)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._move_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if self.isSliderDown():
            self._move_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        del event
        self.setSliderDown(False)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        del event
        self.setSliderDown(False)
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102, N802
        settled = self._calm.isValid() and self._calm.elapsed() > _SETTLE_MS
        if not (self.hasFocus() or settled):
            self._calm.restart()
            event.ignore()
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        if delta:
            self.setValue(self.value() + (self.singleStep() if delta > 0 else -self.singleStep()))
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: D102, N802
        self._calm.start()
        self.update()
        super().enterEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        self._ring = paint.by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        middle = self.height() / 2
        hot = (self.underMouse() or self.isSliderDown()) and self.isEnabled()
        paint.rounded(painter, QRectF(0, middle - 2, self.width(), 4), 2, theme.hover if hot else theme.line)
        zero, now = self._x_of(max(self.minimum(), min(0, self.maximum()))), self._x_of(self.value())
        accent = QColor(theme.accent) if self.isEnabled() else tokens.mix(theme.muted, theme.raised, 0.5)
        left = min(zero, now) if self.minimum() < 0 else 0.0
        right = max(zero, now)
        paint.rounded(painter, QRectF(left, middle - 2, right - left, 4), 2, accent)
        painter.setBrush(QColor(theme.raised))
        painter.drawEllipse(QPointF(now, middle), _HANDLE + 2, _HANDLE + 2)
        painter.setBrush(tokens.mix(theme.accent, theme.text, 0.2) if hot else accent)
        painter.drawEllipse(QPointF(now, middle), _HANDLE, _HANDLE)
        if self._ring and self.hasFocus():
            paint.ring(painter, QRectF(now - 12, middle - 12, 24, 24), 12, theme)
        painter.end()

    def _x_of(self, value: int) -> float:
        span = max(1, self.maximum() - self.minimum())
        return _HANDLE + 2 + (self.width() - 2 * _HANDLE - 4) * (value - self.minimum()) / span

    def _move_to(self, x: float) -> None:
        share = (x - _HANDLE - 2) / max(1.0, self.width() - 2 * _HANDLE - 4)
        self.setValue(round(self.minimum() + min(max(share, 0.0), 1.0) * (self.maximum() - self.minimum())))


class ValueBox(QLineEdit):
    """A number that can be typed; `parse` returns None for what it does not understand, and the old text returns."""

    entered = Signal(float)
    stepped = Signal(int)

    def __init__(self, name: str, parse: Callable[[str], float | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parse = parse
        self._shown = ""
        self.setAccessibleName(name)
        self.setObjectName("valueBox")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFont(tokens.font())
        self.setFixedHeight(24)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.editingFinished.connect(self._finish)

    def show_value(self, text: str) -> None:
        """Show `text` and keep what is being typed only when it is the same."""
        self._shown = text
        self.setText(text)

    def set_widest(self, text: str) -> None:
        """Be as wide as the widest value needs."""
        self.setFixedWidth(max(44, QFontMetrics(self.font()).horizontalAdvance(text) + 18))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._shown)
            self.clearFocus()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Up else -1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        super().focusInEvent(event)
        self.selectAll()

    def _finish(self) -> None:
        if self.text() == self._shown:
            return
        value = self._parse(self.text())
        self.setText(self._shown)
        if value is not None:
            self.entered.emit(value)
