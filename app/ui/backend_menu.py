"""The list behind the switch: every backend, what it is made of, what this machine lacks and how to add it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.backends.offer import Offer
from app.pipeline.types import BackendState
from app.ui import icons, paint, tokens
from app.ui.button import Button
from app.ui.labels import Label

WIDTH = 400
_LEFT = 40
_LINE = 17
_TOP = 9
_ICONS = {
    "auto": "magic-wand",
    "cpu": "cpu",
    "gpu": "cube",
    "cuda": "lightning",
    "mps": "apple-logo",
    "torch-cpu": "flask",
}
_WRAP = Qt.TextFlag.TextWordWrap


class BackendRow(Button):
    """One backend: title, what it is made of or why it cannot be had, and whether it runs."""

    def __init__(self, offer: Offer, state: BackendState, parent: QWidget) -> None:
        super().__init__(offer.title, parent=parent, name=offer.title)
        self.offer = offer
        self.mark = _mark(offer, state)
        self.trouble = state.reasons.get(offer.name, "") if offer.there else f"{offer.reason} {offer.mend}".strip()
        self._chosen = state.asked == offer.name
        self._small = tokens.font(tokens.TEXT_S)
        self.setAccessibleDescription(f"{self.trouble or offer.about}. {self.mark}".strip(". "))
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        room = QRect(0, 0, self._room(), 200)
        text = QFontMetrics(self._small).boundingRect(room, _WRAP, self.trouble or self.offer.about)
        return QSize(WIDTH - 12, 2 * _TOP + _LINE + 3 + text.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        if self.underMouse() or self.hasFocus():
            paint.rounded(painter, self.rect(), 6, theme.hover)
        ink = theme.accent if self._chosen else theme.text if self.offer.there else theme.muted
        icons.draw(painter, QRect(0, _TOP, _LEFT, _LINE), _ICONS.get(self.offer.name, "cpu"), 18, ink)
        painter.setFont(tokens.font(tokens.TEXT, QFont.Weight.Medium))
        painter.setPen(QColor(ink))
        painter.drawText(QRect(_LEFT, _TOP, self._room(), _LINE), Qt.AlignmentFlag.AlignVCenter, self.offer.title)
        painter.setFont(self._small)
        below = QRect(_LEFT, _TOP + _LINE + 3, self._room(), self.height())
        warns = bool(self.trouble) and self.offer.there
        painter.setPen(QColor(theme.warning if warns else theme.muted))
        painter.drawText(below, _WRAP, self.trouble or self.offer.about)
        if self.mark:
            painter.setPen(QColor(theme.good if self.mark == "Running" else theme.muted))
            right = QRect(self.width() - 108, _TOP, 96, _LINE)
            painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.mark)
        if self._ring and self.hasFocus():
            paint.ring(painter, self.rect(), 6, theme)
        painter.end()

    def _room(self) -> int:
        return WIDTH - 12 - _LEFT - tokens.GAP_XL


class BackendMenu(QWidget):
    """A popup that calls `choose` with a backend's name; up, down, return and escape work as in any menu."""

    def __init__(self, parent: QWidget, choose: Callable[[str], None]) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        self.setAccessibleName("Backends")
        self._choose = choose
        self.rows: list[BackendRow] = []
        self._footer = Label("", tokens.TEXT_S, muted=True, wrap=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, 6, 6, tokens.GAP_L)
        self._column.setSpacing(2)

    def show_below(self, anchor: QWidget, offers: Sequence[Offer], state: BackendState, footer: str) -> None:
        """Open under `anchor`, its right edge in line."""
        self.show_offers(offers, state, footer)
        corner = anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height() + tokens.GAP_S))
        self.move(corner)
        self.show()
        running = next((row for row in self.rows if row.offer.name == state.asked), None)
        if running is not None:
            running.setFocus(Qt.FocusReason.PopupFocusReason)

    def show_offers(self, offers: Sequence[Offer], state: BackendState, footer: str) -> None:
        """Fill anew; the row that had the keyboard's focus keeps it."""
        focused = next((row.offer.name for row in self.rows if row.hasFocus()), "")
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None and widget is not self._footer:
                widget.hide()
                widget.deleteLater()
        self.rows = [BackendRow(offer, state, self) for offer in offers]
        for row in self.rows:
            row.clicked.connect(lambda _on=False, name=row.offer.name: self._picked(name))
            self._column.addWidget(row)
            row.show()
            if row.offer.name == focused:
                row.setFocus(Qt.FocusReason.PopupFocusReason)
        self._footer.setText(footer)
        self._footer.setContentsMargins(tokens.GAP_L, tokens.GAP, tokens.GAP_L, 0)
        self._footer.setFixedWidth(WIDTH - 12)
        self._column.addWidget(self._footer)
        self.setFixedWidth(WIDTH)
        self.setFixedHeight(
            self._column.heightForWidth(WIDTH) if self._column.hasHeightForWidth() else self.sizeHint().height()
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        if step and self.rows:
            at = next((place for place, row in enumerate(self.rows) if row.hasFocus()), -1)
            self.rows[(at + step) % len(self.rows)].setFocus(Qt.FocusReason.TabFocusReason)
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), tokens.RADIUS, tokens.RADIUS)
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), tokens.RADIUS, theme.raised, theme.line)
        line = self._footer.geometry().top()
        painter.fillRect(QRect(tokens.GAP_L, line, self.width() - 2 * tokens.GAP_L, 1), QColor(theme.line))
        painter.end()

    def _picked(self, name: str) -> None:
        self.hide()
        self._choose(name)


def _mark(offer: Offer, state: BackendState) -> str:
    if offer.name == state.loading:
        return "Loading…"
    if offer.name == state.running or (offer.name == state.asked == "auto"):
        return "Running"
    return "" if offer.there else "Not here"
