"""Reading a source to its end for the commands that work on whole files."""

from collections.abc import Iterator

from app.interrupts import check_stopped
from app.sources.base import BadInput, Source, SourceStalled
from models.errors import UsageError
from models.types import Frame

_READ_TIMEOUT_S = 1.0
_PATIENCE_S = 10.0
_WHOLE_SHARE = 0.95


def frames_of(source: Source, limit: int | None = None) -> Iterator[Frame]:
    """Frames until the source ends or `limit` is reached; raises BadInput when nothing comes for 10 s."""
    count, waited_s = 0, 0.0
    while limit is None or count < limit:
        check_stopped()
        try:
            frame = source.read(_READ_TIMEOUT_S)
        except SourceStalled:
            waited_s += _READ_TIMEOUT_S
            if waited_s >= _PATIENCE_S:
                raise BadInput(
                    f"{source.info.name} sent no picture for {_PATIENCE_S:.0f} s. Check the camera or the connection."
                ) from None
            continue
        if frame is None:
            return
        waited_s = 0.0
        count += 1
        yield frame


def check_ends(source: Source, limit: int | None) -> None:
    """Raise UsageError for work on all frames of an input that has no end (or none that can be foreseen)."""
    if limit is None and source.info.live:
        raise UsageError(f"{source.info.name} never ends: say how many frames with --frames N.")


def shortfall(source: Source, decoded: int, limit: int | None = None) -> str | None:
    """A sentence when a video gave under 95 % of the frames it announces, or of the `limit` first; None when whole."""
    info = source.info
    expected = info.frame_count if limit is None else min(limit, info.frame_count)
    if info.kind != "video" or decoded >= _WHOLE_SHARE * expected:
        return None
    return (
        f"{info.name} is damaged: {decoded} of {expected} announced frames could be read. "
        "What there was has been written; get a whole copy of the file for the rest."
    )
