"""PERCLOS: the share of time with eyes at least 80 % closed, over sliding windows (Wierwille; FHWA, P80)."""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.closure import Closure
from effects.monitor.windows import ValidTime

_SAMPLING_S = 0.005
"""Three samples at 10 fps are 0.2 s apart, a little jitter aside."""


def counts(duration_s: float, span_s: float, deep: bool) -> bool:
    """Whether a closure is long and deep enough to count."""
    return deep and duration_s >= policy.PERCLOS_CLOSURE_S and span_s >= policy.PERCLOS_SPAN_S - _SAMPLING_S


@dataclass(slots=True)
class _Window:
    length_s: float
    closures: deque[tuple[float, float, float]] = field(default_factory=deque)
    """Onset, end, valid seconds in between."""
    closed_s: float = 0.0

    def add(self, onset_s: float, end_s: float, closed_s: float) -> None:
        self.closures.append((onset_s, end_s, closed_s))
        self.closed_s += closed_s

    def closed_since(self, start_s: float, seen: ValidTime) -> float:
        closures = self.closures
        while closures and closures[0][1] <= start_s:
            self.closed_s -= closures.popleft()[2]
        if not closures:
            self.closed_s = 0.0
        elif closures[0][0] < start_s:
            return self.closed_s - (seen.until(start_s) - seen.until(closures[0][0]))
        return self.closed_s


@dataclass(slots=True)
class Perclos:
    """Valid time and counted closures of the last three minutes."""

    seen: ValidTime = field(default_factory=lambda: ValidTime(policy.LONG_WINDOW_S + 60.0))
    _short: _Window = field(default_factory=lambda: _Window(policy.SHORT_WINDOW_S))
    _long: _Window = field(default_factory=lambda: _Window(policy.LONG_WINDOW_S))

    def add_interval(self, start_s: float, end_s: float) -> None:
        """The eyes were seen from one sample to the next."""
        if end_s - start_s <= policy.WHOLE_INTERVAL_S + 1e-6:
            self.seen.add(start_s, end_s)

    def add_closure(self, closure: Closure) -> None:
        """A finished closure; short or shallow ones do not count."""
        if not counts(closure.duration_s, closure.span_s, closure.deep):
            return
        closed_s = self.seen.until(closure.end_s) - self.seen.until(closure.onset_s)
        self._short.add(closure.onset_s, closure.end_s, closed_s)
        self._long.add(closure.onset_s, closure.end_s, closed_s)

    def measure(self, now_s: float, running_since_s: float | None) -> tuple[float | None, float | None, float]:
        """P60, P180 (None before half of the window was seen) and the seen share of the last minute.

        Args:
            now_s: media time.
            running_since_s: onset of a closure that still lasts and counts already.
        """
        return (
            self._share(self._short, now_s, running_since_s),
            self._share(self._long, now_s, running_since_s),
            self._seen_s(policy.SHORT_WINDOW_S, now_s) / policy.SHORT_WINDOW_S,
        )

    def _seen_s(self, length_s: float, now_s: float) -> float:
        return self.seen.until(now_s) - self.seen.until(now_s - length_s)

    def _share(self, window: _Window, now_s: float, running_since_s: float | None) -> float | None:
        start_s = now_s - window.length_s
        closed_s = window.closed_since(start_s, self.seen)
        valid_s = self._seen_s(window.length_s, now_s)
        if valid_s < window.length_s / 2 - 1e-6:
            return None
        if running_since_s is not None:
            closed_s += self.seen.until(now_s) - self.seen.until(max(running_since_s, start_s))
        return min(max(closed_s / valid_s, 0.0), 1.0)
