"""Two fake backends held against each other: order, state, faults, figures, files."""

import csv
import io
import json
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from app.backends.pair import Loading, LoadingCancelled, Pair
from app.pipeline.compare import BLOCK_FRAMES, SETTLING_FRAMES, WARM_FRAMES, Comparer, block_frames
from app.pipeline.compare_run import ComparisonRun, LentFrames, OwnFrames
from app.pipeline.comparison import HEADLINE, TOTAL, Comparison, Progress, stage_names
from app.pipeline.comparison_files import to_csv, to_json
from app.pipeline.engine import Engine
from app.pipeline.verdict import verdict
from app.settings import Settings
from models.errors import BackendFailed
from models.types import Frame, Perception, Wants
from tests.backend_fakes import LOST, FrailDevice, FrailModel, is_closed
from tests.pipeline_fakes import FakeModel, FakeSource, make_frame, wait_until

SIZE_WH = (64, 48)


class _Model(FrailModel):
    """Notes every frame that it sees, in one diary for all."""

    def __init__(self, name: str, diary: list[tuple[str, int]]) -> None:
        super().__init__(name=name)
        self._diary = diary
        self.at_frame: dict[int, str] = {}

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: str = "near") -> Perception:
        self._diary.append((self.name, frame.index))
        if frame.index in self.at_frame:
            self.broken.add(self.at_frame[frame.index])
        return super().track(frame, want, max_faces=max_faces, reach=reach)


class Bench:
    """Makes engines on fake backends and keeps all of them in view."""

    def __init__(self) -> None:
        self.diary: list[tuple[str, int]] = []
        self.engines: dict[str, Engine] = {}
        self.pairs: list[Pair] = []
        self.lacks: dict[str, str] = {}
        self.breaks_at: dict[str, int] = {}
        self.description = "Test card, Vulkan, driver 1"
        self.software = False

    def __call__(self, name: str, loading: Loading) -> Engine:
        loading.step("opening")
        if name in self.lacks:
            raise BackendFailed(self.lacks[name])
        engine = Engine(FakeModel(name="cpu"), FrailDevice(), ())
        device: Any = FrailDevice()
        if name != "cpu":
            device.description = self.description
            device.is_software = self.software
        model = _Model(name, self.diary)
        if name in self.breaks_at:
            model.at_frame[self.breaks_at[name]] = "track"
        pair = Pair(model, device, lambda: f"Test {name}")
        engine.exchange(pair)
        self.engines[name] = engine
        self.pairs += [pair, engine.home]
        return engine


class Reel:
    """Frames numbered on and on, up to `length`."""

    def __init__(self, length: int = 10_000) -> None:
        self._at, self._length = 0, length

    def __call__(self, count: int) -> Sequence[Frame]:
        first, self._at = self._at, min(self._length, self._at + count)
        return [make_frame(index, SIZE_WH) for index in range(first, self._at)]


def compare(bench: Bench, reel: Reel | None = None, **changes: Any) -> Comparison:
    return Comparer(("cpu", "gpu"), bench, Settings(), "Reel", **changes).run(reel or Reel())


def _blocks(diary: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    """The diary in stretches of a block's length."""
    return [diary[start : start + BLOCK_FRAMES] for start in range(0, len(diary), BLOCK_FRAMES)]


def test_the_blocks_alternate_over_the_same_frames_and_turn_around() -> None:
    bench = Bench()
    result = compare(bench)
    warm, blocks = bench.diary[: 2 * WARM_FRAMES], _blocks(bench.diary[2 * WARM_FRAMES :])
    assert [name for name, _index in warm] == ["cpu"] * WARM_FRAMES + ["gpu"] * WARM_FRAMES
    order = ["cpu", "gpu", "gpu", "cpu", "cpu", "gpu", "gpu", "cpu"]
    firsts = [place // 2 * BLOCK_FRAMES for place in range(len(order))]
    assert blocks == [
        [(name, first + place) for place in range(BLOCK_FRAMES)] for name, first in zip(order, firsts, strict=True)
    ]
    assert [run.frames for run in result.runs] == [4 * (BLOCK_FRAMES - SETTLING_FRAMES)] * 2
    assert result.ended == ""


def test_each_has_an_engine_of_its_own_that_begins_the_blocks_afresh_and_all_is_freed() -> None:
    bench = Bench()
    result = compare(bench)
    assert bench.engines["cpu"] is not bench.engines["gpu"]
    assert len({id(pair.model) for pair in bench.pairs}) == 4
    assert all(is_closed(pair) for pair in bench.pairs)
    assert [(run.asked, run.ran) for run in result.runs] == [("cpu", "cpu"), ("gpu", "gpu+cpu")]
    assert all(pair.model.resets >= 1 for pair in bench.pairs[::2] if isinstance(pair.model, FakeModel))


def test_stages_are_the_models_own_and_add_up() -> None:
    result = compare(Bench())
    assert stage_names(result.runs) == [*HEADLINE, "detect", "landmarks", "composite"]
    for run in result.runs:
        assert run.stages["detect"].mean_ms == pytest.approx(1.5)
        total, parts = run.stages[TOTAL].mean_ms, run.stages["perception"].mean_ms + run.stages["picture"].mean_ms
        assert total == pytest.approx(parts)
        assert sum(run.block_ms[TOTAL]) / 4 == pytest.approx(total)
        assert run.stages[TOTAL].p95_ms >= run.stages[TOTAL].p50_ms > 0


def test_the_same_pictures_are_told_as_the_same() -> None:
    found = compare(Bench()).difference
    assert found is not None
    assert (found.mean, found.p99, found.frames) == (0.0, 0.0, 12)
    assert not found.amplified[..., :3].any()


@pytest.mark.parametrize("frame", [3, 20, 70])
def test_a_backend_that_fails_ends_it_with_what_was_finished(frame: int) -> None:
    bench = Bench()
    bench.breaks_at["gpu"] = frame
    result = compare(bench)
    assert "The GPU cannot be used" in result.ended
    assert LOST in result.ended
    assert len(result.runs) == (2 if frame >= BLOCK_FRAMES else 0)
    assert all(run.frames == BLOCK_FRAMES - SETTLING_FRAMES for run in result.runs)
    assert all(is_closed(pair) for pair in bench.pairs)
    assert result.ended in " ".join((verdict(result).headline, *verdict(result).cautions))


def test_a_backend_that_is_not_there_is_told_with_its_reason() -> None:
    bench = Bench()
    bench.lacks["gpu"] = "No graphics card was found."
    result = compare(bench)
    words = verdict(result)
    assert words.call is None
    assert words.headline == "Nothing was compared. The GPU cannot be used: No graphics card was found."
    assert all(is_closed(pair) for pair in bench.pairs)


@pytest.mark.parametrize(
    ("length", "frames"), [(0, 0), (SETTLING_FRAMES, 0), (30, 25), (BLOCK_FRAMES + 20, BLOCK_FRAMES + 20 - 10)]
)
def test_a_source_that_ends(length: int, frames: int) -> None:
    result = compare(Bench(), Reel(length))
    assert [run.frames for run in result.runs] == ([frames, frames] if frames else [])
    assert bool(result.ended) == (frames == 0)


def test_stopped_it_returns_what_there_is() -> None:
    loading, bench = Loading(), Bench()

    def watch(progress: Progress) -> None:
        if "block 3" in progress.words:
            loading.cancel()

    result = compare(bench, watch=watch, loading=loading)
    assert result.ended == "It was stopped before its end."
    assert [run.frames for run in result.runs] == [2 * (BLOCK_FRAMES - SETTLING_FRAMES)] * 2
    assert all(is_closed(pair) for pair in bench.pairs)


def test_stopped_while_a_backend_loads_it_blames_nobody() -> None:
    loading, bench = Loading(), Bench()

    def make(name: str, watched: Loading) -> Engine:
        if name == "gpu":
            loading.cancel()
            raise BackendFailed("it was freed while it loaded")
        return bench(name, watched)

    result = Comparer(("cpu", "gpu"), make, Settings(), "Reel", loading=loading).run(Reel())
    assert result.ended == "It was stopped before its end."
    with pytest.raises(LoadingCancelled):
        loading.step("anything")


def test_the_progress_goes_from_nothing_to_nearly_all() -> None:
    shares: list[float] = []
    compare(Bench(), watch=lambda progress: shares.append(progress.share))
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert 0.95 < shares[-1] < 1.0


def test_hardware_and_software_are_told_as_they_are() -> None:
    bench = Bench()
    bench.software = True
    first, second = compare(bench).runs
    assert (first.software, second.software) == (False, True)
    assert second.networks_hardware == "Test gpu"
    assert second.canvas_hardware == "Test card, Vulkan, driver 1"


def test_large_pictures_make_short_blocks() -> None:
    assert block_frames(make_frame(0, (1280, 720))) == BLOCK_FRAMES
    assert SETTLING_FRAMES < block_frames(make_frame(0, (3840, 2160))) < BLOCK_FRAMES


def test_the_files_agree_with_the_figures() -> None:
    result = compare(Bench())
    table = json.loads(to_json(result))
    rows = list(csv.DictReader(io.StringIO(to_csv(result))))
    assert len(rows) == sum(len(run.stages) for run in result.runs)
    for run, entry in zip(result.runs, table["runs"], strict=True):
        for stage, figures in run.stages.items():
            assert entry["stages"][stage]["mean_ms"] == figures.mean_ms
            row = next(row for row in rows if (row["backend"], row["stage"]) == (run.asked, stage))
            assert float(row["mean_ms"]) == pytest.approx(figures.mean_ms, abs=5e-4)
            assert float(row["p95_ms"]) == pytest.approx(figures.p95_ms, abs=5e-4)
            assert int(row["frames"]) == figures.frames
    assert table["verdict"][0] == verdict(result).headline
    assert table["pictures"]["delta_e_mean"] == 0.0
    assert table["frame_size"] == list(SIZE_WH)


def test_a_comparison_of_nothing_can_be_written_too() -> None:
    empty = Comparison("Nothing", (0, 0), (), ("cpu", "gpu"), ended="There was nothing.")
    assert json.loads(to_json(empty))["runs"] == []
    assert len(to_csv(empty).splitlines()) == 1


def test_in_its_own_thread_it_reads_a_source_and_closes_it() -> None:
    source = FakeSource([make_frame(index, SIZE_WH) for index in range(2 * BLOCK_FRAMES)] + [None] * 2)
    run = ComparisonRun(("cpu", "gpu"), Bench(), Settings(), "Reel", OwnFrames(lambda: source))
    assert not run.wants_frames
    assert not run.lend(make_frame())
    assert wait_until(lambda: run.result is not None)
    assert run.join(2.0)
    assert run.result is not None
    assert run.result.runs[0].frames == 2 * (BLOCK_FRAMES - SETTLING_FRAMES)
    assert source.closed_count == 1


def test_it_gathers_the_frames_that_the_picture_lends_in_turns() -> None:
    bench = Bench()
    run = ComparisonRun(("cpu", "gpu"), bench, Settings(), "Camera", LentFrames())
    index = 0
    while run.result is None:
        if run.wants_frames:
            run.lend(make_frame(index, SIZE_WH))
            index += 1
    assert run.join(2.0)
    assert run.result.ended == ""
    assert index == 4 * BLOCK_FRAMES
    assert not run.lend(make_frame())


def test_stopped_while_it_waits_for_frames_it_ends() -> None:
    run = ComparisonRun(("cpu", "gpu"), Bench(), Settings(), "Camera", LentFrames())
    assert wait_until(lambda: run.wants_frames)
    run.stop()
    assert run.join(2.0)
    assert run.result is not None
    assert run.result.ended == "It was stopped before its end."
    assert wait_until(lambda: not any(thread.name.startswith("facet-compare") for thread in threading.enumerate()))


def test_a_bug_in_it_becomes_an_outcome() -> None:
    def broken(name: str, _loading: Loading) -> Engine:
        raise ZeroDivisionError(name)

    source = FakeSource([make_frame(index, SIZE_WH) for index in range(BLOCK_FRAMES)])
    run = ComparisonRun(("cpu", "gpu"), broken, Settings(), "Reel", OwnFrames(lambda: source))
    assert run.join(5.0)
    assert run.result is not None
    assert "ZeroDivisionError" in verdict(run.result).headline
    assert source.closed_count == 1
