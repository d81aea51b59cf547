"""Blinks from the course of the eye aspect ratio alone, half a second late, without calibration.

Each sample is compared with the half seconds before and after it. The smaller of the two is what counts, so that drift,
turns of the head and squints, which change one side only, cancel. Sizes are relative to the eye's own opening, and the
noise of the trace sets a floor under them.
"""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor.windows import QuantileWindow, middle

_SIDE_S, _SIDE_SHARE = 0.5, 0.7
_BASE_BEFORE_S, _BASE_SHARE, _LEAST_BASE = 2.0, 0.6, 0.05
_NOISE_S, _NOISE_FACTOR, _NOISE_FLOOR = 10.0, 1.05, 5.0
_DIP = 0.12
_SPLIT_S = 0.2
_USUAL_PEAK, _REMEMBERED_PEAKS, _PEAK_SHARE, _PEAK_RANGE = 0.5, 20, 0.55, (0.20, 0.35)
_INTO_DOWN = (0.6, 0.2)
_EDGE_SHARE = 0.4
_BOTTOM_SHARE = 0.8
_SHORTEST_S = 0.05
_LONG_UNDER, _LONG_UNTIL, _LONG_DEEP, _LONG_S = 0.45, 0.60, 0.40, 0.4
_LONG_GAP_S = 0.5
_WINK_SHARE = 0.5
"""Eyes that are further apart at the bottom, in shares of the open eye: one of them stayed open."""

_Waiting = tuple[float, float, float]
_Sample = tuple[float, float, float, float]
"""Time, depth, eye aspect ratio, difference of the two eyes."""


@dataclass(frozen=True, slots=True)
class Dip:
    """A blink or long closure that the detector found.

    Attributes:
        bottom: the eye aspect ratio at its deepest; the middle of several samples, which noise does not lower.
        long: found by its length, not by its shape.
    """

    onset_s: float
    end_s: float
    bottom: float
    long: bool = False

    @property
    def duration_s(self) -> float:
        """From edge to edge."""
        return self.end_s - self.onset_s


@dataclass(slots=True)
class _Run:
    """Samples around a dip; `first`..`last` are over the threshold."""

    samples: list[_Sample]
    first: int
    last: int
    steep: bool = False


@dataclass(slots=True)
class BlinkDetector:
    """Samples that wait for their future, the windows around them, and the running dip."""

    _waiting: deque[_Waiting] = field(default_factory=deque)
    _before: QuantileWindow = field(default_factory=lambda: QuantileWindow(_SIDE_S))
    _after: QuantileWindow = field(default_factory=lambda: QuantileWindow(2 * _SIDE_S))
    _base: QuantileWindow = field(default_factory=lambda: QuantileWindow(_BASE_BEFORE_S + 2 * _SIDE_S))
    _usual: QuantileWindow = field(default_factory=lambda: QuantileWindow(_NOISE_S))
    _steps: QuantileWindow = field(default_factory=lambda: QuantileWindow(_NOISE_S))
    _last: tuple[float, float] | None = None
    _recent: deque[_Sample] = field(default_factory=lambda: deque(maxlen=3))
    _run: _Run | None = None
    _judged_s: float = float("-inf")
    _peaks: deque[float] = field(default_factory=lambda: deque([_USUAL_PEAK] * _REMEMBERED_PEAKS, _REMEMBERED_PEAKS))
    _least_peak: float = _PEAK_SHARE * _USUAL_PEAK
    _long_s: float | None = None
    _long: list[float] = field(default_factory=list)

    def step(self, t_s: float, ear: float, apart: float = 0.0) -> list[Dip]:
        """Take a valid sample; returns what is found now, half a second later.

        Args:
            t_s: media time.
            ear: mean eye aspect ratio.
            apart: difference of the two eyes, 0 where only one is read.
        """
        found: list[Dip] = []
        long = self._step_long(t_s, ear)
        if long is not None:
            found.append(long)
        if self._last is not None:
            self._steps.add(t_s, abs(ear - self._last[1]))
        self._last = (t_s, ear)
        self._waiting.append((t_s, ear, apart))
        self._after.add(t_s, ear)
        self._base.add(t_s, ear)
        while self._waiting and t_s - self._waiting[0][0] >= _SIDE_S - 1e-6:
            found += self._judge(*self._waiting.popleft())
        return found

    def flush(self) -> list[Dip]:
        """No more samples will come: judge those that still wait."""
        found: list[Dip] = []
        while self._waiting:
            found += self._judge(*self._waiting.popleft())
        if self._run is not None:
            found += self._end_run()
        return found

    def _judge(self, t_s: float, ear: float, apart: float) -> list[Dip]:
        found = self._end_run() if self._run is not None and t_s - self._judged_s > _SPLIT_S else []
        if t_s - self._judged_s > _SPLIT_S:
            self._recent.clear()
        self._judged_s = t_s
        self._before.add(t_s, ear)
        self._after.forget_before(t_s - 1e-6)
        self._base.forget_before(t_s - _BASE_BEFORE_S - 1e-6)
        left, right = self._before.quantile(_SIDE_SHARE), self._after.quantile(_SIDE_SHARE)
        base = max(_LEAST_BASE, self._base.quantile(_BASE_SHARE))
        depth = (min(left, right) - ear) / base
        sample = (t_s, depth, ear, apart)
        if self._run is None:
            if depth > _DIP:
                samples = [*self._recent, sample]
                self._run = _Run(samples, len(samples) - 1, len(samples) - 1)
            else:
                self._recent.append(sample)
                return found
        run = self._run
        if run.samples[-1] is not sample:
            run.samples.append(sample)
        if depth > _DIP:
            run.last = len(run.samples) - 1
        run.steep |= (left - ear) / base > _INTO_DOWN[0] and (right - ear) / base > _INTO_DOWN[1]
        if len(run.samples) - 1 - run.last >= 2:
            found += self._end_run(base)
        return found

    def _end_run(self, base: float | None = None) -> list[Dip]:
        run, self._run = self._run, None
        if run is None:
            return []
        self._recent.extend(run.samples[run.last + 1 :])
        inside = run.samples[run.first : run.last + 1]
        _, peak, _, apart = max(inside, key=lambda each: each[1])
        base = base or max(_LEAST_BASE, self._base.quantile(_BASE_SHARE))
        noise = self._steps.quantile(0.5) * _NOISE_FACTOR if self._steps.ordered else 0.0
        if not run.steep and peak < max(self._least_peak, _NOISE_FLOOR * noise / base):
            return []
        if apart > _WINK_SHARE * base:
            return []
        onset_s, end_s = _edges(run.samples, peak)
        if end_s - onset_s < _SHORTEST_S:
            return []
        self._peaks.append(peak)
        low, high = _PEAK_RANGE
        self._least_peak = min(max(_PEAK_SHARE * middle(list(self._peaks)), low), high)
        deepest = [ear for _, depth, ear, _ in inside if depth >= _BOTTOM_SHARE * peak]
        return [Dip(onset_s, end_s, middle(deepest))]

    def _step_long(self, t_s: float, ear: float) -> Dip | None:
        if self._last is not None and t_s - self._last[0] > _LONG_GAP_S:
            self._long_s = None
        self._usual.add(t_s, ear)
        usual = max(_LEAST_BASE, self._usual.quantile(_SIDE_SHARE))
        share = ear / usual
        if self._long_s is None:
            if share < _LONG_UNDER:
                before_s = self._last[0] if self._last is not None else t_s
                self._long_s, self._long = 0.5 * (before_s + t_s), [share]
            return None
        if share < _LONG_UNTIL:
            self._long.append(share)
            return None
        onset_s, self._long_s = self._long_s, None
        end_s = 0.5 * (t_s + (self._last[0] if self._last is not None else t_s))
        if end_s - onset_s < _LONG_S or middle(self._long) >= _LONG_DEEP:
            return None
        return Dip(onset_s, end_s, usual * middle(self._long), long=True)


def _edges(samples: list[_Sample], peak: float) -> tuple[float, float]:
    """Where the depth crosses 40 % of its peak, between samples, outward from the peak."""
    level = _EDGE_SHARE * peak
    top = max(range(len(samples)), key=lambda index: samples[index][1])
    return _edge(samples[top::-1], level), _edge(samples[top:], level)


def _edge(outward: list[_Sample], level: float) -> float:
    for (near_s, near, *_), (far_s, far, *_) in zip(outward, outward[1:], strict=False):
        if far < level:
            return near_s + (far_s - near_s) * (near - level) / (near - far)
    return outward[-1][0]
