"""Parameters as data: what fields an effect has, and values from text and TOML, checked with plain messages.

Everything is read from the field metadata of the parameter dataclass (`effects.base.number` and its siblings).
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from effects.base import Field
from models.errors import UsageError, unknown_name

P = TypeVar("P")

ON = "on"
"""`EFFECT.on=1` turns any effect on with its defaults, `EFFECT.on=0` turns it off."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def fields_of(params_type: type[Any]) -> tuple[Field, ...]:
    """The parameters of a parameter dataclass, in the order in which they are written."""
    return tuple(_field(item) for item in dataclasses.fields(params_type))


def _field(item: "dataclasses.Field[Any]") -> Field:
    kind, title, minimum, maximum, step, unit, choices = item.metadata["facet"]
    return Field(item.name, kind, title, item.default, minimum, maximum, step, unit, choices)


def field_of(effect_id: str, params_type: type[Any], name: str) -> Field:
    """One parameter by name; raises UsageError naming the nearest one."""
    for candidate in fields_of(params_type):
        if candidate.name == name:
            return candidate
    names = [f"{effect_id}.{known.name}" for known in fields_of(params_type)]
    raise unknown_name("parameter", f"{effect_id}.{name}", [*names, f"{effect_id}.{ON}"])


def split_assignment(text: str) -> tuple[str, str, str]:
    """Take "EFFECT.PARAM=VALUE" apart; raises UsageError when it has another form."""
    match = re.fullmatch(r"\s*([\w-]+)\.([\w-]+)\s*=(.*)", text, re.DOTALL)
    if match is None:
        raise UsageError(f"--set takes EFFECT.PARAM=VALUE, like privacy.strength=0.8, not '{text}'.")
    return match[1], match[2], match[3].strip()


def on_value(effect_id: str, text: str) -> bool:
    """The value of `EFFECT.on`."""
    return _bool(f"{effect_id}.{ON}", text)


def with_text(effect_id: str, params: Any, name: str, text: str) -> Any:
    """The dataclass `params` with one value given as text; raises UsageError naming the range or the nearest name."""
    field = field_of(effect_id, type(params), name)
    return dataclasses.replace(params, **{name: _parsed(f"{effect_id}.{name}", field, text)})


def to_dict(params: Any) -> dict[str, Any]:
    """Plain values by name, ready for TOML or JSON."""
    return {item.name: getattr(params, item.name) for item in fields_of(type(params))}


def from_dict(effect_id: str, params_type: type[P], values: Mapping[str, Any]) -> P:
    """Parameters from plain values; what is missing takes its default. Raises UsageError as `with_text` does."""
    checked = {
        name: _checked(f"{effect_id}.{name}", field_of(effect_id, params_type, name), value)
        for name, value in values.items()
    }
    return params_type(**checked)


def _parsed(where: str, field: Field, text: str) -> Any:
    match field.kind:
        case "bool":
            return _bool(where, text)
        case "float" | "int" | "face":
            return _checked(where, field, _number(where, field, text), shown=text)
        case _:
            return _checked(where, field, text)


def _bool(where: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise UsageError(f"{where} is 1 (on) or 0 (off), not '{text}'.")


def _number(where: str, field: Field, text: str) -> float | int:
    try:
        return float(text) if field.kind == "float" else int(text)
    except ValueError:
        raise UsageError(f"{where} takes {_range(field)}, not '{text}'.") from None


def _checked(where: str, field: Field, value: Any, shown: str | None = None) -> Any:
    """The value in its own type; raises UsageError for a wrong type and for a value out of range.

    `shown` is how the user wrote it.
    """
    match field.kind:
        case "bool":
            fits = isinstance(value, bool)
        case "float":
            fits = isinstance(value, int | float) and not isinstance(value, bool) and _in_range(field, value)
        case "int" | "face":
            fits = isinstance(value, int) and not isinstance(value, bool) and _in_range(field, value)
        case "choice":
            fits = value in [known for known, _title in field.choices]
        case "colour":
            fits = isinstance(value, str) and re.fullmatch(r"#[0-9A-Fa-f]{6}", value) is not None
        case _:
            fits = isinstance(value, str)
    if not fits:
        raise UsageError(f"{where} takes {_range(field)}, not '{value if shown is None else shown}'.")
    return float(value) if field.kind == "float" else value


def _in_range(field: Field, value: float) -> bool:
    low = -math.inf if field.minimum is None else field.minimum
    high = math.inf if field.maximum is None else field.maximum
    return math.isfinite(value) and low <= value <= high


def _range(field: Field) -> str:
    unit = f" {field.unit}" if field.unit else ""
    match field.kind:
        case "bool":
            return "1 (on) or 0 (off)"
        case "choice":
            return "one of " + ", ".join(known for known, _title in field.choices)
        case "colour":
            return "a colour like #5B8CFF"
        case "face":
            return "the number of a face, 0 for none"
        case "float" | "int":
            noun = "a number" if field.kind == "float" else "a whole number"
            return f"{noun} from {field.minimum:g} to {field.maximum:g}{unit}"
        case _:
            return "text"
