"""The full panel that stands in the picture's place: a state, its explanation and the ways out."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui import facets, icons, motion, paint, tokens
from app.ui.button import Button
from app.ui.labels import Label
from app.ui.states import PictureState, Tone

_DISC = 80
_TEXT_WIDTH = 480
_TURN_MS = 33
_TURN_DEG = 9


def tone_colour(tone: Tone, theme: tokens.Palette) -> str:
    """The colour that carries a tone."""
    return {"calm": theme.accent, "good": theme.good, "warning": theme.warning, "danger": theme.danger}[tone]


class _Disc(QWidget):
    """The icon in a soft disc; while busy a light runs around its rim."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon, self._busy = "image", False
        self._tone: Tone = "calm"
        self._angle = 90
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._turn)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(_DISC, _DISC)

    def show_state(self, state: PictureState) -> None:
        """Take the look of a state."""
        self._icon, self._tone, self._busy = state.icon, state.tone, state.busy
        self._run_if_needed()
        self.update()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102, N802
        super().showEvent(event)
        self._run_if_needed()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102, N802
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        colour = tone_colour(self._tone, theme)
        painter = QPainter(self)
        disc = QRectF((self.width() - _DISC) / 2, 0, _DISC, _DISC).adjusted(3, 3, -3, -3)
        paint.rounded(painter, disc, disc.width() / 2, tokens.faint(colour, 0.12))
        icons.draw(painter, disc.toRect(), self._icon, 32, colour)
        if self._busy:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tokens.faint(colour, 0.2), 3))
            painter.drawEllipse(disc)
            painter.setPen(QPen(QColor(colour), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawArc(disc, self._angle * 16, 80 * 16)
        painter.end()

    def _run_if_needed(self) -> None:
        if self._busy and self.isVisible() and not motion.reduced():
            self._timer.start()
        else:
            self._timer.stop()

    def _turn(self) -> None:
        self._angle = (self._angle - _TURN_DEG) % 360
        self.update()


class StatePanel(QWidget):
    """Shows one `PictureState`; `acted` carries the id of the button that was pressed."""

    acted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: PictureState | None = None
        self._disc = _Disc(self)
        self._title = Label("", tokens.TEXT_XL, QFont.Weight.DemiBold, wrap=True)
        self._text = Label("", tokens.TEXT_L, muted=True, wrap=True)
        self._detail = Label("", tokens.TEXT_S, muted=True, wrap=True)
        self._detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(tokens.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens.GAP_XL, tokens.GAP_XL, tokens.GAP_XL, tokens.GAP_XL)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(self._disc, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(20)
        for label in (self._title, self._text, self._detail):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setFixedWidth(_TEXT_WIDTH)
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addSpacing(tokens.GAP)
        column.addSpacing(tokens.GAP_L)
        column.addLayout(self._buttons)
        column.addStretch(1)

    def show_state(self, state: PictureState) -> None:
        """Replace what is shown; the first button takes the keyboard's focus."""
        self.state = state
        self._disc.show_state(state)
        self._title.setText(state.title)
        self._text.setText(state.text)
        self._detail.setText(state.detail)
        self._detail.setVisible(bool(state.detail))
        for label in (self._title, self._text, self._detail):
            label.setFixedHeight(max(0, label.heightForWidth(_TEXT_WIDTH)))
        self.setAccessibleName(state.title)
        self.setAccessibleDescription(f"{state.text} {state.detail}".strip())
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            button = item.widget() if item is not None else None
            if button is not None:
                button.deleteLater()
        self._buttons.addStretch(1)
        for place, (action, words) in enumerate(state.actions):
            button = Button(words, kind="primary" if place == 0 else "plain")
            button.clicked.connect(lambda _on=False, action=action: self.acted.emit(action))
            self._buttons.addWidget(button)
            button.show()
            if place == 0:
                button.setFocus()
        self._buttons.addStretch(1)
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.stage))
        tone = tone_colour(self.state.tone if self.state else "calm", theme)
        facets.paint(painter, QPointF(self.rect().center()), tone)
        painter.end()
