"""Memory of the graphics device that is used again from frame to frame."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.types import U8

ALIGNMENT = 256
"""Every piece starts at a multiple of this: what WebGPU guarantees to be allowed."""
_FIRST_CAPACITY = 1 << 20
_STEP = 1 << 16
_FREE_BUFFERS = 4


class Arena:
    """What goes up with a frame (numbers, lines, masks): gathered in main memory, sent in one piece.

    A piece is bound in a size that is a power of two, so that few different bindings are ever made.
    """

    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make
        self.buffer: Any = None
        self._bytes: U8 = np.zeros(0, np.uint8)
        self._used = 0

    def fits(self, sizes: list[int]) -> bool:
        """Whether pieces of these sizes in bytes can still be placed."""
        end = self._used
        for size in sizes:
            if end + bound_size(size) > self._bytes.size:
                return False
            end += _aligned(size)
        return True

    def renew(self, sizes: list[int]) -> None:
        """Make room for these pieces; nothing may be waiting to be sent."""
        needed = max(_FIRST_CAPACITY, self._bytes.size, 2 * sum(bound_size(size) for size in sizes))
        if needed > self._bytes.size:
            self.buffer = self._make(needed)
            self._bytes = np.zeros(needed, np.uint8)

    def place(self, data: NDArray[np.generic]) -> tuple[int, int]:
        """Copy an array in; returns its offset and the size to bind it with, in bytes."""
        offset = self._used
        self._bytes[offset : offset + data.nbytes] = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        self._used += _aligned(data.nbytes)
        return offset, bound_size(data.nbytes)

    def take(self) -> U8:
        """What was placed since the last time; the arena is empty from now on."""
        used, self._used = self._used, 0
        return self._bytes[:used]


class Pool:
    """Buffers of equal use. A size is rounded up a little, so that a change of some pixels makes no new buffer.

    Lent buffers are held here too: one that dies in the same ring of garbage as its picture is freed by wgpu before the
    picture can give it back.
    """

    def __init__(self, make: Callable[[int], Any], forget: Callable[[], None]) -> None:
        self._make = make
        self._forget = forget
        self._free: list[tuple[int, Any]] = []
        self._lent: dict[int, Any] = {}

    def take(self, size: int) -> tuple[int, Any]:
        """A buffer of at least `size` bytes, contents undefined; returns its real size too."""
        rounded = -(-size // _STEP) * _STEP
        found = next((each for each in self._free if each[0] == rounded), None)
        if found is not None:
            self._free.remove(found)
        sized = found or (rounded, self._make(rounded))
        self._lent[id(sized[1])] = sized[1]
        return sized

    def give(self, sized: tuple[int, Any]) -> None:
        """Take a buffer back; beyond four, the one that has waited longest is freed."""
        if self._lent.pop(id(sized[1]), None) is None:
            return
        self._free.append(sized)
        if len(self._free) > _FREE_BUFFERS:
            self._free.pop(0)
            self._forget()

    def clear(self) -> None:
        """Let go of all buffers, the lent ones included."""
        self._free.clear()
        self._lent.clear()


def bound_size(size: int) -> int:
    """The power of two from 256 up that holds `size` bytes."""
    return 1 << max((size - 1).bit_length(), 8)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
