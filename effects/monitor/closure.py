"""Closed eyes: when they closed, how long they have been closed, when they opened again.

A median decides, raw samples date: so a single noisy frame neither opens nor closes an eye, and boundaries are found
between frames. All in seconds; what was not seen is neither open nor closed.
"""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.windows import MedianFilter

NEVER = float("-inf")


@dataclass(slots=True)
class Counts:
    """Samples of a closure, and those under P80."""

    samples: int = 0
    deep: int = 0

    def add(self, openness: float) -> None:
        """Count one sample."""
        self.samples += 1
        self.deep += openness < policy.P80

    @property
    def mostly_deep(self) -> bool:
        """At least half of the samples are under P80."""
        return self.samples > 0 and 2 * self.deep >= self.samples


@dataclass(frozen=True, slots=True)
class Closure:
    """A finished closure."""

    onset_s: float
    end_s: float
    deep: bool
    span_s: float
    """Between the first and the last closed sample."""

    @property
    def duration_s(self) -> float:
        """From onset to end."""
        return self.end_s - self.onset_s


@dataclass(slots=True)
class ClosureTracker:
    """The running closure, if any, and what is needed to date the next one."""

    closed: bool = False
    onset_s: float = NEVER
    first_closed_s: float = NEVER
    last_closed_s: float = NEVER
    counts: Counts = field(default_factory=Counts)
    _median: MedianFilter = field(default_factory=lambda: MedianFilter(policy.MEDIAN_S))
    _last_s: float = NEVER
    _last_o: float = 1.0
    _fell_half_s: float = NEVER
    _fell_low_s: float = NEVER
    _rose_half_s: float = NEVER
    _leaning_s: float | None = None
    _counts_leaning: Counts = field(default_factory=Counts)
    _falling: deque[tuple[float, float]] = field(default_factory=deque)
    """Samples under one half while the eye still counts as open."""

    def step(self, t_s: float, openness: float) -> Closure | None:
        """Take a valid sample; returns the closure that it ends, if any."""
        ended = self.lapse(t_s) if t_s - self._last_s > policy.BRIDGED_GAP_S else None
        self._mark_crossings(t_s, openness)
        median = self._median.step(t_s, openness)
        if self.closed:
            ended = self._step_closed(t_s, openness, median)
        else:
            self._step_open(t_s, openness, median)
        self._last_s, self._last_o = t_s, openness
        return ended

    def lapse(self, now_s: float) -> Closure | None:
        """Time without a valid sample; a closure that was not seen again for too long is over."""
        if now_s - self._last_s <= policy.BRIDGED_GAP_S:
            return None
        ended = self.end(self.last_closed_s + policy.AFTER_LAST_CLOSED_S) if self.closed else None
        self._median.clear()
        self._falling.clear()
        self._last_s = NEVER
        return ended

    def lasted_until_s(self, now_s: float) -> float:
        """Up to when the running closure is known to last: what looks like opening does not count yet."""
        leaning_s = self._leaning_s
        if self._last_o >= policy.HALF:
            return self._rose_half_s if leaning_s is None else min(self._rose_half_s, leaning_s)
        if leaning_s is not None:
            return leaning_s
        return min(now_s, self._last_s + policy.TICK_ADVANCE_S)

    @property
    def span_s(self) -> float:
        """Between the first and the last closed sample of the running closure."""
        return self.last_closed_s - self.first_closed_s

    def _mark_crossings(self, t_s: float, openness: float) -> None:
        before_s, before = self._last_s, self._last_o
        unknown = t_s - before_s > policy.WHOLE_INTERVAL_S
        half, low = policy.HALF, policy.CLOSED_UNDER
        if openness < half <= before or before_s == NEVER:
            self._fell_half_s = t_s if unknown else _crossing(before_s, before, t_s, openness, half)
        elif before < half <= openness:
            seen_s = before_s + policy.AFTER_LAST_CLOSED_S
            self._rose_half_s = seen_s if unknown else _crossing(before_s, before, t_s, openness, half)
        if openness < low <= before or before_s == NEVER:
            self._fell_low_s = t_s if unknown else _crossing(before_s, before, t_s, openness, low)

    def _step_open(self, t_s: float, openness: float, median: float) -> None:
        falling = self._falling
        if openness >= policy.HALF:
            falling.clear()
        else:
            falling.append((t_s, openness))
            while falling[0][0] < t_s - 2 * policy.ONSET_SEARCH_S:
                falling.popleft()
        if median >= policy.CLOSED_UNDER or openness >= policy.HALF:
            return
        recent = t_s - self._fell_half_s <= policy.ONSET_SEARCH_S
        self.onset_s = (
            self._fell_half_s if recent else min(max(self._fell_low_s, falling[0][0] if falling else t_s), t_s)
        )
        self.closed, self.counts, self._leaning_s = True, Counts(), None
        inside = [(s, o) for s, o in falling if s >= self.onset_s] or [(t_s, openness)]
        for _, each in inside:
            self.counts.add(each)
        self.first_closed_s, self.last_closed_s = inside[0][0], inside[-1][0]
        falling.clear()

    def _step_closed(self, t_s: float, openness: float, median: float) -> Closure | None:
        if openness < policy.HALF:
            self.counts.add(openness)
        if median > policy.OPEN_OVER and openness >= policy.HALF:
            return self.end(self._rose_half_s)
        if median <= policy.LEANING_OPEN:
            self._leaning_s = None
        elif self._leaning_s is None:
            self._leaning_s = t_s
            self._counts_leaning = Counts(self.counts.samples, self.counts.deep)
        elif t_s - self._leaning_s >= policy.LEANING_OPEN_S - 1e-6:
            self.counts = self._counts_leaning
            return self.end(self._leaning_s)
        if openness < policy.HALF and self._leaning_s is None:
            self.last_closed_s = t_s
        return None

    def end(self, end_s: float) -> Closure:
        """Close the running closure's account."""
        self.closed, self._leaning_s = False, None
        end_s = max(end_s, self.last_closed_s, self.onset_s)
        return Closure(self.onset_s, end_s, self.counts.mostly_deep, self.span_s)


def _crossing(t0_s: float, o0: float, t1_s: float, o1: float, level: float) -> float:
    return t1_s if o1 == o0 else t0_s + (t1_s - t0_s) * (level - o0) / (o1 - o0)
