"""One list of blinks from two witnesses: the closure tracker, and the blink detector for what that one does not see."""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.blink import Dip
from effects.monitor.events import Event


@dataclass(frozen=True, slots=True)
class BlinkStatistics:
    """Of the last three minutes; mean and SD are None under ten blinks."""

    per_minute: float
    mean_s: float | None
    sd_s: float | None


@dataclass(slots=True)
class BlinkLog:
    """Closures that were reported already, and the durations of blinks, up to half a second, of three minutes."""

    _closures: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=32))
    _durations: deque[tuple[float, float]] = field(default_factory=deque)

    def closure(self, t_s: float, onset_s: float, end_s: float) -> None:
        """The closure tracker finished one, whatever it was."""
        self._closures.append((onset_s, end_s))
        self._remember(t_s, end_s - onset_s)

    def glance(self, onset_s: float, end_s: float) -> None:
        """Eyes that were lowered, not closed."""
        self._closures.append((onset_s, end_s))

    def dip(self, t_s: float, dip: Dip, running_since_s: float | None) -> Event | None:
        """The event of a dip that the closure tracker does not know; None where it does."""
        if running_since_s is not None and dip.end_s >= running_since_s:
            return None
        if any(onset_s <= dip.end_s and dip.onset_s <= end_s for onset_s, end_s in self._closures):
            return None
        self._closures.append((dip.onset_s, dip.end_s))
        self._remember(t_s, dip.duration_s)
        long = dip.duration_s > policy.PROLONGED_S
        return Event("long_blink" if long else "blink", "blink", t_s, onset_s=dip.onset_s, end_s=dip.end_s)

    def statistics(self, t_s: float, seen_s: float) -> BlinkStatistics:
        """Rate, mean and spread; `seen_s` is how much of the last three minutes was seen."""
        self._forget(t_s)
        lengths = [length for _, length in self._durations]
        per_minute = 60.0 * len(lengths) / seen_s if seen_s > 1.0 else 0.0
        if len(lengths) < policy.FEWEST_BLINKS:
            return BlinkStatistics(per_minute, None, None)
        mean_s = sum(lengths) / len(lengths)
        spread = sum((length - mean_s) ** 2 for length in lengths) / (len(lengths) - 1)
        return BlinkStatistics(per_minute, mean_s, spread**0.5)

    def _remember(self, t_s: float, duration_s: float) -> None:
        if duration_s <= policy.PROLONGED_S:
            self._durations.append((t_s, duration_s))
        self._forget(t_s)

    def _forget(self, t_s: float) -> None:
        while self._durations and self._durations[0][0] < t_s - policy.BLINKS_WINDOW_S:
            self._durations.popleft()
