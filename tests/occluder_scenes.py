"""Occluders that move over a face, and how well a visibility map finds them; for tests and benchmarks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.types import F32, U8, Face, Frame, SharedModel, Wants
from models.uv import sample, uv_table
from tests.occluders import Occluder, cup, hand, microphone, place, skin_colour

START_S = 1.2
"""The face is alone for this long; after that the occluder comes, stays, leaves and comes again."""
_PAUSE_S = 1.2
_COVERED = 0.06
"""Frames count towards recall and IoU where the occluder covers at least this share of the face."""
_FACING = 0.35


@dataclass(frozen=True, slots=True)
class Move:
    """Where an occluder goes; points and size in face widths, points from the face's middle.

    Without `hold_s` it passes from `start` to `rest` at constant speed, otherwise it comes, trembles there and leaves.
    """

    make: Callable[[U8, F32], Occluder]
    start: tuple[float, float]
    rest: tuple[float, float]
    size: float
    angle_deg: float
    travel_s: float = 0.5
    hold_s: float = 1.8

    def at(self, t_s: float) -> tuple[float, float] | None:
        """Offset at one moment, None while away."""
        if t_s < START_S:
            return None
        period = (2 * self.travel_s + self.hold_s if self.hold_s else self.travel_s) + _PAUSE_S
        t = (t_s - START_S) % period
        start, rest = np.array(self.start), np.array(self.rest)
        if not self.hold_s:
            return None if t > self.travel_s else _pair(start + (rest - start) * t / self.travel_s)
        if t > 2 * self.travel_s + self.hold_s:
            return None
        share = min(1.0, t / self.travel_s, (2 * self.travel_s + self.hold_s - t) / self.travel_s)
        tremble = 0.03 * np.array([np.sin(5.7 * t), np.sin(8.2 * t)]) * (share == 1.0)
        return _pair(start + (rest - start) * share**2 * (3 - 2 * share) + tremble)


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


MOVES = {
    "cup": Move(lambda *_: cup(), (0, 1.8), (0.05, 0.42), 0.75, -8),
    "white cup": Move(lambda *_: cup((225, 228, 230), (60, 60, 190)), (1.7, 0.6), (-0.15, 0.40), 0.65, 12),
    "cup passing": Move(lambda *_: cup(), (-1.6, 0.1), (1.6, 0.1), 0.7, 0, travel_s=1.6, hold_s=0),
    "microphone": Move(lambda *_: microphone(), (0.8, 1.9), (0.12, 0.60), 1.0, -25),
    "hand on cheek": Move(lambda p, m: hand(skin_colour(p, m), 5), (1.9, 0.6), (0.60, 0.30), 1.3, -65),
    "hand on chin": Move(lambda p, m: hand(skin_colour(p, m), 5), (-0.6, 2.0), (-0.25, 0.62), 1.2, 18),
    "hand passing": Move(lambda p, m: hand(skin_colour(p, m), 12), (-2.0, 0.1), (2.0, 0.1), 1.2, 0, 1.8, 0),
}


def random_hand(rng: np.random.Generator) -> Move:
    """A hand in the face's own colour, more or less, that comes from anywhere but above and stays for a while."""
    length, from_deg = rng.uniform(1.0, 1.4), rng.uniform(-100, 100)
    tone, spread_deg = rng.uniform(0.88, 1.08), rng.uniform(2, 14)
    outwards = np.array([np.sin(np.radians(from_deg)), np.cos(np.radians(from_deg))])
    rest = np.array([rng.uniform(-0.2, 0.2), rng.uniform(-0.15, 0.25)]) + 0.42 * length * outwards

    def make(pixels: U8, mesh: F32) -> Occluder:
        blue, green, red = (min(255.0, tone * value) for value in skin_colour(pixels, mesh))
        return hand((blue, green, red), spread_deg)

    return Move(make, _pair(rest + 1.7 * outwards), _pair(rest), length, -from_deg, travel_s=rng.uniform(0.3, 0.8))


HARD = ("cup", "white cup", "cup passing", "microphone")
HANDS = ("hand on cheek", "hand on chin")


@dataclass(slots=True)
class Score:
    """Texels found, missed and wrongly hidden, added up; `false` holds each frame's share of wrongly hidden ones."""

    found: int = 0
    missed: int = 0
    extra: int = 0
    false: list[float] | None = None

    def add(self, face: Face, mask: F32 | None) -> None:
        """Count one frame; `mask` (H, W) 0..1 is what covers the picture, None for nothing."""
        assert face.mesh is not None
        assert face.visibility is not None
        counted = facing_camera(face)
        hidden = (face.visibility < 0.5) & counted
        truth = np.zeros_like(counted)
        if mask is not None:
            truth = (sample(mask, face.mesh, uv_table())[0] > 0.5) & counted
        self.false = [*(self.false or []), float((hidden & ~truth).sum() / counted.sum())]
        if truth.sum() >= _COVERED * counted.sum():
            self.found += int((hidden & truth).sum())
            self.missed += int((truth & ~hidden).sum())
            self.extra += int((hidden & ~truth).sum())

    @property
    def recall(self) -> float:
        """Share of the covered texels that are hidden; NaN where nothing was covered."""
        covered = self.found + self.missed
        return self.found / covered if covered else float("nan")

    @property
    def iou(self) -> float:
        """Covered and hidden over covered or hidden; NaN where nothing was covered."""
        either = self.found + self.missed + self.extra
        return self.found / either if either else float("nan")

    @property
    def false_percent(self) -> float:
        """Mean percentage of the face that was hidden although nothing covered it."""
        return 100 * float(np.mean(self.false)) if self.false else float("nan")


def facing_camera(face: Face) -> NDArray[np.bool_]:
    """(64, 64) texels of the face that are turned to the camera; all of it where the pose is unknown."""
    table = uv_table()
    if face.signals is None:
        return table.inside
    yaw = np.radians(face.signals.pose_deg[0])
    cosine = table.normals @ np.array([-np.sin(yaw), 0, np.cos(yaw)])
    return np.asarray(table.inside & (cosine > _FACING))


def cover(frames: Iterable[Frame], meshes: list[F32 | None], move: Move) -> Iterator[tuple[Frame, F32 | None]]:
    """The frames with the occluder over the first face, and its mask; `meshes` are those of the bare frames."""
    known = [mesh for mesh in meshes if mesh is not None]
    width_px = float(np.median([np.ptp(mesh[:468, 0]) for mesh in known]))
    centre_xy = known[0][:468, :2].mean(axis=0)
    occluder: Occluder | None = None
    for frame, mesh in zip(frames, meshes, strict=False):
        if mesh is not None:
            centre_xy = centre_xy + 0.12 * (mesh[:468, :2].mean(axis=0) - centre_xy)
        offset = move.at(frame.t_s)
        if offset is None:
            yield frame, None
            continue
        if occluder is None:
            occluder = move.make(frame.pixels, known[0] if mesh is None else mesh)
        middle = (float(centre_xy[0] + offset[0] * width_px), float(centre_xy[1] + offset[1] * width_px))
        pixels, mask = place(frame.pixels, occluder, middle, move.size * width_px, move.angle_deg)
        pixels.flags.writeable = False
        yield Frame(frame.index, frame.t_s, frame.grabbed_ns, pixels), mask


def follow(model: SharedModel, frames: Iterable[Frame]) -> Iterator[Face | None]:
    """The largest face of every frame, as the live path sees it from a fresh start; None where it has no mesh."""
    model.reset()
    for frame in frames:
        faces = model.track(frame, Wants(visibility=True), max_faces=2).faces
        seen = [face for face in faces if face.mesh is not None and face.visibility is not None and not face.coasting]
        yield max(seen, key=lambda face: float(np.ptp(face.box_xyxy)), default=None)


def bare_run(model: SharedModel, frames: Iterable[Frame]) -> tuple[list[F32 | None], Score]:
    """The meshes of the bare frames, and what is hidden on them although nothing is in front."""
    meshes: list[F32 | None] = []
    score = Score()
    for face in follow(model, frames):
        meshes.append(None if face is None else face.mesh)
        if face is not None:
            score.add(face, None)
    return meshes, score


def covered_run(model: SharedModel, frames: Iterable[Frame], meshes: list[F32 | None], move: Move) -> Score:
    """How well the live path finds the occluder of `move`."""
    masks: list[F32 | None] = []

    def frames_only() -> Iterator[Frame]:
        for frame, mask in cover(frames, meshes, move):
            masks.append(mask)
            yield frame

    score = Score()
    for face in follow(model, frames_only()):
        if face is not None:
            score.add(face, masks[-1])
    return score
