"""The picture's place: the picture itself, the panel that stands in for it, the notices and the drop hint over it."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.pipeline.types import Output
from app.ui import icons, paint, tokens
from app.ui.picture import Painted, PictureView
from app.ui.state_panel import StatePanel
from app.ui.toasts import Toasts
from app.ui.view_transform import ViewTransform


class FrozenChip:
    """A layer of the picture: says that it stands still on purpose."""

    def __init__(self) -> None:
        self.on = False

    def paint(self, painter: QPainter, output: Output, view: ViewTransform) -> None:
        """Draw in widget pixels, at the picture's top right corner."""
        del output
        if not self.on:
            return
        theme = tokens.DARK
        chip = QRectF(view.x + view.width - tokens.GAP_L - 84, view.y + tokens.GAP_L, 84, 28)
        paint.rounded(painter, chip, 14, tokens.faint(theme.surface, 0.78))
        icons.draw(painter, chip.adjusted(8, 0, -58, 0).toRect(), "pause", 14, theme.text)
        painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.DemiBold))
        painter.setPen(QColor(theme.text))
        painter.drawText(chip.adjusted(30, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, "Frozen")


class _DropHint(QWidget):
    """Shown while a file hangs over the window."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens.faint(theme.stage, 0.94))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent), 2, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        painter.drawRoundedRect(frame, 12, 12)
        icons.draw(painter, self.rect().adjusted(0, -48, 0, -48), "file-plus", 40, theme.accent)
        painter.setFont(tokens.font(tokens.TEXT_XL, QFont.Weight.DemiBold))
        painter.setPen(QColor(theme.text))
        painter.drawText(self.rect().adjusted(0, 16, 0, 16), Qt.AlignmentFlag.AlignCenter, "Drop to open")
        painter.end()


class Stage(QWidget):
    """Stacks them; all fill it but the notices, which lie at the bottom."""

    def __init__(self, painted: Painted, act: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = PictureView(painted, self)
        self.panel = StatePanel(self)
        self.panel.hide()
        self.panel.acted.connect(act)
        self.toasts = Toasts(act, self)
        self.frozen = FrozenChip()
        self._drop_hint = _DropHint(self)
        self._drop_hint.hide()

    def show_drop_hint(self, shown: bool) -> None:
        """While a file hangs over the window."""
        self._drop_hint.setVisible(shown)
        self._drop_hint.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        for widget in (self.picture, self.panel, self._drop_hint):
            widget.setGeometry(self.rect())
        self.toasts.arrange()
