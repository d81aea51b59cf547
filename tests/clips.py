"""Frames of a clip, as the program reads them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from app.sources.open import open_source
from models.types import Frame


def clip_frames(clip: Path | str, count: int, *, step: int = 1) -> Iterator[Frame]:
    """At most `count` frames, each `step`-th of the clip."""
    source = open_source(str(clip), live=False)
    try:
        yield from islice(iter(lambda: source.read(10.0), None), 0, count * step, step)
    finally:
        source.close()
