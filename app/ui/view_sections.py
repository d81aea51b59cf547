"""The panel's two sections below the effects: how the picture is shown, and how faces are looked for."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.settings import Settings
from app.ui.field_rows import ChoiceRow, FlagRow, NumberRow
from app.ui.labels import Card
from app.ui.perception_view import LAYERS
from app.ui.view_options import ViewOptions
from effects.base import Field


def _flag(name: str, title: str) -> Field:
    return Field(name, "bool", title, False)


class ViewSection(Card):
    """`changed` carries the name of a view option and its new value; `layer` a part of the perception view."""

    changed = Signal(str, bool)
    layer = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self._rows = {
            "mirror": FlagRow(_flag("mirror", "Mirror the camera")),
            "overlay": FlagRow(_flag("overlay", "Latency overlay")),
            "perception": FlagRow(_flag("perception", "What the face model sees")),
        }
        for name, row in self._rows.items():
            row.changed.connect(lambda on, name=name: self.changed.emit(name, on))
            self.column.addWidget(row)
        self._parts = QWidget()
        inner = QVBoxLayout(self._parts)
        inner.setContentsMargins(16, 0, 0, 4)
        inner.setSpacing(0)
        self._layers = {name: FlagRow(_flag(name, title)) for name, title in LAYERS}
        for name, row in self._layers.items():
            row.changed.connect(lambda on, name=name: self.layer.emit(name, on))
            inner.addWidget(row)
        self.column.addWidget(self._parts)

    def show_options(self, options: ViewOptions, live: bool) -> None:
        """Show how the picture is shown; mirroring is for live cameras."""
        for name, row in self._rows.items():
            row.show_value(getattr(options, name))
        self._rows["mirror"].setVisible(live)
        self._parts.setVisible(options.perception)
        for name, row in self._layers.items():
            row.show_value(name in options.layers)


class FacesSection(Card):
    """`changed` carries the name of a setting and its new value."""

    changed = Signal(str, object)

    def __init__(self, hides: bool) -> None:
        super().__init__()
        reaches = (("auto", "Auto"), ("near", "Near"), ("far", "Far"), ("crowd", "Crowd"))
        covers = (("blur", "Blur"), ("freeze", "Freeze"), ("block", "Block"), ("pass", "Show"))
        self._rows: dict[str, ChoiceRow | NumberRow] = {
            "reach": ChoiceRow(Field("reach", "choice", "Distance of faces", "auto", choices=reaches)),
            "max_faces": NumberRow(Field("max_faces", "int", "At most", 5, 1, 20, 1, "faces")),
        }
        if hides:
            title = "When hiding cannot work"
            self._rows["fail_secure"] = ChoiceRow(Field("fail_secure", "choice", title, "blur", choices=covers))
        for name, row in self._rows.items():
            row.changed.connect(lambda value, name=name: self.changed.emit(name, value))
            self.column.addWidget(row)

    def show_settings(self, settings: Settings) -> None:
        """Show the present values."""
        for name, row in self._rows.items():
            row.show_value(getattr(settings, name))
