"""A live camera, read in a helper process; an unplugged one is sought by name until it is back."""

import dataclasses
import sys
import threading
from collections import deque
from collections.abc import Callable

from app.sources.base import CameraLost, SourceInfo
from app.sources.cv_camera import open_camera
from app.sources.devices import CameraDevice, list_cameras, refusal
from app.sources.helper_process import HelperProcess, Opener
from app.sources.recovering import Lost, Recovering
from app.sources.tuning import Tuning
from models.types import Frame

_WINDOW = 60
_ENOUGH = 20
_SLOW_SHARE = 0.75


class CameraSource:
    """Opens in the constructor; raises BadInput (missing, busy, permission, no answer).

    Args:
        index: the N of `camera:N`.
        size_wh / fps: asked for; what was agreed on is in `info`.
        cancel: set from another thread to give up opening (then raises SourceStalled).
        opener / find: for tests.
    """

    def __init__(
        self,
        index: int,
        *,
        size_wh: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        cancel: threading.Event | None = None,
        opener: Opener = open_camera,
        find: Callable[[], tuple[CameraDevice, ...]] = list_cameras,
        retry_s: float = 1.0,
        silent_s: float = 5.0,
    ) -> None:
        self._index = index
        self._size_wh = size_wh
        self._fps = fps
        self._opener = opener
        self._find = find
        cameras = find()
        names = {camera.index: camera.name for camera in cameras}
        if index not in names and (cameras or sys.platform == "linux"):
            raise refusal(index, cameras)
        self._name = names.get(index, f"Camera {index}")
        self._tuning = Tuning()
        self._tuned: tuple[Tuning, int] = (Tuning(), 1)
        self._frames = Recovering(
            self._start, f"camera {index} ({self._name})", cancel, retry_s=retry_s, silent_s=silent_s
        )
        self._next = 0
        self._first_ns = 0
        self._grabs_ns: deque[int] = deque(maxlen=_WINDOW)
        self.decode_ms = 0.0

    @property
    def info(self) -> SourceInfo:
        """See Source: the negotiated format, and the measured rate once there were 20 frames."""
        opened = self._frames.opened
        facts = SourceInfo(
            kind="camera",
            name=self._name,
            size_wh=opened.size_wh,
            fps=opened.fps,
            live=True,
            pixel_format=opened.pixel_format,
            hints=opened.hints,
            controls=opened.offers,
        )
        grabs_ns = tuple(self._grabs_ns)
        if len(grabs_ns) < _ENOUGH:
            return facts
        measured_fps = (len(grabs_ns) - 1) * 1e9 / max(1, grabs_ns[-1] - grabs_ns[0])
        hints = opened.hints
        if measured_fps < _SLOW_SHARE * opened.fps:
            hints += (
                f"The camera delivers {measured_fps:.0f} of {opened.fps:.0f} frames a second, most likely because it "
                "exposes long in dim light. Add light, or lock the exposure.",
            )
        return dataclasses.replace(facts, measured_fps=measured_fps, hints=hints)

    def tune(self, tuning: Tuning) -> None:
        """See Tunable."""
        self._tuning = tuning

    def read(self, timeout_s: float) -> Frame | None:
        """See Source."""
        wish = (self._tuning, self._frames.attempts)
        try:
            taken = self._frames.read(timeout_s, wish[0] if wish != self._tuned else None)
        except Lost:
            self._grabs_ns.clear()
            raise CameraLost(f"{self._name} went away. Plug it in again: the picture comes back by itself.") from None
        if taken is None:
            return None
        shot, pixels = taken
        self._tuned = wish
        if self._next == 0:
            self._first_ns = shot.grabbed_ns
        self._grabs_ns.append(shot.grabbed_ns)
        self.decode_ms = shot.decode_ms
        frame = Frame(self._next, (shot.grabbed_ns - self._first_ns) / 1e9, shot.grabbed_ns, pixels)
        self._next += 1
        return frame

    def close(self) -> None:
        """See Source."""
        self._frames.close()

    def _start(self) -> HelperProcess:
        """A helper for the camera of that name, wherever it is plugged in now."""
        cameras = self._find()
        if cameras and not any(camera == CameraDevice(self._index, self._name) for camera in cameras):
            same = [camera.index for camera in cameras if camera.name == self._name]
            if not same:
                raise refusal(self._index, cameras)
            self._index = same[0]
        return HelperProcess(self._opener, (self._index, self._size_wh, self._fps))
