"""Where to look for a known face in the next frame: a crop locked to the skull and predicted at constant velocity.

No filter mends a misplaced crop: the network's points lean towards the middle of the picture it is given. The crop
therefore follows the rigid pose of the face instead of the box around its points, which speech and turning stretch;
it runs ahead of a moving face, and almost rests on a still one, because a crop that trembles makes the points tremble.

Everything is in seconds; no constant depends on the frame rate.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.geometry import F64, HeadPose
from models.landmarks import REGION_SCALE, Region, region_from_mesh
from models.topology import canonical_face
from models.types import F32

_CENTRE_DEPTH_CM = 1.0
"""Depth of the point that the crop is centred on, about half way between the nose and the ears."""
_GATE_SPEED = 0.09
"""Speed in crop sides (or radians, or powers of e) per second at which half of the prediction is believed."""
_VELOCITY_S = 0.015
"""Time over which the velocity is averaged: short against a frame at 30 fps, long enough to calm 60."""
_REST_GAIN = 0.02
_REST_FPS = 30.0
"""A resting crop moves by this share of its error in one frame at 30 fps."""
_REST_ERROR, _FREE_ERROR = 0.004, 0.010
"""Errors in crop sides between which the resting crop is let go."""
_LOCK_YAW_DEG, _BOX_YAW_DEG = 32.0, 38.0
"""Between these the crop of the pose goes over into that of the box, which serves profiles better."""
_LOCK_OUTSIDE, _BOX_OUTSIDE = 0.05, 0.15
"""The same for the share of the landmarks that lie outside the picture: a pose made of guessed points runs away."""
_BOX_GAIN, _BOX_GATE = 0.25, 6.0
"""The crop of a box is let go by less, and believes a prediction at higher speeds only. The box of a profile moves with
the crop that it was found in: followed at once, the last digit of a float grows to a pixel within ten frames."""
_BOX_MISSED = 3.5
_MISSED, _MISSED_FPS = 0.015, 30.0
"""A crop this much off, in crop sides, is worth a second look at 30 fps; less where there is more time for it."""
_LONGEST_REACH_S = 0.12
"""Nothing is predicted further ahead: across a longer gap a velocity from two frames is worth nothing."""


Crop = tuple[float, float, float, float]
"""Centre x, y in pixels, log of the side, angle in rad."""


@dataclass(frozen=True, slots=True)
class CropState:
    """What is remembered between two frames.

    Attributes:
        t_s: time of the frame in which the face was last seen.
        crop: where the network looked then.
        seen: where it should have looked.
        velocity: of `seen`, per second.
        boxed: 0..1, how far `seen` is that of the box, not of the pose.
    """

    t_s: float
    crop: Crop
    seen: Crop
    velocity: Crop
    boxed: float


def start(mesh: F32, pose: HeadPose, t_s: float, outside: float = 0.0) -> CropState:
    """The state after a face was first seen: (478, 3) mesh in frame pixels, its pose, its share outside the picture."""
    boxed = _boxed(pose, outside)
    seen = _crop_of(mesh, pose, boxed)
    return CropState(t_s, seen, seen, (0.0, 0.0, 0.0, 0.0), boxed)


def follow(state: CropState, used: Region, mesh: F32, pose: HeadPose, t_s: float, outside: float = 0.0) -> CropState:
    """The state after the network, looking at `used`, found `mesh` at `t_s`, a share of it outside the picture."""
    boxed = _boxed(pose, outside)
    seen = _turned_to(state.seen[3], _crop_of(mesh, pose, boxed))
    crop = _turned_to(seen[3], _from_region(used))
    dt_s = t_s - state.t_s
    velocity = state.velocity
    if dt_s > 0:
        velocity = _between(velocity, _rate(state.seen, seen, dt_s), 1 - math.exp(-dt_s / _VELOCITY_S))
    return CropState(t_s, crop, seen, velocity, boxed)


def aim(state: CropState, t_s: float) -> Region:
    """Where to look at `t_s`."""
    dt_s = min(max(t_s - state.t_s, 0.0), _LONGEST_REACH_S)
    side_px = math.exp(state.seen[2])
    x, y, zoom, angle_rad = state.seen
    x_speed, y_speed, zoom_speed, turn_speed = state.velocity
    shift, zooming, turning = _sizes(state.velocity, side_px)
    gate = _GATE_SPEED * (1 + (_BOX_GATE - 1) * state.boxed)
    moving = _belief(shift / gate) * dt_s
    target = (
        x + moving * x_speed,
        y + moving * y_speed,
        zoom + _belief(zooming / gate) * dt_s * zoom_speed,
        angle_rad + _belief(turning / gate) * dt_s * turn_speed,
    )
    error = max(_sizes(_rate(state.crop, target, 1.0), side_px))
    freedom = min(max((error - _REST_ERROR) / (_FREE_ERROR - _REST_ERROR), 0.0), 1.0)
    free_gain = 1 - (1 - _BOX_GAIN) * state.boxed
    gain = _REST_GAIN + (free_gain - _REST_GAIN) * freedom
    return _to_region(_between(state.crop, target, 1 - (1 - gain) ** (dt_s * _REST_FPS)))


def second_look(state: CropState, used: Region, mesh: F32, pose: HeadPose, t_s: float) -> Region | None:
    """Where to look again at once because the crop `used` at `t_s` was beside the face it found; None = it was good."""
    boxed = _boxed(pose, 0.0)
    seen = _crop_of(mesh, pose, boxed)
    miss = _rate(_from_region(used), _turned_to(used.angle_rad, seen), 1.0)
    dt_s = min(max(t_s - state.t_s, 0.01), 0.1)
    least = _MISSED * (1 + (_BOX_MISSED - 1) * boxed)
    if max(_sizes(miss, used.side_px)) < least / (dt_s * _MISSED_FPS):
        return None
    return _to_region(seen)


def _belief(speed: float) -> float:
    """How far a prediction is believed at a speed in units of the gate's."""
    return 1 - 1 / (1 + speed**4)


def _sizes(change: Crop, side_px: float) -> tuple[float, float, float]:
    """Sizes of a change of a crop, comparable with each other: the shift in crop sides, the zoom and the turn."""
    return math.hypot(change[0], change[1]) / side_px, abs(change[2]), abs(change[3])


def _rate(before: Crop, after: Crop, dt_s: float) -> Crop:
    return (
        (after[0] - before[0]) / dt_s,
        (after[1] - before[1]) / dt_s,
        (after[2] - before[2]) / dt_s,
        (after[3] - before[3]) / dt_s,
    )


def _between(one: Crop, other: Crop, share: float) -> Crop:
    return (
        one[0] + share * (other[0] - one[0]),
        one[1] + share * (other[1] - one[1]),
        one[2] + share * (other[2] - one[2]),
        one[3] + share * (other[3] - one[3]),
    )


def _turned_to(angle_rad: float, crop: Crop) -> Crop:
    """The crop with its angle counted without a jump from another one."""
    return (*crop[:3], angle_rad + math.remainder(crop[3] - angle_rad, math.tau))


def _boxed(pose: HeadPose, outside: float) -> float:
    """0 = the crop is to follow the pose, 1 = the box."""
    turned = (abs(pose.angles_deg[0]) - _LOCK_YAW_DEG) / (_BOX_YAW_DEG - _LOCK_YAW_DEG)
    share = max(turned, (outside - _LOCK_OUTSIDE) / (_BOX_OUTSIDE - _LOCK_OUTSIDE))
    return min(max(share, 0.0), 1.0)


def _crop_of(mesh: F32, pose: HeadPose, share: float) -> Crop:
    if share >= 1:
        return _from_region(region_from_mesh(mesh))
    centre_cm, side_cm = _canonical_crop()
    x, y, _ = pose.to_picture(centre_cm).tolist()
    locked = (x, y, math.log(pose.scale_px_per_cm * side_cm), math.radians(pose.angles_deg[2]))
    if share <= 0:
        return locked
    return _between(locked, _turned_to(locked[3], _from_region(region_from_mesh(mesh))), share)


@lru_cache(maxsize=1)
def _canonical_crop() -> tuple[F64, float]:
    """Centre (3,) and side in centimetres: the box that MediaPipe would put around the canonical face."""
    vertices = canonical_face().vertices_cm
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    side_cm = REGION_SCALE * float(high[1] - low[1])
    return np.array([0.0, (low[1] + high[1]) / 2, _CENTRE_DEPTH_CM]), side_cm


def _from_region(region: Region) -> Crop:
    return (*region.center_xy, math.log(region.side_px), region.angle_rad)


def _to_region(crop: Crop) -> Region:
    return Region((crop[0], crop[1]), math.exp(crop[2]), math.remainder(crop[3], math.tau))
