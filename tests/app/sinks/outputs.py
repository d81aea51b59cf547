"""Outputs to write, without an engine."""

from collections.abc import Iterator, Sequence

import numpy as np

from app.pipeline.types import Output
from app.sources.base import Source
from models.types import U8, Frame, Perception


def output(pixels: U8, index: int = 0, t_s: float = 0.0, bgra: U8 | None = None) -> Output:
    """A finished frame; untouched unless `bgra` is given."""
    frame = Frame(index, t_s, 0, pixels)
    height, width = pixels.shape[:2]
    perception = Perception(index, t_s, (width, height), (), None, -1, (0.0, 0.0, 0.0), "none")
    return Output(frame, perception, bgra_of(pixels) if bgra is None else bgra)


def bgra_of(pixels: U8) -> U8:
    """Opaque."""
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


def outputs(pictures: Sequence[U8], fps: float = 30.0) -> Iterator[Output]:
    """At a steady rate."""
    for index, picture in enumerate(pictures):
        yield output(picture, index, index / fps)


def outputs_of(source: Source) -> Iterator[Output]:
    """All of a source, untouched."""
    while (frame := source.read(1.0)) is not None:
        yield output(frame.pixels, frame.index, frame.t_s)
