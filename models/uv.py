"""The face unrolled: a square texture in the canonical face's UV space, sampled from a picture through the mesh.

A place on the face keeps its texel whatever the head does, so frames can be compared texel by texel.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.topology import MESH_POINTS, Indices, canonical_face
from models.types import F32, VISIBILITY_SIZE

_FINE = 4
"""Triangles are drawn this much larger than the texture; a texel takes the triangle at its centre."""
_SHIFT = 6
_SAMPLED_WIDTH_PX = 110.0
"""Pictures are halved until the face is about this wide: close to the texture's own resolution, so nothing aliases."""


@dataclass(frozen=True, slots=True, eq=False)
class UvTable:
    """Which point of the mesh each texel shows. Write-protected.

    Attributes:
        vertices: (3, S, S) indices of the triangle's corners.
        shares: (3, S, S) barycentric weights, sum 1; zero off the face.
        inside: (S, S) bool, the texel lies on the face.
        normals: (S, S, 3) unit normals of the canonical face: x to the picture's right, y up, z to the camera.
    """

    vertices: Indices
    shares: F32
    inside: NDArray[np.bool_]
    normals: F32

    def points_xy(self, vertices_xy: F32) -> F32:
        """(S, S, 2) places of every texel, in the pixels of `vertices_xy` (468, 2); 0, 0 off the face."""
        packed = np.ascontiguousarray(vertices_xy, dtype=np.float32).view(np.complex64)[:, 0]
        # "clip" does not buffer; every index is in range.
        corners = packed.take(self.vertices, mode="clip")
        corners *= self.shares
        points = corners[0]
        points += corners[1]
        points += corners[2]
        places: F32 = points.view(np.float32).reshape(*points.shape, 2)
        return places


@lru_cache(maxsize=2)
def uv_table(size: int = VISIBILITY_SIZE) -> UvTable:
    """The table for a texture of `size` texels a side, made once.

    Raises:
        ModelUnavailable: the canonical face is missing.
    """
    face = canonical_face()
    labels = np.full((size * _FINE, size * _FINE), -1, np.int32)
    scaled = face.uv * (size * _FINE) - 0.5
    fixed = np.round(scaled[face.triangles] * (1 << _SHIFT)).astype(np.int32)
    for index, corners in enumerate(fixed):
        cv2.fillConvexPoly(labels, corners, index, lineType=cv2.LINE_8, shift=_SHIFT)
    label = labels[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE]
    inside = label >= 0
    vertices = np.moveaxis(face.triangles[np.maximum(label, 0)], -1, 0)
    centres = (np.indices((size, size), np.float32)[::-1] + np.float32(0.5)) / np.float32(size)
    shares = _barycentric(face.uv[vertices], centres) * inside
    normals = np.einsum("kyx,kyxc->yxc", shares, _vertex_normals(face.vertices_cm, face.triangles)[vertices])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    table = UvTable(np.ascontiguousarray(vertices), shares, inside, normals.astype(np.float32))
    for array in (table.vertices, table.shares, table.inside, table.normals):
        array.setflags(write=False)
    return table


def sample(pixels: np.ndarray, mesh: F32, table: UvTable) -> tuple[np.ndarray, NDArray[np.bool_]]:
    """Unroll the face.

    The picture is halved (2x2 means, for which OpenCV is fast) until it suits the texture, then read bilinearly.

    Args:
        pixels: (H, W) or (H, W, C), uint8 or float32.
        mesh: (478, 3) frame pixels.
        table: of the texture.

    Returns:
        (S, S) or (S, S, C) of the picture's type, and (S, S) bool: on the face and inside the picture, which is
        `table.inside` itself where all of the face is inside.
    """
    height, width = pixels.shape[:2]
    vertices = np.ascontiguousarray(mesh[:MESH_POINTS, :2], dtype=np.float32)
    low_x, low_y, across, down = cv2.boundingRect(vertices)
    halvings = max(0, round(math.log2(max(across, 1) / _SAMPLED_WIDTH_PX)))
    shrink = 1 << halvings
    left = min(max(low_x - shrink, 0), width - 1)
    top = min(max(low_y - shrink, 0), height - 1)
    columns = max(1, min(low_x + across + 2 * shrink - left, width - left) // shrink)
    rows = max(1, min(low_y + down + 2 * shrink - top, height - top) // shrink)
    crop = pixels[top : top + rows * shrink, left : left + columns * shrink]
    for level in reversed(range(halvings)):
        crop = cv2.resize(crop, (columns << level, rows << level), interpolation=cv2.INTER_AREA)
    vertices = vertices * np.float32(1 / shrink)
    vertices -= np.array([left / shrink + 0.5, top / shrink + 0.5], np.float32)
    places = table.points_xy(vertices)
    valid = table.inside
    if low_x < 0 or low_y < 0 or low_x + across > width or low_y + down > height:
        # Half a pixel of the shrunk picture beyond its outermost centres still is the picture.
        valid = valid & (places >= -0.5).all(axis=-1) & (places <= (columns - 0.5, rows - 0.5)).all(axis=-1)
    read = cv2.remap(crop, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return read, valid


def _barycentric(corners_uv: F32, at_uv: F32) -> F32:
    """Weights (3, ...) of the points `at_uv` (2, ...) in the triangles `corners_uv` (3, ..., 2)."""
    a, b, c = np.moveaxis(corners_uv.astype(np.float64), -1, 1)
    twice_area = (b[1] - c[1]) * (a[0] - c[0]) + (c[0] - b[0]) * (a[1] - c[1])
    twice_area = np.where(np.abs(twice_area) < 1e-12, 1e-12, twice_area)
    first = ((b[1] - c[1]) * (at_uv[0] - c[0]) + (c[0] - b[0]) * (at_uv[1] - c[1])) / twice_area
    second = ((c[1] - a[1]) * (at_uv[0] - c[0]) + (a[0] - c[0]) * (at_uv[1] - c[1])) / twice_area
    # Drawing rounds: a texel may lie a hair outside its triangle, and far outside of a thin one.
    shares: F32 = np.clip([first, second, 1 - first - second], 0, 1).astype(np.float32)
    shares /= shares.sum(axis=0)
    return shares


def _vertex_normals(vertices_cm: F32, triangles: Indices) -> F32:
    """Area-weighted unit normals (468, 3), the nose's pointing to the camera."""
    a, b, c = (vertices_cm[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices_cm)
    for k in range(3):
        np.add.at(normals, triangles[:, k], faces)
    normals *= np.sign(normals[:, 2].sum())
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    return normals
