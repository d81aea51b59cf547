"""The settings on disk: they survive a restart and a kill at any moment.

A save writes a new file, flushes it to the disk and takes the old one's name in one step, so that a reader sees the
old settings or the new ones, never half. Only the user may read them.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomli_w

from app.config import Settings, from_table, to_toml
from app.paths import config_dir
from effects.monitor.profile import Profile, to_table
from effects.monitor.profile import from_table as from_profile_table
from effects.registry import specs
from models.errors import FacetError, UsageError

NAME = "settings.toml"
_VIEW_NAME = "window.toml"


class CannotSave(FacetError):
    """The settings cannot be written; the message says why and what to do."""


def save_settings(settings: Settings, folder: Path | None = None) -> Path:
    """Write the settings and return the file's path; raises CannotSave."""
    return _write_private((folder or config_dir()) / NAME, to_toml(settings))


def save_view(values: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Write how the window was left (plain values) and return the file's path; raises CannotSave."""
    return _write_private((folder or config_dir()) / _VIEW_NAME, tomli_w.dumps(dict(values)))


def load_view(folder: Path | None = None) -> dict[str, Any]:
    """How the window was left; empty where that was not saved or cannot be read."""
    try:
        return tomllib.loads(((folder or config_dir()) / _VIEW_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def save_profile(profile: Profile, folder: Path | None = None) -> Path:
    """Write a driver's calibration as `drivers/ID.toml` and return the file's path; raises CannotSave."""
    path = _drivers(folder) / f"{_file_name(profile.id)}.toml"
    return _write_private(path, tomli_w.dumps(to_table(profile)))


def load_profiles(folder: Path | None = None) -> tuple[tuple[Profile, ...], tuple[str, ...]]:
    """All saved calibrations by file name, and plain messages about files that cannot be used."""
    found: list[Profile] = []
    problems: list[str] = []
    for path in sorted(_drivers(folder).glob("*.toml")):
        try:
            found.append(from_profile_table(tomllib.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, UsageError) as error:
            problems.append(f"The calibration {path} cannot be used: {error} Calibrate again or remove it.")
    return tuple(found), tuple(problems)


def _drivers(folder: Path | None) -> Path:
    return (folder or config_dir()) / "drivers"


def _file_name(text: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:80] or "driver"


def load_settings(folder: Path | None = None) -> tuple[Settings, tuple[str, ...]]:
    """The saved settings and plain messages about what could not be used; defaults where nothing was saved.

    A file that cannot be read is renamed to `settings.toml.broken`. If it named an effect that hides faces, that
    effect stays on with its defaults: a damaged file must not bare a face.
    """
    path = (folder or config_dir()) / NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Settings(), ()
    except OSError as error:
        return Settings(), (f"The settings in {path} cannot be read: {error.strerror}. Defaults are used.",)
    problems: list[str] = []
    try:
        settings = from_table(tomllib.loads(raw.decode("utf-8")), problems)
    except (ValueError, UsageError) as error:
        return _set_aside(path, raw, error)
    return settings, tuple(f"In {path}: {problem}" for problem in problems)


def _set_aside(path: Path, raw: bytes, error: Exception) -> tuple[Settings, tuple[str, ...]]:
    broken = path.with_name(f"{NAME}.broken")
    message = f"The settings were damaged ({error}) and defaults are used."
    try:
        path.replace(broken)
        message += f" The old file is kept as {broken}."
    except OSError:
        message += f" Remove {path} to be rid of this message."
    hiding = [spec for spec in specs() if spec.hides and spec.id.encode() in raw]
    if hiding:
        message += f" Still on: {', '.join(spec.title_key for spec in hiding)}, so that no face is bared."
    return Settings(effects=tuple((spec.id, spec.params()) for spec in hiding)), (message,)


def _write_private(target: Path, text: str) -> Path:
    """Replace the file whole, flushed to the disk and readable by its owner only."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(target)
        _flush_folder(target.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CannotSave(f"The settings cannot be saved to {target}: {error.strerror}.") from error
    return target


def _flush_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut; not possible on every system."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
