"""Made-up drivers with known truth: signals as functions of time, to be rendered at any frame rate."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from effects.monitor.calibration import Calibration
from effects.monitor.events import Event
from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.playback import Playback
from effects.monitor.reading import Reading
from effects.monitor.signal_csv import SignalRow
from models.types import Signals

F64 = NDArray[np.float64]
Keys = Sequence[tuple[float, float]]

FALL_S, RISE_S = 0.075, 0.11
CALIBRATED = Calibration(id="test", source="quick", open_ear=0.28, closed_ear=0.05, frozen_open=0.28)


@dataclass(frozen=True)
class Shut:
    """Lids that fall and rise again; onset and end are half way. `depth` 1 = shut."""

    onset_s: float
    end_s: float
    depth: float = 1.0
    fall_s: float = FALL_S
    rise_s: float = RISE_S


@dataclass
class Course:
    """What a driver does. Keys are (seconds, value), joined by straight lines, constant outside."""

    shuts: list[Shut] = field(default_factory=list)
    open_ear: Keys = ((0.0, 0.28),)
    closed_ear: float = 0.05
    yaw: Keys = ((0.0, 0.0),)
    pitch: Keys = ((0.0, 0.0),)
    gaze_yaw: Keys | None = None
    mar: Keys = ((0.0, 0.05),)
    unseen: Sequence[tuple[float, float]] = ()
    """Stretches without a face."""
    unreadable: Sequence[tuple[float, float]] = ()
    """Stretches with a face whose eyes cannot be read."""

    def render(
        self, times_s: F64, rng: np.random.Generator | None = None, noise: float = 0.0, pose_noise: float = 0.0
    ) -> list[SignalRow]:
        """The signals at the given times, with independent noise on each eye."""
        rng = rng or np.random.default_rng(0)
        count = len(times_s)
        openness = lids(times_s, self.shuts)
        opened = at(self.open_ear, times_s)
        ear = self.closed_ear + (opened - self.closed_ear) * openness
        left, right = (ear + noise * rng.standard_normal(count) for _ in range(2))
        yaw = at(self.yaw, times_s) + pose_noise * rng.standard_normal(count)
        pitch = at(self.pitch, times_s) + pose_noise * rng.standard_normal(count)
        gaze = yaw if self.gaze_yaw is None else at(self.gaze_yaw, times_s) + pose_noise * rng.standard_normal(count)
        mar = at(self.mar, times_s)
        unreadable = inside(times_s, self.unreadable)
        left, right = (np.where(unreadable, np.nan, np.maximum(each, 0.0)) for each in (left, right))
        unseen = inside(times_s, self.unseen)
        columns = zip(*(each.tolist() for each in (times_s, left, right, yaw, pitch, gaze, mar, unseen)), strict=True)
        return [
            SignalRow(t, None if gone else Signals(r, v, m, 0.5, 0.0, (y, p, 0.0), (g, 0.0)), None, None)
            for t, v, r, y, p, g, m, gone in columns
        ]


def at(keys: Keys, times_s: F64) -> F64:
    """Values between keys."""
    moments, values = zip(*keys, strict=True)
    return np.interp(times_s, moments, values)


def inside(times_s: F64, stretches: Iterable[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which times lie in one of the stretches."""
    found = np.zeros(len(times_s), bool)
    for start_s, end_s in stretches:
        found |= (times_s >= start_s) & (times_s < end_s)
    return found


def lids(times_s: F64, shuts: Sequence[Shut]) -> F64:
    """1 open .. 0 shut."""
    openness = np.ones(len(times_s))
    for shut in shuts:
        first, last = np.searchsorted(times_s, (shut.onset_s - shut.fall_s, shut.end_s + shut.rise_s))
        t = times_s[first:last]
        down = _ease((t - shut.onset_s) / shut.fall_s + 0.5) - _ease((t - shut.end_s) / shut.rise_s + 0.5)
        openness[first:last] = np.minimum(openness[first:last], 1 - shut.depth * np.maximum(down, 0.0))
    return openness


def _ease(share: F64) -> F64:
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0))


def frame_times(
    seconds: float,
    fps: float | Sequence[float],
    rng: np.random.Generator | None = None,
    jitter: float = 0.0,
    drops: float = 0.0,
) -> F64:
    """Times of frames: `jitter` is a share of the frame time, `drops` the share of frames that never come.

    Several rates are cycled every 20 s.
    """
    rng = rng or np.random.default_rng(0)
    rates = [fps] if isinstance(fps, int | float) else list(fps)
    if len(rates) == 1:
        times = np.arange(int(seconds * rates[0]) + 1) / rates[0]
    else:
        pieces = [
            start + np.arange(int(20 * rates[i % len(rates)])) / rates[i % len(rates)]
            for i, start in enumerate(np.arange(0.0, seconds, 20.0))
        ]
        times = np.concatenate(pieces)
    if jitter:
        times = times + jitter * np.append(np.diff(times), 1 / rates[-1]) * (rng.random(len(times)) - 0.5)
    return times[rng.random(len(times)) >= drops] if drops else times


def readings(
    rows: Iterable[SignalRow], calibration: Calibration = CALIBRATED, watch: Callable[[Reading], None] | None = None
) -> list[Reading]:
    """Readings with events, in order; `watch` sees every one."""
    playback = Playback(DrowsinessMonitor(calibration))
    kept: list[Reading] = []
    for row in rows:
        for reading in playback.frame(row.t_s, lambda row=row: playback.monitor.update_row(row)):
            if watch is not None:
                watch(reading)
            if reading.events:
                kept.append(reading)
    return kept + [reading for reading in playback.finish() if reading.events]


def events(rows: Iterable[SignalRow], calibration: Calibration = CALIBRATED) -> list[Event]:
    """All events of a run."""
    return [event for reading in readings(rows, calibration) for event in reading.events]


def only(found: Sequence[Event], *kinds: str) -> list[Event]:
    """The events of some kinds."""
    return [event for event in found if event.kind in kinds]


CLOSED_EYE_ALARMS = ("microsleep", "sleep", "unresponsive")


def closed_eye_alarms(found: Sequence[Event]) -> list[Event]:
    """Everything that claims closed eyes and warns: soft included."""
    return [event for event in found if event.kind in CLOSED_EYE_ALARMS or event.state_to in ("SOFT", "SUSPECTED")]
