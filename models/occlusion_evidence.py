"""How a face differs from how it usually looks, texel by texel: the evidence from which `models.occlusion` judges.

Everything is in UV space (`models.uv`), S texels a side. A look is three features per texel in units of what may vary
on a calm face, so that a residual of 1 is the limit of the ordinary.
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.topology import (
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
    canonical_face,
)
from models.types import F32, VISIBILITY_SIZE
from models.uv import uv_table

SPARSE = (slice(1, None, 3), slice(1, None, 3))
"""Every ninth texel: enough for fits and percentiles."""

_SIZE = VISIBILITY_SIZE

# One unit of residual: 5 % of brightness, and these shares of full scale of red - green and blue - (red + green) / 2.
_LUMA_UNIT, _RED_GREEN_UNIT, _BLUE_UNIT = 0.05, 0.020, 0.021
_MIX = np.array([[0.114, 0.587, 0.299], [0, -1, 1], [1, -0.5, -0.5]], np.float32)
_MIX[1] /= 255 * _RED_GREEN_UNIT
_MIX[2] /= 255 * _BLUE_UNIT
_DARK = 12.0
"""Added to the brightness before the logarithm: below this, noise is all there is."""
_BROWS, _LIPS, _EYES, _MOUTH = 1.5, 1.8, 2.5, 4.0
"""How much more the parts that move by themselves may change."""
_NORMAL_BLUR_TEXELS = 2.5
_LIGHT_OUTLIER = 2.4
"""Residual at which a texel keeps half its say in the light (Cauchy)."""
_LIGHT_ROUNDS = 2
_OUTLYING = np.full(3, 1 / _LIGHT_OUTLIER**2, np.float32)
_RIDGE = np.eye(6, dtype=np.float32) * np.float32(1e-2)
_NEIGHBOURS = np.ones((3, 7), np.uint8)
"""Wider than high: an occluder pulls the mesh along, and it is the cheek's outline that slips, sideways."""
_SUM = np.ones((1, 3), np.float32)


def face_features(texture: NDArray[Any]) -> F32:
    """(S, S, 3) log brightness, red - green, blue - (red + green) / 2, each in its unit of residual."""
    mixed = np.asarray(cv2.transform(texture.astype(np.float32), _MIX), np.float32)
    mixed[..., 0] = np.log(mixed[..., 0] + _DARK) * np.float32(1 / _LUMA_UNIT)
    return mixed


@lru_cache(maxsize=1)
def _wide_normals() -> F32:
    """(S, S, 3) the canonical face's normals without nostrils and lips: those are no rim of the face."""
    table = uv_table(_SIZE)
    summed = cv2.GaussianBlur(table.normals * table.inside[..., None], (0, 0), _NORMAL_BLUR_TEXELS)
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=-1, keepdims=True), 1e-6), np.float32)


def camera_cosine(yaw_deg: float, pitch_deg: float) -> F32:
    """(S, S) cosine between the face's surface and the direction to the camera; negative = turned away."""
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    camera = np.array([-np.sin(yaw), -np.cos(yaw) * np.sin(pitch), np.cos(yaw) * np.cos(pitch)], np.float32)
    return _wide_normals() @ camera


@lru_cache(maxsize=1)
def limits() -> F32:
    """(S, S) squared allowed residual: 1, more on the parts that move by themselves."""
    limits = np.ones((_SIZE, _SIZE), np.float32)
    parts = ((RIGHT_BROW, _BROWS, 1), (LEFT_BROW, _BROWS, 1), (LIPS_OUTER, _LIPS, 1), (RIGHT_EYE, _EYES, 1),
             (LEFT_EYE, _EYES, 1), (LIPS_INNER, _MOUTH, 0))  # fmt: skip
    fine = 8
    for loop, limit, grown in parts:
        drawn = np.zeros((_SIZE * fine, _SIZE * fine), np.uint8)
        cv2.fillPoly(drawn, [np.round(canonical_face().uv[loop] * _SIZE * fine).astype(np.int32)], 255)
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grown * fine + 1,) * 2)
        limits[cv2.resize(cv2.dilate(drawn, brush), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA) > 127] = limit**2
    return limits


@lru_cache(maxsize=1)
def light_basis() -> F32:
    """(S * S, 6) quadratic polynomials over the texture, -1..1."""
    axis = (np.arange(_SIZE, dtype=np.float32) + 0.5) * (2 / _SIZE) - 1
    u, v = (a.ravel() for a in np.meshgrid(axis, axis))
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)


@lru_cache(maxsize=1)
def _sparse_basis() -> F32:
    return np.ascontiguousarray(light_basis().reshape(_SIZE, _SIZE, 6)[SPARSE].reshape(-1, 6))


def fit_light(difference: F32, weight: F32, start: F32) -> F32:
    """(6, 3) coefficients of the smooth field in `difference` (S, S, 3): least squares, re-weighted from `start` on."""
    basis, target, say = _sparse_basis(), difference[SPARSE].reshape(-1, 3), weight[SPARSE].reshape(-1)
    light = start
    for _ in range(_LIGHT_ROUNDS):
        error = target - basis @ light
        error *= error
        weighted = basis * (say / (1 + error @ _OUTLYING))[:, None]
        light = np.linalg.solve(weighted.T @ basis + _RIDGE, weighted.T @ target)
    return light


def residual(lit: F32, reference: F32) -> F32:
    """(S, S) distance of each texel to the range of its neighbourhood in the reference; NaN where that is unknown."""
    over = lit - cv2.dilate(reference, _NEIGHBOURS)
    under = cv2.erode(reference, _NEIGHBOURS) - lit
    beyond = np.maximum(np.maximum(over, under), 0)
    return np.sqrt(np.asarray(cv2.transform(cv2.multiply(beyond, beyond), _SUM), np.float32))
