import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from app.sources.base import BadInput, CameraLost, SourceStalled
from app.sources.camera import CameraSource
from app.sources.capture import Shot
from app.sources.devices import CameraDevice
from app.sources.helper_process import Opener
from app.sources.tuning import Tuning
from models.types import Frame
from tests.app.sources import fake_captures as fakes

_LONG_S = 30.0
Make = Callable[..., CameraSource]


class Desk:
    """The cameras that are plugged in."""

    def __init__(self) -> None:
        self.cameras: tuple[CameraDevice, ...] = (CameraDevice(0, "HD Webcam"),)

    def find(self) -> tuple[CameraDevice, ...]:
        return self.cameras


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def make(desk: Desk) -> Iterator[Make]:
    sources: list[CameraSource] = []
    threads = set(threading.enumerate())

    def begin(opener: Opener, **options: float) -> CameraSource:
        options.setdefault("retry_s", 0.01)
        sources.append(CameraSource(0, opener=opener, find=desk.find, **options))
        return sources[-1]

    yield begin
    for source in sources:
        source.close()
    assert multiprocessing.active_children() == []
    assert set(threading.enumerate()) == threads


def _next(source: CameraSource) -> Frame:
    """The next frame, over losses and stalls."""
    deadline_s = time.monotonic() + _LONG_S
    while time.monotonic() < deadline_s:
        try:
            frame = source.read(0.25)
        except (CameraLost, SourceStalled):
            continue
        assert frame is not None
        return frame
    raise TimeoutError


def test_frames_count_from_zero_on_the_cameras_clock(make: Make) -> None:
    source = make(fakes.steady)
    frames = [source.read(_LONG_S) for _ in range(4)]
    assert [frame.index for frame in frames if frame] == [0, 1, 2, 3]
    first = frames[0]
    assert first is not None
    for frame in frames:
        assert frame is not None
        assert frame.t_s == pytest.approx((frame.grabbed_ns - first.grabbed_ns) / 1e9)
        np.testing.assert_array_equal(frame.pixels, frame.index + 1)
    assert source.decode_ms == 0.5


def test_tells_the_negotiated_format_and_name(make: Make) -> None:
    info = make(fakes.steady).info
    assert (info.kind, info.name, info.live) == ("camera", "HD Webcam", True)
    assert (info.size_wh, info.fps, info.pixel_format) == (fakes.SIZE_WH, 30.0, "MJPG")
    assert info.measured_fps == 0.0


@pytest.mark.parametrize(("real_fps", "hinted"), [(30.0, False), (24.0, False), (15.0, True)])
def test_measures_the_rate_and_names_long_exposure(
    make: Make, monkeypatch: pytest.MonkeyPatch, real_fps: float, hinted: bool
) -> None:
    source = make(fakes.steady)
    pixels = np.zeros((12, 16, 3), np.uint8)
    stamps = iter(Shot(round(number * 1e9 / real_fps), 0.1) for number in range(100))
    monkeypatch.setattr(source._frames, "read", lambda *_: (next(stamps), pixels))
    for _ in range(10):
        source.read(1.0)
    assert source.info.measured_fps == 0.0
    for _ in range(80):
        source.read(1.0)
    assert source.info.measured_fps == pytest.approx(real_fps, rel=1e-3)
    assert any("exposes long" in hint for hint in source.info.hints) == hinted


@pytest.mark.parametrize("opener", [fakes.is_unplugged, fakes.crashes])
def test_a_lost_camera_comes_back_by_itself(make: Make, opener: Opener) -> None:
    source = make(opener, retry_s=0.05)
    frames = [_next(source), _next(source)]
    with pytest.raises(CameraLost, match="Plug it in again"):
        source.read(0.02)
    frames.append(_next(source))
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[2].t_s > frames[1].t_s
    assert frames[2].pixels[0, 0, 0] == 1


def test_a_replugged_camera_is_found_by_name_under_another_number(make: Make, desk: Desk) -> None:
    source = make(fakes.is_unplugged)
    _next(source), _next(source)
    desk.cameras = (CameraDevice(0, "Another"), CameraDevice(4, "HD Webcam"))
    assert _next(source).index == 2
    assert source.info.name == "HD Webcam"
    assert source._index == 4


def test_another_camera_does_not_take_its_place(make: Make, desk: Desk) -> None:
    source = make(fakes.is_unplugged)
    _next(source), _next(source)
    desk.cameras = (CameraDevice(0, "Another"),)
    for _ in range(3):
        with pytest.raises(CameraLost):
            source.read(0.05)


def test_a_camera_that_falls_silent_is_opened_again(make: Make) -> None:
    source = make(fakes.hangs, silent_s=0.2)
    _next(source), _next(source)
    with pytest.raises(SourceStalled):
        source.read(0.05)
    assert _next(source).index == 2


def test_closing_while_it_hangs_takes_less_than_two_seconds(make: Make) -> None:
    source = make(fakes.hangs)
    _next(source), _next(source)
    with pytest.raises(SourceStalled):
        source.read(0.05)
    began_s = time.monotonic()
    source.close()
    assert time.monotonic() - began_s < 2.0
    assert multiprocessing.active_children() == []
    assert source.read(1.0) is None


def test_closing_ends_a_read_that_hangs_in_another_thread(make: Make) -> None:
    source = make(fakes.hangs)
    _next(source), _next(source)
    results: list[Frame | None] = []
    reader = threading.Thread(target=lambda: results.append(source.read(600.0)))
    reader.start()
    time.sleep(0.1)
    began_s = time.monotonic()
    source.close()
    assert time.monotonic() - began_s < 0.5
    reader.join(2.0)
    assert results == [None]
    assert time.monotonic() - began_s < 2.0
    assert multiprocessing.active_children() == []


def test_opening_a_camera_that_hangs_can_be_given_up(desk: Desk) -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.2, cancel.set)
    timer.start()
    began_s = time.monotonic()
    with pytest.raises(SourceStalled, match="given up"):
        CameraSource(0, opener=fakes.hangs_while_opening, find=desk.find, cancel=cancel)
    assert time.monotonic() - began_s < 2.0
    timer.join()
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("opener", "says", "reason"), [(fakes.is_busy, "in use", "busy"), (fakes.fails, "broke down", "broken")]
)
def test_a_camera_that_does_not_open_says_why(make: Make, opener: Opener, says: str, reason: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        make(opener)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("cameras", "says"),
    [
        ((CameraDevice(0, "HD Webcam"),), r"no camera 99\. Found: camera:0 \(HD Webcam\)"),
        ((CameraDevice(0, "A"), CameraDevice(2, "B")), r"camera:0 \(A\), camera:2 \(B\)"),
    ],
)
def test_a_wrong_number_names_the_cameras_there_are(cameras: tuple[CameraDevice, ...], says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        CameraSource(99, opener=fakes.steady, find=lambda: cameras)
    assert caught.value.reason == "missing"


def test_settings_reach_the_camera_once_and_again_after_a_replug(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "log"
    source = CameraSource(0, opener=partial(fakes.logs, str(log)), find=desk.find, retry_s=0.01)
    try:
        assert source.info.controls == {"exposure"}
        _next(source)
        assert not log.exists()
        source.tune(Tuning(lock_exposure=True, mains_hz=50))
        _next(source)
        _next(source)
        _next(source)
        lines = [line.split() for line in log.read_text().splitlines()]
    finally:
        source.close()
    assert [line[1:] for line in lines] == [["True", "50"]] * 2
    assert lines[0][0] != lines[1][0]
