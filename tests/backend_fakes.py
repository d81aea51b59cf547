"""Backends that fail where they are told to, and a builder that waits until it is told to go on."""

import threading
from typing import Any

from app.backends.pair import Loading, Pair
from app.pipeline.switch import Circumstances
from effects.canvas import Image
from effects.devices.cpu import CpuDevice, CpuImage
from models.errors import BackendFailed
from models.types import U8, Face, Frame, Perception, TrackState, Wants
from tests.pipeline_fakes import FakeModel

LOST = "The graphics device was lost. Switch to the GPU again."


class FrailModel(FakeModel):
    """A model that fails in the methods named in `broken`."""

    def __init__(self, faces: tuple[Face, ...] = (), name: str = "cuda") -> None:
        super().__init__(faces, name=name)
        self.broken: set[str] = set()
        self.error: Exception = BackendFailed(LOST)

    def _try(self, what: str) -> None:
        if what in self.broken:
            raise self.error

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: str = "near") -> Perception:
        self._try("track")
        return super().track(frame, want, max_faces=max_faces, reach=reach)

    def export_state(self) -> TrackState:
        self._try("export")
        return super().export_state()

    def import_state(self, state: TrackState) -> None:
        self._try("import")
        super().import_state(state)

    def reset(self) -> None:
        self._try("reset")
        super().reset()

    def close(self) -> None:
        super().close()
        self._try("close")


class FrailDevice(CpuDevice):
    """A canvas device that fails in the methods named in `broken`; operations run on it as on the CPU."""

    def __init__(self, name: str = "cpu") -> None:
        super().__init__()
        self.name = name
        self.broken: set[str] = set()
        self.error: Exception = BackendFailed(LOST)
        self.closed = False

    def _try(self, what: str) -> None:
        if what in self.broken:
            raise self.error

    def upload(self, frame: Frame) -> CpuImage:
        self._try("upload")
        return super().upload(frame)

    def download(self, image: Image) -> U8:
        self._try("download")
        return super().download(image)

    def close(self) -> None:
        self.closed = True
        super().close()


def frail_pair(faces: tuple[Face, ...] = (), name: str = "cuda", canvas: str = "cpu") -> Pair:
    """A backend that works until something of it is broken. Only on a canvas called "cpu" can operations draw."""
    return Pair(FrailModel(faces, name), FrailDevice(canvas), lambda: f"Test {name}")


class Workshop:
    """Builds backends for a `Switch`; each waits for `go` where `slow` names it.

    Attributes:
        made: every pair, oldest first.
        fails: name -> what building raises.
        homes: names that turn out to be the CPU.
    """

    def __init__(self, faces: tuple[Face, ...] = ()) -> None:
        self.faces = faces
        self.made: list[Pair] = []
        self.asked: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.homes: set[str] = set()
        self.slow: set[str] = set()
        self.go = threading.Event()
        self.given_up: list[str] = []

    def __call__(self, name: str, circumstances: Circumstances, loading: Loading) -> Pair | None:
        self.asked.append(name)
        loading.step("loading the networks")
        if name in self.slow:
            loading.holds(lambda: self.given_up.append(name))
            while not self.go.wait(0.005):
                loading.step("loading the networks")
        if name in self.fails:
            raise self.fails[name]
        if name in self.homes:
            return None
        pair = frail_pair(self.faces, name)
        self.made.append(pair)
        return pair

    def pair(self, name: str) -> Any:
        """The newest pair of that name."""
        return [pair for pair in self.made if pair.model.name == name][-1]


def is_closed(pair: Pair) -> bool:
    """Whether both parts were freed."""
    return bool(getattr(pair.model, "closed", False)) and bool(getattr(pair.device, "closed", False))
