"""How a face differs from how it usually looks, texel by texel: the evidence from which `models.occlusion` judges.

Everything is in UV space (`models.uv`), S texels a side. A look is three features per texel in units of what may vary
on a calm face, so that a residual of 1 is the limit of the ordinary. One plane per feature, few and whole steps, small
tables: this runs for every face of every frame, and between two frames the networks empty the caches.
"""

from dataclasses import dataclass
from functools import lru_cache

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
from models.types import F32, U8, VISIBILITY_SIZE
from models.uv import uv_table

SPARSE = (slice(1, None, 3), slice(1, None, 3))
"""Every ninth texel: enough for fits and percentiles."""

Mask = NDArray[np.bool_]

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
_SETTLED = 0.1
"""The light has been found when a round moves it by less."""
_RIDGE = np.eye(6, dtype=np.float32) * np.float32(1e-2)
_NEIGHBOURS = np.ones((3, 5), np.uint8)
"""Wider than high: an occluder pulls the mesh along, and it is the cheek's outline that slips, sideways."""

_EDGE_ON, _FACING_SPAN = 0.35, 0.08
"""Cosine to the camera from which a texel counts, and how much more until it counts fully."""
_ANGLES_KEPT = 64


def face_features(texture: U8) -> F32:
    """(3, S, S) log brightness, red - green, blue - (red + green) / 2 of (S, S, 3) BGR, in their units of residual."""
    mixed: F32 = _MIX @ texture.reshape(-1, 3).T.astype(np.float32)
    brightness = mixed[0]
    brightness += np.float32(_DARK)
    np.log(brightness, out=brightness)
    brightness *= np.float32(1 / _LUMA_UNIT)
    return mixed.reshape(3, _SIZE, _SIZE)


@dataclass(frozen=True, slots=True, eq=False)
class Angle:
    """What a camera sees of the face from one direction. Write-protected.

    Attributes:
        sees: (S, S) bool, the texels that count.
        share: (S, S) how much they count, 0..1.
        sparse: (S / 3 * S / 3) cosine to the camera at `SPARSE`, 0 where a texel does not count.
    """

    sees: Mask
    share: F32
    sparse: F32


def angle(yaw_deg: float, pitch_deg: float) -> Angle:
    """Seen from this direction, to a degree."""
    return _angle(round(yaw_deg), round(pitch_deg))


@lru_cache(maxsize=_ANGLES_KEPT)
def _angle(yaw_deg: int, pitch_deg: int) -> Angle:
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    camera = np.array([-np.sin(yaw), -np.cos(yaw) * np.sin(pitch), np.cos(yaw) * np.cos(pitch)], np.float32)
    cosine = _wide_normals() @ camera
    sees = uv_table(_SIZE).inside & (cosine > _EDGE_ON)
    share = np.clip((cosine - _EDGE_ON) * (1 / _FACING_SPAN), 0, 1) * sees
    seen = Angle(sees, share.astype(np.float32), (cosine * sees)[SPARSE].reshape(-1))
    for array in (seen.sees, seen.share, seen.sparse):
        array.setflags(write=False)
    return seen


@lru_cache(maxsize=1)
def _wide_normals() -> F32:
    """(S, S, 3) the canonical face's normals without nostrils and lips: those are no rim of the face."""
    table = uv_table(_SIZE)
    summed = cv2.GaussianBlur(table.normals * table.inside[..., None], (0, 0), _NORMAL_BLUR_TEXELS)
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=-1, keepdims=True), 1e-6), np.float32)


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
def _powers() -> F32:
    """(S, 3) 1, x and x squared along one side of the texture, x -1..1."""
    axis = (np.arange(_SIZE, dtype=np.float32) + 0.5) * (2 / _SIZE) - 1
    return np.stack([np.ones_like(axis), axis, axis * axis], axis=-1)


_PRODUCTS = np.array([0, 1, 3, 2, 4, 6])
"""Which of the nine products of `_powers` down (threes) and across (ones) are of second order at most."""


@lru_cache(maxsize=1)
def _sparse_basis() -> F32:
    """(6, N) the products at `SPARSE`."""
    powers = _powers()[SPARSE[0]]
    products = powers[:, None, :, None] * powers[None, :, None, :]
    return np.ascontiguousarray(products.reshape(-1, 9)[:, _PRODUCTS].T)


def fit_light(difference: F32, weight: F32, start: F32) -> F32:
    """Coefficients of the smooth field in a difference: least squares, re-weighted from `start` on.

    Args:
        difference: (3, N) at `SPARSE`.
        weight: (N,) how much each counts.
        start: (3, 6) what was found last.

    Returns:
        (3, 6), for `light_field`.
    """
    basis, light = _sparse_basis(), start
    for _ in range(_LIGHT_ROUNDS):
        error = light @ basis
        error -= difference
        error *= error
        outlying = error[0]
        outlying += error[1]
        outlying += error[2]
        outlying *= np.float32(1 / _LIGHT_OUTLIER**2)
        outlying += 1
        weighted = basis * (weight / outlying)
        _, solved = cv2.solve(weighted @ basis.T + _RIDGE, weighted @ difference.T, flags=cv2.DECOMP_CHOLESKY)
        before, light = light, np.asarray(solved.T, np.float32)
        if float(np.abs(light - before).max()) < _SETTLED:
            break
    return light


def light_field(light: F32) -> F32:
    """(3, S, S) the field with these coefficients."""
    products = np.zeros((3, 9), np.float32)
    products[:, _PRODUCTS] = light
    powers = _powers()
    return np.asarray(powers @ products.reshape(3, 3, 3) @ powers.T, np.float32)


def squared_residual(lit: F32, reference: F32) -> F32:
    """(S, S) squared distance of each texel to the range of its neighbourhood in the reference, both (3, S, S)."""
    tall = reference.reshape(3 * _SIZE, _SIZE)
    low = cv2.erode(tall, _NEIGHBOURS).reshape(lit.shape)
    beyond = np.asarray(cv2.dilate(tall, _NEIGHBOURS), np.float32).reshape(lit.shape)
    # Not np.clip, which is several times slower.
    np.minimum(beyond, lit, out=beyond)
    np.maximum(beyond, low, out=beyond)
    beyond -= lit
    beyond *= beyond
    squared = beyond[0]
    squared += beyond[1]
    squared += beyond[2]
    return np.asarray(squared, np.float32)
