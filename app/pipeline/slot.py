"""A place for one item between two threads: the latest wins, nothing queues."""

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Holds at most one item; safe from any thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: T | None = None
        self._dropped = 0
        self._closed = False

    def put(self, item: T) -> bool:
        """Store `item`, replacing what nobody took. True when the slot was empty: only then wake the taker.

        After `close` the item is thrown away and the answer is False.
        """
        with self._condition:
            if self._closed:
                return False
            was_empty = self._item is None
            self._dropped += not was_empty
            self._item = item
            self._condition.notify()
            return was_empty

    def take(self, timeout_s: float = 0.0) -> T | None:
        """Remove and return the item, waiting for one; None after `timeout_s`, `wake` or `close`."""
        with self._condition:
            if self._item is None and not self._closed and timeout_s > 0.0:
                self._condition.wait(timeout_s)
            item, self._item = self._item, None
            return item

    def clear(self) -> None:
        """Throw the item away; it does not count as dropped."""
        with self._condition:
            self._item = None

    def wake(self) -> None:
        """Make a waiting `take` return at once, with or without an item."""
        with self._condition:
            self._condition.notify_all()

    def close(self) -> None:
        """Wake every waiter and refuse items from now on. Idempotent."""
        with self._condition:
            self._closed = True
            self._item = None
            self._condition.notify_all()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take."""
        return self._item is None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def dropped(self) -> int:
        """Items that were replaced before anyone took them."""
        return self._dropped
