"""When eyes are closed, from when to when."""

import numpy as np
import pytest

from effects.monitor.closure import Closure, ClosureTracker
from effects.monitor.events import Event
from tests.effects.monitor.synthetic import Course, Shut, events, frame_times, only

RATES = (10, 15, 30, 60)


def track(samples: list[tuple[float, float]], until_s: float | None = None) -> tuple[ClosureTracker, list[Closure]]:
    tracker, ended = ClosureTracker(), []
    for t_s, openness in samples:
        closure = tracker.step(t_s, openness)
        if closure is not None:
            ended.append(closure)
    if until_s is not None and (closure := tracker.lapse(until_s)) is not None:
        ended.append(closure)
    return tracker, ended


def steps(*pieces: tuple[float, float], fps: float = 30) -> list[tuple[float, float]]:
    """Constant openness: (until, value) pieces."""
    samples, index = [], 0
    for until_s, value in pieces:
        while index / fps < until_s:
            samples.append((index / fps, value))
            index += 1
    return samples


def test_nothing_seen_is_neither_open_nor_closed() -> None:
    tracker, ended = track([])

    assert not tracker.closed
    assert tracker.lapse(100.0) is None
    assert ended == []


@pytest.mark.parametrize("fps", RATES)
def test_boundaries_lie_between_samples(fps: float) -> None:
    _, (closure,) = track(steps((1, 1.0), (2.5, 0.0), (4, 1.0), fps=fps))

    assert closure.onset_s == pytest.approx(1.0, abs=0.51 / fps + 1e-6)
    assert closure.end_s == pytest.approx(2.5, abs=0.51 / fps + 1e-6)
    assert closure.deep


def test_one_noisy_frame_neither_opens_nor_closes() -> None:
    samples = steps((1, 1.0), (3, 0.0), (4, 1.0))
    samples[10] = (samples[10][0], 0.0)
    samples[60] = (samples[60][0], 1.0)

    _, ended = track(samples)

    assert len(ended) == 1


def test_a_squint_after_a_blink_ends_the_closure_where_it_began() -> None:
    _, (closure,) = track(steps((1, 1.0), (1.3, 0.0), (6, 0.42)))

    assert closure.end_s == pytest.approx(1.3, abs=0.07)


def test_a_slow_droop_is_dated_where_it_gets_low() -> None:
    samples = [(index / 30, 1.0 - index / 90) for index in range(80)]

    tracker, _ = track(samples)

    assert tracker.closed
    assert tracker.onset_s == pytest.approx(2.1, abs=0.02)


def test_half_shut_eyes_are_closed_but_not_deep() -> None:
    _, (closure,) = track(steps((1, 1.0), (4, 0.25), (5, 1.0)))

    assert not closure.deep


@pytest.mark.parametrize(
    ("gap_s", "onsets", "ends"),
    [(0.3, [1.0], [4.0]), (0.45, [1.0], [4.0]), (0.7, [1.0, 2.7], [2.07, 4.0])],
)
def test_a_gap_in_a_closure(gap_s: float, onsets: list[float], ends: list[float]) -> None:
    samples = [each for each in steps((1, 1.0), (4, 0.0), (5, 1.0)) if not 2.0 <= each[0] < 2.0 + gap_s]

    _, ended = track(samples)

    assert [closure.onset_s for closure in ended] == pytest.approx(onsets, abs=0.04)
    assert [closure.end_s for closure in ended] == pytest.approx(ends, abs=0.04)


def test_boundaries_in_a_long_gap_are_dated_at_the_closed_side() -> None:
    samples = [
        each for each in steps((1, 1.0), (3, 0.0), (5, 1.0)) if not (0.8 <= each[0] < 1.21 or 2.8 <= each[0] < 3.22)
    ]

    _, (closure,) = track(samples)

    assert closure.onset_s == pytest.approx(1.2333, abs=0.01)
    assert closure.end_s == pytest.approx(2.7667 + 0.1, abs=0.01)


def test_time_alone_lets_a_closure_run_on_a_little_and_then_ends_it() -> None:
    tracker, _ = track(steps((1, 1.0), (2, 0.0)))
    last_s = 2 - 1 / 30

    assert tracker.lasted_until_s(last_s + 0.1) == pytest.approx(last_s + 0.1)
    assert tracker.lasted_until_s(last_s + 0.4) == pytest.approx(last_s + 0.15)
    assert tracker.lapse(last_s + 0.5) is None
    ended = tracker.lapse(last_s + 0.6)
    assert ended is not None
    assert ended.end_s == pytest.approx(last_s + 0.1)


@pytest.mark.parametrize("drops", [0.0, 0.2])
@pytest.mark.parametrize("fps", RATES)
def test_closures_of_all_lengths(fps: float, drops: float) -> None:
    rng = np.random.default_rng([int(fps), int(10 * drops)])
    shuts, t = [], 5.0
    while t < 600:
        lasts_s = float(rng.uniform(0.3, 8.0) if rng.random() < 0.4 else rng.uniform(0.3, 2.2))
        shuts.append(Shut(t, t + lasts_s))
        t += lasts_s + float(rng.uniform(2, 4))
    times = frame_times(t, fps, rng, jitter=0.3, drops=drops)
    found = events(Course(shuts).render(times, rng, noise=0.02))

    closures = only(found, "blink", "long_blink")
    off = [_farthest(shut, closures) for shut in shuts]
    limit_s = max(0.1, 1.5 / fps)
    wrong = sum(error > limit_s for pair in off for error in pair)
    assert wrong <= (0.05 * 2 * len(off) if drops else 0)
    microsleeps = [event.onset_s for event in only(found, "microsleep")]
    for shut in shuts:
        lasts_s = shut.end_s - shut.onset_s
        if max(_gap_at(times, shut.onset_s), _gap_at(times, shut.end_s)) > 0.35 or _widest(times, shut) > 0.5:
            continue
        hit = any(shut.onset_s - 0.3 < onset < shut.end_s for onset in microsleeps if onset is not None)
        assert hit or lasts_s < 1.7
        assert not hit or lasts_s > 1.3


def _farthest(shut: Shut, closures: list[Event]) -> tuple[float, float]:
    """Errors of onset and end; infinite where no closure matches."""
    near = [each for each in closures if (each.onset_s or 0) < shut.end_s and (each.end_s or 0) > shut.onset_s]
    if not near:
        return float("inf"), float("inf")
    onset_s, end_s = near[0].onset_s, near[-1].end_s
    assert onset_s is not None
    assert end_s is not None
    return abs(onset_s - shut.onset_s), abs(end_s - shut.end_s)


def _widest(times: np.ndarray, shut: Shut) -> float:
    within = times[(times >= shut.onset_s) & (times <= shut.end_s)]
    return float(np.diff(within).max(initial=0.0))


def _gap_at(times: np.ndarray, moment_s: float) -> float:
    after = int(np.searchsorted(times, moment_s))
    return float(times[min(after, len(times) - 1)] - times[max(after - 1, 0)])


@pytest.mark.parametrize("lasts_s", [0.6, 1.2, 1.7, 3.3, 6.4])
def test_one_long_blink_for_every_closure_over_half_a_second(lasts_s: float) -> None:
    found = events(Course([Shut(20, 20 + lasts_s)]).render(frame_times(40, 30)))

    (long_blink,) = only(found, "long_blink", "blink")
    assert long_blink.kind == "long_blink"
    assert long_blink.onset_s == pytest.approx(20.0, abs=0.05)
    assert long_blink.end_s == pytest.approx(20 + lasts_s, abs=0.05)
    assert long_blink.t_s == pytest.approx(20 + lasts_s, abs=0.15)


def test_a_closure_passes_through_every_state() -> None:
    found = events(Course([Shut(20, 27)]).render(frame_times(40, 30)))

    steps_of = [
        (e.kind, e.state_to, round(e.t_s - 20, 1)) for e in found if e.region == "closure" and e.kind != "blink"
    ]
    assert steps_of == [
        ("prolonged", "PROLONGED", 0.5),
        ("prolonged", "SOFT", 1.0),
        ("microsleep", "MICROSLEEP", 1.5),
        ("sleep", "SLEEP", 3.0),
        ("unresponsive", "UNRESPONSIVE", 6.0),
        ("long_blink", "OPEN", 7.0),
    ]


def test_half_shut_eyes_never_alarm() -> None:
    found = events(Course([Shut(20, 30, depth=0.76)]).render(frame_times(40, 30)))

    assert [event.state_to for event in only(found, "prolonged", "microsleep", "sleep")] == ["PROLONGED"]
