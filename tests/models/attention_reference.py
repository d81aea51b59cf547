"""The attention mesh as trunk, numpy and heads: the truth for the graph that does it all in one.

Accelerators that lack the GATHER of that graph can run it this way too.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.networks import FOLDER
from models.runtime.base import Runtime
from models.types import F32, LANDMARKS, U8

_MESH = 468
_MAP_PX = 48
_MAP_SCALE = 0.25
_EYE_CONTOUR = 16
_IRIS_RIGHT, _IRIS_LEFT = slice(468, 473), slice(473, 478)
_REGIONS = ("lips", "eye_right", "eye_left")

INTP = NDArray[np.intp]


class ReferenceMesh:
    """Trunk and heads as the build cuts them."""

    def __init__(self, runtime: Runtime) -> None:
        reference = FOLDER / "reference"
        self._trunk = runtime.load(
            reference / "face_trunk.tflite", outputs=("output_mesh", "conv_faceflag", "p_re_lu_3")
        )
        self._heads = runtime.load(
            reference / "face_heads.tflite", outputs=("reshape_1", "reshape_3", "reshape_4", "reshape_6", "reshape_7")
        )
        self._attention = _Attention()

    def in_crop(self, face: U8) -> tuple[F32, float, F32]:
        """As `FaceMesh.in_crop`."""
        coarse, flag, features = self._trunk(np.float32(face[None]) / 255)
        points = np.empty((LANDMARKS, 3), np.float32)
        points[:_MESH] = coarse.reshape(_MESH, 3)
        placement = self._attention.place(points)
        lips, eye_right, iris_right, eye_left, iris_left = self._heads(*self._attention.sample(features[0], placement))
        self._attention.refine(points, placement, (lips, eye_right, eye_left), (iris_right, iris_left))
        return points, 1 / (1 + math.exp(-float(flag.reshape(-1)[0]))), features[0]


class _Attention:
    """The custom operators of the attention mesh, for lips, own right eye and own left eye at once.

    A placement is (matrices (3, 2, 2), offsets (3, 2)): cell (i, j) of a region's 16x16 crop lies at
    matrix @ (i, j) + offset on the feature map.
    """

    def __init__(self) -> None:
        with np.load(FOLDER / "reference" / "face_attention.npz") as tables:
            points = [tables[f"{region}_points"].astype(np.intp) for region in _REGIONS]
            self._axes = np.stack([tables[f"{region}_axis"] for region in _REGIONS]).astype(np.intp)
            self._scale = float(tables["crop_scale"])
            self._size = int(tables["crop_size_px"])
        self._points: list[INTP] = points
        longest = max(len(chosen) for chosen in points)
        self._padded: INTP = np.stack([np.resize(chosen, longest) for chosen in points])
        self._contours: INTP = np.stack([chosen[:_EYE_CONTOUR] for chosen in points[1:]])
        rows, columns = np.mgrid[: self._size, : self._size].astype(np.float32) + 0.5
        self._cells_xy: F32 = np.stack([columns.ravel(), rows.ravel()])
        self._corners: INTP = np.array([[0], [1], [_MAP_PX], [_MAP_PX + 1]])

    def place(self, points: F32) -> tuple[F32, F32]:
        """`Landmarks2TransformMatrix`: the box of a region's points in a frame turned along its axis, times 1.5."""
        first, second = points[self._axes[:, 0], :2], points[self._axes[:, 1], :2]
        along = second - first
        cos, sin = (along / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]).T
        turn = np.array([[cos, -sin], [sin, cos]], np.float32).transpose(2, 0, 1)
        turned = points[self._padded, :2] @ turn
        low, high = turned.min(axis=1), turned.max(axis=1)
        matrices = turn * ((high - low) * (self._scale * _MAP_SCALE / self._size))[:, None]
        centers = (turn @ ((low + high) * (0.5 * _MAP_SCALE))[:, :, None])[:, :, 0]
        return matrices, centers - matrices.sum(axis=2) * (self._size / 2)

    def sample(self, features: F32, placement: tuple[F32, F32]) -> F32:
        """`TransformTensorBilinear`: (48, 48, 32) map -> (3, 1, 16, 16, 32) crops; a cell outside the map is 0."""
        matrices, offsets = placement
        at_xy = (matrices @ self._cells_xy + (offsets - 0.5)[:, :, None]).transpose(1, 0, 2).reshape(2, -1)
        corner = np.clip(np.floor(at_xy), 0, _MAP_PX - 2)
        right, below = at_xy - corner
        inside = ((at_xy >= 0) & (at_xy <= _MAP_PX - 1)).all(axis=0)
        left, above = (1 - right) * inside, 1 - below
        right *= inside
        start = (corner[1] * _MAP_PX + corner[0]).astype(np.intp)
        cells = features.reshape(_MAP_PX * _MAP_PX, -1).take(start + self._corners, axis=0)
        shares = np.stack([left * above, right * above, left * below, right * below])
        crops = np.einsum("kn,knc->nc", shares, cells)
        return np.asarray(crops.reshape(len(matrices), 1, self._size, self._size, -1), np.float32)

    def refine(self, points: F32, placement: tuple[F32, F32], regions: Sequence[F32], irises: Sequence[F32]) -> None:
        """`TransformLandmarks`: bring the heads' points back into the crop and put them into (478, 3) `points`.

        The heads speak in quarter cells of their crop, which are pixels of the network's input.
        """
        matrices, offsets = placement[0].transpose(0, 2, 1), placement[1] * (1 / _MAP_SCALE)
        for k, chosen in enumerate(self._points):
            points[chosen, :2] = regions[k][0] @ matrices[k] + offsets[k]
        points[_IRIS_RIGHT, :2] = irises[0][0] @ matrices[1] + offsets[1]
        points[_IRIS_LEFT, :2] = irises[1][0] @ matrices[2] + offsets[2]
        depths = points[self._contours, 2].mean(axis=1)
        points[_IRIS_RIGHT, 2], points[_IRIS_LEFT, 2] = depths[0], depths[1]
