"""What the demo's two actors do and when: data with exact times, which doubles as ground truth for tests.

The script lasts `DURATION_S` and ends as it begins, so that it loops without a seam. Left and right are the person's
own; angles are degrees as in `models.types`.
"""

from dataclasses import dataclass
from math import cos, pi, sin, tau
from typing import Literal

Eye = Literal["right", "left", "both"]

DURATION_S = 42.0

LID_FALL_S, LID_RISE_S = 0.075, 0.11
"""How long a lid takes to close and to open again."""


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed lids; onset and end are the moments at which the lid is half way down."""

    onset_s: float
    end_s: float
    eye: Eye = "both"

    @property
    def duration_s(self) -> float:
        """Seconds below half open."""
        return self.end_s - self.onset_s

    def amount(self, t_s: float) -> float:
        """0 open .. 1 shut."""
        falling = _ease((t_s - self.onset_s) / LID_FALL_S + 0.5)
        rising = _ease((t_s - self.end_s) / LID_RISE_S + 0.5)
        return max(0.0, falling - rising)


@dataclass(frozen=True, slots=True)
class Track:
    """A value over time: (seconds, value) keys, eased between them, constant outside.

    `walk` keeps a constant speed between the first and the last eighth of the way to the next key.
    """

    keys: tuple[tuple[float, float], ...]
    walk: bool = False

    def at(self, t_s: float) -> float:
        """The value at one moment."""
        before = self.keys[0]
        if t_s <= before[0]:
            return before[1]
        for key in self.keys[1:]:
            if t_s < key[0]:
                share = (t_s - before[0]) / (key[0] - before[0])
                return before[1] + (key[1] - before[1]) * (_stride(share) if self.walk else _ease(share))
            before = key
        return before[1]


@dataclass(frozen=True, slots=True)
class Part:
    """One actor's part. Tracks that are not named stay at rest.

    Attributes:
        tracks: "x" (0 the middle of the picture, +-1 just outside it, right positive as seen), "y" (stage heights,
            down positive), "zoom" (against the usual size), "yaw", "pitch", "roll", "mouth", "smile", "brow".
        closures: in any order.
        idle_phase: sets the slow swaying of two heads apart.
    """

    tracks: dict[str, Track]
    closures: tuple[Closure, ...]
    idle_phase: float


@dataclass(frozen=True, slots=True)
class Performance:
    """What one actor does at one moment: pose in degrees, expression values 0..1, lids 0 open .. 1 shut."""

    x: float
    y: float
    zoom: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    lid_right: float
    lid_left: float
    mouth: float
    smile: float
    brow: float


def _track(*keys: tuple[float, float]) -> Track:
    return Track(keys)


BLINKS_A = (
    Closure(1.20, 1.38),
    Closure(3.30, 3.46),
    Closure(6.55, 6.70),
    Closure(9.40, 9.58),
    Closure(12.60, 12.76),
    Closure(15.10, 15.28),
    Closure(18.40, 18.57),
    Closure(24.80, 24.97),
    Closure(30.90, 31.06),
    Closure(34.60, 34.78),
    Closure(38.40, 38.56),
    Closure(41.00, 41.17),
)
WINK_A = Closure(7.25, 7.70, "left")
MICROSLEEP_A = Closure(20.20, 21.95)
SLEEP_A = Closure(25.60, 28.90)

PART_A = Part(
    tracks={
        "smile": _track((2.0, 0), (2.6, 1), (3.6, 1), (4.2, 0), (29.8, 0), (30.4, 0.8), (31.6, 0.8), (32.4, 0)),
        "mouth": _track(
            *((2.1, 0), (2.7, 0.2), (3.5, 0.2), (4.0, 0)),
            *((4.4, 0), (4.9, 1), (5.3, 1), (5.8, 0)),
        ),
        "brow": _track((5.95, 0), (6.3, 1), (6.7, 1), (7.05, 0)),
        "x": _track(
            *((7.8, 0), (8.9, 0.125), (11.1, -0.125), (12.2, 0)),
            *((29.4, 0), (31.2, -0.2), (39.4, -0.2), (41.4, 0)),
        ),
        "zoom": _track((12.2, 1), (13.1, 1.27), (14.3, 0.86), (15.0, 1)),
        "roll": _track((15.0, 0), (15.6, 14), (16.6, -14), (17.2, 0)),
        "yaw": _track(
            *((17.0, 0), (17.6, 22), (17.9, 22), (18.9, -22), (19.2, -22), (19.7, 0)),
            *((29.4, 0), (30.1, 12), (31.8, 12), (32.6, 0)),
        ),
        "pitch": _track(
            *((4.4, 0), (4.9, 4), (5.3, 4), (5.8, 0)),
            *((22.05, 0), (22.3, -11), (22.5, 5), (22.7, -7), (22.95, 0)),
        ),
    },
    closures=(*BLINKS_A, WINK_A, MICROSLEEP_A, SLEEP_A),
    idle_phase=0.0,
)

PART_B = Part(
    tracks={
        "x": Track(((29.0, 1), (31.0, 0.28), (32.1, 0.28), (35.5, -1), (35.6, -1), (41.3, 1)), walk=True),
        "y": _track((0, 0.035)),
        "zoom": _track((0, 0.94), (35.5, 0.94), (35.6, 1.04)),
        "yaw": _track(
            *((29.0, -14), (30.6, -14), (31.2, -4), (32.0, -4), (32.5, -14), (35.3, -14)),
            *((35.6, 12), (38.0, 12), (38.5, 0), (39.4, 0), (39.9, 12)),
        ),
        "smile": _track((30.9, 0), (31.3, 1), (31.8, 1), (32.3, 0)),
        "mouth": _track((31.6, 0), (31.8, 0.35), (32.0, 0.1), (32.2, 0.4), (32.5, 0)),
    },
    closures=(Closure(30.00, 30.18), Closure(31.70, 31.87), Closure(33.75, 33.92), Closure(38.90, 39.08)),
    idle_phase=0.37,
)

B_ON_STAGE_S = (29.0, 41.3)
"""B is outside the picture before and after, and at 35.55 s between two crossings."""

B_IN_FRONT_S = (35.55, DURATION_S)
"""B passes behind A the first time and in front of A the second time."""

HAND_ON_STAGE_S = (22.6, 25.3)
HAND_X = _track((22.6, -1.3), (23.3, -0.7), (24.4, 0.6), (25.3, 1.4))
HAND_Y = _track((22.6, 3.2), (23.4, 0.3), (23.9, 0.0), (24.4, 0.3), (25.3, 3.3))
HAND_ROLL_DEG = _track((22.6, -30), (23.3, -30), (24.4, 22), (25.3, 26))
"""The hand's middle against A's face, in face heights; it passes from A's right to A's left."""


PARTS = {"a": PART_A, "b": PART_B}


def on_stage(t_s: float) -> tuple[str, ...]:
    """Names of the actors on the stage, back to front."""
    t = t_s % DURATION_S
    if not B_ON_STAGE_S[0] < t < B_ON_STAGE_S[1]:
        return ("a",)
    return ("a", "b") if B_IN_FRONT_S[0] <= t < B_IN_FRONT_S[1] else ("b", "a")


def hand_on_stage(t_s: float) -> bool:
    """Whether the hand passes."""
    return HAND_ON_STAGE_S[0] < t_s % DURATION_S < HAND_ON_STAGE_S[1]


def performance(part: Part, t_s: float) -> Performance:
    """What the actor of `part` does at `t_s` (taken modulo the script's length)."""
    t = t_s % DURATION_S

    def at(name: str, rest: float = 0.0) -> float:
        track = part.tracks.get(name)
        return rest if track is None else track.at(t)

    right = max((c.amount(t) for c in part.closures if c.eye != "left"), default=0.0)
    left = max((c.amount(t) for c in part.closures if c.eye != "right"), default=0.0)
    slow = tau * (t / DURATION_S + part.idle_phase)
    return Performance(
        x=at("x"),
        y=at("y"),
        zoom=at("zoom", 1.0),
        yaw_deg=at("yaw") + 1.3 * sin(4 * slow),
        pitch_deg=at("pitch") + 0.7 * sin(6 * slow + 1.0),
        roll_deg=at("roll") + 0.9 * sin(3 * slow + 2.0),
        lid_right=right,
        lid_left=left,
        mouth=at("mouth"),
        smile=at("smile"),
        brow=at("brow"),
    )


def _stride(u: float) -> float:
    """0..1 at constant speed, with short soft ends."""
    a = 0.125
    if u < a:
        return u * u / (2 * a * (1 - a))
    if u > 1 - a:
        return 1 - (1 - u) ** 2 / (2 * a * (1 - a))
    return (u - a / 2) / (1 - a)


def _ease(u: float) -> float:
    """0..1, smooth at both ends."""
    u = min(1.0, max(0.0, u))
    return 0.5 - 0.5 * cos(pi * u)
