"""How the window was left: saved with the settings, but nothing that the engine knows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.ui.perception_view import DEFAULT_LAYERS, LAYERS

RECENT = 8


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """Whole, immutable; `from_dict(to_dict())` gives the same.

    Attributes:
        geometry: Qt's own saved geometry as hex text, "" before the first close.
        layers: which parts of the perception view are drawn.
        recent: inputs opened lately, newest first.
    """

    geometry: str = ""
    theme: str = "dark"
    panel: bool = True
    overlay: bool = False
    perception: bool = False
    layers: tuple[str, ...] = tuple(sorted(DEFAULT_LAYERS))
    mirror: bool = True
    reduced_motion: bool = False
    recent: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for TOML."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ViewOptions":
        """What is missing or of a wrong type takes its default: a damaged file must not keep the window shut."""
        good: dict[str, Any] = {}
        for name, default in asdict(cls()).items():
            value = values.get(name, default)
            if isinstance(default, tuple):
                if isinstance(value, list) and all(isinstance(item, str) for item in value):
                    good[name] = tuple(value)
            elif type(value) is type(default):
                good[name] = value
        result = cls(**good)
        known = [name for name, _ in LAYERS]
        return replace(
            result,
            theme=result.theme if result.theme in ("dark", "light") else "dark",
            layers=tuple(name for name in result.layers if name in known),
            recent=result.recent[:RECENT],
        )

    def opened(self, input_text: str) -> "ViewOptions":
        """With `input_text` as the newest of the recent inputs; the demo and cameras have entries of their own."""
        if input_text == "demo" or input_text.startswith("camera:"):
            return self
        others = tuple(item for item in self.recent if item != input_text)
        return replace(self, recent=(input_text, *others)[:RECENT])
