"""Before and after: the untouched frame while a key is held, or at the left of a line that can be dragged."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app.ui import icons, paint, tokens
from app.ui.view_transform import ViewTransform

_GRAB_PX = 14
_NUDGE = 0.02


class Split:
    """State and drawing of the comparison. `at` is in frame space, so that it stays on its place when mirrored."""

    def __init__(self) -> None:
        self.held = False
        self.on = False
        self.at = 0.5
        self.dragging = False

    @property
    def active(self) -> bool:
        """The untouched frame is needed for the paint."""
        return self.held or self.on

    def hits(self, view: ViewTransform, x: float) -> bool:
        """Whether widget x is close enough to take hold of the line."""
        return self.on and abs(view.split_to_view(self.at) - x) <= _GRAB_PX

    def drag_to(self, view: ViewTransform, x: float) -> None:
        """Move the line to widget x."""
        self.at = view.split_to_frame(x)

    def nudge(self, steps: int, mirrored: bool) -> None:
        """Move the line by keyboard, to the right on the screen for positive steps."""
        self.at = min(max(self.at + (-steps if mirrored else steps) * _NUDGE, 0.0), 1.0)

    def before_rect(self, view: ViewTransform) -> QRectF:
        """Where the untouched frame shows, in widget pixels."""
        width = view.width if self.held else view.split_to_view(self.at) - view.x
        return QRectF(view.x, view.y, width, view.height)

    def paint(self, painter: QPainter, view: ViewTransform) -> None:
        """The line, its handle and the two words."""
        theme = tokens.DARK
        bottom = view.y + view.height
        if self.held:
            _word(painter, "Before", view.x + tokens.GAP_L, bottom, theme)
            return
        x = view.split_to_view(self.at)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.faint("#000000", 0.35), 4))
        painter.drawLine(QPointF(x, view.y), QPointF(x, bottom))
        painter.setPen(QPen(QColor("#FFFFFF"), 2))
        painter.drawLine(QPointF(x, view.y), QPointF(x, bottom))
        handle = QRectF(x - 16, view.y + view.height / 2 - 16, 32, 32)
        paint.rounded(painter, handle, 16, theme.accent if self.dragging else "#FFFFFF")
        icons.draw(painter, handle.toRect(), "arrows-left-right", 18, theme.on_accent)
        before_width = _word_width(painter, "Before")
        if x - view.x > before_width + 2 * tokens.GAP_L:
            _word(painter, "Before", x - before_width - tokens.GAP_L, bottom, theme)
        if view.x + view.width - x > _word_width(painter, "After") + 2 * tokens.GAP_L:
            _word(painter, "After", x + tokens.GAP_L, bottom, theme)


def _word_width(painter: QPainter, text: str) -> float:
    painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.DemiBold))
    return painter.fontMetrics().horizontalAdvance(text) + 20


def _word(painter: QPainter, text: str, x: float, bottom: float, theme: tokens.Palette) -> None:
    box = QRectF(x, bottom - tokens.GAP_L - 24, _word_width(painter, text), 24)
    paint.rounded(painter, box, 12, tokens.faint(theme.surface, 0.72))
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
