"""Two hands for one frame: its independent network passes run on the caller's thread and on one helper.

Networks release the interpreter lock while they run, so on a machine with a free core a frame takes as long as the
longer of two halves. Where there is only one core everything runs on the caller's thread.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import SimpleQueue

Job = Callable[[int], None]
"""Gets the number of the hand that runs it: 0 the caller, 1 the helper. Jobs at the same time must share no network."""


class Hands:
    """Owns the helper thread, which begins with the first work for it; `close` ends it."""

    def __init__(self, *, helper: bool | None = None) -> None:
        """`helper` None: where there is more than one core."""
        self._has_helper = (os.cpu_count() or 1) > 1 if helper is None else helper
        self._rounds: SimpleQueue[_Round | None] = SimpleQueue()
        self._helper: threading.Thread | None = None

    def run(self, jobs: Sequence[Job]) -> None:
        """Run every job once and return when all are done; the first exception is raised after that.

        The helper starts at the front, the caller at the back, and each takes the next one that is free.
        """
        this = _Round(jobs)
        if len(jobs) > 1:
            self._offer(this)
        this.finish()

    @contextmanager
    def beside(self, jobs: Sequence[Job]) -> Iterator[None]:
        """Let the helper run jobs during a block of the caller's, which may call `run`; all are done when it ends."""
        this = _Round(jobs)
        if jobs:
            self._offer(this)
        try:
            yield
        except BaseException:
            this.drop()
            raise
        this.finish()

    def close(self) -> None:
        """End the helper thread."""
        if self._helper is not None:
            self._rounds.put(None)
            self._helper.join()
            self._helper = None

    def _offer(self, this: "_Round") -> None:
        if not self._has_helper:
            return
        if self._helper is None:
            self._helper = threading.Thread(target=_help, args=(self._rounds,), name="facet-perception", daemon=True)
            self._helper.start()
        self._rounds.put(this)


def _help(rounds: "SimpleQueue[_Round | None]") -> None:
    while (this := rounds.get()) is not None:
        this.drain(this.waiting.popleft, 1)


class _Round:
    """Some jobs; `drain` runs on both hands, the rest on the caller's."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.waiting = deque(jobs)
        self._left = len(jobs)
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()

    def drain(self, take: Callable[[], Job], hand: int) -> None:
        """Run what is still waiting."""
        while True:
            try:
                job = take()
            except IndexError:
                return
            failure: BaseException | None = None
            try:
                job(hand)
            except BaseException as error:  # noqa: BLE001 - it is raised on the caller's thread
                failure = error
            self._done.put(failure)

    def finish(self) -> None:
        """Run what nobody began and wait for the rest; raises the first failure."""
        self.drain(self.waiting.pop, 0)
        failures = [self._done.get() for _ in range(self._left)]
        failure = next((each for each in failures if each is not None), None)
        if failure is not None:
            raise failure

    def drop(self) -> None:
        """Forget what nobody began and wait for the rest."""
        with suppress(IndexError):
            while True:
                self.waiting.pop()
                self._left -= 1
        for _ in range(self._left):
            self._done.get()
