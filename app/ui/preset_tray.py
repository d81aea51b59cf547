"""The tray below the picture: presets by name and key."""

from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui import paint, tokens
from app.ui.button import Button
from app.ui.labels import Label
from app.ui.parts import PresetEntry

_KEYS = 9


class PresetChip(Button):
    """A preset with its number key."""

    def __init__(self, title: str, key: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent=parent, name=f"Preset {title}", tip=f"{title}  {key}".rstrip())
        self._key = key
        self._font = tokens.font(tokens.TEXT, QFont.Weight.Medium)
        self.setCheckable(True)

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        text = QFontMetrics(self._font).horizontalAdvance(self.text())
        return QSize(text + 2 * tokens.GAP_L + (26 if self._key else 0), tokens.CONTROL_HEIGHT)

    def nextCheckState(self) -> None:  # noqa: D102, N802
        """The tray says which one is checked, not the click."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        ink, fill, line = self._inks(theme)
        paint.rounded(painter, self.rect(), tokens.CONTROL_HEIGHT / 2, fill, line)
        left = tokens.GAP_L
        if self._key:
            cap = QRect(left - 4, 7, 18, 18)
            paint.rounded(painter, cap, 5, tokens.faint(ink.name(), 0.14))
            painter.setFont(tokens.font(tokens.TEXT_S, QFont.Weight.Medium))
            painter.setPen(ink)
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)
            left += 22
        painter.setFont(self._font)
        painter.setPen(ink)
        painter.drawText(QRect(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self._ring and self.hasFocus():
            paint.ring(painter, self.rect(), tokens.CONTROL_HEIGHT / 2, theme)
        painter.end()


class PresetTray(QWidget):
    """`picked` carries the place of a preset in the list."""

    picked = Signal(int)

    def __init__(self, presets: tuple[PresetEntry, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presets = presets
        self.setFixedHeight(tokens.TRAY_HEIGHT)
        self.setAccessibleName("Presets")
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.GAP_XL, 0, tokens.GAP_XL, 0)
        row.setSpacing(tokens.GAP)
        row.addWidget(Label("Presets", tokens.TEXT, muted=True))
        row.addSpacing(tokens.GAP_S)
        self.chips: list[PresetChip] = []
        for place, preset in enumerate(presets):
            chip = PresetChip(preset.title, str(place + 1) if place < _KEYS else "")
            chip.clicked.connect(lambda _on=False, place=place: self.picked.emit(place))
            self.chips.append(chip)
            row.addWidget(chip)
        row.addStretch(1)

    def show_effects(self, effects: tuple[tuple[str, Any], ...]) -> None:
        """Mark the preset that these effects are, if any."""
        for chip, preset in zip(self.chips, self._presets, strict=True):
            chip.setChecked(preset.effects == effects)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.surface))
        painter.fillRect(QRect(0, 0, self.width(), 1), QColor(theme.line))
        painter.end()
