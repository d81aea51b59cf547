"""Building a backend for the live picture: whatever fails on the way is said and leaves nothing behind."""

import threading
from typing import Any, cast

import pytest

from app import bootstrap
from app.backends import build, rehearsal
from app.backends.effects import all_effects
from app.backends.offer import Offer
from app.backends.pair import Loading, LoadingCancelled, Pair
from app.config import load_preset
from app.pipeline.switch import Circumstances
from app.settings import Settings
from effects.devices.cpu import CpuDevice
from effects.registry import specs
from models.errors import BackendFailed
from tests.backend_fakes import LOST, FrailDevice, FrailModel, frail_pair, is_closed
from tests.pipeline_fakes import FakeModel, make_face

FACES = (make_face(1, (200, 180), 120.0),)
SIZE_WH = (320, 180)


class Site:
    """A machine that has CUDA, as far as anybody can tell."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pair = frail_pair(FACES)
        self.no_canvas = False
        monkeypatch.setattr("app.backends.catalogue.offer", lambda name: Offer(name, name, "", True))
        monkeypatch.setattr(build, "make_device", self._device)
        monkeypatch.setattr(build, "make_networks", self._networks)

    def _device(self, name: str) -> Any:
        if name != "cpu" and self.no_canvas:
            raise BackendFailed("No Vulkan here.")
        return self.pair.device

    def _networks(self, _name: str, device: Any) -> Pair:
        self.pair.device = device
        return self.pair

    def build(self, loading: Loading | None = None, settings: Settings | None = None) -> Pair | None:
        chosen = settings or load_preset("everything")
        return bootstrap.build_live("cuda", Circumstances(chosen, SIZE_WH, FakeModel(name="cpu")), loading or Loading())


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(monkeypatch)


def test_a_backend_comes_warm_and_without_memories(site: Site) -> None:
    pair = site.build()
    assert pair is site.pair
    model = cast(FrailModel, site.pair.model)
    assert len(model.asked) == rehearsal.WARM_FRAMES
    assert model.asked[0][0] == rehearsal.EVERYTHING
    assert model.resets == 1
    assert not is_closed(site.pair)


@pytest.mark.parametrize("where", ["track", "reset", "upload", "download"])
@pytest.mark.parametrize("error", [BackendFailed(LOST), RuntimeError("driver"), MemoryError()], ids=repr)
def test_a_fault_at_any_stage_is_raised_and_leaves_nothing_behind(site: Site, where: str, error: Exception) -> None:
    for part in (cast(FrailModel, site.pair.model), cast(FrailDevice, site.pair.device)):
        part.broken.add(where)
        part.error = error
    with pytest.raises(type(error)):
        site.build()
    assert is_closed(site.pair)


def test_an_operation_that_the_device_lacks_is_found_out_in_time(site: Site) -> None:
    site.pair.device = FrailDevice("unheard-of")
    with pytest.raises(BackendFailed, match="unheard-of"):
        site.build()
    assert is_closed(site.pair)


@pytest.mark.parametrize("last_step", ["opening the device", "loading the networks", "preparing the effects"])
def test_a_load_may_be_given_up_at_any_step(site: Site, last_step: str) -> None:
    loading = Loading(lambda words: loading.cancel() if words == last_step else None)
    with pytest.raises(LoadingCancelled):
        site.build(loading)
    assert is_closed(site.pair) or last_step == "opening the device"


def test_what_is_made_after_a_load_was_given_up_is_closed_at_once() -> None:
    loading, ended = Loading(), threading.Event()
    loading.cancel()
    loading.holds(ended.set)
    assert ended.is_set()


def test_cuda_is_worth_having_without_a_graphics_canvas(site: Site) -> None:
    site.no_canvas = True
    pair = site.build()
    assert pair is not None
    assert pair.remarks == ("The picture stays on the CPU: No Vulkan here.",)
    assert pair.device.name == "cpu"


def test_a_gpu_without_its_canvas_is_none(site: Site) -> None:
    site.no_canvas = True
    with pytest.raises(BackendFailed, match="No Vulkan"):
        build.make_pair("gpu")


def test_automatic_that_finds_the_cpu_best_builds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.backends.probe.choose", lambda _loading: ("cpu", "cpu"))
    circumstances = Circumstances(Settings(), SIZE_WH, FakeModel())
    assert bootstrap.build_live("auto", circumstances, Loading()) is None


def test_every_effect_is_rehearsed_with_the_parameters_in_use() -> None:
    chosen = load_preset("privacy")
    rehearsed = {spec.id: params for spec, params in all_effects(chosen)}
    assert set(rehearsed) == {spec.id for spec in specs()}
    assert rehearsed["privacy"] == dict(chosen.effects)["privacy"]


def test_the_stage_shows_one_face_and_then_two() -> None:
    from models.shared import create_cpu_model
    from models.types import Wants

    frames = rehearsal.stage_frames(rehearsal.WARM_FRAMES, (640, 360))
    model = create_cpu_model()
    counts = [len(model.still(frames[index].pixels, Wants()).faces) for index in (0, -1)]
    model.close()
    assert counts == [1, 2]
    assert [frame.index for frame in frames] == list(range(rehearsal.WARM_FRAMES))
    assert all(a.t_s < b.t_s for a, b in zip(frames, frames[1:], strict=False))


def test_an_effect_that_cannot_be_prepared_is_left_out() -> None:
    from tests.app.pipeline.test_engine import SPECS

    chosen = [(spec, spec.params()) for spec in SPECS if spec.id in ("refuses", "late")]
    assert len(rehearsal.prepared(chosen, FakeModel())) == 1


def test_the_cpu_describes_itself() -> None:
    pair = build.make_networks("cpu", CpuDevice())
    assert pair.describe()
    assert pair.name == "cpu"
    pair.close()
