"""Rows for numbers, switches and choices. A row shows a value, and says what the user made of it."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui import tokens
from app.ui.button import Switch
from app.ui.choice import Choice
from app.ui.labels import Label
from app.ui.number_format import number_format
from app.ui.slider import Slider, ValueBox
from effects.base import Field

CONTENT_WIDTH = tokens.PANEL_WIDTH - 2 * tokens.GAP_L - 2 * tokens.GAP_L


class FieldRow(QWidget):
    """`changed` carries the new inside value; `show_value` never emits it."""

    changed = Signal(object)

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        raise NotImplementedError

    def reset(self) -> None:
        """Back to the default."""
        self.changed.emit(self.field.default)


class TitleLabel(Label):
    """The row's name; a double-click resets the row."""

    reset = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        del event
        self.reset.emit()


class NumberRow(FieldRow):
    """Name and typed value above, slider below."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self._format = number_format(field)
        self._value = float(field.default)
        low = self._format.first_step
        self.slider = Slider(field.title, low, low + self._format.steps)
        self.box = ValueBox(f"{field.title}, value", self._format.parse)
        self.box.set_widest(max((self._format.text(v) for v in (self._format.minimum, self._format.maximum)), key=len))
        self.setToolTip("Double-click resets, the wheel fine-tunes")
        title = TitleLabel(field.title)
        title.reset.connect(self.reset)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(2)
        column.addLayout(top)
        column.addWidget(self.slider)
        self.slider.valueChanged.connect(self._slid)
        self.slider.reset.connect(self.reset)
        self.box.entered.connect(self._typed)
        self.box.stepped.connect(lambda step: self.slider.setValue(self.slider.value() + step))
        self.show_value(field.default)

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        self._value = float(value)
        self.slider.blockSignals(True)
        self.slider.setValue(self._format.to_step(self._value))
        self.slider.blockSignals(False)
        self.slider.update()
        self.box.show_value(self._format.text(self._value))

    def _slid(self, position: int) -> None:
        self._typed(self._format.from_step(position))

    def _typed(self, value: float) -> None:
        inside = int(value) if self._format.whole else value
        self.show_value(inside)
        self.changed.emit(inside)


class FlagRow(FieldRow):
    """Name and switch; the whole row can be clicked. `note` explains."""

    def __init__(self, field: Field, note: str = "") -> None:
        super().__init__(field)
        self.switch = Switch(field.title)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(Label(field.title))
        if note:
            texts.addWidget(Label(note, tokens.TEXT_S, muted=True, wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.addLayout(texts, 1)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        self.switch.clicked.connect(lambda on: self.changed.emit(on))
        self.show_value(field.default)

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        self.switch.setChecked(bool(value))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if self.rect().contains(event.position().toPoint()):
            self.switch.click()


class ChoiceRow(FieldRow):
    """Name above, choices below."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.choice = Choice(field.title, field.choices, CONTENT_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(6)
        title = TitleLabel(field.title)
        title.reset.connect(self.reset)
        column.addWidget(title)
        column.addWidget(self.choice)
        self.choice.picked.connect(self.changed.emit)
        self.show_value(field.default)

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        self.choice.show_value(str(value))
