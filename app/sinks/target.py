"""An output file that appears whole under its name, or not at all."""

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from app.sinks.base import SinkFailed
from models.errors import UsageError

_LONGEST_STEM = 100


def cannot_write(path: Path, error: Exception) -> SinkFailed:
    """What a failure of the system means for a user."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SinkFailed(f"{path} cannot be written: {why}. Free some space, or choose another place.")


def check_suffix(path: Path, suffixes: Sequence[str]) -> None:
    """Raise UsageError unless the name ends in one of `suffixes`."""
    if path.suffix.lower() not in suffixes:
        what = f"'{path.suffix}'" if path.suffix else "no ending"
        raise UsageError(f"{path} has {what}: Facet writes {', '.join(suffixes)} here.")


class Target:
    """Checks, before any work, that `path` can be written; then offers a temporary name beside it.

    Raises UsageError (it is a folder, it is the input) and SinkFailed (no such folder, not writable).
    """

    def __init__(self, path: Path, input_path: Path | None) -> None:
        self.path = path
        if path.is_dir():
            raise UsageError(f"{path} is a folder. Name a file to write.")
        if input_path is not None and _same_file(path, input_path):
            raise UsageError(f"{path} is the input itself, which would be lost. Give the output another name.")
        self._final = Path(os.path.realpath(path))
        folder = self._final.parent
        if not folder.is_dir():
            raise SinkFailed(f"The folder {path.parent} does not exist. Create it, or write elsewhere.")
        if self._final.exists() and not (self._final.is_file() and os.access(self._final, os.W_OK)):
            raise SinkFailed(f"{path} may not be overwritten. Choose another name.")
        stem = f".{self._final.stem[:_LONGEST_STEM]}.{secrets.token_hex(4)}"
        self.temporary = folder / f"{stem}.part{self._final.suffix}"
        try:
            os.close(os.open(self.temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except OSError as error:
            raise cannot_write(path, error) from None

    def keep(self) -> None:
        """Give the finished file its name; raises SinkFailed."""
        try:
            self.temporary.replace(self._final)
        except OSError as error:
            self.discard()
            raise cannot_write(self.path, error) from None

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):
            self.temporary.unlink(missing_ok=True)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
