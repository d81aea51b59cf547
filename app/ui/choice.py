"""One of several named values: side by side where they fit, a menu where they do not."""

from functools import partial

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui import paint, tokens
from app.ui.button import Button
from app.ui.menus import Menu

Choices = tuple[tuple[str, str], ...]

_PADDING = 10


class Segments(QWidget):
    """Two to four short choices in one row; click one, or use the arrows."""

    picked = Signal(str)

    def __init__(self, name: str, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = choices
        self._at = 0
        self._hover = -1
        self._ring = False
        self._name = name
        self._font = tokens.font(tokens.TEXT_S, QFont.Weight.Medium)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(28)

    @staticmethod
    def fits(choices: Choices, width: int) -> bool:
        """Whether every title is shown whole at this width."""
        metrics = QFontMetrics(tokens.font(tokens.TEXT_S, QFont.Weight.Medium))
        widest = max(metrics.horizontalAdvance(title) for _, title in choices)
        return len(choices) <= 4 and (widest + _PADDING) * len(choices) <= width

    def show_value(self, value: str) -> None:
        """Mark `value`, without a signal."""
        values = [item for item, _ in self._choices]
        self._at = values.index(value) if value in values else -1
        title = self._choices[self._at][1] if self._at >= 0 else ""
        self.setAccessibleDescription(title)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(200, 28)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._pick(min(max(self._at + step, 0), len(self._choices) - 1))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(self._index_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        self._hover = self._index_at(event.position().x())
        self.update()

    def leaveEvent(self, event: object) -> None:  # noqa: D102, N802
        del event
        self._hover = -1
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        self._ring = paint.by_keyboard(event)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), 6, theme.control)
        painter.setFont(self._font)
        for index, (_, title) in enumerate(self._choices):
            box = self._box(index)
            chosen = index == self._at
            if chosen:
                paint.rounded(painter, box.adjusted(2, 2, -2, -2), 5, tokens.faint(theme.accent, 0.2))
            ink = theme.accent if chosen else theme.text if index == self._hover else theme.muted
            painter.setPen(QColor(ink))
            text = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, box.width() - 4)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if self._ring and self.hasFocus():
            paint.ring(painter, self.rect(), 6, theme)
        painter.end()

    def _box(self, index: int) -> QRect:
        edges = [round(self.width() * part / len(self._choices)) for part in (index, index + 1)]
        return QRect(edges[0], 0, edges[1] - edges[0], self.height())

    def _index_at(self, x: float) -> int:
        return min(max(int(x * len(self._choices) / max(1, self.width())), 0), len(self._choices) - 1)

    def _pick(self, index: int) -> None:
        if index != self._at:
            self.show_value(self._choices[index][0])
            self.picked.emit(self._choices[index][0])


class Choice(QWidget):
    """A choice field; picks its form by the room the titles need."""

    picked = Signal(str)

    def __init__(self, name: str, choices: Choices, width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = dict(choices)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._value = ""
        self._menu: Menu | None = None
        self._segments: Segments | None = None
        if Segments.fits(choices, width):
            self._segments = Segments(name, choices, self)
            self._segments.picked.connect(self.picked)
            row.addWidget(self._segments)
            return
        self._button = Button("", parent=self, name=name, menu=True)
        self._button.clicked.connect(self._open)
        row.addWidget(self._button, 1)

    def show_value(self, value: str) -> None:
        """Mark `value`, without a signal."""
        if self._segments is not None:
            self._segments.show_value(value)
            return
        self._value = value
        self._button.setText(self._choices.get(value, value))
        self._button.setAccessibleDescription(self._choices.get(value, value))

    def _open(self) -> None:
        if self._menu is None:
            self._menu = Menu(self)
        self._menu.clear()
        accent = tokens.colours(self).accent
        for value, title in self._choices.items():
            mark = "check" if value == self._value else ""
            self._menu.add(title, partial(self._take, value), mark, accent)
        self._menu.below(self._button)

    def _take(self, value: str) -> None:
        self.show_value(value)
        self.picked.emit(value)
