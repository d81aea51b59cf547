"""The sheet of keys, over the whole window; any key or click closes it."""

from itertools import groupby

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui import paint, tokens
from app.ui.shortcuts import SHORTCUTS, Shortcut

_COLUMN_WIDTH = 320
_ROW = 32
_PAD = 28
_EXTRA = (
    Shortcut("preset", "1 – 9", "Presets", "Effects"),
    Shortcut("reset", "Double-click", "Reset a slider", "Effects"),
    Shortcut("fine", "Wheel", "Fine-tune a slider", "Effects"),
)
_COLUMNS = (("Picture", "Effects"), ("Look closer", "Source", "Keep"))


class HelpSheet(QWidget):
    """Made when it is first asked for."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Keys")
        everything = sorted((*SHORTCUTS, *_EXTRA), key=lambda item: item.group)
        self._groups = {name: list(items) for name, items in groupby(everything, key=lambda item: item.group)}
        self.setAccessibleDescription("; ".join(f"{item.key}: {item.title}" for item in everything))

    def open(self) -> None:
        """Cover the window."""
        self.setGeometry(self.window().rect())
        self.show()
        self.raise_()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        del event
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        del event
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens.faint("#000000", 0.6))
        heights = [sum(40 + _ROW * len(self._groups[name]) for name in column) for column in _COLUMNS]
        size = QSize(len(_COLUMNS) * _COLUMN_WIDTH + (len(_COLUMNS) + 1) * _PAD, max(heights) + 84)
        sheet = QRect((self.width() - size.width()) // 2, (self.height() - size.height()) // 2, *size.toTuple())
        paint.rounded(painter, sheet, 12, theme.raised, theme.line)
        painter.setFont(tokens.font(tokens.TEXT_XL, QFont.Weight.DemiBold))
        painter.setPen(QColor(theme.text))
        painter.drawText(sheet.adjusted(_PAD, 20, 0, 0), Qt.AlignmentFlag.AlignTop, "Keys")
        for place, column in enumerate(_COLUMNS):
            x, y = sheet.x() + _PAD + place * (_COLUMN_WIDTH + _PAD), sheet.y() + 60
            for name in column:
                y = self._paint_group(painter, theme, name, x, y)
        painter.end()

    def _paint_group(self, painter: QPainter, theme: tokens.Palette, name: str, x: int, y: int) -> int:
        painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.DemiBold))
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRect(x, y + 8, _COLUMN_WIDTH, 24), Qt.AlignmentFlag.AlignVCenter, name)
        y += 36
        for item in self._groups[name]:
            painter.setFont(tokens.font())
            painter.setPen(QColor(theme.text))
            painter.drawText(QRect(x, y, _COLUMN_WIDTH, _ROW), Qt.AlignmentFlag.AlignVCenter, item.title)
            self._paint_keys(painter, theme, item.key, x + _COLUMN_WIDTH, y)
            y += _ROW
        return y + 4

    def _paint_keys(self, painter: QPainter, theme: tokens.Palette, keys: str, right: int, y: int) -> None:
        for key in reversed(keys.split("+")):
            painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.Medium))
            width = max(24, painter.fontMetrics().horizontalAdvance(key) + 14)
            cap = QRect(right - width, y + 4, width, 24)
            paint.rounded(painter, cap, 5, theme.control, theme.line)
            painter.setPen(QColor(theme.text))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)
            right -= width + tokens.GAP_S
