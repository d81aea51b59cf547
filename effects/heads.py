"""Where heads are: an ellipse around each tracked face that covers forehead, chin, ears and the near future.

Pure geometry in numpy. Used by whatever hides faces. It errs on the large side: an ellipse grows at once and shrinks
slowly, is stretched by motion and coasting, and goes on for a while where its track was lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import atan2, cos, degrees, exp, hypot, radians, sin

import numpy as np

from effects.ops.masks import Oval
from models.topology import CHIN, FACE_OVAL, FOREHEAD, NOSE_TIP
from models.types import F32, Face

_OUTLINE = np.array([*FACE_OVAL, NOSE_TIP])
"""The points that bound a mesh; turned far to the side the nose is one of them."""
_TOP, _BOTTOM, _NOSE = (int(np.flatnonzero(point == _OUTLINE)[0]) for point in (FOREHEAD, CHIN, NOSE_TIP))

SHRINK_TIME_S = 0.6
LINGER_S = 1.0
"""An ellipse outlives its track by this long, going on as the head last moved."""
BEHIND_S = 8.0
"""Whoever was lost behind another head may come out again for this long."""
_LINGER_GROWTH_PER_S = 0.25
_SPEED_TIME_S, _SLOWING_TIME_S = 0.1, 0.8
"""Smoothing of a head's speed; how soon a lost head is taken to stop."""

_UP, _DOWN, _SIDE = 0.30, 0.14, 0.17
"""Margins around the mesh in units of its own height (up, down) and width: hair line, chin, ears."""
_LEAST_ASPECT = 0.86
"""A head is at least this wide for its mesh's height, however far the face is turned away."""
_TURN_SHIFT = 0.35
"""When the nose is off the middle of the mesh, the head's bulk lies on the other side of it."""
_INNER_RADIUS = 0.87
"""No point of the outline lies farther out in its ellipse than this."""
_BOX_W, _BOX_H, _BOX_UP = 0.80, 0.80, 0.06
"""Half width, half height and upward shift of the ellipse around a bare box, in units of the box."""
_COASTING = 0.65
"""The same half sizes for the box of a face that is not seen at the moment."""
_MOST_UNSEEN, _MOST_WAY = 1.45, 0.7
"""How large an unseen head's ellipse may become, and how much longer along its way, in units of the ellipse when seen:
the head itself does not grow, and where it comes to light elsewhere other rules find it."""
_MOTION_SHARE = 0.6
"""The ellipse reaches this share of one frame's motion further, both ways: smoothing and motion blur."""
_FOUND_AGAIN = 1.3
"""How much larger than what is seen the ellipse is at most on the frame on which a head is found again."""
_RING = 1.5
"""How far around a head whoever is behind it may show, in units of its ellipse, before he is found again."""


_SAME_PLACE = 0.5
"""Heads closer than this, in units of an ellipse, are in one place."""


@dataclass(frozen=True, slots=True)
class Head:
    """One remembered head.

    Attributes:
        oval: what to cover.
        base_wh: half width and height without the stretch by motion: what shrinks slowly.
        seen_wh: half width and height when the face was last seen.
        centre_xy: of the face when seen; where it is taken to have gone since.
        speed_xy: pixels a second, smoothed.
        unseen: whether the face was not seen on this frame: coasting, or its track is gone.
        lost_s: for how long its track has been gone.
        age_s: since the face was first seen.
    """

    oval: Oval
    base_wh: tuple[float, float]
    seen_wh: tuple[float, float]
    centre_xy: tuple[float, float]
    speed_xy: tuple[float, float] = (0.0, 0.0)
    unseen: bool = False
    lost_s: float = 0.0
    age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads of a frame by track id; `behind`: seconds since someone was lost behind the head of that id."""

    by_id: Mapping[int, Head] = field(default_factory=dict)
    behind: Mapping[int, float] = field(default_factory=dict)

    def rings(self) -> dict[int, Oval]:
        """Around each head that hides somebody, the ellipse within which he may come out."""
        return {track_id: self.by_id[track_id].oval.grown(_RING) for track_id in self.behind}


def face_oval(face: Face) -> Oval:
    """The ellipse around the head of one face, from this frame alone."""
    x0, y0, x1, y1 = (float(v) for v in face.box_xyxy)
    width, height = max(x1 - x0, 1.0), max(y1 - y0, 1.0)
    centre = ((x0 + x1) / 2, (y0 + y1) / 2 - _BOX_UP * height)
    from_box = Oval(centre, (_BOX_W * width, _BOX_H * height))
    if face.coasting:
        # A coasting box has grown to what the face may have moved within.
        return Oval(centre, (_COASTING * width, _COASTING * height))
    if face.mesh is None or not np.isfinite(face.mesh).all():
        return from_box
    return _mesh_oval(np.asarray(face.mesh[_OUTLINE, :2], np.float32))


def follow_heads(before: Heads, faces: tuple[Face, ...], dt_s: float) -> Heads:
    """The heads of this frame: every face, and for a while those that were there before.

    Args:
        before: the heads of the frame before.
        faces: all faces of this frame.
        dt_s: seconds since then.
    """
    known = before.by_id
    heads: dict[int, Head] = {}
    found: list[Head] = []
    for face in faces:
        old = known.get(face.track_id)
        heads[face.track_id] = head = (_coasting if face.coasting else _seen)(old, face_oval(face), dt_s)
        if not face.coasting and (old is None or old.unseen):
            found.append(head)
    for track_id, old in known.items():
        if track_id not in heads and old.lost_s + dt_s <= LINGER_S and not _taken_over(old.oval, found):
            heads[track_id] = _gone(old, dt_s)
    return Heads(heads, _behind(before, heads, found, dt_s))


def _seen(old: Head | None, oval: Oval, dt_s: float) -> Head:
    """Grow at once, shrink slowly, stretch along the motion; found again elsewhere, begin anew."""
    if old is None:
        return Head(oval, oval.half_wh, oval.half_wh, oval.centre_xy)
    if old.unseen and float(old.oval.radius_at(np.array([oval.centre_xy], np.float32))[0]) > 1.0:
        return Head(oval, oval.half_wh, oval.half_wh, oval.centre_xy, age_s=old.age_s + dt_s)
    keep = exp(-dt_s / SHRINK_TIME_S)
    half = np.asarray(oval.half_wh)
    # What a head that is found again was taken to be meanwhile says nothing about its size.
    base_before = np.minimum(old.base_wh, half * _FOUND_AGAIN) if old.unseen else np.asarray(old.base_wh)
    larger = np.maximum(half, half + (base_before - half) * keep)
    base = (float(larger[0]), float(larger[1]))
    shift = np.subtract(oval.centre_xy, old.centre_xy)
    most = larger * (_FOUND_AGAIN - 1.0) if old.unseen else larger
    stretch = np.minimum(np.abs(oval.axes() @ shift) * _MOTION_SHARE, most)
    speed = np.asarray(old.speed_xy)
    if dt_s > 0.0:
        speed = speed + (1.0 - exp(-dt_s / _SPEED_TIME_S)) * (shift / dt_s - speed)
    half_wh = (base[0] + float(stretch[0]), base[1] + float(stretch[1]))
    drawn = Oval(oval.centre_xy, half_wh, oval.angle_deg)
    return Head(drawn, base, base, oval.centre_xy, (float(speed[0]), float(speed[1])), age_s=old.age_s + dt_s)


def _coasting(old: Head | None, oval: Oval, dt_s: float) -> Head:
    """Cover where the tracker takes the face to be, where it would be by its speed, and all between."""
    if old is None:
        return Head(oval, oval.half_wh, oval.half_wh, oval.centre_xy, unseen=True)
    seen = np.asarray(old.seen_wh)
    half = np.minimum(np.maximum(oval.half_wh, old.base_wh), seen * _MOST_UNSEEN)
    oval = Oval(oval.centre_xy, (float(half[0]), float(half[1])), old.oval.angle_deg)
    ahead, speed = _moved_on(old, dt_s)
    way = np.subtract(ahead, oval.centre_xy)
    stretch = np.minimum(np.abs(oval.axes() @ way) / 2, seen * _MOST_WAY)
    middle = np.add(oval.centre_xy, way / 2)
    half_wh = (oval.half_wh[0] + float(stretch[0]), oval.half_wh[1] + float(stretch[1]))
    drawn = Oval((float(middle[0]), float(middle[1])), half_wh, oval.angle_deg)
    return Head(drawn, oval.half_wh, old.seen_wh, ahead, speed, unseen=True, age_s=old.age_s + dt_s)


def _gone(old: Head, dt_s: float) -> Head:
    """Go on without a track: by the speed, growing."""
    ahead, speed = _moved_on(old, dt_s)
    step = np.subtract(ahead, old.centre_xy)
    centre = np.add(old.oval.centre_xy, step)
    oval = replace(old.oval, centre_xy=(float(centre[0]), float(centre[1]))).grown(1.0 + _LINGER_GROWTH_PER_S * dt_s)
    return Head(oval, old.base_wh, old.seen_wh, ahead, speed, unseen=True, lost_s=old.lost_s + dt_s, age_s=old.age_s)


def _moved_on(old: Head, dt_s: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Place and speed of an unseen head after `dt_s`."""
    x, y = old.centre_xy
    slower = exp(-dt_s / _SLOWING_TIME_S)
    return (x + old.speed_xy[0] * dt_s, y + old.speed_xy[1] * dt_s), (
        old.speed_xy[0] * slower,
        old.speed_xy[1] * slower,
    )


def _taken_over(oval: Oval, found: list[Head]) -> bool:
    """Whether a head that was found on this frame is in the place of an old one."""
    return any(_radius(oval, head) < _SAME_PLACE for head in found)


def _behind(before: Heads, heads: Mapping[int, Head], found: list[Head], dt_s: float) -> dict[int, float]:
    """Who hides somebody: heads near which another one has just been lost, until somebody is found there.

    Two tracks in one place count as well: there is one face to be seen, and somebody behind it.
    """
    behind = {
        track_id: age_s + dt_s
        for track_id, age_s in before.behind.items()
        if track_id in heads and age_s + dt_s <= BEHIND_S
    }
    for track_id, head in heads.items():
        old = before.by_id.get(track_id)
        if head.unseen and old is not None and not old.unseen:
            near = (other for other, front in heads.items() if not front.unseen and _radius(front.oval, old) < _RING)
            behind.update(dict.fromkeys(near, 0.0))
    for track_id in list(behind):
        front = heads[track_id]
        if any(head is not front and _radius(front.oval, head) < 1.3 * _RING for head in found):
            del behind[track_id]
    seen = {track_id: head for track_id, head in heads.items() if not head.unseen}
    for track_id, front in seen.items():
        if any(head is not front and _radius(front.oval, head) < _SAME_PLACE for head in seen.values()):
            behind[track_id] = 0.0
    return behind


def _radius(oval: Oval, head: Head) -> float:
    """How far a head's centre is from an ellipse's, in units of the ellipse."""
    return float(oval.radius_at(np.array([head.centre_xy], np.float32))[0])


def _mesh_oval(points_xy: F32) -> Oval:
    """An ellipse around the outline of a mesh, upright in the head's own frame."""
    up = points_xy[_TOP] - points_xy[_BOTTOM]
    angle = 0.0 if hypot(*up) < 1.0 else degrees(atan2(float(up[0]), float(-up[1])))
    c, s = cos(radians(angle)), sin(radians(angle))
    across, down = np.array([c, s], np.float32), np.array([-s, c], np.float32)
    u, v = points_xy @ across, points_xy @ down
    u0, u1, v0, v1 = float(u.min()), float(u.max()), float(v.min()), float(v.max())
    width, height = max(u1 - u0, 1.0), max(v1 - v0, 1.0)
    middle_u = (u0 + u1) / 2
    middle_u += _TURN_SHIFT * (middle_u - float(u[_NOSE]))
    top, bottom = v0 - _UP * height, v1 + _DOWN * height
    half_w = max(width * (0.5 + _SIDE), _LEAST_ASPECT * height / 2)
    centre = middle_u * across + (top + bottom) / 2 * down
    oval = Oval((float(centre[0]), float(centre[1])), (half_w, (bottom - top) / 2), angle)
    return _containing(oval, points_xy)


def _containing(oval: Oval, points_xy: F32) -> Oval:
    """The ellipse, enlarged until the points lie well inside it."""
    farthest = float(oval.radius_at(points_xy).max())
    return oval.grown(max(1.0, farthest / _INNER_RADIUS))
