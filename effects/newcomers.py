"""Who comes into the picture, before any network sees a face: what has come in from the border and is new.

A detector needs most of a face, the matte most of a head. Until then a newcomer is a patch that differs from the scene
as it has been and belongs to no tracked person, coming in from the border or, when it is as large as a head,
anywhere: from behind a desk. The scene is learnt as a running mean and spread per cell (after Wren et al. 1997,
"Pfinder"); it is moved along with the camera, and a cell is compared with its surroundings, so that a sway changes
nothing. What a turning camera brings into the picture was never seen before and counts as new near the border. At a cut
or when the light changes there is no scene to compare with, and nothing is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import cast

import cv2
import numpy as np

from effects.coarse import Region, Shift, camera_shift, grown, map_scale, map_wh, moved_map, regions, shrunk, span
from effects.ops.masks import Oval
from models.geometry import median
from models.types import F32, U8, Face

_LEAST_LEVELS, _LEAST_DARK, _LEAST_PER_LEVEL = 14.0, 6.0, 0.12
_SPREADS = 4.0
"""A cell is new when it differs by so many grey levels, fewer where the scene is dark, and so many times its usual
spread."""
_LEARN_S, _LEARN_PERSON_S, _LEARN_NEW_S = 0.5, 0.15, 12.0
_SPREAD_S, _SPREAD_NEW_S, _SPREAD_AT_FIRST = 2.0, 30.0, 3.0
_EXPLAINED_S = 2.0
"""For so long after a person has left a cell, what appears there is what the person had hidden."""
_LEAST_CELLS = 5
_HOLD_S = 0.4
"""A newcomer stays one for so long where he is lost for a moment."""
_LOWEST_TOP = 0.35
"""What stays above this share of the height and is small is a tree top or a lamp, not somebody coming in."""
_MOVED_SHARE, _RESTLESS_SHARE = 0.35, 0.03
"""With more of the picture new, or more of it apart from newcomers, or newcomers from both sides at once, the scene is
another or the light changed."""
_INSIDE_SHARE, _INSIDE_FACE = 0.004, 0.1
"""What appears away from the border is somebody from this share of the picture on, and from so many squared heights of
the smallest tracked face; less is a hand, a leaf, a lamp."""
_MOST_OFF_CELLS = 1.2
"""The scene is moved by whole cells once it is farther off than this; less is a sway (see `_SWAY_CELLS`)."""
_REVEALED_S, _REVEALED_DEPTH = 2.0, 0.075
"""What a turn of the camera brought in counts as new for so long, no farther from the border than this share of the
picture's width: by then the detector has seen whoever is there."""
_SWAY_CELLS = 5
"""Side of the surroundings a cell is compared with."""
_CALM_S = 0.5
"""For so long the camera must have stood still before what is new counts."""
_BESIDE_FACES, _BESIDE_CELLS = 0.12, 24.0
"""Smaller patches beside a tracked person, in squared face heights and in cells, are that person's own."""
_MARGIN, _LEAST_MARGIN, _MOST_MARGIN = 0.35, 2, 6
"""How much larger than what is new a newcomer is taken to be, as a share of its longer side, and in cells."""
_HAIR, _BODY = 1.1, 3.0
"""How far to the side, beside the face and below it, what belongs to a face may reach, in face heights."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """The scene without newcomers, per cell.

    Attributes:
        mean: (h, w, 3) colour.
        spread: (h, w) usual deviation in grey levels.
        since_person_s: (h, w) seconds since a tracked person was there.
        held_s: (h, w) for how much longer a newcomer is taken to be there.
        calm_s: for how long the scene has been the same.
        revealed_s: (h, w, 2) for how much longer what came in by a turn to a side, and up or down, is not trusted.
        off_xy: cells right and down by which the picture is off the mean.
    """

    mean: F32
    spread: F32
    since_person_s: F32
    held_s: F32
    calm_s: float
    revealed_s: F32
    off_xy: Shift = (0.0, 0.0)

    @property
    def found(self) -> Region:
        """(h, w) where newcomers are."""
        return np.asarray(self.held_s > 0.0, np.bool_)

    def revealed(self) -> list[Region]:
        """(h, w) each: what a turn of the camera brought in, where newcomers may be; one per side of the picture."""
        area = np.asarray(self.revealed_s > 0.0, np.bool_)
        depth = _depth(area.shape[1])
        parts = []
        for axis, side in ((0, np.s_[:, :depth]), (0, np.s_[:, -depth:]), (1, np.s_[:depth]), (1, np.s_[-depth:])):
            if area[..., axis][side].any():
                part = np.zeros(area.shape[:2], np.bool_)
                part[side] = area[..., axis][side]
                parts.append(part)
        return parts


def find_newcomers(
    before: Scenery | None, pixels: U8, heads: Sequence[Oval], faces: Sequence[Face], known: Region | None, dt_s: float
) -> Scenery:
    """Look for newcomers in the next frame; the result's `found` says where they are.

    Args:
        before: of the frame before; None at the beginning.
        pixels: (H, W, 3) the untouched frame.
        heads: the ellipses around tracked heads.
        faces: all tracked faces.
        known: coarse map of persons with a tracked face, from the matte; None without a matte.
        dt_s: seconds since the frame before.
    """
    size_wh = (pixels.shape[1], pixels.shape[0])
    colours = shrunk(pixels)
    persons = _persons(heads, faces, known, size_wh)
    if before is None or before.mean.shape != colours.shape:
        return _fresh(colours, np.zeros(persons.shape, np.float32))
    followed = _with_the_camera(before, colours, persons, dt_s)
    if followed is None:
        return _fresh(colours, before.held_s - np.float32(dt_s))
    before = followed
    deviation = _deviation(colours, before.mean)
    since_person_s = np.where(persons, 0.0, before.since_person_s + np.float32(dt_s)).astype(np.float32)
    dark = _LEAST_DARK + _LEAST_PER_LEVEL * before.mean[..., 1]
    new = deviation > np.maximum(np.minimum(_LEAST_LEVELS, dark), _SPREADS * before.spread)
    new = np.asarray(cv2.medianBlur(new.astype(np.uint8), 3), np.bool_) & (since_person_s > _EXPLAINED_S)
    face_h = min((float(face.box_xyxy[3] - face.box_xyxy[1]) for face in faces), default=0.0) * map_scale(size_wh)
    found = _somebody(new, np.asarray(before.held_s > 0.0, np.bool_), persons, face_h)
    restless = np.count_nonzero(new & ~found) > _RESTLESS_SHARE * new.size
    all_across = found[:, 0].any() and found[:, -1].any()
    if restless or all_across or np.count_nonzero(new) > _MOVED_SHARE * new.size:
        return _fresh(colours, before.held_s - np.float32(dt_s))
    if before.calm_s < _CALM_S:
        found = np.zeros_like(found)
    # Whoever is tracked needs no further cover, from this frame on.
    held_s = np.where(_around(faces, size_wh), 0.0, before.held_s - np.float32(dt_s))
    held_s = np.where(found, _HOLD_S, held_s).astype(np.float32)
    revealed_s = np.where(persons[..., None], 0.0, before.revealed_s).astype(np.float32)
    return _learnt(replace(before, revealed_s=revealed_s), colours, deviation, since_person_s, held_s, dt_s)


def _with_the_camera(before: Scenery, colours: U8, persons: Region, dt_s: float) -> Scenery | None:
    """The scene moved to where the camera looks now; None when the picture shows another one."""
    off_xy = camera_shift(cv2.convertScaleAbs(before.mean).astype(np.uint8), colours, persons, before.off_xy)
    if off_xy is None:
        return None
    revealed_s = np.maximum(before.revealed_s - np.float32(dt_s), 0.0)
    if max(abs(off_xy[0]), abs(off_xy[1])) <= _MOST_OFF_CELLS:
        return replace(before, off_xy=off_xy, revealed_s=_near_the_border(revealed_s))
    cells = round(off_xy[0]), round(off_xy[1])
    mean = moved_map(before.mean, cells, -1.0)
    came_in = mean[..., 0] < 0.0
    mean[came_in] = colours[came_in]
    revealed_s[..., 0] = moved_map(moved_map(revealed_s[..., 0], (0, cells[1]), 0.0), (cells[0], 0), _REVEALED_S)
    revealed_s[..., 1] = moved_map(moved_map(revealed_s[..., 1], (cells[0], 0), 0.0), (0, cells[1]), _REVEALED_S)
    return Scenery(
        mean,
        moved_map(before.spread, cells, _SPREAD_AT_FIRST),
        moved_map(before.since_person_s, cells, 1e3),
        moved_map(before.held_s, cells, 0.0),
        before.calm_s,
        _near_the_border(revealed_s),
        (off_xy[0] - cells[0], off_xy[1] - cells[1]),
    )


def _near_the_border(revealed_s: F32) -> F32:
    """Farther in, what was brought in by a turn is trusted."""
    depth = _depth(revealed_s.shape[1])
    near = revealed_s.copy()
    near[:, depth:-depth, 0] = 0.0
    near[depth:-depth, :, 1] = 0.0
    return near


def _depth(width: int) -> int:
    return max(1, round(_REVEALED_DEPTH * width))


def _deviation(colours: U8, mean: F32) -> U8:
    """(h, w) grey levels by which a cell lies outside the colours around it in the mean, exposure apart."""
    scene = cv2.convertScaleAbs(mean)
    # Every 29th cell is enough for a median.
    change = (colours.astype(np.int16) - scene).reshape(-1, 3)[::29].astype(np.float64)
    exposure = cast(cv2.typing.MatLike, (*median(change).tolist(), 0.0))
    seen = cv2.subtract(colours, exposure)
    around = np.ones((_SWAY_CELLS, _SWAY_CELLS), np.uint8)
    outside = cv2.max(cv2.subtract(seen, cv2.dilate(scene, around)), cv2.subtract(cv2.erode(scene, around), seen))
    blue, green, red = cv2.split(outside)
    return np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)


def _fresh(colours: U8, held_s: F32) -> Scenery:
    """A scene of which nothing is known but this frame."""
    shape = held_s.shape
    spread, long_ago = np.full(shape, _SPREAD_AT_FIRST, np.float32), np.full(shape, 1e3, np.float32)
    return Scenery(colours.astype(np.float32), spread, long_ago, held_s, 0.0, np.zeros((*shape, 2), np.float32))


def _persons(heads: Sequence[Oval], faces: Sequence[Face], known: Region | None, size_wh: tuple[int, int]) -> Region:
    """The cells of tracked persons: their heads, and below and close beside them what the matte gives them.

    Beside a head only what is close counts: hair and hands, but no second head that the matte joins to the first.
    """
    scale = map_scale(size_wh)
    drawn = _around(faces, size_wh).astype(np.uint8)
    if known is not None and faces:
        drawn &= grown(known, 2)
    for oval in heads:
        x, y = (value * scale for value in oval.centre_xy)
        half = (oval.half_wh[0] * scale * 1.3 + 1, oval.half_wh[1] * scale * 1.3 + 1)
        cv2.ellipse(drawn, ((x, y), (2 * half[0], 2 * half[1]), oval.angle_deg), (1,), -1)
    return drawn.astype(np.bool_)


def _around(faces: Sequence[Face], size_wh: tuple[int, int]) -> Region:
    """The cells in which tracked persons may be: above and below their faces, and at both sides below them."""
    width, height = map_wh(size_wh)
    scale = map_scale(size_wh)
    around = np.zeros((height, width), np.bool_)
    for face in faces:
        x0, y0, x1, y1 = (float(v) * scale for v in face.box_xyxy)
        middle, face_h = (x0 + x1) / 2, y1 - y0
        around[:, span(middle - _HAIR * face_h, middle + _HAIR * face_h, width)] = True
        if y1 < height:
            around[span(y1, height, height), span(middle - _BODY * face_h, middle + _BODY * face_h, width)] = True
    return around


def _somebody(new: Region, found: Region, persons: Region, face_h: float) -> Region:
    """Patches that touch the border, are large or were found before; those of each side filled up as one.

    The upper border does not count: nobody comes in from there, but hair and tree tops sway.
    """
    own_area = min(_BESIDE_FACES * face_h * face_h, _BESIDE_CELLS)
    result = np.zeros(new.shape, np.uint8)
    labels, stats = regions(new)
    if len(stats) == 1:
        return result.astype(np.bool_)
    height, width = new.shape
    x, y, w, h, area = (stats[:, column] for column in range(5))
    left, right, below = x == 0, x + w == width, y + h == height
    again = _touching(labels, grown(found, 2), len(stats))
    beside = _touching(labels, grown(persons, 2), len(stats))
    from_border = left | right | (below & ~beside)
    large = ~beside & (area >= max(_INSIDE_SHARE * new.size, _INSIDE_FACE * face_h * face_h))
    chosen = (from_border | again | large) & (area >= _LEAST_CELLS) & ~(beside & (area < own_area))
    chosen[0] = False
    # A newcomer often shows as several patches, hair and shoulder before the face between them.
    groups = [np.flatnonzero(chosen & left), np.flatnonzero(chosen & right)]
    groups += [np.array([label]) for label in np.flatnonzero(chosen & ~left & ~right)]
    for group in groups:
        if group.size and (large[group].any() or (y + h)[group].max() > _LOWEST_TOP * height):
            points = cv2.findNonZero(np.isin(labels, group).astype(np.uint8))
            patch = np.zeros(new.shape, np.uint8)
            cv2.fillConvexPoly(patch, cv2.convexHull(points), (1,))
            margin = int(_MARGIN * max(cv2.boundingRect(points)[2:]))
            result |= grown(patch.astype(np.bool_), min(max(margin, _LEAST_MARGIN), _MOST_MARGIN))
    return result.astype(np.bool_)


def _touching(labels: "np.typing.NDArray[np.int32]", area: Region, count: int) -> Region:
    return np.asarray(np.bincount(labels[area], minlength=count) > 0, np.bool_)


def _learnt(before: Scenery, colours: U8, deviation: U8, since_person_s: F32, held_s: F32, dt_s: float) -> Scenery:
    """The scene moves towards the frame: fast under persons, slowly under newcomers."""
    found = held_s > 0.0
    rate = np.full(found.shape, 1.0 - exp(-dt_s / _LEARN_S), np.float32)
    rate[since_person_s <= _EXPLAINED_S] = 1.0 - exp(-dt_s / _LEARN_PERSON_S)
    rate[found] = 1.0 - exp(-dt_s / _LEARN_NEW_S)
    mean = before.mean + rate[..., None] * (colours - before.mean)
    spread_rate = np.where(found, 1.0 - exp(-dt_s / _SPREAD_NEW_S), 1.0 - exp(-dt_s / _SPREAD_S))
    spread_rate[since_person_s <= _EXPLAINED_S] = 0.0
    spread = before.spread + spread_rate * (deviation - before.spread)
    return replace(
        before,
        mean=mean,
        spread=spread.astype(np.float32),
        since_person_s=since_person_s,
        held_s=held_s,
        calm_s=before.calm_s + dt_s,
    )
