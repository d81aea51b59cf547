"""The only cross-thread signals of the program: other threads knock here, the window answers on its own thread.

One signal per frame floods Qt's event queue as soon as the window is slower than the camera, and the lag grows without
bound. So knocks are coalesced: while one is on its way, further ones change nothing.
"""

from collections import deque
from collections.abc import Callable
from threading import Lock, Thread
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from models.errors import FacetError

T = TypeVar("T")


class Bridge(QObject):
    """Give `wake` to the session as its `on_wake`, and the window's handler to `listen`."""

    _knocked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._pending = False
        self._closed = False
        self._results: deque[Callable[[], None]] = deque()
        self._workers: list[Thread] = []
        self._handler: Callable[[], None] | None = None
        self._knocked.connect(self._answer, Qt.ConnectionType.QueuedConnection)

    def listen(self, handler: Callable[[], None]) -> None:
        """`handler` runs on the window's thread after a knock; one that came before is answered too."""
        self._handler = handler
        self.wake()

    def wake(self) -> None:
        """Knock. Any thread; returns at once."""
        with self._lock:
            if self._pending or self._closed:
                return
            self._pending = True
            self._knocked.emit()

    def run(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[str], None]) -> None:
        """Do slow `work` on its own thread; `done` or `failed` gets its result on the window's thread."""

        def body() -> None:
            try:
                result = work()
            except (FacetError, OSError) as error:
                message = str(error)
                self._results.append(lambda: failed(message))
            else:
                self._results.append(lambda: done(result))
            self.wake()

        self._workers = [worker for worker in self._workers if worker.is_alive()]
        worker = Thread(target=body, name="facet-window-work", daemon=True)
        self._workers.append(worker)
        worker.start()

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` run on the window's thread, soon. Any thread; returns at once."""
        self._results.append(call)
        self.wake()

    def close(self, timeout_s: float = 1.0) -> None:
        """Answer no more and wait for work under way; results that come later are dropped."""
        with self._lock:
            self._closed = True
        self._handler = None
        for worker in self._workers:
            worker.join(timeout_s)
        self._results.clear()

    def _answer(self) -> None:
        with self._lock:
            self._pending = False
            if self._closed:
                return
        while self._results:
            self._results.popleft()()
        if self._handler is not None:
            self._handler()
