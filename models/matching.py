"""Which detection is which face: distances in place, size and look, and the likeliest assignment of both."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.assignment import assign
from models.detector import Detections
from models.geometry import F64, box_iou, grow_box
from models.tracks import COAST_S, Track
from models.types import F32

_REACH, _REACH_PER_S, _LONGEST_S = 0.25, 1.2, 1.0
"""How far from its expected place a face may be found again, in face sizes, and per second since it was seen."""
_FAR_REACH = 2.0
"""A face that looks the same may be found at this multiple of its reach."""
_GROWTH, _GROWTH_PER_S = 0.35, 0.8
"""How much larger or smaller, as a logarithm, and per second since it was seen."""
_GROWTH_OF_PART = 0.9
_NEAR = 0.12
_LIKE, _LIKE_NEAR, _LIKE_FAR, _LIKE_ALONE = 0.035, 0.06, 0.025, 0.2
"""A look more different is somebody else: among others; within _NEAR face sizes; beyond reach, or after coasting; where
there is nobody else. A steep turn of the head may cost 0.18."""
_UNKNOWN = 0.04
"""What the difference to a view never seen counts as: enough near the expected place only."""
_OVERLAP_WEIGHT, _LOOK_WEIGHT = 0.3, 1.5
_UNLISTED = 0.7
"""What it costs more to recall a face that is no longer listed: a listed one that fits as well goes first."""
_UNMATCHED = 4.0
"""What it costs to find no detection for a track: a good match costs about 1, the worst allowed one about 4."""
_TOUCHING = 1.3
"""Faces whose boxes, grown by this, overlap may draw each other's meshes."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Every track (n) against every detection (m).

    Attributes:
        far: (n, m) mean distance of the key points from where they should be, in face sizes.
        reach: (n, 1) how far they may be.
        growth: (n, m) |log| of the ratio of sizes.
        iou: (n, m) of the expected and the detected box.
        possible: (n, m) near and alike enough in size.
        thinkable: (n, m) the same for a face of which only a part can be seen.
    """

    far: F64
    reach: F64
    growth: F64
    iou: F64
    possible: NDArray[np.bool_]
    thinkable: NDArray[np.bool_]


def places_of(tracks: Sequence[Track], found: Detections, t_s: float) -> Places:
    """Compare places and sizes; at least one track."""
    expected = [track.expect(t_s) for track in tracks]
    boxes = np.stack([box for box, _ in expected])
    keypoints = np.stack([points for _, points in expected]).astype(np.float64)
    away = keypoints[:, None] - found.keypoints_xy[None]
    sizes = np.array([[track.size_px] for track in tracks])
    far = np.hypot(away[..., 0], away[..., 1]).mean(axis=2) / sizes
    growth = np.abs(np.log(_spreads(found.keypoints_xy)[None] / _spreads(keypoints)[:, None]))
    lost_s = np.array([[min(max(t_s - track.seen_s, 0.0), _LONGEST_S)] for track in tracks])
    reach = _REACH + _REACH_PER_S * lost_s
    near, iou = far <= _FAR_REACH * reach, box_iou(boxes, found.boxes_xyxy).astype(np.float64)
    possible = near & (growth <= _GROWTH + _GROWTH_PER_S * lost_s)
    return Places(far, reach, growth, iou, possible, near & (growth <= _GROWTH_OF_PART))


def _spreads(keypoints_xy: F32 | F64) -> F64:
    """(n,) sizes of (n, 5, 2) key points."""
    centred = keypoints_xy - keypoints_xy.mean(axis=1, keepdims=True)
    spreads: F64 = np.maximum(np.sqrt((centred.astype(np.float64) ** 2).sum(axis=(1, 2))), 1e-3)
    return spreads


def unlike(track: Track, look: F32, keypoints_xy: F32) -> float:
    """How different a look is from what is known of a face, a middling value where that view is unknown."""
    difference = track.unlike(look, keypoints_xy)
    return _UNKNOWN if math.isnan(difference) else difference


def match(
    seekers: Sequence[Track],
    listed: Sequence[bool],
    crowded: Sequence[bool],
    found: Detections,
    looks: Mapping[int, F32],
    t_s: float,
) -> list[tuple[Track, int]]:
    """The likeliest detection of each track that is looking for one, each detection given once.

    Args:
        seekers: the tracks.
        listed: for each, whether it is given out, and not only remembered.
        crowded: for each, whether others are near enough to be taken for it.
        found: all detections.
        looks: looks of those that may be given away, by index.
        t_s: media time.
    """
    free = list(looks)
    if not seekers or not free:
        return []
    places = places_of(seekers, found.pick(np.array(free)), t_s)
    costs = places.far / places.reach + places.growth + _OVERLAP_WEIGHT * (1 - places.iou)
    costs[~places.possible] = np.inf
    for row, column in np.argwhere(places.possible):
        track, index = seekers[row], free[column]
        different = unlike(track, looks[index], found.keypoints_xy[index])
        far, reach = float(places.far[row, column]), float(places.reach[row, 0])
        limit = _limit(far, reach, t_s - track.seen_s, crowded[row])
        costs[row, column] += _LOOK_WEIGHT * different / limit if different <= limit else np.inf
        costs[row, column] += 0.0 if listed[row] else _UNLISTED
    # A column of its own for each track that finds nothing: nobody takes another's face only to have one.
    nothing = np.where(np.eye(len(seekers), dtype=np.bool_), _UNMATCHED, np.inf)
    pairs = assign(np.concatenate([costs, nothing], axis=1))
    return [(seekers[row], free[column]) for row, column in pairs if column < len(free)]


def _limit(far: float, reach: float, lost_s: float, crowded: bool) -> float:
    """How different the same face may look."""
    if far > reach or lost_s > COAST_S:
        return _LIKE_FAR
    if not crowded:
        return _LIKE_ALONE
    return _LIKE_NEAR if far < _NEAR else _LIKE


def touching(tracks: Sequence[Track], everybody: Sequence[Track], t_s: float) -> list[bool]:
    """Whether each of `tracks` should by now touch another face of `everybody`, to whom it belongs itself."""
    if len(everybody) < 2 or not tracks:
        return [False] * len(tracks)
    boxes = {id(track): grow_box(track.expect(t_s)[0], _TOUCHING) for track in everybody}
    own = np.stack([boxes[id(track)] for track in tracks])
    counts = (box_iou(own, np.stack(list(boxes.values()))) > 0).sum(axis=1)
    return [bool(count > 1) for count in counts]
