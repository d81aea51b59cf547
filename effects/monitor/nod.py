"""Nodding off: the head falls while the eyes are closed, and comes up again. It only corroborates."""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.events import Event


@dataclass(slots=True)
class NodState:
    """The highest pitch of the last second, and the running nod."""

    _highs: deque[tuple[float, float]] = field(default_factory=deque)
    """Falling pitches: the first is the highest of the window."""
    _onset_s: float | None = None
    _from_deg: float = 0.0
    _lowest_deg: float = 0.0
    _closed_s: float = float("-inf")

    def step(self, t_s: float, pitch_deg: float, closed_for_s: float) -> Event | None:
        """Take a sample; `closed_for_s` is how long the eyes have been closed, 0 when open."""
        if closed_for_s >= policy.NOD_CLOSED_S:
            self._closed_s = t_s
        if self._onset_s is None:
            self._watch(t_s, pitch_deg)
            return None
        onset_s = self._onset_s
        self._lowest_deg = min(self._lowest_deg, pitch_deg)
        if t_s - onset_s > policy.NOD_BACK_S:
            self._onset_s = None
        elif pitch_deg > 0.5 * (self._from_deg + self._lowest_deg):
            self.lost()
            if self._closed_s >= onset_s:
                return Event("nod", "head", t_s, onset_s=onset_s, end_s=t_s)
        return None

    def lost(self) -> None:
        """No face: nothing is known of the head."""
        self._highs.clear()
        self._onset_s = None

    def _watch(self, t_s: float, pitch_deg: float) -> None:
        highs = self._highs
        while highs and highs[-1][1] <= pitch_deg:
            highs.pop()
        highs.append((t_s, pitch_deg))
        while highs[0][0] < t_s - policy.NOD_FALL_S:
            highs.popleft()
        high_s, high_deg = highs[0]
        if high_deg - pitch_deg >= policy.NOD_DEG:
            self._onset_s, self._from_deg, self._lowest_deg = high_s, high_deg, pitch_deg
