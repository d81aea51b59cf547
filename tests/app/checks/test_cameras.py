import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.checks import cameras
from app.checks.finding import Finding, Situation
from app.sources.base import BadInput, CameraLost, Reason, SourceInfo, SourceStalled
from app.sources.devices import CameraDevice
from models.errors import FacetError
from models.types import Frame

FRONT, SIDE = CameraDevice(0, "Front"), CameraDevice(2, "Side 4711AB99")
INFO = SourceInfo("camera", "Front", (1280, 720), 30.0, True, pixel_format="MJPG")


class FakeCamera:
    """Delivers frames at `fps` of its own clock, after `before` was raised once each."""

    decode_ms = 0.0

    def __init__(self, fps: float, before: Sequence[FacetError] = (), count: int = 10_000) -> None:
        self.info, self.closed = INFO, False
        self._fps, self._before, self._count, self._next = fps, list(before), count, 0

    def read(self, timeout_s: float) -> Frame | None:
        assert timeout_s > 0
        if self._before:
            raise self._before.pop(0)
        if self._next >= self._count:
            return None
        self._next += 1
        return Frame(self._next, self._next / self._fps, 0, np.zeros((2, 2, 3), np.uint8))

    def close(self) -> None:
        self.closed = True


def found(
    devices: Sequence[CameraDevice], opener: Callable[..., FakeCamera], situation: Situation | None = None
) -> list[Finding]:
    examined = cameras.examine(situation or Situation(), threading.Event(), lambda: devices, opener)
    return list(examined)


def refusing(message: str, reason: Reason = "broken") -> Callable[..., FakeCamera]:
    def opener(_index: int, _cancel: threading.Event) -> FakeCamera:
        raise BadInput(message, reason)

    return opener


def test_none() -> None:
    (finding,) = found([], refusing("never asked"))
    assert finding.state == "warning"
    assert "facet run demo" in finding.mend


@pytest.mark.parametrize(("fps", "state"), [(29.97, "good"), (24.0, "good"), (14.8, "warning")])
def test_the_format_and_the_rate_that_really_comes(fps: float, state: str) -> None:
    camera = FakeCamera(fps, [SourceStalled("not yet")])
    (finding,) = found([FRONT], lambda _index, _cancel: camera)
    assert finding.title == "camera:0 Front"
    assert finding.detail == f"MJPG 1280x720, 30 fps agreed, {fps:.1f} fps measured"
    assert finding.state == state
    assert camera.closed


def test_a_refusal_says_why_and_what_to_do_without_the_serial_number() -> None:
    message = "Camera 2 (Side 4711AB99) gives no picture: it is in use. Close that program. Or unplug it."
    (finding,) = found([SIDE], refusing(message))
    assert finding == Finding(
        "bad", "camera:2 Side", "Camera 2 (Side) gives no picture: it is in use", "Close that program. Or unplug it."
    )


@pytest.mark.parametrize(
    ("reason", "state"), [("busy", "warning"), ("permission", "bad"), ("broken", "bad"), ("unreachable", "bad")]
)
def test_a_camera_that_another_program_uses_is_not_broken(reason: Reason, state: str) -> None:
    (finding,) = found([FRONT], refusing("It does not open.", reason))
    assert (finding.state, finding.detail) == (state, "It does not open")
    assert finding.mend


def test_a_virtual_one_waits_for_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "_VIRTUAL", tmp_path)
    (tmp_path / "video0").mkdir()
    front, side = found([FRONT, SIDE], refusing("No picture. Unplug it.", "busy"))
    assert "start the program" in front.mend
    assert side.mend == "Unplug it."


@pytest.mark.parametrize(
    "camera", [FakeCamera(30, [CameraLost("Front went away. Plug it in.")]), FakeCamera(30, (), 3)]
)
def test_one_that_opens_and_gives_nothing_is_broken(camera: FakeCamera) -> None:
    (finding,) = found([FRONT], lambda _index, _cancel: camera)
    assert finding.state == "bad"
    assert finding.mend
    assert camera.closed


def test_the_one_in_use_is_not_opened_again() -> None:
    opened: list[int] = []

    def opener(index: int, _cancel: threading.Event) -> FakeCamera:
        opened.append(index)
        return FakeCamera(30)

    info = SourceInfo("camera", "Front", (640, 480), 30.0, True, pixel_format="YUYV", measured_fps=12.0)
    front, side = found([FRONT, SIDE], opener, Situation("camera:0", info))
    assert front.detail == "in use by this window, YUYV 640x480, 30 fps agreed, 12.0 fps measured"
    assert front.state == "warning"
    assert side.state == "good"
    assert opened == [2]


@pytest.mark.parametrize(
    ("text", "name", "kind", "index"),
    [
        ("camera:1", "Twin", "camera", 1),
        ("camera:0", "Twin", "camera", 0),
        ("camera", "Twin", "camera", 0),
        ("camera:9", "Twin", "camera", 0),
        ("camera:0", "Other", "camera", None),
        ("film.mp4", "Twin", "video", None),
        ("", "", "demo", None),
    ],
)
def test_which_camera_is_in_use(text: str, name: str, kind: str, index: int | None) -> None:
    twins = [CameraDevice(0, "Twin"), CameraDevice(1, "Twin")]
    info = SourceInfo(kind, name, (4, 4), 30.0, True)  # type: ignore[arg-type]
    used = cameras.in_use(Situation(text, info), twins)
    assert (used.index if used else None) == index


def test_stopped_it_opens_no_more() -> None:
    stop = threading.Event()
    stop.set()
    assert list(cameras.examine(Situation(), stop, lambda: [FRONT], refusing("never asked"))) == []
