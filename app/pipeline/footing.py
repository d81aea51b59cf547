"""What an engine stands on: the backend in use, and the home backend on the CPU that answers when it fails."""

import logging
from collections.abc import Callable
from typing import TypeVar

from app.backends.pair import Pair
from models.errors import FacetError, UsageError

T = TypeVar("T")

OnFailure = Callable[[Pair, str], None]
"""Gets the backend that failed, which the receiver closes, and the plain reason."""

_log = logging.getLogger(__name__)


class Footing:
    """One owner thread.

    Attributes:
        home: never closed before the engine; made ready first.
        pair: in use.
        on_failure: told when `pair` failed and home has taken its place.
    """

    def __init__(self, home: Pair) -> None:
        self.home = self.pair = home
        self.on_failure: OnFailure = lambda pair, _reason: pair.close()

    @property
    def away(self) -> bool:
        """Whether another backend than home is in use."""
        return self.pair is not self.home

    def exchange(self, pair: Pair) -> Pair:
        """Go on with `pair` and the same tracks; returns the one in use until now, which stays ready.

        Raises what the new model raises; then the old one stays in use.
        """
        _hand_over(self.pair, pair)
        old, self.pair = self.pair, pair
        return old

    def run(self, work: Callable[[], T], undo: Callable[[], None] = lambda: None) -> T:
        """The result of `work`, which uses `pair`. Where that fails away from home, it is done once more at home.

        `undo` takes back what the failed attempt changed.
        """
        if not self.away:
            return work()
        try:
            return work()
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - a driver may raise anything, and this very frame must be answered
            self._go_home(error)
            undo()
            return work()

    def close(self) -> None:
        """Free home and what is in use."""
        if self.away:
            self.pair.close()
        self.home.close()

    def _go_home(self, error: Exception) -> None:
        failed, self.pair = self.pair, self.home
        _log.info("the backend %s failed", failed.name, exc_info=error)
        try:
            _hand_over(failed, self.home)
        except Exception:  # noqa: BLE001 - a broken model may fail even at that; then tracks begin anew
            self.home.model.reset()
        plain = str(error) if isinstance(error, FacetError) else f"{type(error).__name__}: {error}"
        self.on_failure(failed, plain)


def _hand_over(old: Pair, new: Pair) -> None:
    """Tracks go over; what the new model remembers of an earlier turn goes first."""
    state = old.model.export_state()
    new.model.reset()
    new.model.import_state(state)
