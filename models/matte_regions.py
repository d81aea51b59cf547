"""Where the matte's network looks: boxes anchored on the tracked faces. Pure functions.

A network that sees the whole frame at 256x144 loses small people, invents a person in clutter and, with several people,
misses one; shown one person at a time, it does none of that. So every face gets its own region, and the regions share
the picture by soft weights. All boxes here are (x0, y0, x1, y1) as shares of the frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.types import F32

Box = tuple[float, float, float, float]
Part = tuple[int, int, int, int]
"""(y0, y1, x0, x1) pixels of a map."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

_SMALLEST_FACE = 0.06
"""Share of the frame's shorter side; the bodies of smaller faces are left to whoever's region holds them."""
_REACH = 1.8
_HEADROOM = 0.9
"""In face heights: to each side of the face's centre, and above its box."""
_MOST_REGIONS = 4
_MERGE_GAIN = 1.15
"""Two boxes become one when that one is this little larger than the larger of them."""
_WHOLE_ABOVE = 0.85
"""Share of the frame above which a box is not worth its seams."""
_HOLD = 0.06
"""A box stays where it is until a side is off by more than this share of its size."""
_SAME_OVERLAP = 0.3
_STRIP = 0.03
_STRIP_FULL = 0.04
_GROW = 0.08
_SHRINK = 0.004
_MOST_GROWTH = 1.0
_STEP = 2


@dataclass(frozen=True, slots=True)
class Region:
    """One look of the network.

    Attributes:
        anchor: the box that the face asks for.
        growth: what the left, top and right sides were moved outward because the person goes on there, in box sizes.
        updated_s: media time of the network's last run here; None = it never ran.
    """

    anchor: Box
    growth: tuple[float, float, float] = (0.0, 0.0, 0.0)
    updated_s: float | None = None

    @property
    def box(self) -> Box:
        """The grown box, inside the frame; the whole frame where it nearly is that."""
        x0, y0, x1, y1 = self.anchor
        left, top, right = self.growth
        width, height = x1 - x0, y1 - y0
        grown = (max(x0 - left * width, 0.0), max(y0 - top * height, 0.0), min(x1 + right * width, 1.0), y1)
        return WHOLE if _area(grown) > _WHOLE_ABOVE else grown


def wanted_boxes(faces_xyxy: F32, frame_wh: tuple[int, int]) -> list[Box]:
    """The boxes that (n, 4) faces in frame pixels ask for, one to four; without a face of some size the whole frame."""
    width, height = frame_wh
    boxes: list[Box] = []
    for x0, y0, x1, y1 in np.asarray(faces_xyxy, np.float64).reshape(-1, 4).tolist():
        size, centre = y1 - y0, (x0 + x1) / 2
        box = (
            max(centre - _REACH * size, 0.0) / width,
            max(y0 - _HEADROOM * size, 0.0) / height,
            min(centre + _REACH * size, width) / width,
            1.0,
        )
        in_sight = x1 > 0 and y1 > 0 and x0 < width and y0 < height
        if in_sight and size >= _SMALLEST_FACE * min(frame_wh) and box[0] < box[2]:
            boxes.append(box)
    return _merged(boxes) or [WHOLE]


def follow_faces(regions: Sequence[Region], faces_xyxy: F32, frame_wh: tuple[int, int]) -> tuple[Region, ...]:
    """The regions for this frame: held where they still fit, moved or begun anew where they do not."""
    left = list(regions)
    followed = []
    for box in wanted_boxes(faces_xyxy, frame_wh):
        old = max(left, key=lambda region: _overlap(region.anchor, box), default=None)
        if old is None or _overlap(old.anchor, box) < _SAME_OVERLAP:
            followed.append(Region(box))
            continue
        left.remove(old)
        followed.append(old if _fits(old.anchor, box) else replace(old, anchor=box))
    return tuple(followed)


def after_run(region: Region, person: F32, t_s: float) -> Region:
    """The region once the network ran: a side grows where the person (h, w) 0..1 fills its edge, else creeps back."""
    height, width = person.shape
    rows, columns = max(round(_STRIP * height), 1), max(round(_STRIP * width), 1)
    edges = (person[:, :columns], person[:rows], person[:, -columns:])
    box = region.box
    at_frame_edge = (box[0] <= 0.0, box[1] <= 0.0, box[2] >= 1.0)
    growth = []
    for held, edge, stuck in zip(region.growth, edges, at_frame_edge, strict=True):
        full = np.count_nonzero(edge > 0.5) > _STRIP_FULL * edge.size
        if full:
            growth.append(held if stuck else min(held + _GROW, _MOST_GROWTH))
        else:
            growth.append(max(held - _SHRINK, 0.0))
    return replace(region, growth=(growth[0], growth[1], growth[2]), updated_s=t_s)


def to_pixels(box: Box, size_wh: tuple[int, int]) -> Part:
    """A box in a map of that size, rounded outward to even pixels, never empty."""
    (x0, x1), (y0, y1) = (_in_steps(box[side], box[side + 2], size) for side, size in enumerate(size_wh))
    return y0, y1, x0, x1


def say(parts: Sequence[Part], index: int) -> tuple[F32, NDArray[np.bool_]]:
    """How much one of several parts decides, and where it decides most: two maps (h, w) of that part alone.

    Its say falls steeply with the distance from its middle column and is divided by the sum of all who have one
    there, so that seams between two people are soft and each is decided by the look that shows them in the middle.
    """
    y0, y1, x0, x1 = parts[index]
    share = np.ones((y1 - y0, x1 - x0), np.float32)
    first = np.ones(share.shape, np.bool_)
    if len(parts) == 1:
        return share, first
    columns = np.arange(x0, x1, dtype=np.float32) + 0.5
    says = [_say(part, columns) for part in parts]
    tops = sorted({min(max(part[0], y0), y1) for part in parts})
    for top, bottom in zip(tops, [*tops[1:], y1], strict=True):
        present = np.array([each for part, each in zip(parts, says, strict=True) if part[0] <= top])
        share[top - y0 : bottom - y0] = says[index] / present.sum(axis=0)
        first[top - y0 : bottom - y0] = says[index] >= present.max(axis=0)
    return share, first


def inside(parts: Sequence[Part], size_wh: tuple[int, int]) -> NDArray[np.bool_]:
    """Where any of the parts is: (h, w)."""
    covered = np.zeros((size_wh[1], size_wh[0]), np.bool_)
    for y0, y1, x0, x1 in parts:
        covered[y0:y1, x0:x1] = True
    return covered


def _say(part: Part, columns: F32) -> F32:
    _, _, x0, x1 = part
    off = np.abs(2 * (columns - x0) / (x1 - x0) - 1)
    return np.asarray(np.where(off <= 1, np.maximum(1 - off, 0.1) ** 4, 0), np.float32)


def _merged(boxes: list[Box]) -> list[Box]:
    """Greedily join the two boxes whose union is least larger, while it is hardly larger or there are too many."""
    boxes = list(boxes)
    while len(boxes) > 1:
        pairs = [(i, j) for j in range(len(boxes)) for i in range(j)]
        gains = [_area(_union(boxes[i], boxes[j])) / max(_area(boxes[i]), _area(boxes[j])) for i, j in pairs]
        best = int(np.argmin(gains))
        if gains[best] > _MERGE_GAIN and len(boxes) <= _MOST_REGIONS:
            break
        i, j = pairs[best]
        boxes[i] = _union(boxes[i], boxes.pop(j))
    return boxes


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _union(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _overlap(one: Box, other: Box) -> float:
    common = _area((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))
    return common / (_area(one) + _area(other) - common)


def _fits(held: Box, wanted: Box) -> bool:
    size = (held[2] - held[0], held[3] - held[1]) * 2
    return all(abs(a - b) <= _HOLD * side for a, b, side in zip(held, wanted, size, strict=True))


def _in_steps(low: float, high: float, size: int) -> tuple[int, int]:
    start = min(int(low * size) // _STEP * _STEP, (size - 1) // _STEP * _STEP)
    return start, min(max(math.ceil(high * size / _STEP) * _STEP, start + _STEP), size)
