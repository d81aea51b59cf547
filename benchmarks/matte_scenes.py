"""Clips and stills whose matte is known: people moved over other backgrounds, seen by a noisy camera."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.matte_cutouts import CutOut, picture_of
from models.types import F32, U8

SIZE_WH = (1280, 720)
FPS = 30.0
_NOISES = 7


@dataclass(frozen=True, slots=True)
class Role:
    """Who stands where: a name ("~": mirrored), the face's height and middle as shares of the frame, way +1 / -1."""

    who: str
    face: float
    middle: float
    way: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One frame with its truth: BGR, alpha, faces (n, 4); `way` of the motion, +1 / -1, 0 = still or just turned."""

    bgr: U8
    alpha: F32
    faces_xyxy: F32
    way: int


SCENES: tuple[tuple[str, tuple[Role, ...]], ...] = (
    ("motorcycle", (Role("dress", 0.30, 0.5),)),
    ("plants", (Role("shout", 0.55, 0.45),)),
    ("shelf", (Role("driver", 0.40, 0.55),)),
    ("park", (Role("hand", 0.32, 0.5),)),
    ("window", (Role("astronaut", 0.25, 0.5),)),
    ("studio", (Role("glasses", 0.55, 0.5),)),
    ("shelf", (Role("~dress", 0.26, 0.3), Role("hand", 0.26, 0.68, -1))),
    ("brick", (Role("driver", 0.28, 0.32), Role("~hand", 0.26, 0.7, -1))),
    ("plants", (Role("astronaut", 0.22, 0.3), Role("~driver", 0.28, 0.7, -1))),
    ("window", (Role("dress", 0.24, 0.22), Role("driver", 0.24, 0.5, -1), Role("~astronaut", 0.20, 0.78))),
    ("motorcycle", (Role("hand", 0.22, 0.22), Role("driver", 0.22, 0.5), Role("~dress", 0.22, 0.78, -1))),
    ("park", (Role("astronaut", 0.18, 0.2), Role("dress", 0.20, 0.5, -1), Role("driver", 0.22, 0.8))),
)
"""Background and cast of the clips: six with one person, three with two, three with three."""


def backgrounds(testdata: Path) -> dict[str, U8]:
    """1280x720 pictures without people: photographs, blurred parts of the test clips, and two drawn rooms."""
    room, park = (
        picture_of(testdata, "video/portrait_720p_30fps.mp4"),
        picture_of(testdata, "video/outdoor_hands_720x1364.mp4"),
    )
    pictures = {
        "motorcycle": picture_of(testdata, "motorcycle_left.png"),
        "brick": picture_of(testdata, "brick.png"),
        "coffee": picture_of(testdata, "coffee.png"),
        "rocket": picture_of(testdata, "rocket.jpg"),
        "grass": picture_of(testdata, "grass.png"),
        "cat": picture_of(testdata, "chelsea.png"),
        "plants": room[200:440, :426],
        "studio": room[60:230, 1000:],
        "park": park[:240],
        "shelf": _drawn_room(1),
        "window": _drawn_room(7),
    }
    return {name: _covering(picture) for name, picture in pictures.items()}


def clip(
    background: U8,
    cast: Sequence[tuple[CutOut, Role]],
    speed_px_s: float,
    *,
    frames: int = 40,
    noise: float = 2.5,
    seed: int = 0,
) -> Iterator[Shot]:
    """The cast walking to and fro over the background at a steady speed, with camera noise and jittering face boxes."""
    rng = np.random.default_rng(seed)
    width, height = SIZE_WH
    noises = [np.rint(rng.standard_normal((height, width, 3)) * noise).astype(np.int16) for _ in range(_NOISES)]
    fitted = [(cut.scaled(role.face * height), role) for cut, role in cast]
    travel_px = 200.0 if len(cast) == 1 else 110.0
    for index in range(frames):
        offset_px, way = _to_and_fro(index, speed_px_s, travel_px)
        turned = index < 8 or _to_and_fro(index - 5, speed_px_s, travel_px)[1] != way
        bgr, alpha = background.copy(), np.zeros((height, width), np.float32)
        faces = []
        for cut, role in fitted:
            faces.append(_place(bgr, alpha, cut, role.middle * width + role.way * offset_px))
        noisy = bgr + noises[(index * 3 + index // _NOISES) % _NOISES]
        boxes = np.array(faces, np.float32) + rng.normal(0, 1, (len(faces), 4)).astype(np.float32)
        yield Shot(np.clip(noisy, 0, 255).astype(np.uint8), alpha, boxes, 0 if turned else way)


def upright(shot: Shot) -> Shot:
    """The middle of a shot as a portrait picture of 404x720."""
    left = (SIZE_WH[0] - 404) // 2
    faces = shot.faces_xyxy - np.array([left, 0, left, 0], np.float32)
    cropped = np.ascontiguousarray(shot.bgr[:, left : left + 404])
    return replace(shot, bgr=cropped, alpha=shot.alpha[:, left : left + 404], faces_xyxy=faces)


def _to_and_fro(index: int, speed_px_s: float, travel_px: float) -> tuple[float, int]:
    """Offset from the middle and way of a triangle wave; still: 0, 0."""
    if speed_px_s == 0:
        return 0.0, 0
    phase = (speed_px_s * index / FPS + travel_px) % (4 * travel_px)
    return (phase - travel_px, 1) if phase < 2 * travel_px else (3 * travel_px - phase, -1)


def _place(bgr: U8, alpha: F32, cut: CutOut, middle_x_px: float) -> F32:
    """Draw a person, standing on the frame's lower edge with the face at that column, into both; the face's box."""
    height, width = cut.alpha.shape
    x = round(middle_x_px - float(cut.face_xyxy[0] + cut.face_xyxy[2]) / 2)
    y = bgr.shape[0] - height
    rows, columns = slice(max(y, 0), y + height), slice(max(x, 0), min(x + width, bgr.shape[1]))
    own = (slice(rows.start - y, rows.stop - y), slice(columns.start - x, columns.stop - x))
    a, under = cut.alpha[own], bgr[rows, columns].astype(np.float32)
    bgr[rows, columns] = np.rint(under + (cut.bgr[own] - under) * a[..., None]).astype(np.uint8)
    alpha[rows, columns] += (1 - alpha[rows, columns]) * a
    return cut.face_xyxy + np.array([x, y, x, y], np.float32)


def _covering(picture: U8) -> U8:
    """A picture scaled and cropped to fill 1280x720."""
    width, height = SIZE_WH
    scale = max(width / picture.shape[1], height / picture.shape[0])
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    y, x = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return np.ascontiguousarray(large[y : y + height, x : x + width], np.uint8)


def _drawn_room(seed: int) -> U8:
    """A wall with a window and shelves of books."""
    rng = np.random.default_rng(seed)
    width, height = SIZE_WH
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wall = rng.uniform(90, 200, 3)
    light = 1 - 0.3 * ((x - rng.uniform(200, 1000)) / width) ** 2 - 0.2 * (y / height)
    picture = np.asarray(wall * light[..., None], np.uint8)
    left = int(rng.uniform(60, 700))
    cv2.rectangle(picture, (left, 60), (left + 320, 360), (235, 225, 215), -1)
    cv2.rectangle(picture, (left, 60), (left + 320, 360), (120, 130, 150), 10)
    cv2.line(picture, (left + 160, 60), (left + 160, 360), (120, 130, 150), 8)
    shelf = int(rng.uniform(0, 800))
    for board_y in (250, 400, 550):
        cv2.rectangle(picture, (shelf, board_y), (shelf + 400, board_y + 10), (50, 70, 100), -1)
        book_x = shelf
        while book_x < shelf + 380:
            thick, tall = int(rng.uniform(14, 40)), int(rng.uniform(60, 120))
            colour = tuple(int(value) for value in rng.uniform(20, 220, 3))
            cv2.rectangle(picture, (book_x, board_y - tall), (book_x + thick - 2, board_y), colour, -1)
            book_x += thick
    cv2.rectangle(picture, (0, 650), (width, height), tuple(int(value) for value in wall * 0.5), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.5), np.uint8)
