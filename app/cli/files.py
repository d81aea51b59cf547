"""Text files and folders of a command that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from app.interrupts import uninterrupted
from app.paths import path_of
from app.sinks.target import FolderTarget, Target, cannot_write
from models.errors import UsageError


def input_path(text: str) -> Path | None:
    """The file or folder behind an INPUT, which no output may replace; None for what is neither."""
    path = path_of(text)
    return path if os.path.exists(path) else None


def output_path(text: str) -> Path:
    """A path to write to, with ~ for the home folder as in an INPUT (no shell expands --output=~/out.mp4)."""
    if not text.strip():
        raise UsageError("The name of the output is empty.")
    if "\0" in text:
        raise UsageError("The name of the output holds a NUL character, which no file system takes.")
    return path_of(text)


def same_place(one: Path, other: Path) -> bool:
    """Whether two names, neither of which need exist yet, lead to the same file."""
    return os.path.realpath(one) == os.path.realpath(other)


@contextmanager
def whole_file(path: Path, source: Path | None = None) -> Iterator[TextIO]:
    """A text file that takes its name only when the block ends well.

    A device or pipe (/dev/null, /dev/stdout) is written to as it is. `source` may not be `path`. Raises UsageError and
    SinkFailed before the block when `path` cannot be written.
    """
    if _is_special(path):
        yield from _written_through(path)
        return
    target = Target(path, source)
    try:
        with target.temporary.open("w", encoding="utf-8") as handle:
            yield handle
        target.keep()
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        target.discard()


@contextmanager
def whole_folder(path: Path, source: Path | None = None) -> Iterator[Path]:
    """A folder to write files into; they move to `path` only when the block ends well. `source` may not be `path`."""
    target = FolderTarget(path, source)
    try:
        yield target.temporary
        with uninterrupted():
            target.keep()
    finally:
        target.discard()


def _is_special(path: Path) -> bool:
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _written_through(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("w", encoding="utf-8") as handle:
            yield handle
    except OSError as error:
        raise cannot_write(path, error) from None
