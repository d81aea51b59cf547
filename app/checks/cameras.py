"""The cameras: what each agrees to when Facet asks as it always does, and how many frames it really delivers."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.checks.finding import Finding, Situation
from app.checks.privacy import plain_device_name
from app.sources.base import BadInput, Source, SourceInfo, SourceStalled
from app.sources.devices import CameraDevice, list_cameras
from models.errors import FacetError

_MEASURE_S = 1.5
_FEWEST = 8
_PER_CAMERA_S = 6.0
_STEP_S = 0.25
_SLOW_SHARE = 0.75
_VIRTUAL = Path("/sys/devices/virtual/video4linux")
_REPLUG = "Unplug it and plug it in again, then look again."
_NONE = "Plug one in (a phone as a webcam works too), or go without: facet run demo, or facet run VIDEO"
_SLOW = (
    "Add light or lock the exposure in the window's camera settings; plug the camera straight into the computer, "
    "without a hub."
)

Opener = Callable[[int, threading.Event], Source]


def open_camera(index: int, cancel: threading.Event) -> Source:
    """As the window opens it."""
    from app.sources.camera import CameraSource

    return CameraSource(index, cancel=cancel, silent_s=_PER_CAMERA_S)


def examine(
    situation: Situation,
    stop: threading.Event,
    find: Callable[[], Sequence[CameraDevice]] = list_cameras,
    opener: Opener = open_camera,
) -> Iterator[Finding]:
    """One line a camera, one after the other: two at once may not fit through one USB port."""
    cameras = find()
    if not cameras:
        yield Finding("warning", "Camera", "none was found", _NONE)
    used = in_use(situation, cameras)
    for camera in cameras:
        if stop.is_set():
            return
        title = f"camera:{camera.index} {plain_device_name(camera.name)}"
        if camera is used and situation.source is not None:
            yield _judged(title, situation.source, situation.source.measured_fps, "in use by this window, ")
        else:
            yield measured(title, camera, opener, stop)


def in_use(situation: Situation, cameras: Sequence[CameraDevice]) -> CameraDevice | None:
    """The camera whose pictures the window shows; its number may have changed since it was opened."""
    if situation.source is None or situation.source.kind != "camera":
        return None
    same = [camera for camera in cameras if camera.name == situation.source.name]
    number = situation.input.removeprefix("camera").removeprefix(":") or "0"
    return next((camera for camera in same if str(camera.index) == number), same[0] if same else None)


def measured(title: str, camera: CameraDevice, opener: Opener, stop: threading.Event) -> Finding:
    """Open it, count its frames for a moment, close it."""
    try:
        source = opener(camera.index, stop)
    except FacetError as error:
        return _refused(title, camera, error)
    times_s: list[float] = []
    until_s = time.monotonic() + _PER_CAMERA_S
    try:
        while not stop.is_set() and time.monotonic() < until_s:
            try:
                frame = source.read(_STEP_S)
            except FacetError as error:
                if isinstance(error, SourceStalled):
                    continue
                return _refused(title, camera, error)
            if frame is None:
                break
            times_s.append(frame.t_s)
            if times_s[-1] - times_s[0] >= _MEASURE_S:
                break
        info = source.info
    finally:
        source.close()
    if len(times_s) < _FEWEST:
        words = f"opened, but gave {len(times_s)} pictures in {_PER_CAMERA_S:g} s"
        return Finding("bad", title, words, "Unplug it and plug it in again; close other programs that use it.")
    return _judged(title, info, (len(times_s) - 1) / max(1e-6, times_s[-1] - times_s[0]))


def _refused(title: str, camera: CameraDevice, error: FacetError) -> Finding:
    """Its message says what is wrong first and what to do then; the camera's name in it may hold a serial number."""
    words = str(error).replace(camera.name, plain_device_name(camera.name))
    wrong, _, mend = words.partition(". ")
    if (_VIRTUAL / f"video{camera.index}").exists():
        mend = "It is a virtual camera: start the program that sends its picture there."
    is_busy = isinstance(error, BadInput) and error.reason == "busy"
    return Finding("warning" if is_busy else "bad", title, wrong.rstrip("."), mend or _REPLUG)


def _judged(title: str, info: SourceInfo, measured_fps: float, before: str = "") -> Finding:
    size = f"{info.size_wh[0]}x{info.size_wh[1]}"
    agreed = " ".join(filter(None, (info.pixel_format, size)))
    words = f"{before}{agreed}, {info.fps:.0f} fps agreed"
    if measured_fps <= 0:
        return Finding("good", title, f"{words}, not measured yet")
    words += f", {measured_fps:.1f} fps measured"
    if measured_fps < _SLOW_SHARE * info.fps:
        return Finding("warning", title, words, _SLOW)
    return Finding("good", title, words)
