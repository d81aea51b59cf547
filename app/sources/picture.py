"""One picture: a single frame for whole work, a still live frame that repeats for the window and for measuring."""

import threading
import time
from pathlib import Path

from app.sources.base import SourceInfo
from app.sources.pacing import Pacer
from app.sources.picture_file import Picture, load_picture
from models.types import Frame

_REPEAT_FPS = 30.0


class PictureSource:
    """Opens and decodes in the constructor; raises BadInput.

    Args:
        path: a jpg, png, webp, bmp, ppm or tiff.
        paced: repeat the picture in real time (all frames share one array).
        loop: repeat it as fast as `read` is called. Neither: give it once.
    """

    def __init__(self, path: Path, *, paced: bool, loop: bool = False) -> None:
        started_ns = time.perf_counter_ns()
        self.picture: Picture = load_picture(path)
        self.decode_ms = (time.perf_counter_ns() - started_ns) / 1e6
        height, width = self.picture.pixels.shape[:2]
        self.info = SourceInfo(
            kind="picture",
            name=path.name,
            size_wh=(width, height),
            fps=_REPEAT_FPS if paced or loop else 0.0,
            live=False,
            frame_count=0 if paced or loop else 1,
        )
        self._paced = paced
        self._repeats = paced or loop
        self._closed = threading.Event()
        self._pacer = Pacer(self._closed)
        self._index = 0

    def read(self, timeout_s: float) -> Frame | None:
        """See Source."""
        index = self._index
        if self._closed.is_set() or (index and not self._repeats):
            return None
        t_s = index / _REPEAT_FPS
        if self._paced:
            self._pacer.wait(t_s, timeout_s)
            if self._closed.is_set():
                return None
        if index:
            self.decode_ms = 0.0
        self._index += 1
        return Frame(index, t_s, time.monotonic_ns(), self.picture.pixels)

    def picture_of(self, frame: Frame) -> Picture | None:
        """The file behind the frame read last, for a still that keeps the bits of what no effect touches."""
        return self.picture if self.picture.pixels is frame.pixels else None

    def close(self) -> None:
        """See Source."""
        self._closed.set()
