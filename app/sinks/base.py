"""What a sink of results is."""

from typing import Protocol

from app.pipeline.types import Output
from models.errors import FacetError


class SinkFailed(FacetError):
    """The output cannot be written; the message says why and what to do."""


class Sink(Protocol):
    """Own thread, bounded queue, reports drops."""

    dropped: int

    def put(self, output: Output) -> None:
        """Hand over one result; never blocks in live use, raises SinkFailed when the writer died."""
        ...

    def finish(self, ok: bool) -> None:
        """Close; `ok=False` leaves nothing behind. Raises SinkFailed when writing failed."""
        ...
