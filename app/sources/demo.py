"""The demo as a source: two actors who perform without a camera, the same in every run."""

import threading
import time

from app.sources import demo_script as script
from app.sources.base import BadInput, SourceInfo, SourceStalled
from app.sources.demo_render import Renderer
from models.types import Frame

MIN_SIDE_PX, MAX_SIDE_PX = 64, 8192


class DemoSource:
    """Frames of the demo's script (`app.sources.demo_script`), the truth of which is in `app.sources.demo_truth`.

    Args:
        size_wh: of the pictures; the actors scale with the shorter side.
        fps: frames a second, also the step of media time.
        loop: start over at the end of the script; otherwise `read` returns None there.
        paced: deliver each frame at its due time, as a camera does, and leave out frames for which the reader came
            too late; otherwise as fast as they are asked for, none left out.

    Raises:
        BadInput: a size or rate outside what can be drawn, or damaged files of the program.
    """

    def __init__(
        self,
        size_wh: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        *,
        loop: bool = True,
        paced: bool = True,
    ) -> None:
        if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in size_wh):
            raise BadInput(
                f"The demo cannot be {size_wh[0]}x{size_wh[1]}: use {MIN_SIDE_PX} to {MAX_SIDE_PX} pixels a side."
            )
        if not 1 <= fps <= 240:
            raise BadInput(f"The demo cannot run at {fps:g} frames a second: use 1 to 240.")
        self._renderer = Renderer(size_wh)
        self._paced = paced
        self._last = None if loop else round(script.DURATION_S * fps)
        self._info = SourceInfo(
            kind="demo", name="Demo", size_wh=size_wh, fps=fps, live=paced, frame_count=self._last or 0
        )
        self._index = 0
        self._start_s = 0.0
        self._decode_ms = 0.0
        self._closed = threading.Event()

    @property
    def info(self) -> SourceInfo:
        """Fixed for the life of the source."""
        return self._info

    @property
    def decode_ms(self) -> float:
        """CPU time spent on drawing the latest frame."""
        return self._decode_ms

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame; None at the end of the script or after `close`. Raises SourceStalled after `timeout_s`."""
        if self._closed.is_set() or self._index == self._last:
            return None
        index = self._next_index()
        began = time.thread_time()
        pixels = self._renderer.draw(index / self._info.fps)
        pixels.flags.writeable = False
        self._decode_ms = (time.thread_time() - began) * 1e3
        if self._paced and not self._wait_until_due(index, timeout_s):
            return None
        self._index = index + 1
        return Frame(index=index, t_s=index / self._info.fps, grabbed_ns=time.monotonic_ns(), pixels=pixels)

    def close(self) -> None:
        """Make a waiting `read` return at once. Idempotent, any thread."""
        self._closed.set()

    def _next_index(self) -> int:
        """The frame after the last one or, paced, the one that is due now if that is later."""
        if not self._paced:
            return self._index
        now_s = time.monotonic()
        if self._index == 0:
            self._start_s = now_s
        due = int((now_s - self._start_s) * self._info.fps)
        return min(max(self._index, due), self._last - 1) if self._last else max(self._index, due)

    def _wait_until_due(self, index: int, timeout_s: float) -> bool:
        """False when closed meanwhile. A picture exists at its due time; drawing it before then is not latency."""
        wait_s = self._start_s + index / self._info.fps - time.monotonic()
        if self._closed.wait(max(0.0, min(wait_s, timeout_s))):
            return False
        if wait_s > timeout_s:
            raise SourceStalled("The next picture is not due yet.")
        return True
