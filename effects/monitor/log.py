"""Log files that a crash, a full disk or a power cut cannot spoil, written while the monitor goes on regardless.

Every line goes to the system whole, in one write, at once: after `kill -9` the file still parses and nothing that was
reported is missing. What must survive a power cut too is flushed to the disk. A failure never reaches the monitor: it
is kept as a plain message, and writing is tried again.
"""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_RETRY_S = 2.0
_PRIVATE = 0o600
_LONGEST_LINE = 65536


class LineLog:
    """Appends whole lines to a file; rotates it at a size; survives what a disk may do.

    Args:
        path: the file; `path.1`, `path.2` ... are older ones.
        most_bytes: of one file.
        generations: how many older files are kept.
        header: first line of every file; "" = none.
    """

    def __init__(self, path: Path, *, most_bytes: int = 16_000_000, generations: int = 4, header: str = "") -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._generations = generations
        self._header = header
        self._handle: int | None = None
        self._size = 0
        self._failed_s: float | None = None
        self.problem: str | None = None
        """Why lines are being lost at present; None while all is well."""
        self.lost = 0
        """Lines that could not be written."""

    def write(self, line: str, now_s: float, *, flush: bool = False) -> None:
        """Append a line (without its end); `flush` = it must survive a power cut. Never raises OSError."""
        if self._failed_s is not None and now_s - self._failed_s < _RETRY_S:
            self.lost += 1
            return
        try:
            self._append(f"{line}\n".encode())
            if flush and self._handle is not None:
                _flush(self._handle)
        except OSError as error:
            self.lost += 1
            self._failed_s = now_s
            why = error.strerror or str(error)
            self.problem = f"The log {self._path} cannot be written: {why}. Monitoring goes on without it."
            self._drop()
        else:
            self._failed_s, self.problem = None, None

    def close(self) -> None:
        """Flush and let the file go."""
        if self._handle is not None:
            try:
                _flush(self._handle)
            except OSError as error:
                self.problem = f"The log {self._path} may be incomplete: {error.strerror}."
            self._drop()

    def _append(self, data: bytes) -> None:
        handle = self._open() if self._handle is None else self._handle
        if self._size + len(data) > self._most_bytes and self._size > len(self._header) + 1:
            handle = self._rotate()
        self._whole(handle, data)

    def _whole(self, handle: int, data: bytes) -> None:
        """Write all of it, or leave the file as it was."""
        written = os.write(handle, data)
        if written < len(data):
            os.ftruncate(handle, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def _open(self) -> int:
        self._handle = handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
        self._size = os.fstat(handle).st_size
        if self._size:
            self._drop_half_line(handle)
        elif self._header:
            self._whole(handle, f"{self._header}\n".encode())
        return handle

    def _drop_half_line(self, handle: int) -> None:
        """A power cut may have left half a line at the end, which would spoil the next one."""
        with self._path.open("rb") as reader:
            reader.seek(max(0, self._size - _LONGEST_LINE))
            tail = reader.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            self._size -= len(tail) - whole
            os.ftruncate(handle, self._size)

    def _rotate(self) -> int:
        self._drop()
        for number in range(self._generations, 0, -1):
            older = self._path if number == 1 else _numbered(self._path, number - 1)
            if older.exists():
                older.replace(_numbered(self._path, number))
        return self._open()

    def _drop(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _flush(handle: int) -> None:
    """To the disk; a pipe or terminal has none."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise


def json_line(row: Mapping[str, Any]) -> str:
    """A row as one line of JSON."""
    return json.dumps(row, separators=(",", ":"), allow_nan=False)


def csv_line(values: Sequence[str]) -> str:
    """Plain values without commas as one line of CSV."""
    return ",".join(values)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
