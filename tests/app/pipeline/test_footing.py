"""An engine whose backend fails: that very frame comes from the CPU, nothing is bare, nothing is forgotten."""

import gc
from dataclasses import replace
from typing import Any, cast

import numpy as np
import psutil
import pytest

from app.backends.pair import Pair
from app.pipeline.engine import Engine
from app.pipeline.types import Output
from app.settings import Settings
from effects.base import EffectSpec, Scene, Stage
from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.ops.dispatch import cpu_pixels
from effects.registry import spec
from models.errors import BackendFailed, UsageError
from models.types import Wants
from tests.app.pipeline.test_engine import Paint, PaintEffect, is_bare
from tests.backend_fakes import LOST, FrailDevice, FrailModel, frail_pair, is_closed
from tests.pipeline_fakes import FakeModel, make_face, make_frame

FACES = (make_face(1, (200, 180), 120.0), make_face(2, (450, 180), 120.0))
WANTS = Wants(landmarks=False)


class Counting(PaintEffect):
    """Counts its frames in place, as an effect may."""

    def initial(self) -> Any:
        return {"frames": 0, "ids": np.zeros(2)}

    def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: Any) -> tuple[Scene, Any]:
        state["frames"] += 1
        state["ids"][:] = [face.track_id for face in scene.faces]
        cpu_pixels(canvas)[:, self.column] = state["frames"]
        return scene, state


class OnTheCpuOnly(PaintEffect):
    """Its operation fails on any other canvas, after it has drawn half."""

    error: Exception = BackendFailed(LOST)

    def apply(self, canvas: Canvas, scene: Scene, params: Paint, assets: str, state: int) -> tuple[Scene, int]:
        cpu_pixels(canvas)[:, self.column] = 1
        if canvas.device.name != "cpu":
            raise self.error
        cpu_pixels(canvas)[:, self.column] = 2
        return scene, state + 1


def made(name: str, kind: type[PaintEffect], stage: Stage, *, hides: bool = False) -> EffectSpec[Paint]:
    return EffectSpec(name, name, stage, Paint, WANTS, None, hides, lambda: kind(name, int(stage) * 10))


SPECS = (
    made("counts", Counting, Stage.SWAP),
    made("frail", OnTheCpuOnly, Stage.SKIN),
    made("frail_hider", OnTheCpuOnly, Stage.SKIN, hides=True),
    spec("privacy"),
)


def on(*ids: str) -> Settings:
    return Settings(effects=tuple((each.id, each.params()) for each in SPECS if each.id in ids))


class Rig:
    """An engine away from home, and what it told."""

    def __init__(self, settings: Settings, canvas: str = "cpu") -> None:
        self.settings = settings
        self.home = FakeModel(FACES, name="cpu")
        self.engine = Engine(self.home, CpuDevice(), SPECS)
        self.pair = frail_pair(FACES, canvas=canvas)
        self.told: list[tuple[Pair, str]] = []
        self.engine.on_failure(lambda pair, reason: self.told.append((pair, reason)))
        self.engine.step(make_frame(0), settings)
        self.engine.exchange(self.pair)

    @property
    def model(self) -> FrailModel:
        return cast(FrailModel, self.pair.model)

    @property
    def device(self) -> FrailDevice:
        return cast(FrailDevice, self.pair.device)

    def step(self, index: int) -> Output:
        return self.engine.step(make_frame(index), self.settings)


def frames_counted(output: Output) -> int:
    return int(output.bgra[0, 10, 0])


def test_what_really_runs_is_named_from_the_frame_of_the_exchange_on() -> None:
    rig = Rig(on(), "gpu")
    output = rig.step(1)
    assert (output.perception.runtime, output.canvas) == ("cuda", "gpu")
    assert (rig.engine.networks, rig.engine.canvas, rig.engine.backend) == ("cuda", "gpu", "cuda")
    rig.engine.exchange(rig.engine.home)
    output = rig.step(2)
    assert (output.perception.runtime, output.canvas, rig.engine.backend) == ("cpu", "cpu", "cpu")


FAULTS = ["track", "upload", "download"]
ERRORS = [BackendFailed(LOST), RuntimeError("wgpu: device lost"), MemoryError("out of memory"), OSError("gone")]


@pytest.mark.parametrize("where", FAULTS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_frame_on_which_a_backend_fails_comes_from_the_cpu(where: str, error: Exception) -> None:
    rig = Rig(on("counts", "privacy"))
    before = rig.step(1)
    for part in (rig.model, rig.device):
        part.broken.add(where)
        part.error = error
    output = rig.step(2)
    assert rig.engine.backend == "cpu"
    assert output.faults == ()
    assert not is_bare(output, 200, 180)
    assert not is_bare(output, 450, 180)
    assert is_bare(output, 600, 30)
    assert [face.track_id for face in output.perception.faces] == [face.track_id for face in before.perception.faces]
    assert frames_counted(output) == 3
    assert [pair for pair, _reason in rig.told] == [rig.pair]
    assert str(error) in rig.told[0][1]
    assert frames_counted(rig.step(3)) == 4
    assert len(rig.told) == 1


@pytest.mark.parametrize("effect", ["frail", "frail_hider"])
def test_an_operation_that_fails_on_the_device_is_not_the_effects_fault(effect: str) -> None:
    rig = Rig(on("counts", effect, "privacy"), "gpu")
    output = rig.step(1)
    assert output.faults == ()
    assert output.canvas == "cpu"
    assert (output.bgra[:, 30, 0] == 2).all()
    assert frames_counted(output) == 2
    assert not is_bare(output, 200, 180)
    assert len(rig.told) == 1


def test_an_effect_that_fails_for_reasons_of_its_own_does_not_cost_the_backend(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(OnTheCpuOnly, "error", ValueError("bad mask"))
    rig = Rig(on("frail"), "gpu")
    output = rig.step(1)
    assert [fault.where for fault in output.faults] == ["frail"]
    assert rig.engine.canvas == "gpu"
    assert rig.told == []


def test_the_stand_in_that_fails_on_the_device_covers_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hiding effect fails for its own reasons, and then the cover fails with the device: neither bare nor black."""
    monkeypatch.setattr(OnTheCpuOnly, "error", ValueError("bad mask"))
    rig = Rig(on("frail_hider"), "gpu")
    output = rig.step(1)
    assert output.canvas == "cpu"
    assert output.bgra[..., :3].mean() > 50
    assert "picture that lives on 'gpu'" in rig.told[0][1]


def test_tracks_begin_anew_where_the_broken_model_cannot_even_tell_them() -> None:
    rig = Rig(on())
    rig.model.broken |= {"track", "export"}
    output = rig.step(1)
    assert output.perception.runtime == "cpu"
    assert rig.home.resets == 1


def test_a_backend_that_cannot_take_over_the_tracks_changes_nothing() -> None:
    rig = Rig(on("counts"))
    worse = frail_pair(FACES, "mps")
    cast(FrailModel, worse.model).broken.add("import")
    with pytest.raises(BackendFailed):
        rig.engine.exchange(worse)
    assert rig.engine.pair is rig.pair
    assert frames_counted(rig.step(1)) == 2


def test_by_default_a_failed_backend_is_closed() -> None:
    engine = Engine(FakeModel(FACES, name="cpu"), CpuDevice(), SPECS)
    pair = frail_pair(FACES)
    engine.exchange(pair)
    cast(FrailModel, pair.model).broken |= {"track", "close"}
    assert engine.step(make_frame(0), on()).perception.runtime == "cpu"
    assert is_closed(pair)


def test_a_source_that_begins_anew_on_a_broken_backend_goes_home() -> None:
    rig = Rig(on())
    rig.model.broken.add("reset")
    rig.engine.restart()
    assert rig.engine.backend == "cpu"


def test_stills_and_redraws_fall_back_too() -> None:
    rig = Rig(on("privacy"))
    rig.model.broken.add("track")
    output = rig.engine.still(make_frame(1), rig.settings)
    assert (output.perception.runtime, output.canvas) == ("cpu", "cpu")
    assert not is_bare(output, 200, 180)


def test_wrong_settings_are_not_taken_for_a_broken_backend() -> None:
    rig = Rig(on())
    with pytest.raises(UsageError):
        rig.engine.step(make_frame(1), Settings(effects=(("nonsense", None),)))
    assert rig.engine.pair is rig.pair


def test_what_fails_at_home_is_raised() -> None:
    rig = Rig(on())
    rig.model.broken.add("track")
    rig.home.fail_with = RuntimeError("everything is broken")
    with pytest.raises(RuntimeError, match="everything"):
        rig.step(1)


def test_closing_frees_home_and_what_is_in_use() -> None:
    rig = Rig(on())
    rig.engine.close()
    assert is_closed(rig.pair)
    assert rig.home.closed


def test_assets_are_prepared_at_home_and_survive_a_switch() -> None:
    rig = Rig(on("counts"))
    rig.engine.exchange(rig.engine.home)
    assert frames_counted(rig.step(1)) == 2
    assert rig.engine.home.model is rig.home


def test_a_hundred_flips_answer_every_frame_and_forget_nothing() -> None:
    rig = Rig(on("counts", "privacy"))
    pairs = [rig.engine.home, rig.pair, Pair(FrailModel(FACES, "torch-cpu"), FrailDevice("cpu"))]
    process = psutil.Process()
    before_mb = 0.0
    for flip in range(100):
        pair = pairs[flip % 3]
        rig.engine.exchange(pair)
        output = rig.step(flip + 1)
        assert output.frame.index == flip + 1
        assert output.perception.runtime == pair.model.name
        assert [face.track_id for face in output.perception.faces] == [1, 2]
        assert frames_counted(output) == flip + 2
        assert not is_bare(output, 200, 180)
        assert output.faults == ()
        if flip == 20:
            gc.collect()
            before_mb = process.memory_info().rss / 2**20
    gc.collect()
    assert process.memory_info().rss / 2**20 - before_mb <= 20
    assert rig.told == []


def test_costs_of_the_old_device_are_forgotten() -> None:
    rig = Rig(on("counts"))
    for index in range(1, 4):
        rig.step(index)
    (active,) = rig.engine._on
    assert active.cost_ms > 0
    rig.engine.exchange(rig.engine.home)
    assert active.cost_ms == 0.0


def test_settings_may_change_together_with_the_backend() -> None:
    rig = Rig(on("counts"))
    rig.device.broken.add("download")
    output = rig.engine.step(make_frame(1), replace(on("counts", "privacy")))
    assert frames_counted(output) == 2
    assert not is_bare(output, 200, 180)
