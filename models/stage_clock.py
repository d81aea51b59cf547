"""How long the stages of one frame took, on whichever thread they ran."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from models.types import StageTimes


class StageClock:
    """Starts when it is made. Stages that run at the same time may add up to more than the whole."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}
        self._lock = threading.Lock()
        self._start_ns = time.perf_counter_ns()
        self.ran: set[str] = set()
        """Names of the networks that ran: "detect", "segment"."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Adds the time of its block to a stage."""
        start_ns = time.perf_counter_ns()
        try:
            yield
        finally:
            elapsed_ms = (time.perf_counter_ns() - start_ns) / 1e6
            with self._lock:
                self._ms[name] = self._ms.get(name, 0.0) + elapsed_ms

    def times(self, frame_index: int) -> StageTimes:
        """What was measured so far, and "perception": the time since the clock was made."""
        whole_ms = (time.perf_counter_ns() - self._start_ns) / 1e6
        return StageTimes(frame_index, {**self._ms, "perception": whole_ms}, frozenset(self.ran))
