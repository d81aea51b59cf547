"""A comparison with real networks and effects: the wiring, and that a backend does not differ from itself."""

import sys
import time

import pytest

from app import bootstrap, live
from app.backends.pair import Loading
from app.pipeline.compare import Comparer
from app.pipeline.verdict import verdict
from app.sources.base import SourceInfo
from models.errors import BackendFailed
from models.types import Wants

_DEMO = SourceInfo("demo", "Demo", (640, 360), 30.0, live=True)


def test_the_cpu_against_itself_draws_identical_pictures() -> None:
    settings = bootstrap.command_settings("everything", [], "cpu")
    source = bootstrap.open_source("demo", live=False, loop=True, size_wh=(640, 360))
    comparer = Comparer(
        ("cpu", "cpu"),
        lambda name, loading: bootstrap.make_compared_engine(name, loading, Wants()),
        settings,
        "Demo",
        blocks=1,
    )
    try:
        result = comparer.run(lambda count: [frame for _ in range(count) if (frame := source.read(1.0)) is not None])
    finally:
        source.close()
    assert result.ended == ""
    assert result.difference is not None
    assert (result.difference.mean, result.difference.p99) == (0.0, 0.0)
    first, second = result.runs
    assert first.networks_hardware == first.canvas_hardware == second.canvas_hardware
    assert {f"effect.{effect_id}" for effect_id, _params in settings.effects} <= set(first.stages)
    assert {"detect", "landmarks", "composite"} <= set(first.stages)
    assert first.frames == second.frames == 55


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac may have Metal")
def test_a_backend_that_this_machine_lacks_is_refused_with_its_reason() -> None:
    with pytest.raises(BackendFailed, match="not a Mac"):
        bootstrap.make_compared_engine("mps", Loading(), Wants())


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac may have Metal")
def test_the_window_gets_a_run_that_can_be_stopped() -> None:
    run = live.compare(("cpu", "mps"), bootstrap.command_settings(None, [], "cpu"), "demo", _DEMO)
    assert run.join(30.0)
    assert run.result is not None
    assert verdict(run.result).headline.startswith("Nothing was compared. Apple Metal cannot be used")
    assert run.result.size_wh == (640, 360)


def test_a_camera_lends_its_frames() -> None:
    info = SourceInfo("camera", "Front", (640, 360), 30.0, live=True)
    run = live.compare(("cpu", "mps"), bootstrap.command_settings(None, [], "cpu"), "camera:0", info)
    until_s = time.monotonic() + 5.0
    while not run.wants_frames and time.monotonic() < until_s:
        time.sleep(0.005)
    assert run.wants_frames
    run.stop()
    assert run.join(5.0)
