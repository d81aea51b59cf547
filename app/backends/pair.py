"""One backend, made ready: the shared model on a runtime, and the device that holds the canvas."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from effects.canvas import Device
from models.errors import FacetError
from models.types import SharedModel

HOME = "cpu"
"""The backend that is always there: it answers when another fails."""
AUTO = "auto"
"""Whatever is fastest here."""


class LoadingCancelled(FacetError):
    """Nobody waits for this backend any more."""


@dataclass(eq=False, slots=True)
class Pair:
    """What an engine runs on.

    Attributes:
        model: runs the networks.
        device: holds the canvas.
        describe: what really computes, in words: a processor's or graphics card's name; "" where that is not known.
        remarks: plain sentences about what is not as was asked for.
    """

    model: SharedModel
    device: Device
    describe: Callable[[], str] = lambda: ""
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the backend: "cpu", "gpu", "cuda", "mps", "torch-cpu", or "networks+canvas" for another mixture."""
        return backend_of(self.model.name, self.device.name)

    def close(self) -> None:
        """Free both. What fails while it goes is of no interest any more."""
        for part in (self.model, self.device):
            with contextlib.suppress(Exception):
                part.close()


def backend_of(networks: str, canvas: str) -> str:
    """The backend's name for the devices that really run."""
    if networks == canvas or networks in ("cuda", "mps"):
        return networks
    if (networks, canvas) == ("torch-cpu", "cpu"):
        return networks
    return f"{networks}+{canvas}"


class Loading:
    """One backend on its way: what it is doing, and whether anybody still waits for it.

    Args:
        said: called with a few words at each step, from the loading thread.
    """

    def __init__(self, said: Callable[[str], None] = lambda _words: None) -> None:
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._ends: list[Callable[[], object]] = []
        self._said = said

    def step(self, words: str) -> None:
        """Begin the next step; raises LoadingCancelled where nobody waits any more."""
        if self._cancelled.is_set():
            raise LoadingCancelled("The backend is not wanted any more.")
        self._said(words)

    def holds(self, end: Callable[[], object]) -> None:
        """`end` frees what was made so far, in any thread, and makes a step that hangs fail."""
        with self._lock:
            self._ends.append(end)
            late = self._cancelled.is_set()
        if late:
            end()

    def cancel(self) -> None:
        """Nobody waits for it any more. May take a second: not for the thread of the picture."""
        with self._lock:
            self._cancelled.set()
            ends = list(self._ends)
        for end in ends:
            end()
