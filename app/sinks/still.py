"""Writes one still, or the stills of a folder."""

from collections.abc import Callable
from pathlib import Path

import cv2

from app.pipeline.types import Output
from app.sinks.base import SinkFailed
from app.sinks.still_file import STILL_SUFFIXES, encode_still
from app.sinks.target import FolderTarget, Target, cannot_write, check_suffix
from app.sources.picture_file import Picture
from models.errors import UsageError
from models.types import Frame

PictureOf = Callable[[Frame], Picture | None]


def no_picture(_frame: Frame) -> Picture | None:
    """For frames that come from no picture file."""
    return None


class StillSink:
    """One picture; encoded and written by `finish`, in the caller's thread.

    Args:
        path: ends in one of STILL_SUFFIXES.
        picture_of: gives the picture file behind a frame, whose untouched pixels keep their bits.
        input_path: may not be `path`.

    Raises UsageError and SinkFailed at once when `path` cannot be written.
    """

    def __init__(self, path: Path, *, picture_of: PictureOf = no_picture, input_path: Path | None = None) -> None:
        check_suffix(path, STILL_SUFFIXES)
        self.dropped = 0
        self._target = Target(path, input_path)
        self._picture_of = picture_of
        self._held: tuple[Output, Picture | None] | None = None

    def put(self, output: Output) -> None:
        """See Sink; a second picture is a UsageError."""
        if self._held is not None:
            raise UsageError(
                f"{self._target.path} holds one picture, but there are more. Write .mp4, or ask for 1 frame."
            )
        self._held = (output, self._picture_of(output.frame))

    def finish(self, ok: bool) -> None:
        """See Sink."""
        written = False
        try:
            if ok:
                self._write()
                written = True
        finally:
            if not written:
                self._target.discard()

    def _write(self) -> None:
        if self._held is None:
            raise SinkFailed(f"{self._target.path} was not written: there was no picture.")
        output, picture = self._held
        try:
            data = encode_still(self._target.path, output.bgra, output.frame.pixels, picture)
            self._target.temporary.write_bytes(data)
        except (OSError, cv2.error, MemoryError) as error:
            raise cannot_write(self._target.path, error) from None
        self._target.keep()


class StillFolderSink:
    """A picture for each picture of a folder, under its name; they appear together at the end.

    Args:
        path: the folder to write; made when missing, its other files stay.
        name_of: the file name for a frame.
        picture_of: as for StillSink.
        input_path: may not be `path`.
    """

    def __init__(self, path: Path, *, name_of: Callable[[Frame], str], picture_of: PictureOf, input_path: Path) -> None:
        self.dropped = 0
        self._target = FolderTarget(path, input_path)
        self._name_of = name_of
        self._picture_of = picture_of

    def put(self, output: Output) -> None:
        """See Sink; encodes in the caller's thread."""
        name = self._name_of(output.frame)
        picture = self._picture_of(output.frame)
        try:
            data = encode_still(Path(name), output.bgra, output.frame.pixels, picture)
            (self._target.temporary / name).write_bytes(data)
        except (OSError, cv2.error, MemoryError) as error:
            raise cannot_write(self._target.path / name, error) from None

    def finish(self, ok: bool) -> None:
        """See Sink."""
        if ok:
            self._target.keep()
        else:
            self._target.discard()
