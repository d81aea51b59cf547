"""Output files and folders that appear whole under their names, or not at all."""

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from app.sinks.base import SinkFailed
from models.errors import UsageError

_LONGEST_ENDING = 16


def cannot_write(path: Path, error: Exception) -> SinkFailed:
    """What a failure of the system means for a user."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SinkFailed(f"{path} cannot be written: {why}. {_mend(getattr(error, 'errno', None))}")


def _mend(number: int | None) -> str:
    if number == errno.ENAMETOOLONG:
        return "Choose a shorter name."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Choose a folder that you may write to."
    return "Free some space, or choose another place."


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
        if os.path.isdir(path):
            raise UsageError(f"{path} is a folder. Name a file to write.")
        if input_path is not None and _same_file(path, input_path):
            raise UsageError(f"{path} is the input itself, which would be lost. Give the output another name.")
        self._final = Path(os.path.realpath(path))
        _check_name(path, self._final)
        if os.path.exists(self._final) and not (os.path.isfile(self._final) and os.access(self._final, os.W_OK)):
            raise SinkFailed(f"{path} may not be overwritten. Choose another name.")
        self.temporary = _temporary_name(self._final)
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


class FolderTarget:
    """A folder to write files into, `temporary`; they move to `path`, whose other files stay, when kept.

    Raises UsageError (it is a file, it is the folder of the input) and SinkFailed (no such parent, not writable).
    """

    def __init__(self, path: Path, input_path: Path | None) -> None:
        self.path = path
        if os.path.exists(path) and not os.path.isdir(path):
            raise UsageError(f"{path} is a file. Name a folder.")
        if input_path is not None and _same_file(path, input_path):
            raise UsageError(f"{path} is the input itself. Write to another folder.")
        self._final = Path(os.path.realpath(path))
        _check_name(path, self._final)
        self.temporary = _temporary_name(self._final)
        try:
            self.temporary.mkdir()
        except OSError as error:
            raise cannot_write(path, error) from None

    def keep(self) -> None:
        """Give the finished files their place; raises SinkFailed."""
        try:
            if not os.path.exists(self._final):
                self.temporary.replace(self._final)
                return
            for file in sorted(self.temporary.iterdir()):
                file.replace(self._final / file.name)
        except OSError as error:
            raise cannot_write(self.path, error) from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.temporary, ignore_errors=True)


def _check_name(path: Path, final: Path) -> None:
    """Before any work: the temporary name may be possible where the final one is not."""
    if not os.path.isdir(final.parent):
        folder = final.parent if os.path.islink(path) else path.parent
        raise SinkFailed(f"The folder {folder} does not exist. Create it, or write elsewhere.")
    try:
        os.lstat(final)
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(path, error) from None


def _temporary_name(final: Path) -> Path:
    """A hidden name beside `final`, short because file systems count 255 bytes."""
    ending = final.suffix if len(os.fsencode(final.suffix)) <= _LONGEST_ENDING else ""
    return final.parent / f".facet-{secrets.token_hex(4)}.part{ending}"


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
