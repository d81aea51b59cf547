"""Find faces: YuNet for every reach, from the live camera to a crowd in a photo.

YuNet (Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023) is trained on faces of 10 to 300 px, so
the reach decides how far a picture is shrunk before it, and a crowd is searched at native size and once more shrunk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.networks import network_path
from models.runtime.base import Net, Runtime
from models.types import F32, U8, Reach

STRIDES = (8, 16, 32)
_GRID = 32
"""Input sides are multiples of the largest stride."""
_BUDGET_PX = {"near": 256 * 160, "far": 640 * 384}
_NATIVE_LIMIT_PX, _NATIVE_LIMIT_AREA_PX = 2000, 2_200_000
"""Longer and larger pictures are searched in tiles; at this area the network takes 110 MB."""
_TILE_CORE_PX = 1024
_TILE_MARGIN_PX = 128
"""Tiles overlap by twice this: a smaller face lies wholly in the tile that holds its centre."""
_MAX_NETS = 4
_MOST_PER_STEP = 5.5
"""A bilinear step that shrinks more than this looks at too few of the pixels."""
_NMS_IOU = 0.3
_INSIDE = 0.8
"""Share of a small box inside a better, larger one above which it is a part of that face."""


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces in frame pixels, best first.

    Attributes:
        boxes_xyxy: (n, 4) brow to chin; may reach over the picture's edge.
        scores: (n,) 0..1.
        keypoints_xy: (n, 5, 2) own right eye, own left eye, nose tip, right and left mouth corner.
    """

    boxes_xyxy: F32
    scores: F32
    keypoints_xy: F32

    def __len__(self) -> int:
        return len(self.scores)

    def pick(self, indices: NDArray[np.intp] | NDArray[np.bool_]) -> "Detections":
        """Some of the faces, in the order given."""
        return Detections(self.boxes_xyxy[indices], self.scores[indices], self.keypoints_xy[indices])


NOTHING = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))


class Detector:
    """YuNet in every input size that it is asked for. Not thread-safe: one owner thread."""

    def __init__(self, runtime: Runtime, *, min_score: float = 0.7) -> None:
        self._runtime = runtime
        self._min_score = min_score
        self._nets: dict[tuple[int, int], tuple[Net, F32]] = {}

    def detect(self, pixels: U8, reach: Reach) -> Detections:
        """Faces in (H, W, 3) BGR uint8 of any size."""
        height, width = pixels.shape[:2]
        if reach != "crowd":
            return suppress(self._shrunk(pixels, _BUDGET_PX[reach]))
        found = [self._shrunk(pixels, _BUDGET_PX["far"])]
        if max(width, height) <= _NATIVE_LIMIT_PX and width * height <= _NATIVE_LIMIT_AREA_PX:
            found.append(self._run(pixels, (width, height), 1.0))
        else:
            found.extend(self._tile(pixels, core) for core in _cores(width, height))
        return suppress(_join(found))

    def release_large(self) -> None:
        """Let the networks go that only crowds need: they take 30 to 110 MB, and loading one again takes 10 ms."""
        self._nets = {size: net for size, net in self._nets.items() if size[0] * size[1] <= _BUDGET_PX["far"]}

    def _shrunk(self, pixels: U8, budget_px: int) -> Detections:
        height, width = pixels.shape[:2]
        net_wh = _fitting_size(width, height, budget_px)
        scale = min(net_wh[0] / width, net_wh[1] / height, 1.0)
        return self._run(pixels, net_wh, scale)

    def _tile(self, pixels: U8, core_xyxy: tuple[int, int, int, int]) -> Detections:
        """Faces whose centre lies in the core and whose box lies in the tile around it."""
        height, width = pixels.shape[:2]
        x0, x1 = _span(core_xyxy[0], core_xyxy[2], width)
        y0, y1 = _span(core_xyxy[1], core_xyxy[3], height)
        found = self._run(pixels[y0:y1, x0:x1], (x1 - x0, y1 - y0), 1.0)
        offset_xy = np.array([x0, y0], np.float32)
        boxes_xyxy = found.boxes_xyxy + np.tile(offset_xy, 2)
        centres_xy = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
        # A side that is the picture's own edge cuts nothing that another tile would see whole.
        low = np.array([x0 if x0 > 0 else -np.inf, y0 if y0 > 0 else -np.inf])
        high = np.array([x1 if x1 < width else np.inf, y1 if y1 < height else np.inf])
        core_low = np.where(np.isinf(low), low, core_xyxy[:2])
        core_high = np.where(np.isinf(high), high, core_xyxy[2:])
        mine = np.all((centres_xy >= core_low) & (centres_xy < core_high), axis=1)
        whole = np.all((boxes_xyxy[:, :2] > low) & (boxes_xyxy[:, 2:] < high), axis=1)
        return Detections(boxes_xyxy, found.scores, found.keypoints_xy + offset_xy).pick(mine & whole)

    def _run(self, pixels: U8, net_wh: tuple[int, int], scale: float) -> Detections:
        """Shrink by `scale` into the top-left corner of the network's input and read the result."""
        net, batch = self._net(net_wh)
        small = pixels if scale == 1.0 else _resized(pixels, scale)
        height, width = small.shape[:2]
        batch[0, :height, :width] = small
        batch[0, height:] = 0.0
        batch[0, :, width:] = 0.0
        levels = net(batch)
        found = _decode(levels, self._min_score)
        to_frame = np.array([pixels.shape[1] / width, pixels.shape[0] / height], np.float32)
        return Detections(found.boxes_xyxy * np.tile(to_frame, 2), found.scores, found.keypoints_xy * to_frame)

    def _net(self, wanted_wh: tuple[int, int]) -> tuple[Net, F32]:
        width, height = (-(-side // _GRID) * _GRID for side in wanted_wh)
        if (width, height) not in self._nets:
            while len(self._nets) >= _MAX_NETS:
                del self._nets[next(iter(self._nets))]
            shape = (1, height, width, 3)
            outputs = [f"level_{stride}" for stride in STRIDES]
            net = self._runtime.load(network_path("yunet"), outputs=outputs, input_shape=shape)
            self._nets[width, height] = (net, np.zeros(shape, np.float32))
        return self._nets[width, height]


def suppress(found: Detections) -> Detections:
    """Greedy non-maximum suppression at IoU 0.3, best first; a box inside a larger, better one goes as well."""
    order = np.argsort(-found.scores, kind="stable")
    found = found.pick(order)
    if len(found) < 2:
        return found
    overlap, inside = _overlaps(found.boxes_xyxy)
    keep = np.ones(len(found), np.bool_)
    for best in range(len(found)):
        if keep[best]:
            keep[best + 1 :] &= (overlap[best, best + 1 :] <= _NMS_IOU) & (inside[best, best + 1 :] <= _INSIDE)
    return found.pick(keep)


def _overlaps(boxes_xyxy: F32) -> tuple[F32, F32]:
    """IoU of every pair, and the share of each column's box that lies in each row's."""
    low = np.maximum(boxes_xyxy[:, None, :2], boxes_xyxy[None, :, :2])
    high = np.minimum(boxes_xyxy[:, None, 2:], boxes_xyxy[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    area = np.maximum(np.prod(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], axis=1), 1e-6)
    return common / (area[:, None] + area[None, :] - common), common / area[None, :]


def _decode(levels: Sequence[F32], min_score: float) -> Detections:
    """Boxes in the pixels of the network's input. A level is (1, H, W, 16): class, box 4, objectness, points 10."""
    parts = []
    for stride, level in zip(STRIDES, levels, strict=True):
        cells = level[0]
        scores = np.sqrt(_sigmoid(cells[..., 0]) * _sigmoid(cells[..., 5]))
        rows, columns = np.nonzero(scores >= min_score)
        if len(rows) == 0:
            continue
        values = cells[rows, columns]
        cell_xy = np.stack([columns, rows], axis=1).astype(np.float32)
        centre_xy = (cell_xy + values[:, 1:3]) * stride
        half_wh = np.exp(values[:, 3:5]) * (stride / 2)
        points_xy = (cell_xy[:, None] + values[:, 6:16].reshape(-1, 5, 2)) * stride
        boxes_xyxy = np.concatenate([centre_xy - half_wh, centre_xy + half_wh], axis=1)
        parts.append(Detections(boxes_xyxy, scores[rows, columns], points_xy))
    return _join(parts)


def _sigmoid(values: F32) -> F32:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def _join(parts: list[Detections]) -> Detections:
    if not parts:
        return NOTHING
    return Detections(
        np.concatenate([part.boxes_xyxy for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.keypoints_xy for part in parts]),
    )


def _resized(pixels: U8, scale: float) -> U8:
    """Bilinear, in two steps where one would skip most of the pixels (INTER_AREA costs ten times as much)."""
    height, width = pixels.shape[:2]
    small_wh = (max(round(width * scale), 1), max(round(height * scale), 1))
    if scale < 1 / _MOST_PER_STEP:
        half_way = cv2.resize(pixels, (2 * small_wh[0], 2 * small_wh[1]), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.resize(half_way, small_wh, interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(cv2.resize(pixels, small_wh, interpolation=cv2.INTER_LINEAR), np.uint8)


def _cores(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles (x0, y0, x1, y1) of about the core size that cover the picture without overlap."""
    columns, rows = -(-width // _TILE_CORE_PX), -(-height // _TILE_CORE_PX)
    for row in range(rows):
        for column in range(columns):
            yield (
                column * width // columns,
                row * height // rows,
                (column + 1) * width // columns,
                (row + 1) * height // rows,
            )


def _span(low: int, high: int, size: int) -> tuple[int, int]:
    """A core's extent with its margins, moved inside the picture: all tiles are of one size and share a network."""
    length = min(-(-(high - low + 2 * _TILE_MARGIN_PX) // _GRID) * _GRID, size)
    start = min(max(low - _TILE_MARGIN_PX, 0), size - length)
    return start, start + length


@lru_cache(maxsize=64)
def _fitting_size(width: int, height: int, budget_px: int) -> tuple[int, int]:
    """The input size of at most `budget_px` in which the picture stays largest; never more than it needs."""
    best_wh, best_scale = (_GRID, _GRID), 0.0
    for net_width in range(_GRID, budget_px // _GRID + 1, _GRID):
        net_height = budget_px // net_width // _GRID * _GRID
        scale = min(net_width / width, net_height / height, 1.0)
        if scale > best_scale:
            best_wh, best_scale = (net_width, net_height), scale
    used = (round(width * best_scale), round(height * best_scale))
    return min(best_wh[0], -(-used[0] // _GRID) * _GRID), min(best_wh[1], -(-used[1] // _GRID) * _GRID)
