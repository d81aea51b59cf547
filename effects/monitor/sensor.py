"""Whether pictures come, often enough and with something on them. Names the cause, so that a person can mend it."""

import math
from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.events import Event

OK, STALLED, LOW_RATE, FAULT = "OK", "STALLED", "LOW_RATE", "FAULT"
_FAST_FRAMES, _FAST_S = 10, 1.06
"""So many frames within so long: 10 a second with some jitter."""
NEVER = float("-inf")


@dataclass(slots=True)
class SensorState:
    """Arrival of the latest frames, and since when their picture is useless."""

    state: str = OK
    cause: str = ""
    _frames: deque[float] = field(default_factory=deque)
    _began_s: float | None = None
    _last_s: float = NEVER
    _bad_since_s: float | None = None
    _bad: str = ""
    _good_since_s: float | None = None
    """Frames come, and their pictures are good."""
    _fast_since_s: float | None = None

    @property
    def blind(self) -> bool:
        """The picture shows nothing, or nothing new: what is read from it is worth nothing."""
        return self.state == FAULT

    @property
    def fps(self) -> float:
        """Frames a second over the last three seconds; 0 while unknown."""
        frames = self._frames
        return (len(frames) - 1) / (frames[-1] - frames[0]) if len(frames) > 1 else 0.0

    def frame(self, t_s: float, luma: tuple[float, float, float] | None) -> list[Event]:
        """A frame came; `luma` is mean 0..255, clipped share, mean change since the last frame, each may be NaN."""
        if self._began_s is None:
            self._began_s = t_s
        if t_s - self._last_s >= policy.STALLED_S:
            self._frames.clear()
            self._good_since_s = t_s
        frames = self._frames
        frames.append(t_s)
        while frames[0] < t_s - policy.LOW_RATE_S - 1e-6:
            frames.popleft()
        self._last_s = t_s
        fast = len(frames) >= _FAST_FRAMES and frames[-_FAST_FRAMES] >= t_s - _FAST_S
        if not fast:
            self._fast_since_s = None
        elif self._fast_since_s is None:
            self._fast_since_s = t_s
        self._judge_picture(t_s, luma)
        return self.tick(t_s)

    def tick(self, t_s: float) -> list[Event]:
        """Time passes."""
        if self._began_s is None:
            self._began_s = t_s
        last_s = max(self._last_s, self._began_s)
        if t_s - last_s >= policy.STALLED_S - 1e-6:
            self._good_since_s = None
            return self._go(t_s, STALLED, "no_frame", last_s, last_s + policy.STALLED_S)
        bad_s = self._bad_since_s
        if bad_s is not None and t_s - bad_s >= policy.PICTURE_FAULT_S - 1e-6:
            return self._go(t_s, FAULT, self._bad, bad_s, bad_s + policy.PICTURE_FAULT_S)
        if self.state == OK:
            if self._slow(t_s):
                return self._go(t_s, LOW_RATE, "low_rate", t_s - policy.LOW_RATE_S, t_s)
            return []
        if not _lasted(t_s, self._good_since_s):
            return []
        if self.state != LOW_RATE and not self._came(t_s, policy.SENSOR_BACK_S):
            return self._go(t_s, LOW_RATE, "low_rate", self._good_since_s, t_s)
        if self.state != LOW_RATE or _lasted(t_s, self._fast_since_s):
            return self._go(t_s, OK, "back", None, None)
        return []

    def _judge_picture(self, t_s: float, luma: tuple[float, float, float] | None) -> None:
        bad = _useless(*luma) if luma is not None else ""
        if not bad:
            if self._good_since_s is None or self._bad:
                self._good_since_s = t_s
            self._bad_since_s, self._bad = None, ""
        elif self._bad_since_s is None:
            self._bad_since_s, self._bad, self._good_since_s = t_s, bad, None
        else:
            self._bad = bad

    def _slow(self, t_s: float) -> bool:
        """Whether fewer than 10 frames a second came over the whole of the last three seconds."""
        good_s = self._good_since_s
        if good_s is None or t_s - good_s < policy.LOW_RATE_S - 1e-6:
            return False
        return not self._came(t_s, policy.LOW_RATE_S)

    def _came(self, t_s: float, span_s: float) -> bool:
        """Whether at least 10 frames a second came within the last `span_s`."""
        frames, needed = self._frames, math.ceil(policy.LOW_RATE_FPS * span_s)
        return len(frames) >= needed and frames[-needed] >= t_s - span_s - 1e-6

    def _go(self, t_s: float, state: str, cause: str, onset_s: float | None, due_s: float | None) -> list[Event]:
        if state == self.state and cause == self.cause:
            return []
        before, self.state, self.cause = self.state, state, cause
        if state == OK:
            self.cause = ""
        return [Event("sensor", "sensor", t_s, before, state, cause, onset_s=onset_s, due_s=due_s)]


def _lasted(t_s: float, since_s: float | None) -> bool:
    return since_s is not None and t_s - since_s >= policy.SENSOR_BACK_S - 1e-6


def _useless(mean: float, clipped: float, change: float) -> str:
    """Why nothing can be read from such a picture; "" when it is good. Comparisons with NaN are false."""
    if mean < policy.DARK_LUMA:
        return "dark"
    if mean > policy.BRIGHT_LUMA or (clipped > policy.CLIPPED_SHARE and mean > 128.0):
        return "saturated"
    if change <= policy.FROZEN_CHANGE:
        return "frozen"
    return ""
