"""Drivers who are awake: they blink, glance aside and down, smile and squint. Whatever alarms on them is false."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from effects.monitor.calibration import Calibration, Learner
from effects.monitor.events import Event
from effects.monitor.regions import Regions
from tests.effects.monitor.synthetic import F64, Course, Shut, frame_times

NOISE = 0.01
CHUNK_S = 600.0
_ALARMS = ("microsleep", "sleep", "unresponsive")


@dataclass(frozen=True)
class Habits:
    """One driver's own ways."""

    open_ear: float
    closed_share: float
    blinks_per_minute: float
    blink_s: float
    glances_per_minute: float
    pitch_deg: float
    fps: float


@dataclass
class Tally:
    """Alarms of a run, by what they were."""

    hours: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, events: list[Event]) -> None:
        """Count what warns."""
        for event in events:
            if event.kind in _ALARMS or event.state_to in ("SOFT", "SUSPECTED", "ADVISORY", "DROWSY", "SEVERE"):
                self.counts[event.state_to or event.kind] += event.cause != "recovered"
            elif event.kind == "gaze" and event.cause not in ("back", "lost"):
                self.counts[event.state_to or ""] += 1
            elif event.kind == "blink":
                self.counts["blink"] += 1

    @property
    def l3(self) -> int:
        """Full-screen alarms."""
        return self.counts["SLEEP"] + self.counts["OFF_ROAD_L3"]

    @property
    def l2_closures(self) -> int:
        """Red alarms for closed eyes."""
        return self.counts["MICROSLEEP"] + self.counts["SUSPECTED"] + self.counts["SEVERE"]

    @property
    def l2_gaze(self) -> int:
        """Red alarms for looking away."""
        return self.counts["OFF_ROAD_L2"]


def habits(seed: int) -> Habits:
    """A driver drawn by chance."""
    rng = np.random.default_rng(seed)
    return Habits(
        open_ear=float(rng.uniform(0.18, 0.36)),
        closed_share=float(rng.uniform(0.10, 0.25)),
        blinks_per_minute=float(rng.uniform(5, 45)),
        blink_s=float(rng.uniform(0.14, 0.22)),
        glances_per_minute=float(rng.uniform(2, 6)),
        pitch_deg=float(rng.uniform(-10, 8)),
        fps=float(rng.choice([10, 15, 25, 30])),
    )


def course(who: Habits, seconds: float, rng: np.random.Generator) -> Course:
    """What that driver does in the next while."""
    shuts = [
        Shut(float(t), float(t) + float(np.clip(who.blink_s * np.exp(0.25 * rng.standard_normal()), 0.1, 0.35)))
        for t in _moments(who.blinks_per_minute, seconds, rng, apart_s=0.8)
    ]
    opened, yaw, pitch = [(0.0, who.open_ear)], [(0.0, 0.0)], [(0.0, who.pitch_deg)]
    for t in _moments(who.glances_per_minute + 0.8, seconds, rng, apart_s=7.0):
        kind = rng.choice(["aside", "down", "smile", "squint"], p=np.array([0.55, 0.25, 0.1, 0.1]))
        if kind in ("aside", "down"):
            lasts_s = float(np.clip(0.9 * np.exp(0.4 * rng.standard_normal()), 0.3, 2.3))
            moves = ((t, 0.0), (t + 0.2, 1.0), (t + 0.2 + lasts_s, 1.0), (t + 0.4 + lasts_s, 0.0))
            if kind == "aside":
                angle = float(rng.choice([-1, 1]) * rng.uniform(15, 55))
                yaw += [(s, share * angle) for s, share in moves]
                continue
            angle, lids = float(rng.uniform(8, 30)), float(rng.uniform(0.1, 0.35))
            pitch += [(s, who.pitch_deg - share * angle) for s, share in moves]
        else:
            lasts_s, lids = (float(rng.uniform(1, 6)), float(rng.uniform(0.25, 0.5)))
            moves = ((t, 0.0), (t + 0.3, 1.0), (t + 0.3 + lasts_s, 1.0), (t + 0.7 + lasts_s, 0.0))
        opened += [(s, who.open_ear * (1 - share * lids)) for s, share in moves]
    return Course(shuts, opened, who.closed_share * who.open_ear, yaw, pitch)


def _moments(per_minute: float, seconds: float, rng: np.random.Generator, apart_s: float) -> F64:
    gaps = apart_s + rng.exponential(max(60 / per_minute - apart_s, 0.2), int(seconds * per_minute / 60 * 1.5) + 20)
    moments: F64 = np.cumsum(gaps)
    return moments[moments < seconds - 8]


def drive(seed: int, hours: float) -> Tally:
    """Let driver number `seed` drive, uncalibrated at first; counts every alarm."""
    who = habits(seed)
    rng = np.random.default_rng([seed, 1])
    regions = Regions(learner=Learner(Calibration()))
    tally = Tally()
    start_s, tick = 0.0, 0
    while start_s < hours * 3600:
        seconds = min(CHUNK_S, hours * 3600 - start_s)
        times = frame_times(seconds, who.fps, rng, jitter=0.2)[:-1]
        for row in course(who, seconds, rng).render(times, rng, NOISE, pose_noise=0.5):
            t_s = start_s + row.t_s
            while tick / 10 < t_s:
                tally.add(regions.tick(tick / 10))
                tick += 1
            tally.add(regions.frame(t_s, row.signals, None))
        start_s += seconds
    return replace(tally, hours=hours)
