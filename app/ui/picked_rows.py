"""Rows for what is picked somewhere else: a colour, a file, a face; and the choice of a row for a parameter."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QColorDialog, QFileDialog, QHBoxLayout, QVBoxLayout

from app.ui import paint, tokens
from app.ui.button import Button
from app.ui.field_rows import ChoiceRow, FieldRow, FlagRow, NumberRow, TitleLabel
from app.ui.labels import Label
from effects.base import Field


class _Swatch(Button):
    """A patch of the chosen colour."""

    colour = "#000000"

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(44, 24)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        paint.rounded(painter, QRectF(self.rect()), 6, self.colour, theme.edge)
        if self.hasFocus():
            paint.ring(painter, self.rect(), 6, theme)
        painter.end()


class ColourRow(FieldRow):
    """Name and a swatch that opens the colour dialogue."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.swatch = _Swatch("", name=field.title)
        title = TitleLabel(field.title)
        title.reset.connect(self.reset)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.addWidget(title, 1)
        row.addWidget(self.swatch)
        self.swatch.clicked.connect(self._ask)
        self.show_value(field.default)

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        self.swatch.colour = str(value)
        self.swatch.setAccessibleDescription(str(value))
        self.swatch.update()

    def _ask(self) -> None:
        dialog = QColorDialog(QColor(self.swatch.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(self._take)
        dialog.open()

    def _take(self, colour: QColor) -> None:
        self.show_value(colour.name().upper())
        self.changed.emit(colour.name().upper())


def _lay_out(row: FieldRow, button: Button, clear: Button) -> None:
    """The field's name over the button that picks and the one that clears."""
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 6, 0, 6)
    column.setSpacing(6)
    buttons = QHBoxLayout()
    buttons.addWidget(button, 1)
    buttons.addWidget(clear)
    column.addWidget(Label(row.field.title))
    column.addLayout(buttons)


class PathRow(FieldRow):
    """Name and the chosen file, with a button to clear it."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.button = Button("", "folder-open", name=field.title)
        self._clear = Button("", "x", "ghost", name=f"{field.title}: none", tip="None")
        _lay_out(self, self.button, self._clear)
        self.button.clicked.connect(self._ask)
        self._clear.clicked.connect(lambda: self.changed.emit(""))
        self.show_value(field.default)

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        self.button.setText(Path(str(value)).name if value else "Choose a file…")
        self.button.setToolTip(str(value))
        self._clear.setVisible(bool(value))

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.field.title)
        if path:
            self.changed.emit(path)


class FaceRow(FieldRow):
    """Who is meant: picked by a click on a face in the picture."""

    asked = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.button = Button("Click a face in the picture", "user-focus", name=field.title)
        self.button.setCheckable(True)
        self._clear = Button("", "x", "ghost", name=f"{field.title}: nobody", tip="Nobody")
        _lay_out(self, self.button, self._clear)
        self.button.clicked.connect(self.asked)
        self._clear.clicked.connect(lambda: self.changed.emit(0))
        self.show_value(field.default)

    def show_value(self, value: Any) -> None:
        """Show an inside value."""
        self.button.setChecked(False)
        self.button.setText(f"Face {value}" if value else "Click a face in the picture")
        self._clear.setVisible(bool(value))


def build_row(field: Field) -> FieldRow:
    """The row for a parameter's kind; raises ValueError for a kind that no row shows."""
    rows: dict[str, type[FieldRow]] = {
        "float": NumberRow,
        "int": NumberRow,
        "bool": FlagRow,
        "choice": ChoiceRow,
        "colour": ColourRow,
        "path": PathRow,
        "face": FaceRow,
    }
    if field.kind not in rows:
        raise ValueError(f"no control shows a parameter of kind '{field.kind}'")
    return rows[field.kind](field)
