"""Running the monitor over something recorded: ten ticks a second are made up between its frames."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.reading import Reading

_TICKS_PER_S = 10
_SETTLED_S = 400.0
"""After so long without a frame nothing changes any more."""


@dataclass(slots=True)
class Playback:
    """Feeds a monitor with recorded frames."""

    monitor: DrowsinessMonitor
    _next_tick: int | None = None
    _last_s: float = -math.inf

    def frame(self, t_s: float, step: Callable[[], Reading]) -> Iterator[Reading]:
        """Readings of the ticks before a frame and of the frame itself, which `step` takes."""
        if t_s > self._last_s:
            yield from self._ticks(t_s, 1e-9)
            self._last_s = t_s
        yield step()

    def finish(self) -> Iterator[Reading]:
        """Readings of the end."""
        if math.isfinite(self._last_s):
            yield from self._ticks(self._last_s, -1e-9)
            yield self.monitor.finish()

    def _ticks(self, until_s: float, margin_s: float) -> Iterator[Reading]:
        first = math.ceil(until_s * _TICKS_PER_S - 1e-6)
        if self._next_tick is None:
            self._next_tick = first
        while self._next_tick / _TICKS_PER_S < until_s - margin_s:
            if self._next_tick / _TICKS_PER_S > self._last_s + _SETTLED_S:
                self._next_tick = first
                return
            yield self.monitor.tick(self._next_tick / _TICKS_PER_S, None)
            self._next_tick += 1
