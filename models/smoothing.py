"""Steady landmarks without lag: the motion of the face and its shape are smoothed apart.

Each mesh is split into a similarity of the plane (the head moves, the whole face with it) and the residual shape in
the face's own frame, and both go through One Euro filters (Casiez, Roussel & Vogel 2012), whose cut-off rises with
speed. The motion filter also carries its velocity along, as an alpha-beta tracker does, once the speed is well above
the noise: a face that pans is then followed without the lag of a plain low-pass.

All speeds are in pixels of a face whose outer eye corners are 148 px apart, so that the size of the face in the
picture does not matter.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.topology import MESH_POINTS, OUTER_EYE_CORNERS, QUICK, canonical_face
from models.types import F32, LANDMARKS

_UNIT_IOD_PX = 148.0
_LONGEST_GAP_S = 0.5
"""After a longer gap the filter starts anew."""
_SHORTEST_STEP_S = 1e-3


@dataclass(frozen=True, slots=True)
class _OneEuro:
    """Cut-off at rest in Hz, its rise in Hz per px/s, and the cut-off of the speed estimate in Hz."""

    rest_hz: float
    rise: float
    speed_hz: float


_MOTION = _OneEuro(2.0, 1.0, 3.0)
_SHAPE = _OneEuro(1.0, 0.4, 4.0)
_QUICK_SHAPE = _OneEuro(1.0, 0.8, 5.0)
_CARRY_SPEED = 12.0
"""Speed in px/s at which half of the motion's velocity is carried along."""
_LEVER_PX = 60.0
"""Distance from the centre at which zoom and turn are turned into speeds: about that of a typical landmark."""


_Motion = tuple[float, float, float, float]
"""Centre x, y in px, log of the scale in frame px per unit px, angle in rad."""


@dataclass(frozen=True, slots=True, eq=False)
class SmoothingState:
    """What is remembered between two frames; numpy and scalars only.

    Attributes:
        t_s: time of the last frame.
        motion: last raw, speed and smoothed motion; the speed in unit px per second.
        shape: (3, 3, 478) last raw, speed and smoothed shape (x, y, z) in unit pixels.
    """

    t_s: float
    motion: tuple[_Motion, _Motion, _Motion]
    shape: F32


def smooth(mesh: F32, t_s: float, state: SmoothingState | None) -> tuple[F32, SmoothingState]:
    """One step of the filter.

    Args:
        mesh: (478, 3) raw landmarks in frame pixels.
        t_s: media time of the frame.
        state: what the last call returned, or None for a face just detected.

    Returns:
        The smoothed mesh (478, 3) in frame pixels, and the state for the next call.
    """
    points = np.ascontiguousarray(mesh.T, np.float32)
    motion = _motion_of(points)
    shape = _into_face(points, motion)
    if state is None or not 0 <= t_s - state.t_s <= _LONGEST_GAP_S:
        still = (0.0, 0.0, 0.0, 0.0)
        shapes = np.stack([shape, np.zeros_like(shape), shape])
        return mesh.copy(), SmoothingState(t_s, (motion, still, motion), shapes)
    dt_s = max(t_s - state.t_s, _SHORTEST_STEP_S)
    motions = _step_motion(motion, state.motion, dt_s)
    shapes = _step_shape(shape, state.shape, dt_s)
    smoothed = np.ascontiguousarray(_into_picture(shapes[2], motions[2]).T)
    return smoothed, SmoothingState(t_s, motions, shapes)


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    """The canonical points that carry the motion, as one matrix for a least-squares similarity.

    `sums` (478, 3): columns x and y (centred, y down, divided by the spread) and the mean's weights; `unit_cm` is the
    length of one unit pixel on the canonical face.
    """

    sums: F32
    unit_cm: float


@lru_cache(maxsize=1)
def _template() -> _Template:
    vertices = canonical_face().vertices_cm.astype(np.float64)
    steady = np.ones(MESH_POINTS, np.bool_)
    steady[QUICK[QUICK < MESH_POINTS]] = False
    xy = vertices[:, :2] * (1, -1)
    centred = (xy - xy[steady].mean(axis=0)) * steady[:, None]
    sums = np.zeros((LANDMARKS, 3), np.float32)
    sums[:MESH_POINTS, :2] = centred / (centred**2).sum()
    sums[:MESH_POINTS, 2] = steady / steady.sum()
    across_cm = np.linalg.norm(vertices[OUTER_EYE_CORNERS[0], :2] - vertices[OUTER_EYE_CORNERS[1], :2])
    return _Template(sums, float(across_cm) / _UNIT_IOD_PX)


def _motion_of(points: F32) -> _Motion:
    """The least-squares similarity from the template to (3, 478) points."""
    template = _template()
    (along_x, across_x, x), (along_y, across_y, y) = (points[:2] @ template.sums).tolist()
    real, imaginary = along_x + across_y, along_y - across_x
    scale = max(math.hypot(real, imaginary) * template.unit_cm, 1e-6)
    return x, y, math.log(scale), math.atan2(imaginary, real)


def _into_face(points: F32, motion: _Motion) -> F32:
    """(3, 478) frame pixels to unit pixels in the face's frame."""
    x, y, log_scale, angle_rad = motion
    return _turn(-angle_rad, math.exp(-log_scale)) @ (points - np.array([[x], [y], [0]], np.float32))


def _into_picture(shape: F32, motion: _Motion) -> F32:
    x, y, log_scale, angle_rad = motion
    moved = _turn(angle_rad, math.exp(log_scale)) @ shape
    moved += np.array([[x], [y], [0]], np.float32)
    return moved


def _turn(angle_rad: float, scale: float) -> F32:
    cos, sin = scale * math.cos(angle_rad), scale * math.sin(angle_rad)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, scale]], np.float32)


def _step_motion(
    raw: _Motion, state: tuple[_Motion, _Motion, _Motion], dt_s: float
) -> tuple[_Motion, _Motion, _Motion]:
    last_raw, last_speed, last_smooth = state
    raw = (*raw[:3], last_raw[3] + math.remainder(raw[3] - last_raw[3], math.tau))
    pixel = math.exp(raw[2])
    units = (pixel, pixel, 1 / _LEVER_PX, 1 / _LEVER_PX)
    gain = _gain(_MOTION.speed_hz, dt_s)
    speed = [
        before + gain * ((now - last) / (unit * dt_s) - before)
        for now, last, before, unit in zip(raw, last_raw, last_speed, units, strict=True)
    ]
    shift = math.hypot(speed[0], speed[1])
    smoothed = []
    for now, last, pace, unit, size in zip(
        raw, last_smooth, speed, units, (shift, shift, abs(speed[2]), abs(speed[3])), strict=True
    ):
        carried = pace * (1 - 1 / (1 + (size / _CARRY_SPEED) ** 4))
        expected = last + carried * unit * dt_s
        smoothed.append(expected + _gain(_MOTION.rest_hz + _MOTION.rise * size, dt_s) * (now - expected))
    return raw, _four(speed), _four(smoothed)


def _four(values: list[float]) -> _Motion:
    x, y, log_scale, angle_rad = values
    return x, y, log_scale, angle_rad


def _gain(cutoff_hz: float, dt_s: float) -> float:
    turns = math.tau * cutoff_hz * dt_s
    return turns / (1 + turns)


@lru_cache(maxsize=1)
def _shape_rows() -> tuple[F32, F32, F32]:
    """(478,) rest cut-off, rise and speed cut-off of every landmark."""
    rows = np.empty((3, LANDMARKS), np.float32)
    for points, filter_ in ((slice(None), _SHAPE), (QUICK, _QUICK_SHAPE)):
        rows[0, points], rows[1, points], rows[2, points] = filter_.rest_hz, filter_.rise, filter_.speed_hz
    return rows[0], rows[1], rows[2]


def _step_shape(raw: F32, state: F32, dt_s: float) -> F32:
    rest_hz, rise, speed_hz = _shape_rows()
    radians = np.float32(math.tau * dt_s)
    last_raw, last_speed, last_smooth = state
    speed_turns = radians * speed_hz
    out = np.empty_like(state)
    out[0] = raw
    speed = np.subtract(raw, last_raw, out=out[1])
    speed *= np.float32(1 / dt_s)
    speed -= last_speed
    speed *= speed_turns / (1 + speed_turns)
    speed += last_speed
    turns = np.abs(speed)
    turns *= radians * rise
    turns += radians * rest_hz
    turns /= turns + 1
    smoothed = np.subtract(raw, last_smooth, out=out[2])
    smoothed *= turns
    smoothed += last_smooth
    return out
