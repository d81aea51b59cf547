"""Short lines over the picture: what happened, and the way to mend it. Never a modal box."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui import icons, paint, tokens
from app.ui.button import Button
from app.ui.labels import Label
from app.ui.state_panel import tone_colour
from app.ui.states import Notice, Tone

_STAY_MS = 5000
_MOST = 4
_ICONS: dict[Tone, str] = {
    "calm": "info",
    "good": "check-circle",
    "warning": "warning",
    "danger": "warning-octagon",
}


class Toast(QWidget):
    """One notice with its buttons."""

    def __init__(self, notice: Notice, act: Callable[[str], None], close: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.GAP_XL + 28, tokens.GAP, tokens.GAP, tokens.GAP)
        row.setSpacing(tokens.GAP)
        self._label = Label(notice.text, wrap=True)
        row.addWidget(self._label, 1, Qt.AlignmentFlag.AlignVCenter)
        for action, words in notice.actions:
            button = Button(words)
            button.clicked.connect(lambda _on=False, action=action: act(action))
            row.addWidget(button)
        closing = Button("", "x", "ghost", name="Close this message")
        closing.clicked.connect(close)
        row.addWidget(closing)
        self.setAccessibleName(notice.text)
        if not notice.lasting:
            QTimer.singleShot(_STAY_MS, self, close)

    def wanted_size(self, room: int) -> QSize:
        """The size for a stack that is `room` wide."""
        metrics = self._label.fontMetrics()
        extra = self.sizeHint().width() - self._label.sizeHint().width()
        width = min(room, metrics.horizontalAdvance(self.notice.text) + extra + 8)
        text_room = max(60, width - extra)
        bounds = metrics.boundingRect(QRect(0, 0, text_room, 400), Qt.TextFlag.TextWordWrap, self.notice.text)
        return QSize(width, max(48, bounds.height() + 2 * tokens.GAP_L))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), tokens.RADIUS, theme.raised, theme.line)
        colour = tone_colour(self.notice.tone, theme)
        icons.draw(painter, QRect(tokens.GAP_L, 0, 24, self.height()), _ICONS[self.notice.tone], 20, colour)
        painter.end()


class Toasts(QWidget):
    """The stack at the bottom of the picture; newest below, a new notice replaces one of the same key."""

    def __init__(self, act: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._act = act
        self._stage = parent
        self._toasts: list[Toast] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens.GAP)
        self.setVisible(False)

    @property
    def notices(self) -> list[Notice]:
        """What is shown, oldest first."""
        return [toast.notice for toast in self._toasts]

    def show_notice(self, notice: Notice) -> None:
        """Add or replace."""
        self.drop(notice.key)
        toast = Toast(notice, self._acted_on(notice.key), lambda: self.drop(notice.key, notice), self)
        self._toasts.append(toast)
        self._column.addWidget(toast, 0, Qt.AlignmentFlag.AlignHCenter)
        for old in self._toasts[:-_MOST]:
            self.drop(old.notice.key)
        self.arrange()

    def drop(self, key: str, only: Notice | None = None) -> None:
        """Take a notice away; with `only`, unless another of its key has replaced it."""
        for toast in list(self._toasts):
            if toast.notice.key == key and (only is None or toast.notice is only):
                self._toasts.remove(toast)
                self._column.removeWidget(toast)
                toast.hide()
                toast.deleteLater()
        self.arrange()

    def arrange(self) -> None:
        """Lie at the bottom of the parent."""
        toasts, stage = self._toasts, self._stage
        self.setVisible(bool(toasts))
        if not toasts:
            return
        room = min(640, stage.width() - 2 * tokens.GAP_XL)
        sizes = [toast.wanted_size(room) for toast in toasts]
        for toast, size in zip(toasts, sizes, strict=True):
            toast.setFixedSize(size)
            toast.show()
        width = max(size.width() for size in sizes)
        height = sum(size.height() for size in sizes) + tokens.GAP * (len(sizes) - 1)
        self.setGeometry((stage.width() - width) // 2, stage.height() - height - 2 * tokens.GAP_XL, width, height)
        self.raise_()

    def _acted_on(self, key: str) -> Callable[[str], None]:
        def act(action: str) -> None:
            self.drop(key)
            self._act(action)

        return act
