"""Sliding windows over time with cheap medians and quantiles; no fixed frame rate is assumed anywhere."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


def middle(values: Sequence[float]) -> float:
    """The median of at least one value."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else 0.5 * (ordered[half - 1] + ordered[half])


def quantile(ordered: Sequence[float], share: float) -> float:
    """The quantile of at least one sorted value, interpolated linearly."""
    place = share * (len(ordered) - 1)
    below = int(place)
    low = ordered[below]
    return low if below + 1 == len(ordered) else low + (place - below) * (ordered[below + 1] - low)


@dataclass(slots=True)
class QuantileWindow:
    """Values of the last seconds, kept sorted: adding and removing cost a short move of memory."""

    span_s: float
    _arrived: deque[tuple[float, float]] = field(default_factory=deque)
    ordered: list[float] = field(default_factory=list)

    def add(self, t_s: float, value: float) -> None:
        """Add a value and forget those older than the span."""
        arrived, ordered = self._arrived, self.ordered
        arrived.append((t_s, value))
        insort(ordered, value)
        oldest = t_s - self.span_s - 1e-6
        while arrived[0][0] < oldest:
            del ordered[bisect_left(ordered, arrived.popleft()[1])]

    def forget_before(self, t_s: float) -> None:
        """Remove the values of earlier times."""
        arrived, ordered = self._arrived, self.ordered
        while arrived and arrived[0][0] < t_s:
            del ordered[bisect_left(ordered, arrived.popleft()[1])]

    def quantile(self, share: float) -> float:
        """Of at least one value."""
        return quantile(self.ordered, share)

    def covers_s(self) -> float:
        """Seconds between the oldest and the newest value."""
        return self._arrived[-1][0] - self._arrived[0][0] if self._arrived else 0.0


@dataclass(slots=True)
class MedianFilter:
    """The median over the last moment: one sample itself, the mean of two, the middle of more."""

    span_s: float
    _recent: deque[tuple[float, float]] = field(default_factory=deque)

    def step(self, t_s: float, value: float) -> float:
        """Take a sample and give the median."""
        recent = self._recent
        recent.append((t_s, value))
        oldest = t_s - self.span_s - 1e-6
        while recent[0][0] < oldest:
            recent.popleft()
        count = len(recent)
        if count == 1:
            return value
        if count == 3:
            a, b, c = recent[0][1], recent[1][1], recent[2][1]
            return max(min(a, b), min(max(a, b), c))
        ordered = sorted([value for _, value in recent])
        half = count // 2
        return ordered[half] if count % 2 else 0.5 * (ordered[half - 1] + ordered[half])

    def clear(self) -> None:
        """Forget all samples."""
        self._recent.clear()


@dataclass(slots=True)
class ValidTime:
    """How much time was seen between two moments: the sum of intervals that count."""

    keep_s: float
    _starts: list[float] = field(default_factory=list)
    _ends: list[float] = field(default_factory=list)
    _before: list[float] = field(default_factory=list)
    """Valid seconds before each start."""

    def add(self, start_s: float, end_s: float) -> None:
        """An interval was seen whole; intervals come in order and do not overlap."""
        if self._ends and start_s <= self._ends[-1] + 1e-9:
            self._ends[-1] = end_s
            return
        total = self._before[-1] + self._ends[-1] - self._starts[-1] if self._starts else 0.0
        self._starts.append(start_s)
        self._ends.append(end_s)
        self._before.append(total)
        if len(self._starts) > 64 and self._ends[32] < end_s - self.keep_s:
            del self._starts[:32], self._ends[:32], self._before[:32]

    def until(self, t_s: float) -> float:
        """Valid seconds up to a moment, from an arbitrary zero."""
        index = bisect_left(self._starts, t_s) - 1
        if index < 0:
            return self._before[0] if self._before else 0.0
        return self._before[index] + min(t_s, self._ends[index]) - self._starts[index]
