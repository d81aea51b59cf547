"""The panel's section for the camera that is shown: only the controls that this camera offers."""

from typing import Any, Literal

from PySide6.QtCore import Signal

from app.sources.base import SourceInfo
from app.sources.tuning import Tuning
from app.ui.field_rows import ChoiceRow, FlagRow
from app.ui.labels import Card
from effects.base import Field

_MAINS: dict[str, Literal[0, 50, 60]] = {"0": 0, "50": 50, "60": 60}


class CameraSection(Card):
    """`changed` carries the new `Tuning`. Another camera begins with its own automatics."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        mains = (("0", "Auto"), ("50", "50 Hz"), ("60", "60 Hz"))
        self._rows: dict[str, FlagRow | ChoiceRow] = {
            "exposure": FlagRow(Field("exposure", "bool", "Lock the exposure", False)),
            "white_balance": FlagRow(Field("white_balance", "bool", "Lock the white balance", False)),
            "mains": ChoiceRow(Field("mains", "choice", "Against flickering lamps", "0", choices=mains)),
        }
        self._values: dict[str, Any] = {}
        self._camera = ""
        for name, row in self._rows.items():
            row.changed.connect(lambda value, name=name: self._set(name, value))
            self.column.addWidget(row)
        self.show_source(None)

    def show_source(self, info: SourceInfo | None) -> bool:
        """Show the controls of this source; whether it has any."""
        controls: frozenset[str] = info.controls if info is not None else frozenset()
        name = info.name if info is not None else ""
        if name != self._camera or not self._values:
            self._camera = name
            self._values = {"exposure": False, "white_balance": False, "mains": "0"}
        for control, row in self._rows.items():
            row.setVisible(control in controls)
            row.show_value(self._values[control])
        return bool(controls)

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        values = self._values
        self.changed.emit(Tuning(values["exposure"], values["white_balance"], _MAINS[values["mains"]]))
