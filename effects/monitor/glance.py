"""Asleep or looking down? Who nods off closes the eyes first, who looks down lowers the head first."""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.windows import middle


@dataclass(slots=True)
class PitchHistory:
    """Head pitch (negative downward) over the last seconds, and where it was while the eyes were open."""

    _pitches: deque[tuple[float, float]] = field(default_factory=deque)
    _open: deque[tuple[float, float, float]] = field(default_factory=deque)
    """Time, pitch, and seconds of open eyes before it."""
    _open_s: float = 0.0
    _last_s: float = float("-inf")

    def step(self, t_s: float, pitch_deg: float, eyes_open: bool) -> None:
        """Take a smoothed pitch of a frame whose eyes are readable."""
        self._pitches.append((t_s, pitch_deg))
        keep_s = t_s - policy.GLANCE_BEFORE_S - 2 * policy.GLANCE_AFTER_S - policy.BRIDGED_GAP_S
        while self._pitches[0][0] < keep_s:
            self._pitches.popleft()
        if eyes_open:
            self._open_s += min(max(t_s - self._last_s, 0.0), policy.WHOLE_INTERVAL_S)
            self._open.append((t_s, pitch_deg, self._open_s))
            while self._open_s - self._open[0][2] > policy.REFERENCE_S + policy.ONSET_SEARCH_S:
                self._open.popleft()
        self._last_s = t_s

    def is_glance(self, onset_s: float, neutral_deg: float) -> bool:
        """Whether a closure that began at `onset_s` (by now at least 0.4 s old) is a look down.

        The reference is the pitch just before, not the learnt neutral: a slouched driver would never be asleep.
        """
        decided_s = onset_s + policy.GLANCE_AFTER_S
        around = [pitch for t_s, pitch in self._pitches if onset_s - policy.GLANCE_BEFORE_S <= t_s <= decided_s]
        if not around:
            return False
        lately = [pitch for t_s, pitch in self._pitches if decided_s - policy.GLANCE_NEUTRAL_S <= t_s <= decided_s]
        if lately and min(lately) < neutral_deg - policy.GLANCE_NEUTRAL_DEG:
            return True
        before = [each for each in self._open if each[0] < onset_s]
        if not before:
            return False
        reference = middle([pitch for _, pitch, seen_s in before if before[-1][2] - seen_s <= policy.REFERENCE_S])
        return min(around) < reference - policy.GLANCE_BELOW_DEG
