"""Settings and presets: whole, immutable, schema-versioned values, written as TOML."""

import logging
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from app.paths import ASSETS_DIR, config_dir
from app.settings import Settings as Settings
from effects import params as parameters
from effects.registry import spec
from models.errors import UsageError, unknown_name

SCHEMA = 1

BACKENDS = ("auto", "cpu", "gpu", "cuda", "mps", "torch-cpu")
REACHES = ("auto", "near", "far", "crowd")
FAIL_SECURE = ("blur", "freeze", "block", "pass")
MAX_FACES = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of effects; `id` is the file's name without .toml."""

    id: str
    title: str
    path: Path
    settings: Settings


def with_sets(settings: Settings, assignments: Sequence[str]) -> Settings:
    """Apply `EFFECT.PARAM=VALUE` texts in order; each turns its effect on. Raises UsageError."""
    effects = dict(settings.effects)
    for text in assignments:
        effect_id, name, value = parameters.split_assignment(text)
        defaults = spec(effect_id).params
        if name == parameters.ON:
            if parameters.on_value(effect_id, value):
                effects.setdefault(effect_id, defaults())
            else:
                effects.pop(effect_id, None)
            continue
        current = effects[effect_id] if effect_id in effects else defaults()
        effects[effect_id] = parameters.with_text(effect_id, current, name, value)
    return replace(settings, effects=tuple(effects.items()))


def to_toml(settings: Settings) -> str:
    """Settings as text that `from_table(tomllib.loads(text))` turns back into the same settings."""
    table: dict[str, Any] = {"schema": SCHEMA}
    table |= {item.name: getattr(settings, item.name) for item in fields(Settings) if item.name != "effects"}
    table["effect"] = [{"id": effect_id, **parameters.to_dict(values)} for effect_id, values in settings.effects]
    return tomli_w.dumps(table)


def from_table(table: Mapping[str, Any], problems: list[str] | None = None) -> Settings:
    """Settings from a parsed TOML table; what is missing takes its default.

    A wrong entry raises UsageError; with a `problems` list its message is added there and the default is used
    instead, but an effect never goes off because one of its values is wrong: it may be what hides a face.
    """
    if table.get("schema") != SCHEMA:
        raise UsageError(f"schema is {table.get('schema')!r}, this version of Facet reads schema {SCHEMA}.")
    checked: dict[str, Any] = {}
    for name, allowed in (("backend", BACKENDS), ("reach", REACHES), ("fail_secure", FAIL_SECURE)):
        value = table.get(name, allowed[0])
        if value in allowed:
            checked[name] = value
        else:
            _report(UsageError(f"{name} is one of {', '.join(allowed)}, not '{value}'."), problems)
    count = table.get("max_faces", Settings().max_faces)
    if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MAX_FACES:
        checked["max_faces"] = count
    else:
        _report(UsageError(f"max_faces takes a whole number from 1 to {MAX_FACES}, not '{count}'."), problems)
    rows = table.get("effect", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        _report(UsageError("every effect is written as [[effect]] with an id."), problems)
        rows = [row for row in rows if isinstance(row, dict) and "id" in row] if isinstance(rows, list) else []
    effects = [effect for row in rows if (effect := _effect(row, problems)) is not None]
    return Settings(effects=tuple(effects), **checked)


def _report(error: UsageError, problems: list[str] | None) -> None:
    if problems is None:
        raise error
    problems.append(str(error))


def _effect(row: Mapping[str, Any], problems: list[str] | None) -> tuple[str, Any] | None:
    """One [[effect]] table; wrong values fall back to their defaults one by one."""
    effect_id = str(row["id"])
    values = {name: value for name, value in row.items() if name != "id"}
    try:
        params_type = spec(effect_id).params
    except UsageError as error:
        _report(error, problems)
        return None
    good: dict[str, Any] = {}
    for name, value in values.items():
        try:
            parameters.from_dict(effect_id, params_type, {name: value})
        except UsageError as error:
            _report(error, problems)
        else:
            good[name] = value
    return effect_id, parameters.from_dict(effect_id, params_type, good)


def presets(user_dir: Path | None = None) -> list[Preset]:
    """The shipped presets, then the user's (`presets/*.toml` beside the settings), which may replace shipped ones.

    A file of the user's that cannot be read is left out and logged.
    """
    found: dict[str, Preset] = {}
    for path in _preset_files(user_dir):
        try:
            found[path.stem] = _read_preset(path)
        except UsageError as error:
            _log.warning("%s", error)
    return list(found.values())


def load_preset(name: str, base: Settings | None = None, user_dir: Path | None = None) -> Settings:
    """`base` with the effects of the preset called `name`; raises UsageError (unknown name, broken file)."""
    files = {path.stem: path for path in _preset_files(user_dir)}
    if name not in files:
        raise unknown_name("preset", name, files)
    return replace(base or Settings(), effects=_read_preset(files[name]).settings.effects)


def _preset_files(user_dir: Path | None) -> list[Path]:
    own = (user_dir or config_dir()) / "presets"
    return [*sorted((ASSETS_DIR / "presets").glob("*.toml")), *sorted(own.glob("*.toml"))]


def _read_preset(path: Path) -> Preset:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return Preset(path.stem, str(table.get("title", path.stem)), path, from_table(table))
    except (OSError, ValueError, UsageError) as error:
        raise UsageError(f"The preset {path} cannot be used: {error} Mend or remove it.") from error
