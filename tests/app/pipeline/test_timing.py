"""Rolling windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.timing import FrameWindow, RateWindow, Timing


def test_an_empty_window_has_no_figures() -> None:
    window = FrameWindow()
    assert window.percentiles() == {}
    assert window.latest("total", 5) == ()


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60))
def test_percentiles_are_numpys_over_the_last_frames(values: list[float]) -> None:
    window = FrameWindow(frames=20)
    for value in values:
        window.add({"total": value})
    kept = values[-20:]
    found = window.percentiles()["total"]
    assert (found.p50, found.p95, found.p99) == pytest.approx(tuple(np.percentile(kept, (50, 95, 99))))
    assert found.mean == pytest.approx(np.mean(kept))
    assert window.latest("total", 7) == tuple(kept[-7:])


def test_a_stage_counts_only_where_it_ran() -> None:
    window = FrameWindow(frames=10)
    for number in range(30):
        window.add({"detect": 2.0} | ({"segment": float(number)} if number % 4 == 0 else {}))
    assert window.latest("segment", 9) == (20.0, 24.0, 28.0)
    assert window.percentiles()["segment"].mean == 24.0


def test_a_stage_that_stopped_running_leaves_the_window() -> None:
    window = FrameWindow(frames=5)
    window.add({"effect.mesh": 1.0})
    for _ in range(5):
        window.add({"total": 1.0})
    assert set(window.percentiles()) == {"total"}


def test_more_stages_than_planned_for() -> None:
    window = FrameWindow(frames=3)
    for frame in range(4):
        window.add({f"stage{number}": float(frame) for number in range(40)})
    assert len(window.percentiles()) == 40
    assert window.latest("stage39", 9) == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("times_s", "now_s", "rate"),
    [
        ([], 1.0, 0.0),
        ([0.5], 1.0, 0.0),
        ([0.0, 0.5, 1.0], 1.0, 2.0),
        ([0.0, 0.0], 1.0, 0.0),
        ([0.0, 1.0, 8.0, 8.1, 8.2], 9.0, 10.0),
        ([0.0, 0.1, 0.2], 60.0, 0.0),
    ],
)
def test_rate_is_intervals_over_span(times_s: list[float], now_s: float, rate: float) -> None:
    window = RateWindow()
    for time_s in times_s:
        window.add(int(time_s * 1e9))
    assert window.per_second(int(now_s * 1e9)) == pytest.approx(rate)


def test_the_rate_outlives_its_ring() -> None:
    window = RateWindow(events=8)
    for number in range(100):
        window.add(int(number / 30 * 1e9))
    assert window.per_second(int(99 / 30 * 1e9)) == pytest.approx(30.0)


def test_the_figures_of_the_overlay() -> None:
    timing = Timing()
    for number in range(10):
        grabbed_ns = int(number / 25 * 1e9)
        timing.grabbed(grabbed_ns)
        timing.processed({"detect": 2.0, "total": 5.0}, "cpu", "cpu")
        timing.painted(grabbed_ns, grabbed_ns + 20_000_000, 0.5, 1.5)
    stats = timing.stats(int(9 / 25 * 1e9), {"engine": 1, "window": 2, "sink": 0})
    assert stats.camera_fps == pytest.approx(25.0)
    assert stats.shown_fps == pytest.approx(25.0)
    assert stats.capture_to_paint is not None
    assert stats.capture_to_paint.p99 == pytest.approx(20.0)
    assert stats.frame_age_ms == pytest.approx(20.0)
    assert set(stats.stages) == {"detect", "total", "hand-over", "paint"}
    assert stats.stages["hand-over"].p50 == pytest.approx(1.5)
    assert stats.recent_ms == pytest.approx((20.0,) * 10)
    assert stats.dropped == {"engine": 1, "window": 2, "sink": 0}


def test_nothing_measured_yet() -> None:
    stats = Timing().stats(0, {})
    assert stats.stages == {}
    assert stats.capture_to_paint is None
    assert (stats.camera_fps, stats.shown_fps, stats.recent_ms) == (0.0, 0.0, ())


def test_clear_forgets() -> None:
    timing = Timing()
    timing.grabbed(1)
    timing.processed({"total": 1.0}, "cpu", "cpu")
    timing.painted(1, 2, 0.1, 0.1)
    timing.clear()
    assert timing.stats(3, {}).stages == {}
