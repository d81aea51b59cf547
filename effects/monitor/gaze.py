"""Eyes off the road: how long head or eyes have been turned away (openpilot's policy, EU ADDW, ISO 15007)."""

import math
from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.events import Event
from effects.monitor.windows import MedianFilter

STATES = ("ON_ROAD", "OFF_ROAD_L1", "OFF_ROAD_L2", "OFF_ROAD_L3")
LIMITS_S = (policy.GAZE_L1_S, policy.GAZE_L2_S, policy.GAZE_L3_S)
NEVER = -math.inf
_IRIS_HOLD_S = 0.5
_STEP_S = policy.WHOLE_INTERVAL_S


@dataclass(frozen=True, slots=True)
class Look:
    """Where head and eyes point at one moment, against the learnt neutral. Degrees; NaN = not known."""

    yaw_deg: float
    pitch_deg: float
    """Smoothed already."""
    iris_yaw_deg: float
    """NaN unless both eyes are valid."""


def _median() -> MedianFilter:
    return MedianFilter(policy.GAZE_MEDIAN_S)


@dataclass(slots=True)
class GazeState:
    """The running look away: finished stretches of it, and the stretch that still lasts."""

    state: int = 0
    onset_s: float = NEVER
    cause: str = ""
    _off: bool = False
    _flip_s: float | None = None
    """Since when head and eyes say otherwise than `_off`."""
    _stretch_s: float = NEVER
    _last_off_s: float = NEVER
    _free_s: float = 0.0
    """Of the running stretch, spent on a mirror, up to a second: does not count."""
    _held_s: float = 0.0
    _stretches: deque[tuple[float, float]] = field(default_factory=deque)
    _often_s: float = NEVER
    """What lies before has been warned of already."""
    _known_s: float = NEVER
    _yaw: MedianFilter = field(default_factory=_median)
    _iris: MedianFilter = field(default_factory=_median)
    _iris_deg: float = 0.0
    _iris_s: float = NEVER

    @property
    def off_road_s(self) -> float:
        """Seconds of looking away that count at present."""
        return self._held_s + self._running_s()

    def step(self, t_s: float, look: Look | None, glance_since_s: float | None) -> list[Event]:
        """Take a sample.

        Args:
            t_s: media time.
            look: None where no face is seen: neither on nor off the road.
            glance_since_s: onset of closed eyes that are taken for a look down.
        """
        if t_s - self._known_s > policy.WHOLE_INTERVAL_S and self._off:
            self._end_stretch()
        if look is None:
            return self._reset_after_hold(t_s)
        cause = self._away(t_s, look)
        if glance_since_s is not None and not self._off:
            self._begin(max(glance_since_s, self._last_off_s), cause or "down")
        self._filter(t_s, cause or ("down" if glance_since_s is not None else ""))
        self._known_s = t_s
        if not self._off:
            return self._reset_after_hold(t_s)
        return self._raise(t_s, glance_since_s)

    def _away(self, t_s: float, look: Look) -> str:
        yaw, pitch = abs(self._yaw.step(t_s, look.yaw_deg)), look.pitch_deg
        if not math.isnan(look.iris_yaw_deg):
            self._iris_deg, self._iris_s = abs(self._iris.step(t_s, look.iris_yaw_deg)), t_s
        # A blink hides the irises for a moment, which is no look back at the road.
        iris = self._iris_deg if t_s - self._iris_s <= _IRIS_HOLD_S else 0.0
        low, high = policy.MIRROR_DEG
        level = abs(pitch) < policy.MIRROR_LEVEL_DEG
        mirror = level and (low <= yaw <= high or (yaw <= policy.ASIDE_DEG and low <= iris <= high))
        if mirror:
            self._free_s = min(policy.MIRROR_FREE_S, self._free_s + min(max(t_s - self._known_s, 0.0), _STEP_S))
        if yaw > policy.ASIDE_DEG:
            return "mirror" if mirror else "aside"
        if pitch < -policy.DOWN_DEG:
            return "down"
        if iris > policy.IRIS_ASIDE_DEG:
            return "mirror" if mirror else "iris"
        return ""

    def _filter(self, t_s: float, cause: str) -> None:
        """Change between on and off road only what has held for a quarter of a second, and date it back."""
        if bool(cause) == self._off:
            self._flip_s = None
        elif self._flip_s is None:
            self._flip_s = t_s
            if not self._off:
                self._free_s = 0.0
        elif t_s - self._flip_s >= policy.GAZE_FILTER_S - 1e-6:
            if self._off:
                self._end_stretch()
            else:
                self._begin(self._flip_s, cause)
            self._flip_s = None
        if cause and self._off:
            self._last_off_s, self.cause = t_s, cause

    def _begin(self, since_s: float, cause: str) -> None:
        if self._held_s == 0.0:
            self.onset_s = since_s
        self._off, self._stretch_s, self._last_off_s, self._flip_s = True, since_s, since_s, None
        self.cause = cause

    def _running_s(self) -> float:
        if not self._off:
            return 0.0
        return max(0.0, self._last_off_s - self._stretch_s - self._free_s)

    def _end_stretch(self) -> None:
        counted_s = self._running_s()
        self._held_s += counted_s
        self._stretches.append((self._last_off_s - counted_s, self._last_off_s))
        self._off, self._flip_s, self._free_s = False, None, 0.0

    def _reset_after_hold(self, t_s: float) -> list[Event]:
        if self._off or t_s - self._last_off_s < policy.GAZE_HOLD_S:
            return []
        before, self.state, self._held_s = self.state, 0, 0.0
        if before == 0:
            return []
        return [
            Event(
                "gaze",
                "gaze",
                t_s,
                STATES[before],
                STATES[0],
                "back" if t_s - self._known_s < policy.WHOLE_INTERVAL_S else "lost",
                onset_s=self.onset_s,
                end_s=self._last_off_s,
            )
        ]

    def _share_s(self, t_s: float) -> float:
        """Seconds off the road within the last half minute."""
        start_s = max(t_s - policy.GAZE_SHARE_WINDOW_S, self._often_s)
        while self._stretches and self._stretches[0][1] < start_s:
            self._stretches.popleft()
        running_s = min(self._running_s(), t_s - start_s)
        return running_s + sum(end_s - max(since_s, start_s) for since_s, end_s in self._stretches)

    def _raise(self, t_s: float, glance_since_s: float | None) -> list[Event]:
        counted_s = self.off_road_s
        reached = sum(counted_s >= limit_s - 1e-6 for limit_s in LIMITS_S)
        cause = self.cause
        due_s = t_s - (counted_s - LIMITS_S[reached - 1]) if reached else None
        if reached < 2 and self._share_s(t_s) >= policy.GAZE_SHARE_S:
            reached, cause, due_s = 2, "often", None
        if reached == 2 and glance_since_s is not None:
            cause = "suspected"
        if reached <= self.state:
            return []
        if cause == "often":
            self._often_s = t_s
        before, self.state = self.state, reached
        return [Event("gaze", "gaze", t_s, STATES[before], STATES[reached], cause, onset_s=self.onset_s, due_s=due_s)]
