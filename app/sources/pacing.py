"""Holds media time to the wall clock, so that files and the demo run in the window at their own speed."""

import threading
import time

from app.sources.base import SourceStalled

_MOST_LAG_S = 0.25


class Pacer:
    """Waits until a media time is due; falls behind for good, instead of hurrying, after a pause or on a slow disk."""

    def __init__(self, closed: threading.Event) -> None:
        self._closed = closed
        self._zero_s: float | None = None

    def wait(self, t_s: float, timeout_s: float) -> None:
        """Return when `t_s` is due or the source is closed; raises SourceStalled when it is not due in time."""
        now_s = time.monotonic()
        if self._zero_s is None or now_s - (self._zero_s + t_s) > _MOST_LAG_S:
            self._zero_s = now_s - t_s
        wait_s = self._zero_s + t_s - now_s
        if wait_s <= 0:
            return
        self._closed.wait(min(wait_s, timeout_s))
        if wait_s > timeout_s and not self._closed.is_set():
            raise SourceStalled("The next picture is not due yet.")
