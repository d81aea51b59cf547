"""One signal at several frame rates: the same events in the same order."""

import numpy as np
import pytest

from effects.monitor.calibration import Calibration
from effects.monitor.events import Event
from tests.effects.monitor.synthetic import Course, Shut, events, frame_times

DWELLS_S = (0.5, 1.0, 1.5, 3.0, 6.0)
KINDS = ("prolonged", "microsleep", "sleep", "unresponsive", "long_blink", "level", "gaze")


def course(seed: int) -> tuple[Course, float]:
    """Closures, bursts of blinks and looks aside, each at least 0.15 s from a dwell time."""
    rng = np.random.default_rng(seed)
    shuts = [Shut(t, t + float(rng.uniform(0.12, 0.3))) for t in np.arange(2.0, 80.0, 3.3).tolist()]
    yaw, t = [(0.0, 0.0)], 90.0
    while t < 400:
        kind = rng.random()
        if kind < 0.55:
            lasts_s = float(rng.uniform(0.3, 7.5))
            while any(abs(lasts_s - dwell_s) < 0.15 for dwell_s in DWELLS_S):
                lasts_s = float(rng.uniform(0.3, 7.5))
            shuts.append(Shut(t, t + lasts_s))
            t += lasts_s + float(rng.uniform(3, 12))
        elif kind < 0.8:
            lasts_s = float(rng.choice([1.5, 2.5, 3.6, 4.5, 5.7, 8.0, 12.0]))
            aside = float(rng.choice([-1, 1]) * rng.uniform(26, 33))
            yaw += [(t, 0.0), (t + 0.15, aside), (t + 0.15 + lasts_s, aside), (t + 0.3 + lasts_s, 0.0)]
            t += lasts_s + float(rng.uniform(6, 20))
        else:
            shuts += [Shut(s, s + float(rng.uniform(0.12, 0.3))) for s in np.arange(t, t + 8, 1.7).tolist()]
            t += 12
    return Course(shuts, yaw=yaw), t + 10


def sequence(found: list[Event]) -> list[tuple[str, str | None, str | None]]:
    return [(event.kind, event.state_to, event.cause) for event in found if event.kind in KINDS]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_frame_rate_tells_the_same_story(seed: int) -> None:
    what, seconds = course(seed)

    def told(fps: float | tuple[float, ...]) -> list[tuple[str, str | None, str | None]]:
        rng = np.random.default_rng(7)
        rows = what.render(frame_times(seconds, fps), rng, noise=0.005, pose_noise=0.3)
        return sequence(events(rows, Calibration()))

    reference = told(30)
    assert len(reference) > 30
    for fps in (10, 15, 60, (10, 60, 15, 30)):
        assert told(fps) == reference, f"{fps} fps"
