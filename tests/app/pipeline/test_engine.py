"""The engine with a model that sees what it is told to see, and effects made for the occasion."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from app.backends.pair import Pair
from app.pipeline.engine import HIDING_MAX_FACES, STILL_MAX_FACES, Engine
from app.pipeline.prepare import Preparer, WorkerPreparer
from app.pipeline.types import Output
from app.settings import Settings
from effects.base import BadAsset, EffectFailed, EffectSpec, Scene, Stage, number
from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.ops.dispatch import cpu_pixels
from effects.registry import spec, specs
from models.errors import UsageError
from models.types import U8, SharedModel, Wants
from tests.pipeline_fakes import FakeModel, make_face, make_frame, person_matte

FACES = (make_face(1, (200, 180), 120.0), make_face(2, (450, 180), 120.0))


@dataclass(frozen=True, slots=True)
class Paint:
    level: float = number(50.0, 0.0, 255.0, 1.0, "Level")


class PaintEffect:
    """Writes its level into one column, and what it was told into `seen`."""

    seen: list[tuple[str, Any, Any]] = []

    def __init__(self, name: str, column: int) -> None:
        self.name, self.column = name, column

    def prepare(self, params: Paint, model: SharedModel, cancel: threading.Event) -> str:
        return f"assets of {params.level}"

    def initial(self) -> int:
        return 0

    def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
        cpu_pixels(canvas)[:, self.column] = int(params.level)
        PaintEffect.seen.append((self.name, assets, state))
        return replace(scene, faces=scene.faces[: len(scene.faces) - 1]), state + 1


class Refusing(PaintEffect):
    """Cannot be prepared."""

    def prepare(self, params: Paint, model: SharedModel, cancel: threading.Event) -> str:
        raise BadAsset("photo.jpg shows no face. Choose another one.")


class Failing(PaintEffect):
    """Fails while drawing, half way through."""

    def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
        cpu_pixels(canvas)[:, self.column] = 1
        raise RuntimeError("broken")


class Waiting(PaintEffect):
    """Is prepared only when told."""

    gate = threading.Event()

    def prepare(self, params: Paint, model: SharedModel, cancel: threading.Event) -> str:
        while not cancel.is_set() and not Waiting.gate.wait(0.01):
            pass
        return f"assets of {params.level}"


def made(
    name: str, stage: Stage, kind: type[PaintEffect] = PaintEffect, *, shed: int | None = None, hides: bool = False
) -> EffectSpec[Paint]:
    column = int(stage) * 10
    wants = Wants(landmarks=False)
    return EffectSpec(name, name.title(), stage, Paint, wants, shed, hides, lambda: kind(name, column))


SPECS = (
    made("late", Stage.STICKER, shed=2),
    made("early", Stage.SWAP, shed=1),
    made("bad", Stage.SKIN, Failing),
    made("refuses", Stage.SKIN, Refusing),
    made("hider", Stage.SWAP, Failing, hides=True),
    made("slow", Stage.SKIN, Waiting),
    made("slow_hider", Stage.SWAP, Waiting, hides=True),
    *specs(),
)


def engine_for(model: FakeModel | None = None, preparer: Preparer | None = None, **options: Any) -> Engine:
    PaintEffect.seen.clear()
    Waiting.gate.clear()
    return Engine(model or FakeModel(FACES), CpuDevice(), SPECS, preparer=preparer, **options)


def on(*ids: str, **values: Any) -> Settings:
    every: dict[str, Any] = {each.id: each.params for each in SPECS}
    return Settings(effects=tuple((effect_id, every[effect_id]()) for effect_id in ids), **values)


def bgr(output: Output) -> U8:
    return output.bgra[..., :3]


def is_bare(output: Output, x: int, y: int) -> bool:
    part = (slice(y - 10, y + 10), slice(x - 10, x + 10))
    return bool((np.abs(bgr(output)[part].astype(int) - output.frame.pixels[part]).max(axis=2) < 8).mean() > 0.05)


@pytest.mark.parametrize("size_wh", [(1, 1), (33, 17), (640, 360)])
def test_without_effects_the_output_is_the_frame_bit_by_bit(size_wh: tuple[int, int]) -> None:
    frame = make_frame(size_wh=size_wh)
    output = engine_for().step(frame, Settings())
    assert np.array_equal(bgr(output), frame.pixels)
    assert (output.bgra[..., 3] == 255).all()
    assert output.faults == ()
    assert output.shed == ()


def test_outputs_share_no_memory() -> None:
    engine = engine_for()
    first, second = (engine.step(make_frame(n), Settings()) for n in range(2))
    assert not np.shares_memory(first.bgra, second.bgra)
    assert first.bgra.flags.writeable


def test_effects_draw_in_stage_order_whatever_the_order_of_the_settings() -> None:
    engine = engine_for()
    engine.step(make_frame(), on("late", "early"))
    assert [name for name, _assets, _state in PaintEffect.seen] == ["early", "late"]


def test_a_moved_scene_reaches_the_next_effect() -> None:
    engine = engine_for()
    output = engine.step(make_frame(), on("early", "mesh"))
    without = engine.step(make_frame(), on("early"))
    changed = (bgr(output) != bgr(without)).any(axis=2)
    assert changed[:, :320].any()
    assert not changed[:, 330:].any()


def test_state_goes_from_frame_to_frame_and_begins_anew_after_a_pause() -> None:
    engine = engine_for()
    for settings in (on("late"), on("late"), Settings(), on("late")):
        engine.step(make_frame(), settings)
    assert [state for _name, _assets, state in PaintEffect.seen] == [0, 1, 0]


def test_restart_forgets_states_and_tracks() -> None:
    model = FakeModel(FACES)
    engine = engine_for(model)
    engine.step(make_frame(), on("late"))
    engine.restart()
    engine.step(make_frame(), on("late"))
    assert [state for _name, _assets, state in PaintEffect.seen] == [0, 0]
    assert model.resets == 1


def test_time_between_frames_comes_from_the_media() -> None:
    seen: list[float] = []

    class Clocked(PaintEffect):
        def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
            seen.append(scene.dt_s)
            return scene, state

    engine = Engine(FakeModel(), CpuDevice(), [made("clocked", Stage.SKIN, Clocked)])
    settings = Settings(effects=(("clocked", Paint()),))
    for t_s in (5.0, 5.5, 5.5, 2.0):
        engine.step(make_frame(t_s=t_s), settings)
    assert seen == [0.0, 0.5, 0.0, 0.0]


# What is asked of the model


def test_the_needs_of_effects_are_merged() -> None:
    engine = engine_for(extra_wants=Wants(landmarks=False))
    assert engine.wants(Settings()) == Wants(landmarks=False)
    assert engine.wants(on("mesh")) == Wants(landmarks=True)
    assert engine.wants(on("late")) == Wants(landmarks=False)
    assert engine.wants(on("mesh", "privacy")) == Wants(landmarks=True, matte=True, detect_every_frame=True)
    assert engine.wants(on("hider")).detect_every_frame
    engine.extra_wants = Wants(visibility=True)
    assert engine.wants(Settings()) == Wants(visibility=True)


def test_while_faces_are_hidden_there_is_no_limit_to_them() -> None:
    model = FakeModel(FACES)
    engine = engine_for(model)
    for settings in (Settings(max_faces=3, reach="far"), on("privacy", max_faces=3)):
        engine.step(make_frame(), settings)
    assert [asked[1:] for asked in model.asked] == [(3, "far"), (HIDING_MAX_FACES, "near")]


def test_stills_are_looked_at_thoroughly() -> None:
    model = FakeModel(FACES)
    engine = engine_for(model)
    engine.still(make_frame(), Settings())
    engine.still(make_frame(), on("late"))
    engine.still(make_frame(), on("late"))
    assert [asked[1:] for asked in model.asked] == [(STILL_MAX_FACES, "crowd")] * 3
    assert [state for _name, _assets, state in PaintEffect.seen] == [0, 0]


def test_an_unknown_effect_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="Did you mean 'privacy'"):
        engine_for().step(make_frame(), Settings(effects=(("privac", None),)))


# Faults


def test_a_failing_effect_is_switched_off_and_the_picture_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    engine = engine_for()
    outputs = [engine.step(make_frame(n), on("bad", "late")) for n in range(3)]
    assert all(output.faults == outputs[0].faults for output in outputs)
    assert outputs[0].faults[0].where == "bad"
    assert "broken" in outputs[0].faults[0].message
    assert len([record for record in caplog.records if "bad" in record.getMessage()]) == 1
    assert len(PaintEffect.seen) == 3
    assert (bgr(outputs[2])[:, 30] == outputs[2].frame.pixels[:, 30]).all()


def test_other_parameters_give_a_failed_effect_another_chance(caplog: pytest.LogCaptureFixture) -> None:
    engine = engine_for()
    engine.step(make_frame(), on("bad"))
    engine.step(make_frame(), Settings(effects=(("bad", Paint(level=9.0)),)))
    assert len([record for record in caplog.records if "bad" in record.getMessage()]) == 2
    assert engine.step(make_frame(), Settings()).faults == ()


def test_an_effect_that_cannot_be_prepared_says_why() -> None:
    engine = engine_for()
    output = engine.step(make_frame(), on("refuses"))
    assert output.faults[0].message == "photo.jpg shows no face. Choose another one."
    assert np.array_equal(bgr(output), output.frame.pixels)
    with pytest.raises(EffectFailed, match="photo.jpg shows no face"):
        engine.wait_ready(on("refuses"))


def test_a_model_that_fails_is_not_swallowed() -> None:
    model = FakeModel(FACES)
    model.fail_with = RuntimeError("gone")
    with pytest.raises(RuntimeError, match="gone"):
        engine_for(model).step(make_frame(), Settings())


# Never bare


@pytest.mark.parametrize("choice", ["blur", "block", "freeze"])
def test_when_a_hiding_effect_fails_faces_are_covered(choice: str) -> None:
    engine = engine_for()
    for number_ in range(3):
        output = engine.step(make_frame(number_), on("hider", fail_secure=choice))
        assert output.faults[0].where == "hider"
        assert not is_bare(output, 200, 180)
        assert not is_bare(output, 450, 180)
        assert is_bare(output, 600, 30)


def test_bare_only_when_the_user_chose_so() -> None:
    output = engine_for().step(make_frame(), on("hider", fail_secure="pass"))
    assert is_bare(output, 200, 180)


def test_people_without_face_are_covered_too_when_hiding_fails() -> None:
    model = FakeModel((), person_matte((640, 360), (240, 60, 400, 360)))
    output = engine_for(model).step(make_frame(), on("hider"))
    assert not is_bare(output, 320, 200)


def test_freeze_holds_the_last_good_picture() -> None:
    engine = engine_for()
    good = on("privacy", fail_secure="freeze")
    before = engine.step(make_frame(0, seed=1), good)
    held = before.bgra.copy()
    failed = engine.step(make_frame(1, seed=2), on("privacy", "hider", fail_secure="freeze"))
    again = engine.step(make_frame(2, seed=3), on("privacy", "hider", fail_secure="freeze"))
    assert np.array_equal(failed.bgra, held)
    assert not np.array_equal(again.bgra[..., :3], again.frame.pixels)
    assert not is_bare(again, 200, 180)


def test_when_even_the_cover_fails_the_picture_is_black(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError("no cover")

    monkeypatch.setattr("app.pipeline.secure.cover", fail)
    output = engine_for().step(make_frame(), on("hider"))
    assert bgr(output).max() == 0


# Assets


def test_until_a_hiding_effect_is_ready_faces_are_covered() -> None:
    engine = engine_for(preparer=WorkerPreparer())
    settings = on("slow_hider")
    first = engine.step(make_frame(), settings)
    assert not engine.ready(settings)
    assert PaintEffect.seen == []
    assert not is_bare(first, 200, 180)
    Waiting.gate.set()
    engine.wait_ready(settings)
    engine.step(make_frame(), settings)
    assert engine.ready(settings)
    assert [assets for _name, assets, _state in PaintEffect.seen] == ["assets of 50.0"]
    engine.close()


def test_old_assets_stay_in_use_until_the_new_ones_are_there() -> None:
    engine = engine_for(preparer=WorkerPreparer())
    old, new = on("slow"), Settings(effects=(("slow", Paint(level=9.0)),))
    Waiting.gate.set()
    engine.wait_ready(old)
    engine.step(make_frame(), old)
    Waiting.gate.clear()
    engine.step(make_frame(), new)
    Waiting.gate.set()
    engine.wait_ready(new)
    engine.step(make_frame(), new)
    assert [assets for _name, assets, _state in PaintEffect.seen] == [
        "assets of 50.0",
        "assets of 50.0",
        "assets of 9.0",
    ]
    engine.close()


def test_closing_does_not_wait_for_a_preparation() -> None:
    engine = engine_for(preparer=WorkerPreparer())
    engine.step(make_frame(), on("slow"))
    engine.close()
    assert not any(thread.name == "facet-prepare" for thread in threading.enumerate())


# Time


class Ticks:
    """A clock that moves by one millisecond at each look, and further while an effect draws."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += 1_000_000
        return self.now_ns


def shed_after(costs: Sequence[tuple[str, int]], budget_ms: float) -> tuple[str, ...]:
    clock = Ticks()

    class Costly(PaintEffect):
        def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
            clock.now_ns += dict(costs)[self.name] * 1_000_000
            return scene, state

    chosen = [
        made("cheap", Stage.SKIN, Costly, shed=1),
        made("dear", Stage.STICKER, Costly, shed=2),
        made("needed", Stage.SKIN, Costly),
        made("hiding", Stage.SWAP, Costly, shed=0, hides=True),
    ]
    engine = Engine(FakeModel(), CpuDevice(), chosen, clock_ns=clock)
    settings = Settings(effects=tuple((each.id, Paint()) for each in chosen))
    for number_ in range(3):
        output = engine.step(make_frame(number_), settings)
    assert output.shed == ()
    output = engine.step(make_frame(3), settings, deadline_ns=clock.now_ns + int(budget_ms * 1e6))
    again = engine.step(make_frame(4), settings, deadline_ns=clock.now_ns + int(budget_ms * 1e6))
    assert again.shed == output.shed
    return output.shed


COSTS = (("cheap", 4), ("dear", 20), ("needed", 5), ("hiding", 5))


@pytest.mark.parametrize(
    ("budget_ms", "shed"), [(1000.0, ()), (38.0, ("cheap",)), (20.0, ("cheap", "dear")), (0.0, ("cheap", "dear"))]
)
def test_what_does_not_fit_is_left_out_by_rank_and_named(budget_ms: float, shed: tuple[str, ...]) -> None:
    assert shed_after(COSTS, budget_ms) == shed


def test_the_first_frames_cost_does_not_count() -> None:
    """It holds imports and first allocations; an effect judged by it would be left out for good."""
    clock = Ticks()

    class SlowStart(PaintEffect):
        def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
            clock.now_ns += 1_000_000 if state else 500_000_000
            return scene, state + 1

    engine = Engine(FakeModel(), CpuDevice(), [made("slow", Stage.SKIN, SlowStart, shed=1)], clock_ns=clock)
    settings = Settings(effects=(("slow", Paint()),))
    shed = [engine.step(make_frame(n), settings, clock.now_ns + 100_000_000).shed for n in range(4)]
    assert shed == [()] * 4


def test_what_was_left_out_is_tried_again_when_there_is_time() -> None:
    clock = Ticks()

    class Costly(PaintEffect):
        def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
            clock.now_ns += 40_000_000 if state < 5 else 1_000_000
            return scene, state + 1

    engine = Engine(FakeModel(), CpuDevice(), [made("costly", Stage.SKIN, Costly, shed=1)], clock_ns=clock)
    settings = Settings(effects=(("costly", Paint()),))
    shed = [engine.step(make_frame(n), settings, clock.now_ns + 30_000_000).shed for n in range(400)]
    assert shed[10] == ("costly",)
    assert shed[-1] == ()


def test_times_are_kept_apart_by_stage_and_taken_once() -> None:
    engine = engine_for()
    engine.step(make_frame(7), on("early", "mesh"))
    times = engine.take_times()
    assert times.frame_index == 7
    assert set(times.ms) >= {"detect", "landmarks", "perception", "effect.early", "effect.mesh", "composite", "total"}
    parts = sum(times.ms[key] for key in ("perception", "effect.early", "effect.mesh", "composite"))
    assert times.ms["total"] == pytest.approx(parts, rel=0.2, abs=0.2)
    assert times.ran == {"detect"}
    assert engine.take_times().ms == {}


# Switching


def test_another_model_goes_on_with_the_tracks_and_the_old_one_stays_ready() -> None:
    old, new = FakeModel(FACES, name="old"), FakeModel(FACES, name="new")
    engine = engine_for(old)
    engine.step(make_frame(0), on("late"))
    assert engine.exchange(Pair(new, CpuDevice())).model is old
    engine.step(make_frame(1), on("late"))
    assert new.state.payload == {"of": "old"}
    assert new.resets == 1
    assert not old.closed
    assert not new.closed
    assert engine.networks == "new"
    assert [state for _name, _assets, state in PaintEffect.seen] == [0, 1]


def test_warming_up_leaves_no_trace() -> None:
    model = FakeModel(FACES)
    engine = engine_for(model)
    engine.warm((64, 48), on("late", "bad"))
    PaintEffect.seen.clear()
    output = engine.step(make_frame(), on("late", "early"))
    assert [state for _name, _assets, state in PaintEffect.seen] == [0, 0]
    assert output.faults == ()
    assert model.resets == 1


def test_two_runs_are_identical() -> None:
    runs = []
    for _ in range(2):
        engine = Engine(
            FakeModel(FACES, person_matte((640, 360), (0, 0, 640, 360))), CpuDevice(), [spec("privacy"), spec("mesh")]
        )
        runs.append([engine.step(make_frame(n, seed=n), on("privacy", "mesh")).bgra for n in range(4)])
    assert all(np.array_equal(one, other) for one, other in zip(*runs, strict=True))
