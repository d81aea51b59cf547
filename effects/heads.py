"""Where heads are: an ellipse around each tracked face that covers forehead, chin, ears and the near future.

Pure geometry in numpy. Used by whatever hides faces. It errs on the large side: an ellipse grows at once and shrinks
slowly, is stretched by motion and coasting, and stays for a while after its track is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import atan2, cos, degrees, exp, hypot, radians, sin

import numpy as np

from effects.ops.masks import Oval
from models.topology import CHIN, FOREHEAD, NOSE_TIP
from models.types import F32, Face

SHRINK_TIME_S = 0.6
LINGER_S = 1.0
"""An ellipse outlives its track by this long, where something person-like may still be under it."""
_LINGER_GROWTH_PER_S = 0.4

_UP, _DOWN, _SIDE = 0.30, 0.10, 0.17
"""Margins around the mesh in units of its own height (up, down) and width: hair line, chin, ears."""
_LEAST_ASPECT = 0.86
"""A head is at least this wide for its mesh's height, however far the face is turned away."""
_TURN_SHIFT = 0.35
"""When the nose is off the middle of the mesh, the head's bulk lies on the other side of it."""
_INNER_RADIUS = 0.92
"""No mesh point lies farther out in its ellipse than this."""
_BOX_W, _BOX_H, _BOX_UP = 0.80, 0.80, 0.06
"""Half width, half height and upward shift of the ellipse around a bare detector box, in units of the box."""
_MOTION_SHARE = 0.6
"""The ellipse reaches this share of one frame's motion further, both ways: smoothing and motion blur."""


@dataclass(frozen=True, slots=True)
class Head:
    """One remembered head. `gone_s`: how long its track has been missing."""

    oval: Oval
    base_wh: tuple[float, float]
    """Half width and height without the stretch by motion: what shrinks slowly."""
    gone_s: float = 0.0


Heads = Mapping[int, Head]
"""By track id."""


def face_oval(face: Face) -> Oval:
    """The ellipse around the head of one face, from this frame alone."""
    x0, y0, x1, y1 = (float(v) for v in face.box_xyxy)
    width, height = max(x1 - x0, 1.0), max(y1 - y0, 1.0)
    centre = ((x0 + x1) / 2, (y0 + y1) / 2 - _BOX_UP * height)
    from_box = Oval(centre, (_BOX_W * width, _BOX_H * height))
    if face.mesh is None or not np.isfinite(face.mesh).all():
        return from_box
    oval = _mesh_oval(np.asarray(face.mesh[:468, :2], np.float32))
    if not face.coasting:
        return oval
    # The mesh of a lost face is old; its box grows and is what the face may have moved within.
    half_wh = (max(oval.half_wh[0], from_box.half_wh[0]), max(oval.half_wh[1], from_box.half_wh[1]))
    return _containing(Oval(centre, half_wh, oval.angle_deg), np.asarray(face.mesh[:468, :2], np.float32))


def follow_heads(known: Heads, faces: tuple[Face, ...], dt_s: float) -> dict[int, Head]:
    """The heads of this frame: every face, and for a while those that were there before.

    Args:
        known: the heads of the frame before.
        faces: all faces of this frame.
        dt_s: seconds since then.
    """
    heads = {face.track_id: _moved(known.get(face.track_id), face_oval(face), dt_s) for face in faces}
    present = list(heads.values())
    for track_id, head in known.items():
        gone_s = head.gone_s + dt_s
        if track_id in heads or gone_s > LINGER_S or _is_under(head.oval, present):
            continue
        grown = head.oval.grown(1.0 + _LINGER_GROWTH_PER_S * dt_s)
        heads[track_id] = replace(head, oval=grown, gone_s=gone_s)
    return heads


def _moved(before: Head | None, oval: Oval, dt_s: float) -> Head:
    """Grow at once, shrink slowly, stretch along the motion."""
    if before is None or before.gone_s > 0.0:
        return Head(oval, oval.half_wh)
    keep = exp(-dt_s / SHRINK_TIME_S)
    base = (
        max(oval.half_wh[0], oval.half_wh[0] + (before.base_wh[0] - oval.half_wh[0]) * keep),
        max(oval.half_wh[1], oval.half_wh[1] + (before.base_wh[1] - oval.half_wh[1]) * keep),
    )
    shift = np.array(oval.centre_xy) - np.array(before.oval.centre_xy)
    stretch = np.abs(oval.axes() @ shift) * _MOTION_SHARE
    half_wh = (base[0] + min(float(stretch[0]), base[0]), base[1] + min(float(stretch[1]), base[1]))
    return Head(Oval(oval.centre_xy, half_wh, oval.angle_deg), base)


def _is_under(oval: Oval, heads: list[Head]) -> bool:
    """Whether a head of this frame has taken the place of an old one."""
    centre = np.array([oval.centre_xy], np.float32)
    return any(float(head.oval.radius_at(centre)[0]) < 0.5 for head in heads)


def _mesh_oval(points_xy: F32) -> Oval:
    """An ellipse around all mesh points, upright in the head's own frame."""
    up = points_xy[FOREHEAD] - points_xy[CHIN]
    angle = 0.0 if hypot(*up) < 1.0 else degrees(atan2(float(up[0]), float(-up[1])))
    c, s = cos(radians(angle)), sin(radians(angle))
    across, down = np.array([c, s], np.float32), np.array([-s, c], np.float32)
    u, v = points_xy @ across, points_xy @ down
    u0, u1, v0, v1 = float(u.min()), float(u.max()), float(v.min()), float(v.max())
    width, height = max(u1 - u0, 1.0), max(v1 - v0, 1.0)
    middle_u = (u0 + u1) / 2
    middle_u += _TURN_SHIFT * (middle_u - float(u[NOSE_TIP]))
    top, bottom = v0 - _UP * height, v1 + _DOWN * height
    half_w = max(width * (0.5 + _SIDE), _LEAST_ASPECT * height / 2)
    centre = middle_u * across + (top + bottom) / 2 * down
    oval = Oval((float(centre[0]), float(centre[1])), (half_w, (bottom - top) / 2), angle)
    return _containing(oval, points_xy)


def _containing(oval: Oval, points_xy: F32) -> Oval:
    """The ellipse, enlarged until the points lie well inside it."""
    farthest = float(oval.radius_at(points_xy).max())
    return oval.grown(max(1.0, farthest / _INNER_RADIUS))
