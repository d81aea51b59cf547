"""What a face looks like, as a few hundred numbers: enough to tell two people, or a person and a painting, apart.

Not a recognition network: a 16x16 picture of the face, aligned by five points, with the overall brightness taken out,
and its average colour. Over half a second one person's differs by 0.05 to 0.2 while the head does not turn, another
person's by 0.3 to 1; a turn of the head costs up to 0.6, so looks are kept per view.
"""

import cv2
import numpy as np

from models.geometry import F64, fit_similarity, median
from models.topology import (
    LEFT_EYE_CORNERS,
    MOUTH_OUTER_CORNERS,
    NOSE_TIP,
    RIGHT_EYE_CORNERS,
    canonical_face,
)
from models.types import F32, U8

_CELLS = 16
_OVERSAMPLED = 6
_HALF_SIDE_CM = 9.0
_DARK = 8.0
"""Grey levels added before the logarithm, so that noise in shadows does not count."""

LOOK_SIZE = _CELLS * _CELLS + 2
VIEWS = 3
"""Turned to the own right, straight, turned to the own left."""
_TURNED = 0.2
"""A head is turned when its nose is further from the middle of the eyes than this, in distances between the eyes."""


def keypoints_of(mesh: F32) -> F32:
    """(5, 2) of a (478, 3) mesh in the detector's order: right eye, left eye, nose tip, right and left mouth corner."""
    return np.stack(
        [
            mesh[RIGHT_EYE_CORNERS, :2].mean(axis=0),
            mesh[LEFT_EYE_CORNERS, :2].mean(axis=0),
            mesh[NOSE_TIP, :2],
            mesh[MOUTH_OUTER_CORNERS[0], :2],
            mesh[MOUTH_OUTER_CORNERS[1], :2],
        ]
    )


def look_at(pixels: U8, keypoints_xy: F32) -> F32:
    """(LOOK_SIZE,) description of a face in (H, W, 3) BGR uint8 with (5, 2) key points."""
    fit = fit_similarity(_canonical_keypoints(), keypoints_xy)
    fine = _CELLS * _OVERSAMPLED
    step_cm = 2 * _HALF_SIDE_CM / fine
    to_cm = np.array([[step_cm, 0, -_HALF_SIDE_CM], [0, step_cm, -_HALF_SIDE_CM], [0, 0, 1]])
    matrix = fit.matrix @ to_cm
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(pixels, matrix, (fine, fine), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(patch, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    blue, green, red = np.log(small.T.astype(np.float32) + np.float32(_DARK))
    brightness = (blue + green + red) / 3
    colour = median(np.column_stack([red - green, blue - green]).astype(np.float64))
    return np.concatenate([brightness - brightness.mean(), colour]).astype(np.float32)


def view_of(keypoints_xy: F32) -> int:
    """Which of the VIEWS (5, 2) key points show."""
    right, left, nose = keypoints_xy[:3].astype(np.float64)
    axis = left - right
    turn = float((nose - (right + left) / 2) @ axis) / max(float(axis @ axis), 1e-6)
    return 1 + (turn > _TURNED) - (turn < -_TURNED)


def difference(first: F32, second: F32) -> float:
    """0 for the same picture; NaN where one of the two is unknown (NaN)."""
    apart = np.abs(first - second)
    return float(apart[:-2].mean() + apart[-2:].max())


def _canonical_keypoints() -> F64:
    face = canonical_face().vertices_cm
    return keypoints_of(face).astype(np.float64) * (1, -1)
