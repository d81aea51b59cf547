"""The live switch: wishes that overtake each other, loads that fail, spares, ends; also in a running session."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
import pytest

from app.pipeline.engine import Engine
from app.pipeline.runner import Runner
from app.pipeline.switch import Switch
from app.pipeline.types import BackendState, Output, RunnerEvent
from app.settings import Settings
from effects.devices.cpu import CpuDevice
from effects.registry import spec, specs
from models.errors import BackendFailed, ModelUnavailable
from tests.app.pipeline.test_engine import is_bare
from tests.backend_fakes import LOST, FrailDevice, FrailModel, Workshop, is_closed
from tests.pipeline_fakes import FakeModel, FakeSource, make_face, make_frame, wait_until

FACES = (make_face(1, (200, 180), 120.0), make_face(2, (450, 180), 120.0))
PRIVACY = Settings(effects=(("privacy", spec("privacy").params()),), backend="cpu")


class Bench:
    """An engine with a switch, driven by hand."""

    def __init__(self, asked: str = "cpu", *, roomy: bool = True) -> None:
        self.workshop = Workshop(FACES)
        self.events: list[RunnerEvent] = []
        self.engine = Engine(FakeModel(FACES, name="cpu"), CpuDevice(), specs())
        self.switch = Switch(self.workshop, asked, self.events.append, may_keep=lambda: roomy)
        self.switch.attach(self.engine)
        self.index = 0

    def frame(self) -> str:
        """One frame; which networks saw it."""
        self.index += 1
        self.switch.between_frames(self.engine, PRIVACY, (640, 360))
        return self.engine.step(make_frame(self.index), PRIVACY).perception.runtime

    def until(self, name: str) -> bool:
        """Frames until those networks run."""
        return wait_until(lambda: self.frame() == name)

    def failures(self) -> list[str]:
        return [event.message for event in self.events if event.kind == "backend_failed"]

    @property
    def state(self) -> BackendState:
        return self.switch.state()


@pytest.fixture
def bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(asked: str = "cpu", **options: bool) -> Bench:
        made.append(Bench(asked, **options))
        return made[-1]

    yield make
    for each in made:
        each.switch.close()
        each.engine.close()
        assert all(is_closed(pair) for pair in each.workshop.made)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("facet-")] == []


def test_without_a_wish_nothing_is_built(bench: Callable[..., Bench]) -> None:
    on = bench()
    assert [on.frame() for _ in range(3)] == ["cpu"] * 3
    assert on.workshop.asked == []
    assert on.state == BackendState()


def test_the_picture_goes_on_while_a_backend_loads(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.workshop.slow.add("gpu")
    on.switch.ask("gpu")
    assert [on.frame() for _ in range(5)] == ["cpu"] * 5
    assert wait_until(lambda: on.state.step == "loading the networks")
    assert (on.state.asked, on.state.running, on.state.loading) == ("gpu", "cpu", "gpu")
    on.workshop.go.set()
    assert on.until("gpu")
    assert on.state == BackendState("gpu", "gpu+cpu", "gpu", "cpu", "Test gpu")
    assert on.workshop.asked == ["gpu"]
    assert on.failures() == []


def test_what_was_wished_at_the_start_comes_by_itself(bench: Callable[..., Bench]) -> None:
    assert bench("cuda").until("cuda")


def test_tracks_are_carried_over_and_back(bench: Callable[..., Bench]) -> None:
    on = bench()
    home = cast(FakeModel, on.engine.home.model)
    home.state = type(home.state)({"of": "the first frames"})
    on.switch.ask("cuda")
    assert on.until("cuda")
    on.switch.ask("cpu")
    assert on.until("cpu")
    assert home.state.payload == {"of": "the first frames"}


def test_flipping_back_and_forth_is_immediate(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.switch.ask("cuda")
    assert on.until("cuda")
    for _ in range(10):
        for name in ("cpu", "cuda"):
            on.switch.ask(name)
            assert on.frame() == name
    assert on.workshop.asked == ["cuda"]


def test_only_one_backend_is_kept_besides_the_cpu(bench: Callable[..., Bench]) -> None:
    on = bench()
    for name in ("cuda", "mps", "torch-cpu"):
        on.switch.ask(name)
        assert on.until(name)
    assert wait_until(lambda: is_closed(on.workshop.pair("cuda")))
    assert not is_closed(on.workshop.pair("mps"))
    on.switch.ask("mps")
    assert on.frame() == "mps"


def test_where_memory_is_short_nothing_is_kept(bench: Callable[..., Bench]) -> None:
    on = bench(roomy=False)
    on.switch.ask("cuda")
    assert on.until("cuda")
    on.switch.ask("cpu")
    assert on.frame() == "cpu"
    assert wait_until(lambda: is_closed(on.workshop.pair("cuda")))
    on.switch.ask("cuda")
    assert on.until("cuda")
    assert on.workshop.asked == ["cuda", "cuda"]


def test_a_second_wish_replaces_the_first(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.workshop.slow.add("cuda")
    on.switch.ask("cuda")
    on.frame()
    on.switch.ask("mps")
    assert on.until("mps")
    assert wait_until(lambda: on.workshop.given_up == ["cuda"])
    assert wait_until(lambda: [thread.name for thread in threading.enumerate()].count("facet-backend-load") == 0)
    assert [pair.model.name for pair in on.workshop.made] == ["mps"]
    assert on.failures() == []


def test_flipping_back_to_the_cpu_lets_the_load_go_on(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.workshop.slow.add("cuda")
    for name in ("cuda", "cpu", "cuda", "cpu", "cuda", "cpu"):
        on.switch.ask(name)
        assert on.frame() == "cpu"
    on.workshop.go.set()
    assert wait_until(lambda: bool(on.workshop.made))
    assert [on.frame() for _ in range(5)] == ["cpu"] * 5
    on.switch.ask("cuda")
    assert on.until("cuda")
    assert on.workshop.asked == ["cuda"]


def test_automatic_may_find_that_the_cpu_is_best(bench: Callable[..., Bench]) -> None:
    on = bench("auto")
    on.workshop.homes.add("auto")
    assert wait_until(lambda: on.frame() == "cpu" and on.state.loading == "" and on.workshop.asked == ["auto"])
    for _ in range(3):
        on.frame()
    assert on.workshop.asked == ["auto"]
    assert (on.state.asked, on.state.running, on.failures()) == ("auto", "cpu", [])


# Faults


@pytest.mark.parametrize("error", [ModelUnavailable("No driver. Install one."), RuntimeError("surprise")])
def test_a_load_that_fails_keeps_what_runs_and_says_why(bench: Callable[..., Bench], error: Exception) -> None:
    on = bench()
    on.switch.ask("cuda")
    assert on.until("cuda")
    on.workshop.fails["mps"] = error
    on.switch.ask("mps")
    assert wait_until(lambda: on.frame() == "cuda" and bool(on.failures()))
    assert [on.frame() for _ in range(5)] == ["cuda"] * 5
    (message,) = on.failures()
    assert message.startswith("Apple Metal cannot be used: ")
    assert str(error).rstrip(".") in message
    assert message.endswith("Facet goes on with NVIDIA CUDA.")
    assert "mps" in on.state.reasons
    assert on.workshop.asked == ["cuda", "mps"]


def test_asking_again_after_a_failure_tries_again(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.workshop.fails["cuda"] = BackendFailed("Busy.")
    on.switch.ask("cuda")
    assert wait_until(lambda: on.frame() == "cpu" and bool(on.failures()))
    del on.workshop.fails["cuda"]
    on.switch.ask("cuda")
    assert on.until("cuda")
    assert on.state.reasons == {}


def test_a_backend_that_cannot_take_over_is_given_up(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.switch.ask("cuda")
    on.frame()
    assert wait_until(lambda: bool(on.workshop.made))
    cast(FrailModel, on.workshop.made[0].model).broken.add("import")
    assert wait_until(lambda: on.frame() == "cpu" and bool(on.failures()))
    assert wait_until(lambda: is_closed(on.workshop.made[0]))


@pytest.mark.parametrize("where", ["track", "upload", "download"])
def test_a_backend_that_fails_later_leaves_the_picture_to_the_cpu(bench: Callable[..., Bench], where: str) -> None:
    on = bench()
    on.switch.ask("cuda")
    assert on.until("cuda")
    pair = on.workshop.pair("cuda")
    pair.model.broken.add(where)
    pair.device.broken.add(where)
    on.frame()
    assert [on.frame() for _ in range(5)] == ["cpu"] * 5
    assert on.failures() == [f"NVIDIA CUDA cannot be used: {LOST[:-1]}. Facet goes on with the CPU."]
    assert (on.state.asked, on.state.running) == ("cuda", "cpu")
    assert wait_until(lambda: is_closed(pair))
    assert on.workshop.asked == ["cuda"]
    on.switch.ask("cuda")
    assert on.until("cuda")


def test_a_spare_that_died_meanwhile_is_noticed_on_its_first_frame(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.switch.ask("cuda")
    assert on.until("cuda")
    on.switch.ask("cpu")
    on.frame()
    on.workshop.pair("cuda").model.broken.add("track")
    on.switch.ask("cuda")
    assert [on.frame() for _ in range(3)] == ["cpu"] * 3
    assert len(on.failures()) == 1


def test_a_session_without_other_backends_says_so() -> None:
    events: list[RunnerEvent] = []
    engine = Engine(FakeModel(name="cpu"), CpuDevice(), specs())
    switch = Switch(None, "auto", events.append)
    switch.attach(engine)
    switch.between_frames(engine, PRIVACY, (640, 360))
    assert not [event for event in events if event.kind == "backend_failed"]
    switch.ask("gpu")
    switch.between_frames(engine, PRIVACY, (640, 360))
    assert [event.message for event in events if event.kind == "backend_failed"] == [
        "The GPU cannot be used: There is no backend 'gpu' here. Facet goes on with the CPU."
    ]
    switch.close()
    engine.close()


def test_closing_gives_up_a_load(bench: Callable[..., Bench]) -> None:
    on = bench()
    on.workshop.slow.add("cuda")
    on.switch.ask("cuda")
    on.frame()
    assert wait_until(lambda: on.workshop.asked == ["cuda"])
    started_s = time.monotonic()
    on.switch.close()
    assert time.monotonic() - started_s < 2.0
    assert on.workshop.given_up == ["cuda"]


# A running session


class Show:
    """A paced session and everything that came out of it."""

    def __init__(self, settings: Settings) -> None:
        self.workshop = Workshop(FACES)
        source = FakeSource([make_frame(index) for index in range(2000)], interval_s=0.004)
        self.runner = Runner(
            lambda _text, _cancel: source,
            lambda: Engine(FakeModel(FACES, name="cpu"), CpuDevice(), specs()),
            lambda *_arguments: pytest.fail("nothing is recorded"),
            lambda _path: pytest.fail("nothing is kept"),
            settings,
            build=self.workshop,
        )
        self.outputs: list[Output] = []
        self.events: list[RunnerEvent] = []
        self.runner.start("camera:0")

    def look(self) -> None:
        output = self.runner.take_output()
        if output is not None:
            self.outputs.append(output)
        self.events += self.runner.take_events()

    def until(self, happens: Callable[[], bool]) -> bool:
        def check() -> bool:
            self.look()
            return happens()

        return wait_until(check)

    def shows(self, name: str) -> bool:
        return self.until(lambda: bool(self.outputs) and self.outputs[-1].perception.runtime == name)


@pytest.fixture
def show() -> Iterator[Callable[[Settings], Show]]:
    made: list[Show] = []

    def make(settings: Settings = PRIVACY) -> Show:
        made.append(Show(settings))
        return made[-1]

    yield make
    for each in made:
        assert each.runner.stop(2.0)
        assert all(is_closed(pair) for pair in each.workshop.made)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("facet-")] == []


def test_a_running_session_flips_by_settings_and_by_wish(show: Callable[..., Show]) -> None:
    on = show()
    assert on.shows("cpu")
    on.runner.adopt(Settings(effects=PRIVACY.effects, backend="cuda"))
    assert on.shows("cuda")
    for name in ("cpu", "cuda", "mps", "cuda", "cpu"):
        on.runner.use_backend(name)
        assert on.shows(name)
        assert on.runner.backend().networks == name
    indices = [output.frame.index for output in on.outputs]
    assert indices == sorted(set(indices))
    assert all(not is_bare(output, 200, 180) for output in on.outputs)
    assert {tuple(face.track_id for face in output.perception.faces) for output in on.outputs} == {(1, 2)}
    stats = on.runner.stats()
    assert (stats.networks, stats.canvas) == ("cpu", "cpu")
    assert stats.dropped["engine"] < 100


def test_times_of_the_old_backend_are_not_counted_for_the_new_one(show: Callable[..., Show]) -> None:
    on = show()
    assert on.shows("cpu")
    on.runner.adopt(Settings(backend="cpu"))
    assert on.until(lambda: not on.outputs[-1].perception.matte_index < 0 and len(on.outputs) > 10)
    assert "effect.privacy" in on.runner.stats().stages
    on.runner.use_backend("cuda")
    assert on.shows("cuda")
    assert "effect.privacy" not in on.runner.stats().stages


@pytest.mark.parametrize("part", ["model", "device"])
def test_a_fault_in_a_running_session_is_told_and_nobody_is_bared(show: Callable[..., Show], part: str) -> None:
    on = show()
    on.runner.use_backend("cuda")
    assert on.shows("cuda")
    cast(FrailModel | FrailDevice, getattr(on.workshop.pair("cuda"), part)).broken |= {"track", "download"}
    assert on.shows("cpu")
    assert on.until(lambda: any(event.kind == "backend_failed" for event in on.events))
    assert all(not is_bare(output, 200, 180) for output in on.outputs)
    assert all(output.bgra[..., :3].max() > 0 for output in on.outputs)
    assert "failed" not in [event.kind for event in on.events]
    assert LOST[:-1] in on.runner.backend().reasons["cuda"]


def test_a_held_picture_is_drawn_anew_by_the_new_backend(show: Callable[..., Show]) -> None:
    on = show()
    assert on.shows("cpu")
    on.runner.freeze(True)
    time.sleep(0.05)
    on.look()
    held = len(on.outputs)
    on.runner.use_backend("cuda")
    assert on.until(lambda: len(on.outputs) > held)
    assert on.runner.backend().running == "cuda"
    assert np.array_equal(on.outputs[-1].bgra, on.outputs[-2].bgra)


def test_a_second_life_begins_with_what_the_settings_say(show: Callable[..., Show]) -> None:
    on = show(Settings(backend="cuda"))
    assert on.shows("cuda")
    assert on.runner.stop(2.0)
    assert wait_until(lambda: all(is_closed(pair) for pair in on.workshop.made))
    on.runner.start("camera:0")
    assert on.runner.backend().asked == "cuda"
