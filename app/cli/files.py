"""Files that appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from models.errors import FacetError, UsageError


class CannotWrite(FacetError):
    """An output cannot be written; the message says why and what to do."""


def check_writable(path: Path) -> None:
    """Raise before any work is done when `path` cannot become a file."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file to write.")
    folder = path.parent
    if not folder.is_dir():
        raise CannotWrite(f"The folder {folder} does not exist. Create it, or write elsewhere.")
    if not os.access(folder, os.W_OK):
        raise CannotWrite(f"The folder {folder} may not be written to. Choose another one.")


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A text file that takes its name only when the block ends well."""
    check_writable(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}. Choose another place.") from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            yield handle
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written: {error.strerror}. Free some space or choose another place."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to write files into; they move to `path` only when the block ends well."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file. Name a folder.")
    check_writable(path.parent / (path.name + ".probe"))
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise CannotWrite(f"{path} cannot be made: {error.strerror}. Choose another place.") from error
    try:
        yield temporary
        path.mkdir(exist_ok=True)
        for file in temporary.iterdir():
            file.replace(path / file.name)
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written: {error.strerror}. Free some space or choose another place."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
