"""What a `Remote` and its child process say to each other, and the shared memory that they say it about.

One request, one answer (`Drop` has none). Arrays never go through the pipe: they lie in blocks of shared memory that
the parent makes, and that lose their name once the child has them open, so that nothing is left behind whoever dies.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np

from models.types import F32

Shape = tuple[int, ...]

_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Start:
    """Make the runtime: `factory` is "module:name", called with `arguments`. Answer: Facts."""

    factory: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """Load a network and call it by a number from now on. Answer: Facts."""

    net: int
    graph: Path
    outputs: tuple[str, ...]
    input_shape: Shape | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the runtime says about itself."""

    device_name: str
    remarks: tuple[str, ...]
    takes_many: bool = False
    """Of the network that was just loaded: it is a BatchNet."""


@dataclass(frozen=True, slots=True)
class Place:
    """A block of shared memory by name, and the arrays in it."""

    name: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Run a network for the first time on inputs of these shapes; the lane is called by a number. Answer: Results."""

    lane: int
    net: int
    is_many: bool
    inputs: Place


@dataclass(frozen=True, slots=True)
class Results:
    """Shapes of what the network gave; the values wait for their `Deliver`."""

    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Lay a lane's results here, now and after every run. Answer: Done."""

    lane: int
    outputs: Place


@dataclass(frozen=True, slots=True)
class Run:
    """Run a lane. Answer: Done."""

    lane: int


@dataclass(frozen=True, slots=True)
class Done:
    """The results are in their block."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Let networks and lanes go. No answer."""

    nets: tuple[int, ...]
    lanes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed: a FacetError's words, and whether it was a ModelUnavailable."""

    message: str
    is_unavailable: bool


class Block:
    """Float32 arrays of fixed shapes in one piece of shared memory.

    Args:
        shapes: of the arrays, one after the other.
        name: of a block that another process made; "" makes one.
    """

    def __init__(self, shapes: Sequence[Shape], name: str = "") -> None:
        ends = np.cumsum([0, *(-(-4 * math.prod(shape) // _ALIGNMENT) * _ALIGNMENT for shape in shapes)])
        self._memory = _opened(name) if name else SharedMemory(create=True, size=max(int(ends[-1]), _ALIGNMENT))
        self.place = Place(self._memory.name, tuple(shapes))
        self.arrays: list[F32] = [
            np.ndarray(shape, np.float32, self._memory.buf, int(start))
            for shape, start in zip(shapes, ends[:-1], strict=True)
        ]

    def forget_name(self) -> None:
        """From now on only who has it open can reach it."""
        self._memory.unlink()

    def close(self) -> None:
        """The arrays are gone after this."""
        self.arrays.clear()
        self._memory.close()


def _opened(name: str) -> SharedMemory:
    """Open a block that belongs to the parent.

    Before Python 3.13 whoever opens shared memory is taken for its owner (github.com/python/cpython/issues/82300) and
    would start a process that removes it once more, with a warning. The child has one thread that does this.
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    register = resource_tracker.register
    resource_tracker.register = lambda *_: None
    try:
        return SharedMemory(name)
    finally:
        resource_tracker.register = register
