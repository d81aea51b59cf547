"""Where effects prepare their assets: beside the live picture, or at once where nothing is live."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol


class Job:
    """One preparation. `cancel` asks it to give up; after `done`, `result` or `error` holds its outcome."""

    def __init__(self, work: Callable[[threading.Event], Any]) -> None:
        self.cancel = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None
        self._work = work
        self._finished = threading.Event()

    @property
    def done(self) -> bool:
        """Whether there is an outcome."""
        return self._finished.is_set()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for the outcome; False when it did not come in time."""
        return self._finished.wait(timeout_s)

    def run(self) -> None:
        """Do the work; whatever it raises becomes the outcome."""
        try:
            if not self.cancel.is_set():
                self.result = self._work(self.cancel)
        except Exception as error:  # noqa: BLE001 - an effect's preparation fails alone
            self.error = error
        finally:
            self._finished.set()


class Preparer(Protocol):
    """Runs jobs."""

    def submit(self, work: Callable[[threading.Event], Any]) -> Job:
        """Start `work`, now or soon; it is given the event that asks it to give up."""
        ...

    def close(self) -> None:
        """Cancel what runs and what waits."""
        ...


class InlinePreparer:
    """Runs every job at once, in the caller's thread: for files and tests, where waiting costs nothing."""

    def submit(self, work: Callable[[threading.Event], Any]) -> Job:
        """Return a finished job."""
        job = Job(work)
        job.run()
        return job

    def close(self) -> None:
        """Nothing runs."""


class WorkerPreparer:
    """Runs jobs one after another in a thread of its own, which starts with the first of them."""

    def __init__(self, name: str = "facet-prepare") -> None:
        self._name = name
        self._condition = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[threading.Event], Any]) -> Job:
        """Queue the job; after `close` it is cancelled at once."""
        job = Job(work)
        with self._condition:
            if self._closed:
                job.cancel.set()
                job.run()
                return job
            self._waiting.append(job)
            if self._thread is None:
                # A daemon: a job that hangs in a foreign library must not keep the program from ending.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify()
        return job

    def close(self, timeout_s: float = 1.0) -> None:
        """Cancel everything and wait a while for the thread."""
        with self._condition:
            self._closed = True
            for job in (*self._waiting, self._running):
                if job is not None:
                    job.cancel.set()
            self._condition.notify()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                self._running = self._waiting.popleft()
            self._running.run()
