"""One call for many: a save some time after the last change, and at once when the window closes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Delayed(QObject):
    """`call()` postpones `work`; `flush()` does it now if it is due."""

    def __init__(self, parent: QObject, delay_ms: int, work: Callable[[], object]) -> None:
        super().__init__(parent)
        self._work = work
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(work)

    def call(self) -> None:
        """Do the work when nothing has called for a while."""
        self._timer.start()

    def flush(self) -> None:
        """Do it now, if it has been called for."""
        if self._timer.isActive():
            self._timer.stop()
            self._work()
