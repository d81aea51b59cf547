"""How a numeric parameter is shown, stepped through and read back: 0-100 on the screen where it is 0-1 inside."""

import math
from dataclasses import dataclass

from effects.base import Field


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """Whole steps for the slider, text for the box.

    Attributes:
        minimum / maximum / step: inside values.
        factor: shown = inside * factor.
        decimals: of the shown text.
        whole: the inside value is an int.
    """

    minimum: float
    maximum: float
    step: float
    factor: float
    decimals: int
    unit: str
    whole: bool

    @property
    def steps(self) -> int:
        """Number of steps from minimum to maximum."""
        return max(1, round((self.maximum - self.minimum) / self.step))

    @property
    def first_step(self) -> int:
        """The slider's lowest position; negative where the range crosses zero, so that zero is position 0."""
        return round(self.minimum / self.step) if self.minimum < 0 < self.maximum else 0

    def to_step(self, value: float) -> int:
        """The slider's position for an inside value."""
        return self.first_step + round((value - self.minimum) / self.step)

    def from_step(self, position: int) -> float:
        """The inside value at a slider's position."""
        return self.clamp(self.minimum + (position - self.first_step) * self.step)

    def clamp(self, value: float) -> float:
        """The nearest allowed inside value, with no floating-point dust."""
        held = round(min(max(value, self.minimum), self.maximum), 6)
        return int(round(held)) if self.whole else held

    def text(self, value: float) -> str:
        """What the box shows."""
        shown = f"{value * self.factor:.{self.decimals}f}"
        if float(shown) == 0:
            shown = shown.removeprefix("-")
        return f"{shown} {self.unit}".rstrip() if self.unit != "°" else f"{shown}°"

    def parse(self, text: str) -> float | None:
        """An inside value from typed text, held in range; None where there is no number."""
        try:
            shown = float(text.strip().removesuffix(self.unit).strip().replace(",", ".").replace("\u2212", "-"))
        except ValueError:
            return None
        return self.clamp(shown / self.factor) if math.isfinite(shown) else None


def number_format(field: Field) -> NumberFormat:
    """From a field of kind "float" or "int".

    A float within -1..1 without a unit of its own is an intensity and shows as up to 100.
    """
    minimum = 0.0 if field.minimum is None else float(field.minimum)
    maximum = minimum + 100.0 if field.maximum is None else float(field.maximum)
    whole = field.kind == "int"
    step = float(field.step or (1.0 if whole else (maximum - minimum) / 100.0))
    intensity = not whole and minimum >= -1.0 and maximum <= 1.0 and field.unit in ("", "%")
    factor = 100.0 if intensity else 1.0
    decimals = 0 if whole else min(4, max(0, math.ceil(-math.log10(step * factor) - 1e-9)))
    return NumberFormat(minimum, maximum, step, factor, decimals, "" if intensity else field.unit, whole)
