"""The switch with real backends: a software GPU and PyTorch stand in for real ones, the CPU catches what falls."""

import gc
import threading
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from app import bootstrap
from app.backends.build import make_pair
from app.backends.effects import all_effects
from app.backends.pair import Loading, Pair
from app.backends.rehearsal import rehearse, stage_frames
from app.config import load_preset
from app.pipeline.engine import Engine
from app.pipeline.runner import Runner
from app.pipeline.switch import Circumstances
from app.pipeline.types import Output, RunnerEvent
from app.settings import Settings
from app.sources.demo import DemoSource
from effects.devices.cpu import CpuDevice
from models.runtime.remote import Remote
from models.types import Frame
from tests.gpu import require_gpu_canvas, require_gpu_networks
from tests.need_torch import require_torch
from tests.pipeline_fakes import wait_until

SIZE_WH = (480, 270)
FLIPS = 100
EVERYTHING = load_preset("everything")


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return stage_frames(FLIPS + 1, SIZE_WH)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = bootstrap.make_home_engine()
    yield made
    made.close()
    assert wait_until(lambda: _children() == [])


def _children() -> list[psutil.Process]:
    """Processes that host a runtime."""
    return [child for child in psutil.Process().children() if _hosts(child)]


def _hosts(child: psutil.Process) -> bool:
    try:
        return any("remote_child" in word for word in child.cmdline())
    except psutil.Error:
        return False


def _gpu() -> None:
    require_gpu_networks()
    require_gpu_canvas()


def _made(name: str, engine: Engine, settings: Settings = EVERYTHING) -> Pair:
    """Ready to take over."""
    pair = make_pair(name)
    rehearse(pair, SIZE_WH, all_effects(settings), engine.home.model, Loading())
    return pair


def _memory_mb() -> float:
    gc.collect()
    family = [psutil.Process(), *_children()]
    return float(sum(process.memory_info().rss for process in family)) / 2**20


def test_a_hundred_flips_through_all_three(frames: list[Frame], engine: Engine) -> None:
    _gpu()
    require_torch()
    home, gpu, torch = engine.home, _made("gpu", engine), _made("torch-cpu", engine)
    order = [home, gpu, home, torch]
    reference = bootstrap.make_home_engine()
    before_mb = 0.0
    for flip in range(FLIPS):
        pair = order[flip % len(order)]
        if engine.pair is not pair:
            engine.exchange(pair)
        output = engine.step(frames[flip], EVERYTHING)
        expected = reference.step(frames[flip], EVERYTHING)
        assert output.frame.index == flip
        assert (output.perception.runtime, output.canvas) == (pair.model.name, pair.device.name)
        assert output.faults == ()
        _same(output, expected)
        if flip == 2 * len(order):
            before_mb = _memory_mb()
    grown_mb = _memory_mb() - before_mb
    assert grown_mb <= 20, f"{grown_mb:.1f} MB"
    reference.close()
    engine.exchange(home)
    for pair in (gpu, torch):
        pair.close()


def _same(output: Output, expected: Output) -> None:
    """The same people at the same places, drawn alike, as if nothing had been flipped."""
    ids = [face.track_id for face in expected.perception.faces]
    assert [face.track_id for face in output.perception.faces] == ids
    for face, other in zip(output.perception.faces, expected.perception.faces, strict=True):
        assert (face.mesh is None) == (other.mesh is None)
        if face.mesh is not None and other.mesh is not None:
            assert np.abs(face.mesh[:, :2] - other.mesh[:, :2]).max() < 0.5
    assert np.abs(output.bgra.astype(int) - expected.bgra).mean() < 1.0


@pytest.mark.parametrize("name", ["gpu", "torch-cpu"])
def test_a_process_that_dies_leaves_its_frame_to_the_cpu(name: str, frames: list[Frame], engine: Engine) -> None:
    if name == "gpu":
        _gpu()
    else:
        require_torch()
    told: list[str] = []

    def failed(pair: Pair, reason: str) -> None:
        told.append(reason)
        pair.close()

    engine.on_failure(failed)
    pair = make_pair(name)
    engine.exchange(pair)
    before = engine.step(frames[0], EVERYTHING)
    assert before.perception.runtime == name
    for child in _children():
        child.kill()
    output = engine.step(frames[1], EVERYTHING)
    assert (output.perception.runtime, output.canvas) == ("cpu", "cpu")
    assert [face.track_id for face in output.perception.faces] == [face.track_id for face in before.perception.faces]
    assert len(told) == 1
    assert len(told[0]) > 20


def test_a_graphics_device_that_is_lost_leaves_its_frame_to_the_cpu(frames: list[Frame], engine: Engine) -> None:
    require_gpu_canvas()
    told: list[str] = []
    engine.on_failure(lambda _pair, reason: told.append(reason))
    pair = make_pair("cpu+gpu")
    engine.exchange(pair)
    assert engine.step(frames[0], EVERYTHING).canvas == "gpu"
    assert engine.backend == "cpu+gpu"
    pair.device.handle.destroy()  # type: ignore[attr-defined]
    output = engine.step(frames[1], EVERYTHING)
    plain = bootstrap.make_home_engine()
    plain.step(frames[0], EVERYTHING)
    assert np.abs(output.bgra.astype(int) - plain.step(frames[1], EVERYTHING).bgra).mean() < 1.0
    plain.close()
    assert output.canvas == "cpu"
    assert len(told) == 1
    pair.close()


def test_a_load_that_is_given_up_ends_at_once(engine: Engine) -> None:
    require_torch()
    loading = Loading()
    failures: list[Exception] = []

    def load() -> None:
        try:
            bootstrap.build_live("torch-cpu", Circumstances(EVERYTHING, SIZE_WH, engine.home.model), loading)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread must end
            failures.append(error)

    thread = threading.Thread(target=load)
    thread.start()
    assert wait_until(lambda: bool(_children()), 30.0)
    loading.cancel()
    thread.join(5.0)
    assert not thread.is_alive()
    assert len(failures) == 1


def test_a_backend_that_this_machine_lacks_says_why_in_the_live_switch(engine: Engine) -> None:
    from models.errors import BackendFailed

    with pytest.raises(BackendFailed, match="not a Mac|not installed"):
        bootstrap.build_live("mps", Circumstances(EVERYTHING, SIZE_WH, engine.home.model), Loading())


def test_a_paced_session_flips_without_losing_anybody() -> None:
    """How long the picture stands is measured by `benchmarks/live_switch.py`: here the machine may be busy."""
    require_torch()
    source = DemoSource(SIZE_WH, 30.0, loop=True, paced=True)
    events: list[RunnerEvent] = []
    outputs: list[tuple[int, Output]] = []
    runner = Runner(
        lambda _text, _cancel: source,
        bootstrap.make_home_engine,
        lambda *_arguments: pytest.fail("nothing is recorded"),
        lambda _path: pytest.fail("nothing is kept"),
        Settings(effects=EVERYTHING.effects, backend="cpu"),
        build=bootstrap.build_live,
    )

    def shows(name: str) -> bool:
        def look() -> bool:
            output = runner.take_output()
            if output is not None:
                outputs.append((output.frame.index, output))
            events.extend(runner.take_events())
            return bool(outputs) and outputs[-1][1].perception.runtime == name

        return wait_until(look, 60.0)

    runner.start("demo")
    assert shows("cpu")
    for name in ("torch-cpu", "cpu", "torch-cpu", "cpu"):
        runner.use_backend(name)
        assert shows(name), runner.backend()
    for child in _children():
        child.kill()
    runner.use_backend("torch-cpu")
    assert wait_until(lambda: shows("cpu") and any(event.kind == "backend_failed" for event in events), 10.0)
    assert runner.stop(4.0)
    indices = [index for index, _output in outputs]
    assert indices == sorted(set(indices))
    assert not [event for event in events if event.kind == "failed"]
    assert wait_until(lambda: _children() == [])
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("facet-")] == []


def test_stills_and_live_frames_share_one_process() -> None:
    require_torch()
    pair = make_pair("torch-cpu")
    model = pair.model
    assert isinstance(model._live.runtime, Remote)  # type: ignore[attr-defined]
    assert model._live.runtime is model._stills.runtime  # type: ignore[attr-defined]
    assert isinstance(pair.device, CpuDevice)
    pair.close()
    pair.close()
