"""How a head may move: depth, share of the head's turn, and expression fields on a small grid over the head plate."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator  # type: ignore[import-untyped]

from assets.demo.source.mesh import F32, FACE_OVAL, LOWER_OUTER, UPPER_OUTER
from assets.demo.source.rest_face import CHEEK, STEADY

STEP = 16
"""Plate pixels between grid nodes."""

AXIS_DEPTH = 0.28
"""Depth of the axis round which a head turns, in face widths."""

RIGHT_BROW = (46, 53, 52, 65, 55, 70, 63, 105, 66, 107)
LEFT_BROW = (276, 283, 282, 295, 285, 300, 293, 334, 296, 336)
FOREHEAD = (10, 109, 338, 151)
EYES = (33, 160, 159, 158, 133, 153, 145, 144, 263, 387, 386, 385, 362, 380, 374, 373)
DEPTH_POINTS = tuple(range(0, 468, 3)) + FACE_OVAL


@dataclass(frozen=True)
class Fields:
    """All (rows, columns[, 2]) over the plate, in plate pixels; node (r, c) lies at (c STEP, r STEP)."""

    depth: F32
    turn: F32
    smile: F32
    brow: F32


def make(mesh: F32, smiling: F32, alpha: F32, collar_y: float) -> Fields:
    """Fields of one head. `mesh` at rest, `smiling` the same face with a smile, both (478, 3); `alpha` of the plate."""
    height, width = alpha.shape
    columns, rows = -(-width // STEP) + 1, -(-height // STEP) + 1
    x, y = np.meshgrid(np.arange(columns) * STEP, np.arange(rows) * STEP)
    nodes = np.stack([x, y], -1).reshape(-1, 2).astype(np.float32)
    shape = (rows, columns)

    def spread(ids: tuple[int, ...], moves: F32, still: tuple[int, ...]) -> F32:
        points = np.concatenate([mesh[list(ids), :2], mesh[list(still), :2], _frame(width, height)])
        values = np.zeros((len(points), 2), np.float32)
        values[: len(ids)] = moves
        points, first = np.unique(points, axis=0, return_index=True)
        fit = RBFInterpolator(points, values[first], kernel="thin_plate_spline", smoothing=2.0)
        return fit(nodes).reshape(*shape, 2).astype(np.float32)

    down = _down(mesh)
    lips = tuple(dict.fromkeys(UPPER_OUTER + LOWER_OUTER))
    away = tuple(i for i in STEADY if i not in (117, 346, 123, 352))
    smile = spread(lips + CHEEK, _smile_moves(mesh, smiling, lips), away + EYES)
    rise = np.outer([0.085] * len(RIGHT_BROW + LEFT_BROW) + [0.03] * len(FOREHEAD), -_eye_span(mesh) * down)
    brow = spread(RIGHT_BROW + LEFT_BROW + FOREHEAD, rise, EYES + (6, 195, 234, 454, 117, 346))
    turn = np.clip((collar_y - y) / (collar_y - mesh[152, 1] + 10), 0, 1)
    turn = (turn * turn * (3 - 2 * turn)).astype(np.float32)
    return Fields(_depth(mesh, alpha, nodes, collar_y).reshape(shape), turn, smile, brow)


def _smile_moves(mesh: F32, smiling: F32, lips: tuple[int, ...]) -> F32:
    """Outline of the lips towards the smile's, the lower lip kept near the upper: a smile with (nearly) closed lips."""
    moves = smiling[list(lips), :2] - mesh[list(lips), :2]
    middle = moves[lips.index(0)] * (0, 0.175)
    lower = np.array([i in LOWER_OUTER[1:-1] for i in lips])
    across = np.abs(mesh[list(lips), 0] - mesh[0, 0]) / abs(mesh[61, 0] - mesh[0, 0])
    moves[lower] = moves[lower] * (1, 0) + np.outer(np.clip(across[lower], 0, 1) ** 2, (0, -10)) + middle
    cheek = np.array([[0, -5.0]] * len(CHEEK))
    return np.concatenate([moves, cheek]).astype(np.float32)


def _depth(mesh: F32, alpha: F32, nodes: F32, collar_y: float) -> F32:
    """Depth, positive towards the back: the mesh's own in the face, the turning axis' at ears, hair outline and neck.

    Ears, hair and neck then stay where they are when the head turns, and the cheeks in between never fold.
    """
    scale = float(abs(mesh[454, 0] - mesh[234, 0]))
    outline = max(
        cv2.findContours((alpha > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len
    )
    rim = outline[:: max(1, len(outline) // 60), 0].astype(np.float32)
    rim_depth = np.where(rim[:, 1] < mesh[234, 1] - 0.3 * scale, 0.20, AXIS_DEPTH) * scale
    chin = mesh[152, :2]
    neck = np.array([(chin[0] + u * scale, collar_y - v) for u in (-0.2, 0, 0.2) for v in (0, 14)], np.float32)
    points = np.concatenate([mesh[list(DEPTH_POINTS), :2], rim, neck])
    face = np.minimum(0.85 * mesh[list(DEPTH_POINTS), 2], AXIS_DEPTH * scale)
    values = np.concatenate([face, rim_depth, np.full(len(neck), AXIS_DEPTH * scale)])
    points, first = np.unique(points, axis=0, return_index=True)
    fit = RBFInterpolator(points, values[first], kernel="thin_plate_spline", smoothing=120.0)
    return np.clip(fit(nodes), -0.25 * scale, 1.1 * AXIS_DEPTH * scale).astype(np.float32)


def _eye_span(mesh: F32) -> float:
    return float(np.linalg.norm(mesh[263, :2] - mesh[33, :2]))


def _down(mesh: F32) -> F32:
    axis = (mesh[263, :2] - mesh[33, :2]) / _eye_span(mesh)
    return np.array([-axis[1], axis[0]], np.float32)


def _frame(width: int, height: int) -> F32:
    """Points on the plate's border, which no expression moves."""
    x, y = np.linspace(0, width, 6), np.linspace(0, height, 6)
    border = [(a, b) for a in x for b in y if a in (0, width) or b in (0, height)]
    return np.array(border, np.float32)
