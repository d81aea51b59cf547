"""Twenty drivers who are awake, half an hour each. `benchmarks/drowsiness_simulation.py` runs ten hours each."""

import pytest

from tests.effects.monitor.alert_driver import Tally, drive

HOURS = 0.5


@pytest.fixture(scope="module")
def total() -> Tally:
    tally = Tally()
    for seed in range(20):
        driven = drive(seed, HOURS)
        tally.hours += driven.hours
        tally.counts.update(driven.counts)
    return tally


def test_awake_drivers_hear_nearly_nothing(total: Tally) -> None:
    assert total.hours == 10
    assert total.l3 == 0
    assert total.l2_closures <= 0.1 * total.hours
    assert total.l2_gaze <= 0.3 * total.hours


def test_the_drivers_blink(total: Tally) -> None:
    assert total.counts["blink"] > 5 * 60 * total.hours
