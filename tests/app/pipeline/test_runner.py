"""The live pipeline with sources that misbehave: everything arrives, nothing queues, every thread ends."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.pipeline.engine import Engine
from app.pipeline.runner import Runner
from app.pipeline.session import LiveSession
from app.pipeline.types import Output
from app.settings import Settings
from app.sinks.base import SinkFailed
from app.sources.base import BadInput, CameraLost, Source, SourceStalled
from effects.devices.cpu import CpuDevice
from effects.registry import spec, specs
from models.errors import ModelUnavailable
from models.types import Face, Frame, Perception, Wants
from tests.pipeline_fakes import FakeModel, FakeSource, make_face, make_frame, wait_until

FACES = (make_face(1, (320, 180), 120.0),)
PRIVACY = Settings(effects=(("privacy", spec("privacy").params()),))


class SlowModel(FakeModel):
    """Takes its time."""

    delay_s = 0.03

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: str = "near") -> Perception:
        time.sleep(self.delay_s)
        return super().track(frame, want, max_faces=max_faces, reach=reach)


class MemorySink:
    """Keeps what it is given."""

    made: list["MemorySink"] = []

    def __init__(self, path: Path, size_wh: tuple[int, int] = (0, 0), fps: float = 0.0) -> None:
        if path.name.startswith("forbidden"):
            raise SinkFailed(f"{path} cannot be written. Choose another place.")
        self.path, self.size_wh, self.fps = path, size_wh, fps
        self.outputs: list[Output] = []
        self.finished: bool | None = None
        self.dropped = 0
        MemorySink.made.append(self)

    def put(self, output: Output) -> None:
        if self.path.name.startswith("full"):
            raise SinkFailed("The disk is full. Free some space.")
        self.outputs.append(output)

    def finish(self, ok: bool) -> None:
        self.finished = ok


class Stage:
    """A runner, its wake-ups, and what it is made of."""

    def __init__(self, sources: dict[str, Callable[[threading.Event], Source]], model: FakeModel | None = None) -> None:
        self.model = model or FakeModel(FACES)
        self.wakes = 0
        self.engines = 0
        self.engine_error: Exception | None = None
        self.runner = Runner(
            lambda text, cancel: sources[text](cancel),
            self._engine,
            MemorySink,
            MemorySink,
            Settings(),
            self._wake,
        )
        self.events: list[Any] = []

    def _wake(self) -> None:
        self.wakes += 1

    def _engine(self) -> Engine:
        self.engines += 1
        if self.engine_error is not None:
            raise self.engine_error
        return Engine(self.model, CpuDevice(), specs())

    def kinds(self) -> list[str]:
        self.events += self.runner.take_events()
        return [event.kind for event in self.events]

    def heard(self, kind: str) -> bool:
        return wait_until(lambda: kind in self.kinds())

    def next_output(self) -> Output:
        found: list[Output] = []

        def look() -> bool:
            output = self.runner.take_output()
            if output is not None:
                found.append(output)
            return output is not None

        assert wait_until(look), f"no output came; events: {self.kinds()}"
        return found[0]


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    made: list[Stage] = []
    MemorySink.made.clear()

    def make(sources: dict[str, Callable[[threading.Event], Source]], model: FakeModel | None = None) -> Stage:
        made.append(Stage(sources, model))
        return made[-1]

    yield make
    for each in made:
        assert each.runner.stop(2.0)
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("facet-")]
    assert leaked == []


def playing(script: Sequence[Frame | Exception | None], interval_s: float = 0.0) -> Callable[..., Source]:
    return lambda _cancel: FakeSource(script, interval_s)


def frames(count: int) -> list[Frame]:
    return [make_frame(n, seed=n) for n in range(count)]


def test_it_is_a_live_session(stage: Callable[..., Stage]) -> None:
    session: LiveSession = stage({}).runner
    assert session.take_output() is None
    assert session.take_events() == []
    assert session.source_info() is None
    assert session.recording is None
    assert session.stats().stages == {}
    assert session.stop()


def test_a_source_is_opened_shown_and_ends(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing([*frames(1), None])})
    on.runner.start("clip")
    output = on.next_output()
    assert np.array_equal(output.bgra[..., :3], output.frame.pixels)
    assert on.heard("ended")
    assert on.kinds()[:2] == ["opening", "opened"]
    info = on.runner.source_info()
    assert info is not None
    assert info.name == "script"
    assert on.runner.stats().networks == "fake"
    assert on.runner.stats().canvas == "cpu"


@pytest.mark.parametrize(
    ("error", "says", "reason"),
    [
        (BadInput("The file is broken. Get another copy.", "broken"), "broken. Get", "broken"),
        (RuntimeError("surprise"), "clip cannot be read (RuntimeError: surprise)", ""),
    ],
)
def test_a_source_that_cannot_be_opened_says_why(
    stage: Callable[..., Stage], error: Exception, says: str, reason: str
) -> None:
    def fail(_cancel: threading.Event) -> Source:
        raise error

    on = stage({"clip": fail})
    on.runner.start("clip")
    assert on.heard("failed")
    assert says in on.events[-1].message
    assert on.events[-1].reason == reason
    assert on.runner.source_info() is None


def test_a_source_that_breaks_later_says_so(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing([*frames(1), BadInput("Damaged from here on.")])})
    on.runner.start("clip")
    on.next_output()
    assert on.heard("failed")


def test_a_lost_camera_is_told_once_and_comes_back(stage: Callable[..., Stage]) -> None:
    lost = CameraLost("The camera was unplugged. Plug it in again.")
    on = stage({"camera:0": playing([*frames(1), lost, lost, *frames(1)])})
    on.runner.start("camera:0")
    assert on.heard("recovered")
    assert on.kinds().count("lost") == 1


def test_a_silent_source_is_told(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pipeline.capture._SILENT_S", 0.05)
    on = stage({"camera:0": playing(frames(1))})
    on.runner.start("camera:0")
    assert on.heard("stalled")


def test_the_latest_frame_wins_and_drops_are_counted(stage: Callable[..., Stage]) -> None:
    on = stage({"camera:0": playing(frames(40), 0.004)}, SlowModel(FACES))
    on.runner.start("camera:0")
    seen = [on.next_output().frame.index]
    while seen[-1] != 39:
        seen.append(on.next_output().frame.index)
    assert seen == sorted(seen)
    assert len(seen) < 30
    assert on.runner.stats().dropped["engine"] > 5


def test_a_window_that_does_not_look_is_not_woken_again(stage: Callable[..., Stage]) -> None:
    on = stage({"camera:0": playing([*frames(12), None], 0.01)})
    on.runner.start("camera:0")
    assert on.heard("ended")
    assert wait_until(lambda: on.runner.stats().dropped["window"] >= 5)
    events = len(on.kinds())
    assert on.wakes == events + 1


def test_times_of_every_stage_are_measured(stage: Callable[..., Stage]) -> None:
    on = stage({"camera:0": playing(frames(30), 0.005)})
    on.runner.adopt(Settings(effects=(("mesh", spec("mesh").params()),)))
    on.runner.start("camera:0")
    for _ in range(5):
        output = on.next_output()
        on.runner.painted(output, time.monotonic_ns(), 0.4, 0.2)
        on.runner.painted(output, time.monotonic_ns(), 0.4, 0.2)
    stats = on.runner.stats()
    assert set(stats.stages) >= {"decode", "detect", "perception", "effect.mesh", "composite", "hand-over", "paint"}
    assert stats.capture_to_paint is not None
    assert 0 < stats.capture_to_paint.p50 < 5000
    assert len(stats.recent_ms) == 5
    assert stats.camera_fps > 20


# Ends


class Hanging:
    """A source whose read does not return before it is closed, like a camera that hangs."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.info = FakeSource([]).info
        self.decode_ms = 0.0

    def read(self, timeout_s: float) -> Frame | None:
        self.closed.wait(60.0)
        raise SourceStalled("closed")

    def close(self) -> None:
        self.closed.set()


def test_stops_while_the_camera_hangs(stage: Callable[..., Stage]) -> None:
    on = stage({"camera:0": lambda _cancel: Hanging()})
    on.runner.start("camera:0")
    assert on.heard("opened")
    started_s = time.monotonic()
    assert on.runner.stop(2.0)
    assert time.monotonic() - started_s < 2.0


def test_stops_while_the_camera_is_being_opened(stage: Callable[..., Stage]) -> None:
    def open_slowly(cancel: threading.Event) -> Source:
        cancel.wait(60.0)
        raise SourceStalled("given up")

    on = stage({"camera:0": open_slowly})
    on.runner.start("camera:0")
    assert on.heard("opening")
    assert on.runner.stop(2.0)
    assert "failed" not in on.kinds()


def test_says_when_a_thread_did_not_end(stage: Callable[..., Stage]) -> None:
    release = threading.Event()

    def open_stubbornly(_cancel: threading.Event) -> Source:
        release.wait(60.0)
        raise SourceStalled("late")

    on = stage({"camera:0": open_stubbornly})
    on.runner.start("camera:0")
    assert on.heard("opening")
    assert not on.runner.stop(0.05)
    release.set()
    assert wait_until(lambda: not any(t.name == "facet-capture" for t in threading.enumerate()))


def test_stopping_twice_and_starting_again(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing(frames(3), 0.005)})
    for _ in range(2):
        on.runner.start("clip")
        on.next_output()
        assert on.runner.stop()
        assert on.runner.stop()
    assert on.engines == 2
    assert on.model.closed


def test_the_source_is_closed_when_it_ends_and_when_stopped(stage: Callable[..., Stage]) -> None:
    made = [FakeSource([*frames(1), None]), FakeSource(frames(1))]
    on = stage({"one": lambda _cancel: made[0], "two": lambda _cancel: made[1]})
    on.runner.start("one")
    assert on.heard("ended")
    assert wait_until(lambda: made[0].closed_count > 0)
    on.runner.start("two")
    on.next_output()
    on.runner.stop()
    assert made[1].closed_count > 0


def test_another_source_replaces_the_first_and_keeps_the_engine(stage: Callable[..., Stage]) -> None:
    first = [Frame(1000 + n, n / 30, 0, frame.pixels) for n, frame in enumerate(frames(200))]
    on = stage({"first": playing(first, 0.003), "second": playing(frames(50), 0.003)})
    on.runner.start("first")
    assert on.next_output().frame.index >= 1000
    on.runner.start("second")
    assert [on.next_output().frame.index < 1000 for _ in range(5)] == [True] * 5
    assert on.engines == 1
    assert on.model.resets >= 2


def test_an_engine_that_cannot_be_made_says_why_and_may_be_tried_again(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing(frames(20), 0.01)})
    on.engine_error = ModelUnavailable("A network is missing: reinstall Facet.")
    on.runner.start("clip")
    assert on.heard("failed")
    assert "reinstall" in on.events[-1].message
    on.engine_error = None
    assert wait_until(lambda: not any(t.name == "facet-engine" for t in threading.enumerate()))
    on.runner.start("clip")
    on.next_output()


def test_an_engine_that_breaks_says_so(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing(frames(50), 0.01)})
    on.runner.start("clip")
    on.next_output()
    on.model.fail_with = RuntimeError("surprise")
    assert on.heard("failed")
    assert "surprise" in on.events[-1].message


# Held pictures


def test_new_settings_apply_to_the_last_frame(stage: Callable[..., Stage]) -> None:
    on = stage({"still": playing([*frames(1), None])})
    on.runner.start("still")
    bare = on.next_output()
    assert on.heard("ended")
    on.runner.adopt(PRIVACY)
    covered = on.next_output()
    assert covered.frame is bare.frame
    assert not np.array_equal(covered.bgra, bare.bgra)
    on.runner.painted(covered, time.monotonic_ns(), 0.1, 0.1)
    assert on.runner.stats().capture_to_paint is None


def test_what_the_window_watches_is_perceived_for_the_last_frame_too(stage: Callable[..., Stage]) -> None:
    on = stage({"still": playing([*frames(1), None])})
    on.runner.start("still")
    on.next_output()
    assert on.heard("ended")
    assert not on.model.asked[-1][0].landmarks
    on.runner.watch(Wants(landmarks=True, visibility=True))
    on.next_output()
    assert on.model.asked[-1][0] == Wants(landmarks=True, visibility=True)


def test_frozen_holds_the_picture_and_reads_on(stage: Callable[..., Stage]) -> None:
    source = FakeSource(frames(400), 0.002)
    on = stage({"camera:0": lambda _cancel: source})
    on.runner.start("camera:0")
    on.next_output()
    on.runner.freeze(True)
    time.sleep(0.05)
    on.runner.take_output()
    left = len(source._script)
    assert wait_until(lambda: len(source._script) < left - 5)
    assert on.runner.take_output() is None
    on.runner.adopt(PRIVACY)
    held = on.next_output()
    on.runner.adopt(Settings())
    assert on.next_output().frame is held.frame
    on.runner.freeze(False)
    assert on.next_output().frame.index > held.frame.index


# Keeping


def test_a_snapshot_of_the_running_and_of_the_held_picture(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing([*frames(2), None], 0.01)})
    on.runner.snapshot(Path("running.png"))
    on.runner.start("clip")
    assert on.heard("ended")
    on.runner.snapshot(Path("held.png"))
    assert wait_until(lambda: len(MemorySink.made) == 2 and all(sink.finished for sink in MemorySink.made))
    assert [sink.path.name for sink in MemorySink.made] == ["running.png", "held.png"]
    assert all(len(sink.outputs) == 1 for sink in MemorySink.made)


def test_a_recording_holds_every_new_frame_and_is_finished(stage: Callable[..., Stage]) -> None:
    on = stage({"camera:0": playing(frames(300), 0.003)})
    on.runner.start("camera:0")
    on.next_output()
    on.runner.record(Path("a.mp4"))
    assert on.runner.recording == Path("a.mp4")
    assert wait_until(lambda: bool(MemorySink.made) and len(MemorySink.made[0].outputs) > 3)
    on.runner.record(None)
    assert on.runner.recording is None
    sink = MemorySink.made[0]
    assert wait_until(lambda: sink.finished is True)
    assert (sink.size_wh, sink.fps) == ((640, 360), 30.0)
    indices = [output.frame.index for output in sink.outputs]
    assert indices == sorted(set(indices))


def test_a_recording_ends_with_its_source_and_with_the_session(stage: Callable[..., Stage]) -> None:
    on = stage({"one": playing(frames(300), 0.003), "two": playing(frames(300), 0.003)})
    on.runner.start("one")
    on.runner.record(Path("a.mp4"))
    assert wait_until(lambda: bool(MemorySink.made) and bool(MemorySink.made[0].outputs))
    on.runner.start("two")
    assert wait_until(lambda: MemorySink.made[0].finished is True)
    assert on.runner.recording is None
    on.runner.record(Path("b.mp4"))
    assert wait_until(lambda: len(MemorySink.made) == 2 and bool(MemorySink.made[1].outputs))
    assert on.runner.stop()
    assert MemorySink.made[1].finished is True


@pytest.mark.parametrize("name", ["forbidden.mp4", "full.mp4"])
def test_a_recording_that_cannot_be_written_is_told(stage: Callable[..., Stage], name: str) -> None:
    on = stage({"camera:0": playing(frames(300), 0.003)})
    on.runner.start("camera:0")
    on.runner.record(Path(name))
    assert on.heard("fault")
    assert on.runner.recording is None
    on.next_output()


def test_a_snapshot_that_cannot_be_written_is_told(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing([*frames(1), None])})
    on.runner.start("clip")
    on.runner.snapshot(Path("forbidden.png"))
    assert on.heard("fault")
    assert "cannot be written" in on.events[-1].message


def faces_of(output: Output) -> tuple[Face, ...]:
    return output.perception.faces


def test_perception_travels_with_the_picture(stage: Callable[..., Stage]) -> None:
    on = stage({"clip": playing(frames(1))})
    on.runner.start("clip")
    assert faces_of(on.next_output()) == FACES
