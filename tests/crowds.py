"""Several real faces in one picture: cut out, pasted over a background, crossing, hidden, beside a painting.

Who is where is known exactly, so an id can be followed through everything that happens to its face.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from models.shared import FaceModel
from models.types import U8, Face, Frame, Wants
from tests.moving_faces import SIZE_WH, Portrait

FPS = 30.0
_TILE_WH = (400, 480)
_TILE_CENTRE = (200.0, 250.0)
_TILE_FACE_PX = 200.0
_CLEAR = 0.9
"""Visible share from which a face must have its own id."""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A head with soft edges: bgra (480, 400, 4), its face 200 px high in the middle."""

    name: str
    bgra: U8


@dataclass(frozen=True, slots=True)
class Placed:
    """A cut-out at a time: centre and height of its face in px; later ones are in front."""

    cutout: Cutout
    x: float
    y: float
    height_px: float


Scene = Callable[[float], Sequence[Placed]]
"""t_s -> who is in the picture, back to front."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame: the id on each clearly visible face (None = nobody's), and all listed ids."""

    t_s: float
    id_by_name: dict[str, int | None]
    listed: tuple[int, ...]


def cut_out(portrait: Portrait) -> Cutout:
    """The head of a portrait in an ellipse."""
    low, high = portrait.mesh[:, :2].min(axis=0), portrait.mesh[:, :2].max(axis=0)
    scale = _TILE_FACE_PX / float(high[1] - low[1])
    shift = np.array(_TILE_CENTRE) - scale * (low + high) / 2
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    smooth = cv2.GaussianBlur(portrait.pixels, (0, 0), max(0.45 / scale, 0.3))
    tile = cv2.warpAffine(smooth, matrix, _TILE_WH, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    row, column = np.mgrid[: _TILE_WH[1], : _TILE_WH[0]]
    distance = ((column - 200) / 115) ** 2 + ((row - 238) / 150) ** 2
    alpha = cv2.GaussianBlur(np.clip((1.12 - distance) / 0.2, 0, 1).astype(np.float32), (0, 0), 2)
    return Cutout(portrait.name, np.dstack([tile, np.round(alpha * 255).astype(np.uint8)]))


def background() -> U8:
    """A soft, faceless room."""
    rng = np.random.default_rng(1)
    coarse = cv2.resize(rng.uniform(60, 190, (9, 16, 3)).astype(np.float32), SIZE_WH, interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.normal(0, 8, (180, 320, 3)).astype(np.float32), SIZE_WH)
    return np.clip(coarse + fine, 0, 255).astype(np.uint8)


def paste(pixels: U8, placed: Placed) -> None:
    """Draw a cut-out into (H, W, 3) pixels, to a fraction of a pixel."""
    scale = placed.height_px / _TILE_FACE_PX
    left, top = placed.x - _TILE_CENTRE[0] * scale, placed.y - _TILE_CENTRE[1] * scale
    x0, y0 = max(math.floor(left), 0), max(math.floor(top), 0)
    x1 = min(math.ceil(left + _TILE_WH[0] * scale), pixels.shape[1])
    y1 = min(math.ceil(top + _TILE_WH[1] * scale), pixels.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    matrix = np.array([[scale, 0, left - x0 + (scale - 1) / 2], [0, scale, top - y0 + (scale - 1) / 2]])
    tile = cv2.GaussianBlur(placed.cutout.bgra, (0, 0), max(0.45 / scale, 0.3))
    drawn = cv2.warpAffine(tile, matrix, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR).astype(np.float32)
    alpha = drawn[..., 3:] / 255
    place = pixels[y0:y1, x0:x1]
    place[:] = place * (1 - alpha) + drawn[..., :3] * alpha


def visible(scene: Sequence[Placed], index: int) -> float:
    """Share of a face that is in the picture and behind nobody, taking heads for ellipses."""
    face = scene[index]
    v, u = np.mgrid[-1:1:15j, -1:1:15j]
    inside = u**2 + v**2 < 1
    x, y = face.x + u * face.height_px * 0.38, face.y + v * face.height_px * 0.5
    covered = (x < 0) | (x > SIZE_WH[0]) | (y < 0) | (y > SIZE_WH[1])
    for other in scene[index + 1 :]:
        across, up = 0.56 * other.height_px, 0.75 * other.height_px
        covered |= ((x - other.x) / across) ** 2 + ((y - other.y + 0.06 * other.height_px) / up) ** 2 < 1
    return 1 - float((covered & inside).sum()) / float(inside.sum())


def watch(model: FaceModel, scene: Scene, seconds: float, max_faces: int = 5) -> list[Seen]:
    """Let the model track a scene from its beginning."""
    model.reset()
    empty, rng, seen = background(), np.random.default_rng(0), []
    for index in range(round(seconds * FPS)):
        t_s = index / FPS
        placed = scene(t_s)
        pixels = empty.copy()
        for face in placed:
            paste(pixels, face)
        noise = rng.integers(-3, 4, (SIZE_WH[1], SIZE_WH[0]), dtype=np.int8)
        pixels = np.clip(pixels + noise[..., None].astype(np.int16), 0, 255).astype(np.uint8)
        pixels.setflags(write=False)
        faces = model.track(Frame(index, t_s, 0, pixels), Wants(), max_faces=max_faces).faces
        ids: dict[str, int | None] = {}
        for k, face in enumerate(placed):
            if visible(placed, k) >= _CLEAR:
                ids[face.cutout.name] = _id_at(faces, face)
        seen.append(Seen(t_s, ids, tuple(face.track_id for face in faces)))
    return seen


def _id_at(faces: Sequence[Face], placed: Placed) -> int | None:
    best, nearest = None, 0.35 * placed.height_px
    for face in faces:
        if face.coasting:
            continue
        x0, y0, x1, y1 = face.box_xyxy
        away = math.hypot((x0 + x1) / 2 - placed.x, (y0 + y1) / 2 - placed.y)
        if away < nearest:
            best, nearest = face.track_id, away
    return best


def ids_of(seen: Sequence[Seen], name: str) -> list[int]:
    """The ids that a clearly visible face had one after the other, each run once."""
    runs: list[int] = []
    for frame in seen:
        track_id = frame.id_by_name.get(name)
        if track_id is not None and (not runs or runs[-1] != track_id):
            runs.append(track_id)
    return runs


def missed(seen: Sequence[Seen], name: str) -> float:
    """Share of the frames in which a clearly visible face was nobody's."""
    ids = [frame.id_by_name[name] for frame in seen if name in frame.id_by_name]
    return sum(track_id is None for track_id in ids) / max(len(ids), 1)
