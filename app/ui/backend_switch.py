"""The CPU / GPU switch in the bar: what runs is lit, what loads has a light running under it, what failed a dot."""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from app.pipeline.types import BackendState
from app.ui import icons, motion, paint, tokens

HOME = "cpu"
SHORT = {"cpu": "CPU", "gpu": "GPU", "cuda": "CUDA", "mps": "Metal", "torch-cpu": "Torch"}
"""What stands on a segment."""

_SEGMENT = 50
_CARET = 24
_SWEEP_MS = 33
_SWEEP_STEP = 0.045


class BackendSwitch(QWidget):
    """Two segments and a caret. `picked` carries a backend's name; `menu_asked` asks for all there are.

    Left and right choose, down and return open the menu.
    """

    picked = Signal(str)
    menu_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = BackendState()
        self.other = "gpu"
        """The backend of the second segment."""
        self._hover = -1
        self._ring = False
        self._sweep = 0.0
        self._font = tokens.font(tokens.TEXT_S, QFont.Weight.DemiBold)
        self._timer = QTimer(self)
        self._timer.setInterval(_SWEEP_MS)
        self._timer.timeout.connect(self._advance)
        self.setFixedSize(self.sizeHint())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Processor or graphics card")

    def show_state(self, state: BackendState, other: str, words: str) -> None:
        """Show what runs and what is on its way; `other` stands on the second segment, `words` are the tooltip."""
        self.state, self.other = state, other
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        if state.loading and self.isVisible() and not motion.reduced():
            self._timer.start()
        else:
            self._timer.stop()
            self._sweep = 0.0
        self.update()

    @property
    def lit(self) -> int:
        """The segment of what runs."""
        return 0 if self.state.running == HOME else 1

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(2 * _SEGMENT + _CARET, tokens.CONTROL_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.picked.emit(HOME if key == Qt.Key.Key_Left else self.other)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.menu_asked.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if event.button() == Qt.MouseButton.LeftButton:
            part = self._part_at(event.position().toPoint())
            if part == 2:
                self.menu_asked.emit()
            else:
                self.picked.emit(self.other if part else HOME)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        self._hover = self._part_at(event.position().toPoint())
        self.update()

    def leaveEvent(self, event: object) -> None:  # noqa: D102, N802
        del event
        self._hover = -1
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102, N802
        self._timer.stop()
        super().hideEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        self._ring = paint.by_keyboard(event)
        super().focusInEvent(event)

    def event(self, event: object) -> bool:  # noqa: D102
        if isinstance(event, QHelpEvent) and event.type() == QHelpEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.toolTip(), self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), tokens.RADIUS - 2, theme.control, theme.line)
        for part, name in enumerate((HOME, self.other)):
            self._draw_segment(painter, theme, part, name)
        caret = self._box(2)
        painter.fillRect(QRect(caret.left(), 8, 1, self.height() - 16), QColor(theme.line))
        icons.draw(painter, caret, "caret-down", 12, theme.text if self._hover == 2 else theme.muted)
        if self._ring and self.hasFocus():
            paint.ring(painter, self.rect(), tokens.RADIUS - 2, theme)
        painter.end()

    def _draw_segment(self, painter: QPainter, theme: tokens.Palette, part: int, name: str) -> None:
        box, lit, loads = self._box(part), part == self.lit, name == self._loading_name()
        inner = QRectF(box).adjusted(3, 3, -3, -3)
        if lit:
            paint.rounded(painter, inner, tokens.RADIUS - 4, tokens.faint(theme.accent, 0.2))
        elif self._hover == part:
            paint.rounded(painter, inner, tokens.RADIUS - 4, theme.hover)
        painter.setFont(self._font)
        painter.setPen(QColor(theme.accent if lit else theme.text if self._hover == part or loads else theme.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, SHORT.get(name, name))
        if loads:
            self._draw_sweep(painter, theme, inner)
        elif name in self.state.reasons:
            painter.setPen(QPen(QColor(theme.control), 1.5))
            painter.setBrush(QColor(theme.warning))
            painter.drawEllipse(QPointF(inner.right() - 5, inner.top() + 6), 3.5, 3.5)

    def _draw_sweep(self, painter: QPainter, theme: tokens.Palette, inner: QRectF) -> None:
        """A light that runs along the lower edge; under reduced motion the whole edge is lit."""
        groove = QRectF(inner.left() + 4, inner.bottom() - 2.5, inner.width() - 8, 2)
        paint.rounded(painter, groove, 1, tokens.faint(theme.accent, 0.25))
        length = groove.width() if not self._timer.isActive() else groove.width() * 0.4
        start = (
            groove.left() + (groove.width() + length) * self._sweep - length
            if length < groove.width()
            else groove.left()
        )
        left, right = max(start, groove.left()), min(start + length, groove.right())
        if right > left:
            paint.rounded(painter, QRectF(left, groove.top(), right - left, groove.height()), 1, theme.accent)

    def _loading_name(self) -> str:
        """The segment that loads; `auto` loads on the second one."""
        loading = self.state.loading
        return loading if loading in ("", HOME) else self.other

    def _advance(self) -> None:
        self._sweep = (self._sweep + _SWEEP_STEP) % 1.0
        self.update()

    def _box(self, part: int) -> QRect:
        return QRect(part * _SEGMENT, 0, _CARET if part == 2 else _SEGMENT, self.height())

    def _part_at(self, at: QPoint) -> int:
        return min(2, max(0, at.x() // _SEGMENT))
