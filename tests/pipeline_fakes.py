"""Faces without a network, a model that sees them, and sources that misbehave on demand."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from app.sources.base import SourceInfo, SourceStalled
from models.geometry import box_around
from models.rotations import angles_deg_to_rotation
from models.topology import canonical_face
from models.types import F32, U8, Face, Frame, Perception, StageTimes, TrackState, Wants

FACE_CM = 17.0
"""Height of the canonical face, about."""


def make_mesh(
    centre_xy: tuple[float, float], height_px: float, angles_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> F32:
    """(478, 3) the canonical face in frame pixels, turned by yaw, pitch, roll; irises between the eye corners."""
    vertices = canonical_face().vertices_cm @ angles_deg_to_rotation(*angles_deg).T.astype(np.float32)
    flipped = vertices * np.array([1.0, -1.0, -1.0], np.float32) * np.float32(height_px / FACE_CM)
    mesh = np.zeros((478, 3), np.float32)
    mesh[:468] = flipped - flipped.mean(axis=0) + np.array([*centre_xy, 0.0], np.float32)
    for start, corners in ((468, (33, 133)), (473, (263, 362))):
        middle = mesh[list(corners)].mean(axis=0)
        radius = 0.2 * float(np.linalg.norm(mesh[corners[0]] - mesh[corners[1]]))
        mesh[start : start + 5] = middle
        mesh[start + 1 : start + 5, :2] += radius * np.array([(-1, 0), (0, -1), (1, 0), (0, 1)], np.float32)
    return mesh


def make_face(
    track_id: int,
    centre_xy: tuple[float, float],
    height_px: float = 160.0,
    angles_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    coasting: bool = False,
    weight: float = 1.0,
    with_mesh: bool = True,
) -> Face:
    """A tracked face."""
    mesh = make_mesh(centre_xy, height_px, angles_deg)
    kept = mesh if with_mesh else None
    return Face(track_id, coasting, 0.9, weight, box_around(mesh[:468, :2]), kept, kept, None, None)


@lru_cache(maxsize=32)
def _noise(size_wh: tuple[int, int], seed: int) -> U8:
    pixels = np.random.default_rng(seed).integers(0, 256, (size_wh[1], size_wh[0], 3)).astype(np.uint8)
    pixels.setflags(write=False)
    return pixels


def make_frame(index: int = 0, size_wh: tuple[int, int] = (640, 360), t_s: float | None = None, seed: int = 0) -> Frame:
    """A frame full of detail, so that every changed pixel shows."""
    pixels = _noise(size_wh, seed % 8)
    return Frame(index, index / 30 if t_s is None else t_s, time.monotonic_ns(), pixels)


def person_matte(size_wh: tuple[int, int], *boxes_xyxy: tuple[float, float, float, float]) -> F32:
    """(144, 256) a matte with persons that fill the boxes, given in frame pixels."""
    matte = np.zeros((144, 256), np.float32)
    for x0, y0, x1, y1 in boxes_xyxy:
        columns = slice(round(x0 * 256 / size_wh[0]), round(x1 * 256 / size_wh[0]))
        matte[round(y0 * 144 / size_wh[1]) : round(y1 * 144 / size_wh[1]), columns] = 1.0
    return matte


class FakeModel:
    """A shared model that sees what it is told to see, and remembers what it was asked for."""

    name = "fake"

    def __init__(self, faces: Sequence[Face] = (), matte: F32 | None = None, name: str = "fake") -> None:
        self.name = name
        self.faces = tuple(faces)
        self.matte = matte
        self.asked: list[tuple[Wants, int, str]] = []
        self.state: TrackState = TrackState({"of": name})
        self.resets = 0
        self.closed = False
        self.fail_with: Exception | None = None

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: str = "near") -> Perception:
        self.asked.append((want, max_faces, reach))
        if self.fail_with is not None:
            raise self.fail_with
        matte = self.matte if want.matte else None
        return Perception(
            frame.index, frame.t_s, frame.size_wh, self.faces, matte, frame.index, (100.0, 0.0, 0.0), self.name
        )

    def still(self, pixels: U8, want: Wants, *, max_faces: int = 20, reach: str = "crowd") -> Perception:
        return self.track(Frame(0, 0.0, 0, pixels), want, max_faces=max_faces, reach=reach)

    def times(self) -> StageTimes:
        return StageTimes(0, {"detect": 1.5, "landmarks": 2.5}, frozenset({"detect"}))

    def export_state(self) -> TrackState:
        return self.state

    def import_state(self, state: TrackState) -> None:
        self.state = state

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed = True


class FakeSource:
    """Plays a list of frames and exceptions; None is the end. After the list it stalls until it is closed."""

    decode_ms = 0.5

    def __init__(self, script: Sequence[Frame | Exception | None], interval_s: float = 0.0, fps: float = 30.0) -> None:
        self._script = list(script)
        self._interval_s = interval_s
        self._closed = threading.Event()
        self.closed_count = 0
        self.info = SourceInfo("demo", "script", (640, 360), fps, live=True)

    def read(self, timeout_s: float) -> Frame | None:
        if not self._script:
            self._closed.wait(timeout_s)
            raise SourceStalled("nothing to read")
        self._closed.wait(self._interval_s)
        item = self._script.pop(0)
        if isinstance(item, Exception):
            raise item
        if item is None:
            return None
        return Frame(item.index, item.t_s, time.monotonic_ns(), item.pixels)

    def close(self) -> None:
        self.closed_count += 1
        self._closed.set()


def wait_until(happens: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    """Poll until it happens; False when it does not in time."""
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        if happens():
            return True
        time.sleep(0.005)
    return happens()
