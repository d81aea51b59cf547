"""The comparison over the whole window: which two backends, how far it is, and the sheet with the outcome."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.backends.offer import Offer
from app.pipeline.comparison import Progress
from app.ui import icons, paint, tokens
from app.ui.button import Button
from app.ui.compare_sheet import CompareSheet
from app.ui.labels import Label
from app.ui.menus import Menu

_WRAP = Qt.TextFlag.TextWordWrap
_BAR_WIDTH = 560
_HINT = (
    "Both backends get the same frames in turns, never at the same time, with the effects that are on now. "
    "The picture rests meanwhile."
)


class CompareView(QWidget):
    """Asks through its signals; `show_*` say what there is to see."""

    started = Signal()
    stopped = Signal()
    saved = Signal()
    folder_asked = Signal()
    closed = Signal()
    chosen = Signal(int, str)
    """Place (0 or 1) and name of a backend."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._focused: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Compare backends")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.choosers = (Button("", menu=True, name="First backend"), Button("", menu=True, name="Second backend"))
        self.start = Button("Compare", "play", "primary")
        self.stop = Button("Stop", "stop")
        self.save = Button("Save", "download-simple", tip="Picture (PNG), table (CSV) and figures (JSON)")
        self.folder = Button("Show in folder", "folder-open", "ghost")
        self.note = Label("", muted=True)
        self.close_button = Button("", "x", "ghost", name="Close", tip="Close  Esc")
        self.sheet: CompareSheet | None = None
        self.progress: Progress | None = None
        self.trouble = ""
        """Why nothing can be compared; "" where it can."""
        self._menus = [Menu(button) for button in self.choosers]
        self._lay_out()
        for signal, target in (
            (self.start.clicked, self.started),
            (self.stop.clicked, self.stopped),
            (self.save.clicked, self.saved),
            (self.folder.clicked, self.folder_asked),
            (self.close_button.clicked, self.closed),
        ):
            signal.connect(lambda _on=False, target=target: target.emit())
        self.folder.hide()
        for button, menu in zip(self.choosers, self._menus, strict=True):
            button.clicked.connect(lambda _on=False, button=button, menu=menu: menu.below(button))
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Cover the window."""
        self._focused = self._parent.focusWidget()
        self.setGeometry(self._parent.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def leave(self) -> None:
        """Go away; the keyboard goes back to where it was."""
        self.hide()
        if self._focused is not None and self._focused is not self:
            self._focused.setFocus()

    def show_choice(self, offers: Sequence[Offer], asked: tuple[str, str], trouble: str) -> None:
        """The two backends, what else there is, and why they cannot be compared ("" where they can)."""
        titles = {offer.name: offer.title for offer in offers}
        for place, button in enumerate(self.choosers):
            button.setText(titles.get(asked[place], asked[place]))
            self._fill(place, offers, asked)
            button.updateGeometry()
        self.trouble = trouble
        self._arrange()

    def show_progress(self, progress: Progress | None) -> None:
        """How far it is; None while nothing is measured."""
        self.progress = progress
        if progress is not None:
            self.sheet = None
            self.show_note("", saved=False)
            self.setAccessibleDescription(f"{progress.words}, {100 * progress.share:.0f} %")
        self._arrange()

    def show_note(self, words: str, *, saved: bool) -> None:
        """What came of saving."""
        self.note.setText(words)
        self.folder.setVisible(saved)

    def show_sheet(self, sheet: CompareSheet) -> None:
        """The outcome."""
        self.sheet, self.progress = sheet, None
        self.setAccessibleDescription(" ".join((sheet.verdict.headline, *sheet.verdict.details)))
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102, N802
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._parent.rect())
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        """Keys of the window do nothing while it is covered."""
        key = event.key()
        if key == Qt.Key.Key_Escape or event.text().lower() == "c":
            self.closed.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.start.isVisible():
            self.start.click()
        elif event.text().lower() == "s" and self.save.isVisible():
            self.save.click()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.surface))
        painter.fillRect(QRect(0, 0, self.width(), tokens.BAR_HEIGHT), QColor(theme.raised))
        painter.fillRect(QRect(0, tokens.BAR_HEIGHT - 1, self.width(), 1), QColor(theme.line))
        room = self.rect().adjusted(0, tokens.BAR_HEIGHT, 0, 0)
        if self.progress is not None:
            self._paint_progress(painter, room, self.progress, theme)
        elif self.sheet is not None:
            self.sheet.paint(painter, QRectF(room), theme)
        else:
            self._paint_hint(painter, room, theme)
        painter.end()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(tokens.GAP_XL, 0, tokens.GAP_L, 0)
        row.setSpacing(tokens.GAP)
        row.addWidget(Label("Compare", tokens.TEXT_L, QFont.Weight.DemiBold))
        row.addSpacing(tokens.GAP)
        row.addWidget(self.choosers[0])
        row.addWidget(Label("with", muted=True))
        row.addWidget(self.choosers[1])
        row.addStretch(1)
        row.addWidget(self.note)
        for button in (self.folder, self.save, self.start, self.stop, self.close_button):
            row.addWidget(button)
        bar = QWidget(self)
        bar.setFixedHeight(tokens.BAR_HEIGHT)
        bar.setLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(bar)
        column.addStretch(1)

    def _arrange(self) -> None:
        runs = self.progress is not None
        self.start.setVisible(not runs)
        self.start.setEnabled(not self.trouble)
        self.start.setText("Compare again" if self.sheet is not None else "Compare")
        self.start.updateGeometry()
        self.stop.setVisible(runs)
        self.save.setVisible(self.sheet is not None and self.sheet.verdict.call is not None)
        for button in self.choosers:
            button.setEnabled(not runs)
        self.update()

    def _fill(self, place: int, offers: Sequence[Offer], asked: tuple[str, str]) -> None:
        menu = self._menus[place]
        menu.clear()
        for offer in offers:
            title = offer.title if offer.there else f"{offer.title}: not here"
            action = menu.add(
                title, partial(self.chosen.emit, place, offer.name), tip=f"{offer.reason} {offer.mend}".strip()
            )
            action.setEnabled(offer.there and offer.name != asked[1 - place])

    def _paint_hint(self, painter: QPainter, room: QRect, theme: tokens.Palette) -> None:
        icons.draw(painter, room.adjusted(0, -150, 0, -150), "scales", 48, theme.accent)
        titles = " and ".join(button.text() for button in self.choosers)
        self._centred(painter, room, -70, f"Compare {titles}", tokens.TEXT_HERO, theme.text, strong=True)
        self._centred(painter, room, 0, self.trouble or _HINT, tokens.TEXT_XL, theme.muted)

    def _paint_progress(self, painter: QPainter, room: QRect, progress: Progress, theme: tokens.Palette) -> None:
        self._centred(painter, room, -90, progress.words, tokens.TEXT_HERO, theme.text, strong=True)
        width = min(_BAR_WIDTH, room.width() - 2 * tokens.GAP_XL)
        groove = QRectF(room.center().x() - width / 2, room.center().y() - 12, width, 8)
        paint.rounded(painter, groove, 4, theme.control)
        if progress.share > 0:
            done = QRectF(groove.left(), groove.top(), max(8.0, width * min(1.0, progress.share)), 8)
            paint.rounded(painter, done, 4, theme.accent)
        self._centred(painter, room, 24, "The picture rests meanwhile.", tokens.TEXT_XL, theme.muted)

    @staticmethod
    def _centred(
        painter: QPainter, room: QRect, y: int, words: str, size_px: int, ink: str, *, strong: bool = False
    ) -> None:
        painter.setFont(tokens.font(size_px, QFont.Weight.DemiBold if strong else QFont.Weight.Normal))
        painter.setPen(QColor(ink))
        width = min(820, room.width() - 2 * tokens.GAP_XL)
        box = QRect(room.center().x() - width // 2, room.center().y() + y, width, 200)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter) | int(_WRAP), words)
