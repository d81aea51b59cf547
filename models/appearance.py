"""What a face looks like, as a few hundred numbers: enough to tell two people, or a person and a painting, apart.

Not a recognition network: a 12x12 picture of the face, aligned by five points. Two looks are compared cell by cell,
each with the range of its neighbourhood in the other, so that points that are a few percent off do not count, and the
most different quarter of the face is left out, because something may be in front of it. Pasted on other backgrounds at
other sizes and brightnesses, a face differs from itself by 0.001 (median; 95 %: 0.013, partly covered 0.031), from
another by 0.11 (1 %: 0.015, 10 %: 0.046). A turn of the head may cost more than that, so looks are kept per view.
"""

import math
from functools import lru_cache

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

_CELLS = 12
_OVERSAMPLED = 6
_HALF_SIDE_CM = 9.0
_DARK = 8.0
"""Grey levels added before the logarithm, so that noise in shadows does not count."""

# The last two are the other corners of the eyes.
_KEYPOINTS = np.array(
    [
        RIGHT_EYE_CORNERS[0],
        LEFT_EYE_CORNERS[0],
        NOSE_TIP,
        *MOUTH_OUTER_CORNERS,
        RIGHT_EYE_CORNERS[1],
        LEFT_EYE_CORNERS[1],
    ]
)

LOOK_SHAPE = (3, _CELLS, _CELLS)
"""Brightness, red against green, blue against green: logarithms."""
_SHARE = 0.75
_NEIGHBOURS = np.ones((3, 3), np.uint8)
VIEWS = 3
"""Turned to the own right, straight, turned to the own left."""
_TURNED = 0.2
"""A head is turned when its nose is further from the middle of the eyes than this, in distances between the eyes."""


def keypoints_of(mesh: F32) -> F32:
    """(5, 2) of a (478, 3) mesh in the detector's order: right eye, left eye, nose tip, right and left mouth corner."""
    points = mesh[_KEYPOINTS, :2]
    points[0] = (points[0] + points[5]) / 2
    points[1] = (points[1] + points[6]) / 2
    return points[:5]


def look_at(pixels: U8, keypoints_xy: F32) -> F32:
    """(3, 12, 12) description of a face in (H, W, 3) BGR uint8 with (5, 2) key points."""
    fit = fit_similarity(_canonical_keypoints(), keypoints_xy)
    fine = _CELLS * _OVERSAMPLED
    step_cm = 2 * _HALF_SIDE_CM / fine
    to_cm = np.array([[step_cm, 0, -_HALF_SIDE_CM], [0, step_cm, -_HALF_SIDE_CM], [0, 0, 1]])
    matrix = fit.matrix @ to_cm
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(pixels, matrix, (fine, fine), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(patch, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    blue, green, red = np.log(np.moveaxis(small, 2, 0).astype(np.float32) + np.float32(_DARK))
    return np.stack([(blue + green + red) / 3, red - green, blue - green])


def view_of(keypoints_xy: F32) -> int:
    """Which of the VIEWS (5, 2) key points show."""
    right, left, nose = keypoints_xy[:3].astype(np.float64)
    axis = left - right
    turn = float((nose - (right + left) / 2) @ axis) / max(float(axis @ axis), 1e-6)
    return 1 + (turn > _TURNED) - (turn < -_TURNED)


def difference(look: F32, known: F32) -> float:
    """0 where a look could be of the known face; NaN where one of the two is unknown (NaN)."""
    if math.isnan(known[0, 0, 0]) or math.isnan(look[0, 0, 0]):
        return math.nan
    low, high = cv2.erode(np.moveaxis(known, 0, 2), _NEIGHBOURS), cv2.dilate(np.moveaxis(known, 0, 2), _NEIGHBOURS)
    seen = np.moveaxis(look, 0, 2).copy()
    # Another light makes all of a face brighter or darker.
    seen[..., 0] += median((known[0] - look[0]).ravel().astype(np.float64))
    outside = np.maximum(np.maximum(low - seen, seen - high), 0).sum(axis=2).ravel()
    return float(np.sort(outside)[: int(_SHARE * outside.size)].mean())


@lru_cache(maxsize=1)
def _canonical_keypoints() -> F64:
    face = canonical_face().vertices_cm
    return keypoints_of(face).astype(np.float64) * (1, -1)
