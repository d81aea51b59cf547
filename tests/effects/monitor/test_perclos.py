"""PERCLOS against known truth, at every frame rate, with noise, jitter and dropped frames."""

import numpy as np
import pytest

from effects.monitor.closure import Closure
from effects.monitor.perclos import Perclos
from effects.monitor.reading import Reading
from tests.effects.monitor.synthetic import Course, Shut, frame_times, readings

SECONDS = 320
TARGETS = (0.0, 0.05, 0.10, 0.20, 0.30, 0.40)


def closures(share: float, rng: np.random.Generator) -> list[Shut]:
    """Closures of 0.3 to 2.5 s that make up that share of the time."""
    shuts, t = [], 2.0
    while share and t < SECONDS - 5:
        lasts_s = float(rng.uniform(0.3, 2.5))
        t += max(0.5, lasts_s * (1 - share) / share * float(rng.uniform(0.7, 1.3)))
        shuts.append(Shut(t, t + lasts_s))
        t += lasts_s
    return shuts


def errors(fps: float, share: float) -> list[float]:
    """Absolute errors of both windows every half second, in points."""
    rng = np.random.default_rng([int(fps), int(share * 100)])
    shuts = closures(share, rng)
    closed = np.zeros(SECONDS * 1000 + 1)
    for shut in shuts:
        closed[int(shut.onset_s * 1000) : int(shut.end_s * 1000)] = 1
    total = np.concatenate([[0.0], np.cumsum(closed)]) / 1000
    found: list[float] = []

    def watch(reading: Reading) -> None:
        if reading.t_s < 182 or abs(reading.t_s * 2 - round(reading.t_s * 2)) > 1e-6:
            return
        now = min(int(reading.t_s * 1000), SECONDS * 1000)
        for measured, window in ((reading.p60, 60), (reading.p180, 180)):
            assert measured is not None
            found.append(100 * abs(measured - (total[now] - total[now - window * 1000]) / window))

    times = frame_times(SECONDS, fps, rng, jitter=0.3, drops=0.2)
    readings(Course(shuts).render(times, rng, noise=0.03), watch=watch)
    return found


@pytest.mark.parametrize(("fps", "mean", "most"), [(10, 2.0, 2.5), (15, 1.0, 1.5), (30, 1.0, 1.5), (60, 1.0, 1.5)])
def test_perclos_is_true_with_noise_jitter_and_drops(fps: float, mean: float, most: float) -> None:
    found = [error for share in TARGETS for error in errors(fps, share)]

    assert len(found) > 1000
    assert np.mean(found) <= mean
    assert max(found) <= most


def seen(seconds: float) -> Perclos:
    perclos = Perclos()
    for tenth in range(round(seconds * 10)):
        perclos.add_interval(tenth / 10, (tenth + 1) / 10)
    return perclos


def test_nothing_is_said_before_half_of_a_window_was_seen() -> None:
    assert Perclos().measure(0.0, None) == (None, None, 0.0)
    assert seen(29.9).measure(29.9, None)[0] is None
    assert seen(30).measure(30.0, None)[:2] == (0.0, None)
    assert seen(90).measure(90.0, None)[:2] == (0.0, 0.0)


@pytest.mark.parametrize(
    ("closure", "share"),
    [
        (Closure(50.0, 56.0, True, 5.9), 0.1),
        (Closure(50.0, 56.0, False, 5.9), 0.0),
        (Closure(50.0, 50.24, True, 0.22), 0.0),
        (Closure(50.0, 50.3, True, 0.1), 0.0),
        (Closure(0.0, 36.0, True, 35.0), 0.1),
    ],
    ids=["counts", "shallow", "a blink", "too few samples", "partly in the window"],
)
def test_what_counts(closure: Closure, share: float) -> None:
    perclos = seen(90)
    perclos.add_closure(closure)

    p60, _, valid = perclos.measure(90.0, None)

    assert p60 == pytest.approx(share)
    assert valid == pytest.approx(1.0)


def test_unknown_time_enters_neither_term() -> None:
    perclos = seen(60)
    perclos.add_interval(60.0, 70.0)
    for tenth in range(700, 1000):
        perclos.add_interval(tenth / 10, (tenth + 1) / 10)
    perclos.add_closure(Closure(75.0, 80.0, True, 4.9))

    p60, _, valid = perclos.measure(100.0, None)

    assert p60 == pytest.approx(5 / 50)
    assert valid == pytest.approx(50 / 60)


def test_a_running_closure_counts_back_to_its_onset() -> None:
    assert seen(60).measure(60.0, 54.0)[0] == pytest.approx(0.1)


def test_a_closure_leaves_the_window_bit_by_bit() -> None:
    perclos = seen(200)
    perclos.add_closure(Closure(100.0, 106.0, True, 5.9))

    shares = [perclos.measure(float(t), None)[0] for t in (150, 161, 163, 166, 170)]

    assert shares == pytest.approx([6 / 60, 5 / 60, 3 / 60, 0.0, 0.0])
