"""A folder of pictures, by name: one frame a picture for whole work, a slide show for the window."""

import threading
import time
from pathlib import Path

from app.sources.base import BadInput, SourceInfo
from app.sources.files import PICTURE_SUFFIXES, unreadable
from app.sources.pacing import Pacer
from app.sources.picture_file import Picture, load_picture
from models.types import Frame

_SLIDE_S = 3.0
_SLIDE_FPS = 30.0
_SECONDS_A_PICTURE = 1.0
"""A folder's own time line for whole work: it has none, so one picture a second."""


class FolderSource:
    """Lists the folder and decodes the first picture in the constructor; raises BadInput.

    Args:
        path: the folder; sub-folders and hidden files are left out.
        paced: a slide show in real time, 3 s a picture.
        loop: begin again after the last picture.
    """

    def __init__(self, path: Path, *, paced: bool, loop: bool) -> None:
        try:
            names = sorted(
                entry.name
                for entry in path.iterdir()
                if entry.suffix.lower() in PICTURE_SUFFIXES and not entry.name.startswith(".") and entry.is_file()
            )
        except OSError as error:
            raise unreadable(path, error) from None
        if not names:
            raise BadInput(
                f"The folder {path} holds no pictures (jpg, png, webp, bmp, ppm, tiff). Name another one.", "missing"
            )
        self._path = path
        self._names = tuple(names)
        self._paced = paced
        self._loop = loop
        self._closed = threading.Event()
        self._pacer = Pacer(self._closed)
        self._index = 0
        self._shown = -1
        self.decode_ms = 0.0
        self.picture: Picture = self._load(0)
        height, width = self.picture.pixels.shape[:2]
        self.info = SourceInfo(
            kind="folder",
            name=path.resolve().name or str(path),
            size_wh=(width, height),
            fps=_SLIDE_FPS if paced else 1 / _SECONDS_A_PICTURE,
            live=False,
            frame_count=0 if paced or loop else len(names),
            names=self._names,
        )

    def read(self, timeout_s: float) -> Frame | None:
        """See Source; raises BadInput at a picture that cannot be read."""
        t_s = self._index / _SLIDE_FPS if self._paced else self._index * _SECONDS_A_PICTURE
        number = int(t_s / (_SLIDE_S if self._paced else _SECONDS_A_PICTURE) + 1e-6)
        if self._closed.is_set() or (number >= len(self._names) and not self._loop):
            return None
        if self._paced:
            self._pacer.wait(t_s, timeout_s)
            if self._closed.is_set():
                return None
        if self._index:
            self.decode_ms = 0.0
        self.picture = self._load(number % len(self._names))
        frame = Frame(self._index, t_s, time.monotonic_ns(), self.picture.pixels)
        self._index += 1
        return frame

    def picture_of(self, frame: Frame) -> Picture | None:
        """The file behind the frame read last, for a still that keeps the bits of what no effect touches."""
        return self.picture if self.picture.pixels is frame.pixels else None

    def close(self) -> None:
        """See Source."""
        self._closed.set()

    def _load(self, number: int) -> Picture:
        """The picture of that number; the one shown already is not decoded again."""
        if number != self._shown:
            started_ns = time.perf_counter_ns()
            self.picture = load_picture(self._path / self._names[number])
            self._shown = number
            self.decode_ms = (time.perf_counter_ns() - started_ns) / 1e6
        return self.picture
