"""An actor of the demo: its committed pictures and grids, and where each point of its face goes in a given pose.

The head is one picture ("plate") with a depth for every grid node; turning it moves each node by its depth (a 2.5-D
warp). Picture and ground truth go through the same functions.
"""

from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path

import cv2
import numpy as np

from app.sources.base import BadInput
from app.sources.demo_script import Performance
from models.types import F32, U8

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "demo"

AXIS_DEPTH = 0.28
"""Depth of the axis round which a head turns, in face widths; the depth grids are made for it."""

NARROW = 0.28
"""Share of an inverted smile that goes with an open mouth: the corners come in."""


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Lengths are pixels of the head plate unless named otherwise.

    Attributes:
        head: (H, W, 4) BGRA, alpha pre-multiplied.
        body: the same for the figure below the head.
        mouth: (H, W, 3) what an open mouth shows, in the head plate's place.
        shut: (H, W, 3) the head with shut lids.
        mesh: (478, 2) landmarks at rest.
        pivot: x, y and depth of the point around which the head turns.
        step: plate pixels between grid nodes.
        depth: (rows, columns) positive towards the back.
        turn: (rows, columns) 0..1 share of the head's turn: 1 on the head, 0 at the collar.
        smile, brow: (rows, columns, 2) moves at full expression.
        lids: two (4, n): columns x and the y of lid top, lash line and lower lid; own right, own left.
        drop: jaw's drop with the mouth fully open.
        head_to_photo: scale and origin (x, y) of the head plate in the photograph's pixels; likewise for the body.
        face_xy: middle of the face in the photograph.
    """

    head: U8
    body: U8
    mouth: U8
    shut: U8
    mesh: F32
    pivot: tuple[float, float, float]
    step: float
    depth: F32
    turn: F32
    smile: F32
    brow: F32
    lids: tuple[F32, F32]
    drop: float
    head_to_photo: tuple[float, float, float]
    body_to_photo: tuple[float, float, float]
    face_xy: tuple[float, float]


def load(name: str, detail: float) -> Actor:
    """Read actor `name` with plates scaled by `detail` (<= 1). Raises BadInput when the program's files are damaged."""
    head = read_picture(f"actor_{name}_head.webp", detail)
    try:
        with np.load(FOLDER / f"actor_{name}.npz") as stored:
            data = {key: stored[key].astype(np.float32) for key in stored.files}
    except (OSError, ValueError) as error:
        raise BadInput(f"The demo's file actor_{name}.npz is missing or damaged: install Facet again.") from error
    step = float(data["step"]) * detail
    mesh = data["mesh"] * detail
    width = float(mesh[454, 0] - mesh[234, 0])
    return Actor(
        head=head,
        body=read_picture(f"actor_{name}_body.webp", detail),
        mouth=read_picture(f"actor_{name}_mouth.webp", detail),
        shut=read_picture(f"actor_{name}_shut.webp", detail),
        mesh=mesh[:, :2].astype(np.float32),
        pivot=(float(mesh[152, 0]), float(mesh[152, 1]), AXIS_DEPTH * width),
        step=step,
        depth=data["depth"] * detail,
        turn=data["turn"],
        smile=data["smile"] * detail,
        brow=data["brow"] * detail,
        lids=(data["right_lids"] * detail, data["left_lids"] * detail),
        drop=0.66 * float(np.linalg.norm(mesh[291, :2] - mesh[61, :2])),
        head_to_photo=_to_photo(data["head_to_photo"], detail),
        body_to_photo=_to_photo(data["body_to_photo"], detail),
        face_xy=(float(data["face_xy"][0]), float(data["face_xy"][1])),
    )


def warp_grid(actor: Actor, act: Performance) -> F32:
    """(rows, columns, 2): how far each node of the plate moves in its own plane: expression, then turn."""
    smile = act.smile - NARROW * act.mouth
    moved = smile * actor.smile + act.brow * actor.brow
    rows, columns = actor.depth.shape
    x = np.arange(columns, dtype=np.float32) * actor.step - actor.pivot[0] + moved[..., 0]
    y = (np.arange(rows, dtype=np.float32) * actor.step - actor.pivot[1])[:, None] + moved[..., 1]
    z = actor.depth - actor.pivot[2]
    yaw, pitch, roll = radians(act.yaw_deg), radians(act.pitch_deg), radians(act.roll_deg)
    turned_x = x * cos(yaw) - z * sin(yaw) - actor.pivot[2] * sin(yaw)
    turned_z = x * sin(yaw) + z * cos(yaw)
    turned_y = y * cos(pitch) + turned_z * sin(pitch) + actor.pivot[2] * sin(pitch)
    rolled_x = turned_x * cos(roll) - turned_y * sin(roll)
    rolled_y = turned_x * sin(roll) + turned_y * cos(roll)
    shift = np.stack([rolled_x - x, rolled_y - y], -1) * actor.turn[..., None]
    return (moved + shift).astype(np.float32)


def follow(actor: Actor, grid: F32, points_xy: F32) -> F32:
    """(N, 2) where plate points go under `grid` (from `warp_grid`)."""
    return points_xy + bilinear(grid, points_xy / actor.step)


def bilinear(grid: F32, at_xy: F32) -> F32:
    """(N, C) of a (rows, columns, C) grid at fractional node positions (N, 2); held constant outside."""
    rows, columns = grid.shape[:2]
    x, y = np.clip(at_xy[:, 0], 0, columns - 1.001), np.clip(at_xy[:, 1], 0, rows - 1.001)
    column, row = x.astype(np.intp), y.astype(np.intp)
    fx, fy = (x - column)[:, None], (y - row)[:, None]
    top = grid[row, column] * (1 - fx) + grid[row, column + 1] * fx
    bottom = grid[row + 1, column] * (1 - fx) + grid[row + 1, column + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)


def _to_photo(stored: F32, detail: float) -> tuple[float, float, float]:
    scale, left, top = map(float, stored)
    return scale / detail, left, top


def read_picture(file: str, detail: float = 1.0) -> U8:
    """A picture of the demo, scaled; BGRA gets pre-multiplied alpha. Raises BadInput."""
    picture = cv2.imread(str(FOLDER / file), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise BadInput(f"The demo's file {file} is missing or damaged: install Facet again.")
    if picture.shape[2] == 4:
        alpha = picture[..., 3:].astype(np.uint16)
        picture[..., :3] = (picture[..., :3] * alpha + 127) // 255
    if detail != 1.0:
        picture = cv2.resize(picture, None, fx=detail, fy=detail, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)
