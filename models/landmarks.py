"""478 landmarks of a face in a rotated square crop: the attention face mesh, run as two plain networks.

The network is Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020). Its three
custom operators, which place a 16x16 crop of the trunk's feature map over the lips and over each eye and bring the
refined points back, are the numpy below; the trunk and the heads are TFLite graphs cut by `models/networks/build.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.networks import network_path
from models.runtime.base import Runtime
from models.types import F32, LANDMARKS, U8

CROP_PX = 192
"""Side of the network's input, and the unit of its results."""
REGION_SCALE = 1.5
"""Side of a region over the long side of the face's box."""

_FINE_PX = 260
"""Regions larger than this are sampled at 384 and averaged, which keeps camera noise out of the points."""
_MESH = 468
_MAP_PX = 48
_MAP_SCALE = _MAP_PX / CROP_PX
_EYE_CONTOUR = 16
"""The first points of an eye's list are its contour; their mean depth is the iris' depth."""
_IRIS_RIGHT, _IRIS_LEFT = slice(468, 473), slice(473, 478)
_REGIONS = ("lips", "eye_right", "eye_left")
_EYE_RIGHT_OUTER, _EYE_LEFT_OUTER = 33, 263

INTP = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated square of a picture, in frame pixels; a positive angle turns it clockwise as seen."""

    center_xy: tuple[float, float]
    side_px: float
    angle_rad: float


@dataclass(frozen=True, slots=True, eq=False)
class FaceLandmarks:
    """What the network sees in one region.

    Attributes:
        mesh: (478, 3) in frame pixels, irises last (own right 468-472, own left 473-477); z in the same unit.
        presence: 0..1, that there is a face in the region.
        features: (48, 48, 32) the shared feature map of the region, for networks still to come.
    """

    mesh: F32
    presence: float
    features: F32


def region_from_keypoints(box_xyxy: F32, keypoints_xy: F32) -> Region:
    """Region of a detected face: (4,) box and (5, 2) key points, turned so that the eyes are level."""
    right, left = keypoints_xy[0], keypoints_xy[1]
    angle_rad = math.atan2(float(left[1] - right[1]), float(left[0] - right[0]))
    center_xy = (float(box_xyxy[0] + box_xyxy[2]) / 2, float(box_xyxy[1] + box_xyxy[3]) / 2)
    long_side = max(float(box_xyxy[2] - box_xyxy[0]), float(box_xyxy[3] - box_xyxy[1]))
    return Region(center_xy, REGION_SCALE * long_side, angle_rad)


def region_from_mesh(mesh: F32) -> Region:
    """Region of a face whose (478, 3) landmarks are known, as MediaPipe places it: the box around all points."""
    low_x, low_y = (float(value) for value in mesh[:, :2].min(axis=0))
    high_x, high_y = (float(value) for value in mesh[:, :2].max(axis=0))
    axis = mesh[_EYE_LEFT_OUTER] - mesh[_EYE_RIGHT_OUTER]
    angle_rad = math.atan2(float(axis[1]), float(axis[0]))
    side_px = REGION_SCALE * max(high_x - low_x, high_y - low_y)
    return Region(((low_x + high_x) / 2, (low_y + high_y) / 2), side_px, angle_rad)


def crop(pixels: U8, region: Region) -> U8:
    """The region as (192, 192, 3) BGR: bilinear, edge pixels repeated outside the picture."""
    if region.side_px <= _FINE_PX:
        return _warp(pixels, region, CROP_PX, 0.0)
    # Half a pixel back, so that the mean of two samples lies where the single one would.
    double = _warp(pixels, region, 2 * CROP_PX, -0.5)
    return np.asarray(cv2.resize(double, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _warp(pixels: U8, region: Region, size_px: int, shift_px: float) -> U8:
    step = region.side_px / size_px
    along, across = step * math.cos(region.angle_rad), step * math.sin(region.angle_rad)
    back = size_px / 2 - shift_px
    matrix = np.array(
        [
            [along, -across, region.center_xy[0] - back * (along - across)],
            [across, along, region.center_xy[1] - back * (across + along)],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(pixels, matrix, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


class FaceMesh:
    """The two networks and what happens between them. Not thread-safe: one owner thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._trunk = runtime.load(network_path("face_trunk"), outputs=("output_mesh", "conv_faceflag", "p_re_lu_3"))
        self._heads = runtime.load(
            network_path("face_heads"), outputs=("reshape_1", "reshape_3", "reshape_4", "reshape_6", "reshape_7")
        )
        self._attention = _Attention()
        self._batch = np.empty((1, CROP_PX, CROP_PX, 3), np.float32)

    def __call__(self, pixels: U8, regions: Sequence[Region]) -> list[FaceLandmarks]:
        """Landmarks of each region of (H, W, 3) BGR uint8."""
        return [self._one(crop(pixels, region), region) for region in regions]

    def _one(self, face: U8, region: Region) -> FaceLandmarks:
        points, presence, features = self.in_crop(face)
        return FaceLandmarks(_to_frame(points, region), presence, features)

    def in_crop(self, face: U8) -> tuple[F32, float, F32]:
        """(478, 3) points in pixels of a (192, 192, 3) BGR crop, presence 0..1 and the (48, 48, 32) feature map."""
        np.multiply(cv2.cvtColor(face, cv2.COLOR_BGR2RGB), np.float32(1 / 255), out=self._batch[0])
        coarse, flag, features = self._trunk(self._batch)
        points = np.empty((LANDMARKS, 3), np.float32)
        points[:_MESH] = coarse.reshape(_MESH, 3)
        presence = 1 / (1 + math.exp(-float(flag.reshape(-1)[0])))
        placements = self._attention.place(points)
        lips, eye_right, iris_right, eye_left, iris_left = self._heads(*self._attention.sample(features[0], placements))
        self._attention.refine(points, placements, (lips, eye_right, eye_left), (iris_right, iris_left))
        return points, presence, features[0]


@dataclass(frozen=True, slots=True)
class _Placement:
    """Where the 16x16 crop of one region lies: crop cell (i, j) -> `matrix` @ (i, j) + `offset`, in map pixels."""

    matrix: F32
    offset: F32


class _Attention:
    """The custom operators of the attention mesh for lips, own right eye and own left eye."""

    def __init__(self) -> None:
        with np.load(network_path("face_attention.npz")) as tables:
            self._points: list[INTP] = [tables[f"{region}_points"].astype(np.intp) for region in _REGIONS]
            self._axes = [tuple(int(i) for i in tables[f"{region}_axis"]) for region in _REGIONS]
            self._scale = float(tables["crop_scale"])
            self._size = int(tables["crop_size_px"])
        rows, columns = np.mgrid[: self._size, : self._size].astype(np.float32) + 0.5
        self._cells_xy: F32 = np.stack([columns.ravel(), rows.ravel()])

    def place(self, points: F32) -> list[_Placement]:
        """`Landmarks2TransformMatrix`: the box of a region's points in a frame turned along its axis, times 1.5."""
        return [self._place(points, chosen, axis) for chosen, axis in zip(self._points, self._axes, strict=True)]

    def _place(self, points: F32, chosen: INTP, axis: tuple[int, ...]) -> _Placement:
        first, second = points[axis[0]], points[axis[1]]
        angle_rad = math.atan2(float(second[1] - first[1]), float(second[0] - first[0]))
        cos, sin = math.cos(angle_rad), math.sin(angle_rad)
        turn = np.array([[cos, -sin], [sin, cos]], np.float32)
        turned = points[chosen, :2] @ turn
        low, high = turned.min(axis=0), turned.max(axis=0)
        matrix = turn * ((high - low) * (self._scale * _MAP_SCALE / self._size))
        center = turn @ ((low + high) * (0.5 * _MAP_SCALE))
        return _Placement(matrix, center - matrix.sum(axis=1) * (self._size / 2))

    def sample(self, features: F32, placements: Sequence[_Placement]) -> list[F32]:
        """`TransformTensorBilinear`: (48, 48, 32) map -> a (1, 16, 16, 32) crop per placement; 0 outside the map."""
        at_xy = np.concatenate([p.matrix @ self._cells_xy + p.offset[:, None] for p in placements], axis=1) - 0.5
        inside = np.all((at_xy >= 0) & (at_xy <= _MAP_PX - 1), axis=0)
        corner = np.clip(np.floor(at_xy), 0, _MAP_PX - 2)
        right, below = at_xy - corner
        left, above = (1 - right) * inside, 1 - below
        right *= inside
        cells = features.reshape(_MAP_PX * _MAP_PX, -1)
        start = (corner[1] * _MAP_PX + corner[0]).astype(np.intp)
        crops = cells[start] * (left * above)[:, None]
        crops += cells[start + 1] * (right * above)[:, None]
        crops += cells[start + _MAP_PX] * (left * below)[:, None]
        crops += cells[start + _MAP_PX + 1] * (right * below)[:, None]
        return list(crops.reshape(len(placements), 1, self._size, self._size, -1))

    def refine(
        self, points: F32, placements: Sequence[_Placement], regions: Sequence[F32], irises: Sequence[F32]
    ) -> None:
        """`TransformLandmarks`: bring the heads' points back into the crop and put them into (478, 3) `points`."""
        for chosen, placement, refined in zip(self._points, placements, regions, strict=True):
            points[chosen, :2] = _back(refined, placement)
        for place, contour, placement, refined in zip(
            (_IRIS_RIGHT, _IRIS_LEFT), self._points[1:], placements[1:], irises, strict=True
        ):
            points[place, :2] = _back(refined, placement)
            points[place, 2] = points[contour[:_EYE_CONTOUR], 2].mean()


def _back(refined: F32, placement: _Placement) -> F32:
    """Heads speak in quarter cells of their crop, which are pixels of the network's input."""
    return np.asarray(refined[0] @ placement.matrix.T + placement.offset * (1 / _MAP_SCALE), np.float32)


def _to_frame(points: F32, region: Region) -> F32:
    scale = region.side_px / CROP_PX
    along, across = scale * math.cos(region.angle_rad), scale * math.sin(region.angle_rad)
    mesh = np.empty_like(points)
    x, y = points[:, 0] - CROP_PX / 2, points[:, 1] - CROP_PX / 2
    mesh[:, 0] = along * x - across * y + region.center_xy[0]
    mesh[:, 1] = across * x + along * y + region.center_xy[1]
    mesh[:, 2] = points[:, 2] * scale
    return mesh
