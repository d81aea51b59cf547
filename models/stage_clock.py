"""How long the stages of one frame took, on whichever thread they ran."""

import threading
import time

from models.types import StageTimes


class StageClock:
    """Starts when it is made. Stages that run at the same time may add up to more than the whole."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}
        self._lock = threading.Lock()
        self._start_ns = time.perf_counter_ns()
        self.ran: set[str] = set()
        """Names of the networks that ran: "detect", "segment"."""

    def stage(self, name: str) -> "_Stage":
        """Adds the time of its `with` block to a stage."""
        return _Stage(self, name)

    def add(self, name: str, elapsed_ns: int) -> None:
        """Add to the time of a stage."""
        with self._lock:
            self._ms[name] = self._ms.get(name, 0.0) + elapsed_ns / 1e6

    def times(self, frame_index: int) -> StageTimes:
        """What was measured so far, and "perception": the time since the clock was made."""
        whole_ms = (time.perf_counter_ns() - self._start_ns) / 1e6
        return StageTimes(frame_index, {**self._ms, "perception": whole_ms}, frozenset(self.ran))


class _Stage:
    """A block that is timed. Not a generator: those cost more than some of the blocks."""

    __slots__ = ("_clock", "_name", "_start_ns")

    def __init__(self, clock: StageClock, name: str) -> None:
        self._clock, self._name = clock, name

    def __enter__(self) -> None:
        self._start_ns = time.perf_counter_ns()

    def __exit__(self, *_: object) -> None:
        self._clock.add(self._name, time.perf_counter_ns() - self._start_ns)
