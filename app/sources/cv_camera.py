"""A camera through OpenCV. Lives in the helper process; nothing else in the program touches cv2.VideoCapture."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources import v4l2
from app.sources.base import BadInput
from app.sources.capture import Opened, Over, Shot
from app.sources.devices import list_cameras, refusal
from app.sources.files import quiet_opencv
from app.sources.tuning import Control, Tuning
from models.types import U8

_WISH = "MJPG"
_FIRST_TRIES = 10
_BACKENDS = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}
_MANUAL_EXPOSURE = {"linux": 1.0}
"""V4L2_EXPOSURE_MANUAL; the other systems take 0 for "not automatic"."""


class VideoCapture(Protocol):
    """The part of cv2.VideoCapture that is used."""

    def isOpened(self) -> bool: ...  # noqa: N802, D102
    def get(self, propId: int, /) -> float: ...  # noqa: N803, D102
    def set(self, propId: int, value: float, /) -> bool: ...  # noqa: N803, D102
    def grab(self) -> bool: ...  # noqa: D102
    def retrieve(self) -> tuple[bool, Any]: ...  # noqa: D102
    def release(self) -> None: ...  # noqa: D102


def open_camera(index: int, size_wh: tuple[int, int], fps: float) -> "CvCamera":
    """The opener for the helper process."""
    os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "2"
    quiet_opencv()
    return CvCamera(index, size_wh, fps, lambda number, backend: cv2.VideoCapture(number, backend))


class CvCamera:
    """Camera `index`, asked for MJPG, one buffer, `size_wh` and `fps`; see Capture. Raises BadInput."""

    def __init__(
        self,
        index: int,
        size_wh: tuple[int, int],
        fps: float,
        make: Callable[[int, int], VideoCapture],
        platform: str = sys.platform,
    ) -> None:
        self._index = index
        self._camera = make(index, _BACKENDS.get(platform, cv2.CAP_ANY))
        if not self._camera.isOpened():
            raise refusal(index, list_cameras())
        try:
            self._negotiate(size_wh, fps)
            first = self._first_picture()
            self._manual = _MANUAL_EXPOSURE.get(platform, 0.0)
            self._automatic = self._camera.get(cv2.CAP_PROP_AUTO_EXPOSURE)
            self.opened = self._facts(first, size_wh, fps)
        except BadInput:
            self._camera.release()
            raise

    def take(self, out: U8) -> Shot | Over:
        """See Capture. The stamp lies between grab (the camera's moment) and retrieve (decoding)."""
        if not self._camera.grab():
            return Over(lost=True)
        grabbed_ns = time.monotonic_ns()
        started_ns = time.perf_counter_ns()
        good, picture = self._camera.retrieve()
        if not good or picture is None:
            return Over(lost=True)
        colour = _as_bgr(picture)
        if colour.shape != out.shape:
            colour = np.asarray(cv2.resize(colour, (out.shape[1], out.shape[0])), np.uint8)
        np.copyto(out, colour)
        return Shot(grabbed_ns, (time.perf_counter_ns() - started_ns) / 1e6)

    def tune(self, tuning: Tuning) -> None:
        """See Capture."""
        offers = self.opened.offers
        if "exposure" in offers:
            self._lock(
                tuning.lock_exposure, cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_EXPOSURE, self._manual, self._automatic
            )
        if "white_balance" in offers:
            self._lock(tuning.lock_white_balance, cv2.CAP_PROP_AUTO_WB, cv2.CAP_PROP_WB_TEMPERATURE, 0.0, 1.0)
        if "mains" in offers:
            v4l2.set_mains(self._index, tuning.mains_hz)

    def close(self) -> None:
        """See Capture."""
        self._camera.release()

    def _negotiate(self, size_wh: tuple[int, int], fps: float) -> None:
        """Ask for the format; the pixel format first, as it decides which sizes and rates there are."""
        self._camera.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*_WISH)))
        self._camera.set(cv2.CAP_PROP_FRAME_WIDTH, float(size_wh[0]))
        self._camera.set(cv2.CAP_PROP_FRAME_HEIGHT, float(size_wh[1]))
        self._camera.set(cv2.CAP_PROP_FPS, float(fps))
        self._camera.set(cv2.CAP_PROP_BUFFERSIZE, 1.0)

    def _first_picture(self) -> U8:
        for _ in range(_FIRST_TRIES):
            if self._camera.grab():
                good, picture = self._camera.retrieve()
                if good and picture is not None:
                    return _as_bgr(picture)
        raise refusal(self._index, list_cameras())

    def _facts(self, first: U8, size_wh: tuple[int, int], fps: float) -> Opened:
        height, width = first.shape[:2]
        given_fps = self._camera.get(cv2.CAP_PROP_FPS)
        pixel_format = _fourcc(self._camera.get(cv2.CAP_PROP_FOURCC))
        hints = []
        if (width, height) != size_wh:
            hints.append(f"The camera gives {width}x{height} instead of {size_wh[0]}x{size_wh[1]}.")
        if pixel_format not in ("", _WISH):
            hints.append(f"The camera sends {pixel_format} instead of MJPG: at this size it may be slow.")
        offers: set[Control] = set()
        if self._takes(cv2.CAP_PROP_AUTO_EXPOSURE):
            offers.add("exposure")
        if self._takes(cv2.CAP_PROP_AUTO_WB):
            offers.add("white_balance")
        if v4l2.offers_mains(self._index):
            offers.add("mains")
        return Opened(
            size_wh=(width, height),
            fps=given_fps if 0 < given_fps < 1000 else float(fps),
            pixel_format=pixel_format,
            offers=frozenset(offers),
            hints=tuple(hints),
        )

    def _takes(self, control: int) -> bool:
        """Whether a control exists: it accepts its own present value."""
        return self._camera.set(control, self._camera.get(control))

    def _lock(self, locked: bool, automatic: int, value: int, off: float, on: float) -> None:
        """Hold a control at its present value, or give it back to the camera."""
        if not locked:
            self._camera.set(automatic, on)
            return
        present = self._camera.get(value)
        self._camera.set(automatic, off)
        if present > 0:
            self._camera.set(value, present)


def _as_bgr(picture: NDArray[Any]) -> U8:
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.asarray(picture, np.uint8)


def _fourcc(code: float) -> str:
    """Four letters; empty where the system does not say."""
    letters = int(code).to_bytes(4, "little", signed=False) if 0 < code < 2**32 else b""
    return letters.decode("ascii", "ignore").strip().upper() if letters.isascii() else ""
