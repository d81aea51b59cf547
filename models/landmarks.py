"""478 landmarks of a face in a rotated square crop: the attention face mesh.

The network is Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020). Its three
custom operators are written with plain ones by `models/networks/face_mesh.py`, so that it is one graph for any runtime.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import box_around
from models.networks import network_path
from models.runtime.base import Runtime
from models.types import F32, U8

CROP_PX = 192
"""Side of the network's input, and the unit of its results."""
REGION_SCALE = 1.42
"""Side of a region over the long side of the box around a face's landmarks."""
REGION_DROP = 0.02
"""How far a region's centre lies below that box's, in sides. With 1.42 it is where MediaPipe's own still pictures look:
the mean difference from them falls from 1.65 to 1.4 % of the inter-ocular distance (1.5 and 0 are its video mode)."""

_DETECTION_SCALE = 1.15
_DETECTION_DROP = 0.05
"""The same for the detector's box, which ends at the brows' upper edge and is larger than the landmarks' below."""

_FINE_PX = 320
"""Regions larger than this are averaged down, which keeps camera noise out of the points."""
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
    return _region(box_xyxy, angle_rad, _DETECTION_SCALE, _DETECTION_DROP)


def region_from_mesh(mesh: F32) -> Region:
    """Region of a face whose (478, 3) landmarks are known: about their upright box, turned to level the eyes."""
    axis = mesh[_EYE_LEFT_OUTER] - mesh[_EYE_RIGHT_OUTER]
    angle_rad = math.atan2(float(axis[1]), float(axis[0]))
    return _region(box_around(mesh), angle_rad, REGION_SCALE, REGION_DROP)


def _region(box_xyxy: F32, angle_rad: float, scale: float, drop: float) -> Region:
    x0, y0, x1, y1 = (float(value) for value in box_xyxy)
    side_px = scale * max(x1 - x0, y1 - y0)
    away_px = drop * side_px
    center_x = (x0 + x1) / 2 - math.sin(angle_rad) * away_px
    center_y = (y0 + y1) / 2 + math.cos(angle_rad) * away_px
    return Region((center_x, center_y), side_px, angle_rad)


def crop(pixels: U8, region: Region) -> F32:
    """The region as (192, 192, 3) RGB 0..255: bilinear, edge pixels repeated outside the picture.

    Not rounded to whole grey levels: the next region follows from this one's points, and rounding turns a difference in
    the last digit of a float into 0.5 % of the face within ten frames, so that no two runtimes would track alike.

    A large region is halved first, until a step spans less than 1.67 pixels: averaging keeps camera noise out of the
    points. The warp is done with four channels, which OpenCV does in half the time of three.
    """
    part, corner_xy = _around(pixels, region)
    center = np.array(region.center_xy) - corner_xy
    side_px = region.side_px
    while side_px > _FINE_PX and min(part.shape[:2]) > 1:
        even = part[: part.shape[0] // 2 * 2, : part.shape[1] // 2 * 2]
        part = np.asarray(cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        # A halved pixel lies between the two that it averages, a quarter of a pixel before its own index.
        center, side_px = (center - 0.5) / 2, side_px / 2
    along = side_px / CROP_PX * math.cos(region.angle_rad)
    across = side_px / CROP_PX * math.sin(region.angle_rad)
    back = CROP_PX / 2
    matrix = np.array(
        [
            [along, -across, center[0] - back * (along - across)],
            [across, along, center[1] - back * (across + along)],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    four = cv2.cvtColor(part, cv2.COLOR_BGR2RGBA).astype(np.float32)
    warped = cv2.warpAffine(four, matrix, (CROP_PX, CROP_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB), np.float32)


def _around(pixels: U8, region: Region) -> tuple[U8, NDArray[np.float64]]:
    """The upright part of the picture that the region needs (at least a pixel of it), and its corner."""
    height, width = pixels.shape[:2]
    reach = region.side_px / 2 * (abs(math.cos(region.angle_rad)) + abs(math.sin(region.angle_rad))) + 2
    x0 = min(max(int(region.center_xy[0] - reach), 0), width - 1)
    y0 = min(max(int(region.center_xy[1] - reach), 0), height - 1)
    x1 = min(max(int(region.center_xy[0] + reach) + 2, x0 + 1), width)
    y1 = min(max(int(region.center_xy[1] + reach) + 2, y0 + 1), height)
    return pixels[y0:y1, x0:x1], np.array([x0, y0], np.float64)


class FaceMesh:
    """The network, one face at a time. Not thread-safe: one owner thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._net = runtime.load(network_path("face_mesh"), outputs=("points", "conv_faceflag", "p_re_lu_3"))
        self._batch = np.empty((1, CROP_PX, CROP_PX, 3), np.float32)

    def __call__(self, pixels: U8, regions: Sequence[Region]) -> list[FaceLandmarks]:
        """Landmarks of each region of (H, W, 3) BGR uint8."""
        return [self._one(crop(pixels, region), region) for region in regions]

    def _one(self, face: F32, region: Region) -> FaceLandmarks:
        points, presence, features = self.in_crop(face)
        return FaceLandmarks(_to_frame(points, region), presence, features)

    def in_crop(self, face: F32) -> tuple[F32, float, F32]:
        """(478, 3) points in pixels of a (192, 192, 3) RGB crop, presence 0..1 and the (48, 48, 32) feature map."""
        np.multiply(face, np.float32(1 / 255), out=self._batch[0])
        points, flag, features = self._net(self._batch)
        presence = 1 / (1 + math.exp(-float(flag.reshape(-1)[0])))
        return points, presence, features[0]


def _to_frame(points: F32, region: Region) -> F32:
    scale, (x, y) = region.side_px / CROP_PX, region.center_xy
    along, across = scale * math.cos(region.angle_rad), scale * math.sin(region.angle_rad)
    half = CROP_PX / 2
    turn = np.array([[along, across, 0], [-across, along, 0], [0, 0, scale]], np.float32)
    corner = np.array([x - half * (along - across), y - half * (across + along), 0], np.float32)
    mesh: F32 = points @ turn
    mesh += corner
    return mesh
