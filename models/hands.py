"""Two hands for one frame: its independent network passes run on the caller's thread and on one helper.

Networks release the interpreter lock while they run, so on a machine with a free core a frame takes as long as the
longer of two halves. Where there is only one core everything runs on the caller's thread.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

Job = Callable[[int], None]
"""Gets the number of the hand that runs it: 0 the caller, 1 the helper. Jobs of one call must share no network."""


class _Pop(Protocol):
    def __call__(self) -> Job: ...


class Hands:
    """Owns the helper thread; `close` ends it."""

    def __init__(self, *, helper: bool | None = None) -> None:
        """`helper` None: where there is more than one core."""
        wanted = (os.cpu_count() or 1) > 1 if helper is None else helper
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="facet-perception") if wanted else None

    def run(self, jobs: Sequence[Job]) -> None:
        """Run every job once and return when all are done; the first exception is raised after that.

        The helper starts at the front, the caller at the back, and each takes the next one that is free.
        """
        waiting = deque(jobs)
        if self._pool is None or len(waiting) < 2:
            _drain(waiting.popleft, 0)
            return
        other = self._pool.submit(_drain, waiting.popleft, 1)
        try:
            _drain(waiting.pop, 0)
        finally:
            failure = other.exception()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """End the helper thread."""
        if self._pool is not None:
            self._pool.shutdown()


def _drain(take: _Pop, hand: int) -> None:
    while True:
        try:
            job = take()
        except IndexError:
            return
        job(hand)
