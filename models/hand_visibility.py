"""Hands in front of faces in photos, where there is no earlier frame to compare with.

MediaPipe's palm detector and hand landmarks (Zhang et al. 2020, "MediaPipe Hands: On-device Real-time Hand Tracking")
look at the surroundings of a face; the landmarks are drawn as a hand-shaped mask and read in the face's UV space. One
palm pass a face and two landmark passes a hand: for photos, stills and `render`, not for the live picture.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.networks import network_path
from models.runtime.base import Net, Runtime
from models.types import F32, U8, VISIBILITY_SIZE
from models.uv import sample, uv_table

F64 = NDArray[np.float64]

_PALM_PX, _HAND_PX = 192, 224
_PALM_ANCHORS = ((8, 2), (16, 6))
"""Strides of the palm detector, and anchors at each cell; all anchors have the input's size."""
_PALM_SCORE, _HAND_SCORE = 0.5, 0.6
_SAME_PALM_IOU, _SAME_HAND = 0.3, 0.33
_MOST_PALMS, _MOST_HANDS = 32, 4

_VIEW = 2.6
"""Side of the square around a face in which hands are looked for, in face sizes."""
_PALM_SHIFT, _PALM_GROWN = 0.5, 2.6
"""From a palm's box to the hand's: moved towards the fingers by this share, then grown."""
_HAND_SHIFT, _HAND_GROWN = 0.1, 2.0
"""The same from the hand's own landmarks, for the second look."""

# Numbers of the 21 hand landmarks: the wrist, then four of each finger from its base to its tip, thumb first.
_WRIST, _INDEX_BASE, _MIDDLE_BASE, _LITTLE_BASE = 0, 5, 9, 17
_MIDDLES = [6, 10, 14]
_FINGERS = ([1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16], [17, 18, 19, 20])
_PALM_OUTLINE = [0, 1, 2, 5, 9, 13, 17]

_KNUCKLES = 1.25
"""Width of the palm, in distances of the outer knuckles."""
_SLIMMEST_PALM = 0.55
"""A palm seen from the side is still taken for this wide, in lengths of the palm."""
_FINGER, _FOREARM = 0.27, 0.62
"""Widths of a finger and of the forearm, in widths of the palm."""
_FOREARM_LENGTH = 0.4
"""How much of the forearm is drawn, in lengths of the palm: further down the wrist may bend."""
_FRACTION_BITS = 3


@dataclass(frozen=True, slots=True)
class _Square:
    """A turned square in the picture: its middle, side, and how far its upright axis is turned clockwise."""

    centre_xy: tuple[float, float]
    side_px: float
    angle_rad: float = 0.0

    def to_frame(self) -> F64:
        """(2, 3) matrix from places 0..1 in the square to frame pixels."""
        along = np.array([math.cos(self.angle_rad), math.sin(self.angle_rad)]) * self.side_px
        down = np.array([-along[1], along[0]])
        return np.column_stack([along, down, np.array(self.centre_xy) - (along + down) / 2])

    def crop(self, pixels: U8, size_px: int) -> F32:
        """(1, size, size, 3) RGB 0..1; black outside the picture."""
        shrink = 2 ** max(0, int(math.log2(max(self.side_px / size_px, 1))))
        reach = math.hypot(self.side_px, self.side_px) / 2 + shrink
        (x, y), (height, width) = self.centre_xy, pixels.shape[:2]
        left, top = max(0, int(x - reach)), max(0, int(y - reach))
        columns = (min(width, int(x + reach) + 1) - left) // shrink
        rows = (min(height, int(y + reach) + 1) - top) // shrink
        if columns < 1 or rows < 1:
            return np.zeros((1, size_px, size_px, 3), np.float32)
        part = pixels[top : top + rows * shrink, left : left + columns * shrink]
        small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA) if shrink > 1 else part
        matrix = self.to_frame()
        matrix[:, 2] -= (left, top)
        matrix /= shrink
        matrix[:, :2] /= size_px
        # Pixel centres lie at +0.5 here and at whole numbers in OpenCV.
        matrix[:, 2] += 0.5 * matrix[:, :2].sum(axis=1) - 0.5
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.cvtColor(cv2.warpAffine(small, matrix, (size_px, size_px), flags=flags), cv2.COLOR_BGR2RGB)
        return np.asarray(crop[None], np.float32) / np.float32(255)


class HandVisibility:
    """Finds hands around faces. Not thread-safe: one owner thread."""

    def __init__(self, runtime: Runtime) -> None:
        """Loads both networks; raises ModelUnavailable."""
        self._palm: Net = runtime.load(network_path("palm"))
        self._hand: Net = runtime.load(network_path("hand"))

    def __call__(self, pixels: U8, mesh: F32) -> F32:
        """Where hands leave the face free.

        Args:
            pixels: (H, W, 3) BGR.
            mesh: (478, 3) of one face, frame pixels.

        Returns:
            (64, 64) float32 in UV space, 1 = no hand in front of the face, 0 = a hand. Where the live map is known
            too, the smaller of both holds.
        """
        hands = self.find(pixels, mesh)
        if not hands:
            return np.ones((VISIBILITY_SIZE, VISIBILITY_SIZE), np.float32)
        mask = np.zeros(pixels.shape[:2], np.uint8)
        for points_xy in hands:
            _draw_hand(mask, points_xy)
        covered, valid = sample(mask, mesh, uv_table(VISIBILITY_SIZE))
        return np.asarray(1 - covered * valid / np.float32(255), np.float32)

    def find(self, pixels: U8, mesh: F32) -> list[F32]:
        """Landmarks (21, 2) in frame pixels of each hand around the face."""
        low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
        centre, size = (low + high) / 2, float((high - low).max())
        view = _Square((float(centre[0]), float(centre[1])), _VIEW * size)
        found: list[F32] = []
        for square in self._palms(pixels, view)[:_MOST_HANDS]:
            points_xy = self._look(pixels, square)
            if points_xy is not None:
                points_xy = self._look(pixels, _around_hand(points_xy))
            if points_xy is not None and not any(_same_hand(points_xy, other) for other in found):
                found.append(points_xy)
        return found

    def _palms(self, pixels: U8, view: _Square) -> list[_Square]:
        """Squares around the hands whose palms are seen in the upright view, best first."""
        results, logits = self._palm(view.crop(pixels, _PALM_PX))
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -50, 50)))
        likely = np.flatnonzero(scores >= _PALM_SCORE)
        likely = likely[np.argsort(-scores[likely], kind="stable")][:_MOST_PALMS]
        values = results[0, likely].reshape(-1, 9, 2) / np.float32(_PALM_PX)
        values[:, 0] += _palm_anchors()[likely]
        values[:, 2:] += _palm_anchors()[likely][:, None]
        kept: list[F32] = []
        for palm in values:
            if all(_iou(palm, other) < _SAME_PALM_IOU for other in kept):
                kept.append(palm)
        return [_around_palm(view, palm) for palm in kept]

    def _look(self, pixels: U8, square: _Square) -> F32 | None:
        """Landmarks (21, 2) of the hand in the square, None where there is none."""
        points, presence, *_ = self._hand(square.crop(pixels, _HAND_PX))
        if float(presence.ravel()[0]) < _HAND_SCORE:
            return None
        matrix = square.to_frame()
        places = points.reshape(21, 3)[:, :2] / np.float32(_HAND_PX)
        return np.asarray(places @ matrix[:, :2].T + matrix[:, 2], np.float32)


@lru_cache(maxsize=1)
def _palm_anchors() -> F32:
    """(2016, 2) centres 0..1, row by row."""
    centres = []
    for stride, count in _PALM_ANCHORS:
        axis = (np.arange(_PALM_PX // stride) + 0.5) * (stride / _PALM_PX)
        centres.append(np.repeat(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(centres).astype(np.float32)


def _around_palm(view: _Square, palm: F32) -> _Square:
    """The hand's square; `palm` (9, 2) is centre, size and seven points in 0..1 of the view: wrist, ., middle base."""
    matrix = view.to_frame()
    x, y = matrix[:, :2] @ palm[0] + matrix[:, 2]
    return _towards_fingers(x, y, float(palm[1].max()) * view.side_px, palm[4] - palm[2], _PALM_SHIFT, _PALM_GROWN)


def _around_hand(points_xy: F32) -> _Square:
    """The square for a second look, from the landmarks (21, 2) of the first."""
    fingers = points_xy[_MIDDLES].mean(axis=0) - points_xy[_WRIST]
    angle = math.atan2(float(fingers[0]), -float(fingers[1]))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    upright = points_xy @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turn.T @ ((low + high) / 2)
    return _towards_fingers(x, y, float((high - low).max()), fingers, _HAND_SHIFT, _HAND_GROWN)


def _towards_fingers(x: float, y: float, side_px: float, fingers: F32, shift: float, grown: float) -> _Square:
    """A square with the fingers upwards, moved towards them by a share of its side, then grown."""
    angle = math.atan2(float(fingers[0]), -float(fingers[1]))
    moved = (float(x + shift * side_px * math.sin(angle)), float(y - shift * side_px * math.cos(angle)))
    return _Square(moved, side_px * grown, angle)


def _iou(palm: F32, other: F32) -> float:
    low = np.maximum(palm[0] - palm[1] / 2, other[0] - other[1] / 2)
    high = np.minimum(palm[0] + palm[1] / 2, other[0] + other[1] / 2)
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / max(float(np.prod(palm[1]) + np.prod(other[1])) - shared, 1e-9)


def _same_hand(points_xy: F32, other_xy: F32) -> bool:
    """Whether two palms led to one hand: its landmarks lie closer together than a share of its size."""
    apart = float(np.linalg.norm(points_xy - other_xy, axis=1).mean())
    return apart < _SAME_HAND * float(np.ptp(other_xy, axis=0).max())


def _draw_hand(mask: U8, points_xy: F32) -> None:
    """Fill palm, fingers and the beginning of the forearm with 255; `mask` (H, W) is changed."""
    wrist = points_xy[_WRIST]
    palm = points_xy[_MIDDLE_BASE] - wrist
    length = float(np.linalg.norm(palm))
    across = _KNUCKLES * float(np.linalg.norm(points_xy[_LITTLE_BASE] - points_xy[_INDEX_BASE]))
    width = max(across, _SLIMMEST_PALM * length)
    outline = np.asarray(cv2.convexHull(points_xy[_PALM_OUTLINE]), np.float32)
    cv2.fillPoly(mask, [_fixed(outline)], 255, cv2.LINE_AA, _FRACTION_BITS)
    _draw_line(mask, np.concatenate([outline, outline[:1]]), _FINGER * width)
    for finger in _FINGERS:
        _draw_line(mask, points_xy[finger], _FINGER * width)
    _draw_line(mask, np.stack([wrist, wrist - _FOREARM_LENGTH * palm]), _FOREARM * width)


def _draw_line(mask: U8, points_xy: F32, width_px: float) -> None:
    thickness = min(max(1, round(width_px)), 32767)
    cv2.polylines(mask, [_fixed(points_xy)], False, 255, thickness, cv2.LINE_AA, _FRACTION_BITS)


def _fixed(points_xy: F32) -> NDArray[np.int32]:
    """OpenCV's fixed-point coordinates."""
    return np.round((points_xy - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
