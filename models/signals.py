"""What a face says: how open eyes and mouth are, where head and eyes point. The only home of these measures.

All are taken from the RAW mesh, in the face's own frame: the landmarks are turned back by the head pose before lengths
are compared, so that turning the head does not close an eye. They are ratios and angles without personal calibration;
the monitor learns what is normal for its driver. Gaze is the one measure with a memory, because the place of an
eyeball in its socket is personal.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.geometry import F64, HeadPose, head_pose, median
from models.topology import (
    LEFT_BROW,
    LEFT_EAR_POINTS,
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    MOUTH_GAP,
    MOUTH_INNER_CORNERS,
    MOUTH_OUTER_CORNERS,
    OUTER_EYE_CORNERS,
    RIGHT_BROW,
    RIGHT_EAR_POINTS,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
    Indices,
    canonical_face,
)
from models.types import F32, Signals

FAR_EYE_RATIO = 0.85
"""An eye whose corners are closer together in the picture than this share of the other eye's is not read."""

_EAR_SHUT, _EAR_OPEN = 0.05, 0.28
"""Population averages of the eye aspect ratio."""
_MAR_WIDE = 0.7


def _ear_spans(points: Indices) -> list[tuple[int, int]]:
    """The two heights and the width of the eye aspect ratio (Soukupova & Cech 2016)."""
    p1, p2, p3, p4, p5, p6 = points.tolist()
    return [(p2, p6), (p3, p5), (p1, p4)]


_EYE_CORNERS = (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)
_IRIS_CENTRES = np.array([RIGHT_IRIS[0], LEFT_IRIS[0]])
_ALL_SPANS = np.array(
    [
        *_ear_spans(RIGHT_EAR_POINTS),
        *_ear_spans(LEFT_EAR_POINTS),
        MOUTH_GAP,
        MOUTH_INNER_CORNERS,
        MOUTH_OUTER_CORNERS,
        OUTER_EYE_CORNERS,
    ]
).T
# Only the landmarks that are read are turned into the head's frame; spans and weights count among them.
_POINTS = np.array(sorted({*_ALL_SPANS.ravel().tolist(), *RIGHT_BROW.tolist(), *LEFT_BROW.tolist()}))
_SPANS = np.searchsorted(_POINTS, _ALL_SPANS)
_CORNER_SPANS = np.array(_EYE_CORNERS).T
_BROW_WEIGHTS = np.isin(_POINTS, [*RIGHT_BROW, *LEFT_BROW]) / (len(RIGHT_BROW) + len(LEFT_BROW))
_BROW_WEIGHTS = _BROW_WEIGHTS - np.isin(_POINTS, _EYE_CORNERS) / 4
"""Mean height of the brows over the eye corners, as one product."""
_TINY_CM = 1e-6

_EYE_DEPTH_CM = 0.6
"""From the middle of the eye corners forward to the centre around which the iris seems to turn."""
_YAW_RADIUS_CM, _PITCH_RADIUS_CM = 0.84, 0.52
"""Travel of the seen iris for a quarter turn; the refined iris moves less up and down than the real one."""
_OPEN_SHARE = 0.75
_SHUT_MARGIN_S = 0.12
_MOST_APART_DEG = 15.0
_STEEPEST_PITCH_DEG = 30.0
_FAR_EYE_YAW_DEG = 35.0
_LEARNING_YAW_DEG = 20.0
_LEARN_S, _LEARN_SAMPLES, _FEWEST_SAMPLES = 2.0, 48, 8
_NEUTRAL_DRIFT_CM_PER_S = 0.002
"""After learning, the neutral place of the eyes is a running median that moves no faster than this."""
_APERTURE_STEP_S, _APERTURE_SAMPLES = 0.4, 64

_Two = tuple[float, float]
_Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class GazeState:
    """What is remembered of a person's eyes; pairs are own right and left eye.

    Attributes:
        t_s: time of the last frame.
        centres_cm: neutral iris places, x and y on the canonical face.
        samples_cm: (n, 2, 2) places collected while learning.
        learnt_s: seconds of usable frames so far, up to the learning time.
        apertures: (m, 2) eye aspect ratios of the last half minute.
        usual: their medians.
        sampled_s: time of the last of them.
        shut_s: last time each eye was not open enough to be read.
    """

    t_s: float
    centres_cm: tuple[_Two, _Two]
    samples_cm: F64
    learnt_s: float
    apertures: F64
    usual: _Two
    sampled_s: float
    shut_s: _Two


def read(mesh: F32, pose: HeadPose, t_s: float, state: GazeState | None) -> tuple[Signals, GazeState]:
    """All signals of a raw (478, 3) mesh in frame pixels whose head pose is `pose`.

    Args:
        mesh: raw landmarks.
        pose: `head_pose(mesh)`.
        t_s: media time.
        state: what the last call for this face returned; None when it is new or unknown.
    """
    head_cm = pose.to_head(mesh[_POINTS])
    spans_cm = _lengths(head_cm, _SPANS)
    eyes = (_aspect_ratio(*spans_cm[:3]), _aspect_ratio(*spans_cm[3:6]))
    gap_cm, inner_cm, outer_cm, across_cm = spans_cm[6:]
    across_cm = max(across_cm, _TINY_CM)
    right_px, left_px = _lengths(mesh, _CORNER_SPANS)
    angles_deg = pose.angles_deg
    gaze_deg, state = _gaze(mesh, pose, angles_deg, eyes, (right_px, left_px), t_s, state or _unknown_eyes(t_s))
    signals = Signals(
        ear_right=eyes[0] if right_px >= FAR_EYE_RATIO * left_px else math.nan,
        ear_left=eyes[1] if left_px >= FAR_EYE_RATIO * right_px else math.nan,
        mar=gap_cm / max(inner_cm, _TINY_CM),
        mouth_width=outer_cm / across_cm,
        brow=float(_BROW_WEIGHTS @ head_cm[:, 1]) / across_cm,
        pose_deg=angles_deg,
        gaze_deg=gaze_deg,
    )
    return signals, state


def read_still(mesh: F32) -> Signals:
    """The signals of a face never seen before, with an average person's eyes for the gaze."""
    return read(mesh, head_pose(mesh), 0.0, None)[0]


def eye_open(signals: Signals) -> tuple[float, float]:
    """Openness of own left and right eye, 0..1, under 0.3 closed, by the population's averages.

    An eye turned away takes the other one's value; NaN where neither can be read.
    """
    right, left = signals.ear_right, signals.ear_left
    if math.isnan(left):
        left = right
    elif math.isnan(right):
        right = left
    return _openness(left), _openness(right)


def mouth_open(signals: Signals) -> float:
    """0..1: 0 closed lips, 1 wide open."""
    return min(signals.mar / _MAR_WIDE, 1.0)


def _openness(ear: float) -> float:
    return ear if math.isnan(ear) else min(max((ear - _EAR_SHUT) / (_EAR_OPEN - _EAR_SHUT), 0.0), 1.0)


def _lengths(points: F32 | F64, spans: Indices) -> list[float]:
    """Lengths in the plane of (2, n) spans between points."""
    across = points[spans[0], :2] - points[spans[1], :2]
    lengths: list[float] = np.hypot(across[:, 0], across[:, 1]).tolist()
    return lengths


def _aspect_ratio(height: float, other_height: float, width: float) -> float:
    return (height + other_height) / max(2 * width, _TINY_CM)


def _unknown_eyes(t_s: float) -> GazeState:
    return GazeState(
        t_s=t_s,
        centres_cm=_sockets_cm()[0],
        samples_cm=np.zeros((0, 2, 2)),
        learnt_s=0.0,
        apertures=np.zeros((0, 2)),
        usual=(0.0, 0.0),
        sampled_s=-math.inf,
        shut_s=(-math.inf, -math.inf),
    )


@lru_cache(maxsize=1)
def _sockets_cm() -> tuple[tuple[_Two, _Two], float]:
    """The points of the canonical face around which the irises seem to turn: x and y of each, and their depth."""
    vertices = canonical_face().vertices_cm.astype(np.float64)
    middles = (vertices[corners].mean(axis=0).tolist() for corners in _EYE_CORNERS)
    (right_x, right_y, depth), (left_x, left_y, _) = middles
    return ((right_x, right_y), (left_x, left_y)), depth + _EYE_DEPTH_CM


def _gaze(
    mesh: F32, pose: HeadPose, angles_deg: _Three, eyes: _Two, widths_px: _Two, t_s: float, state: GazeState
) -> tuple[_Two, GazeState]:
    shut_s, apertures, usual, sampled_s = _remember_apertures(state, eyes, t_s)
    readable = [t_s - each > _SHUT_MARGIN_S for each in shut_s]
    # The picture plane in centimetres with y up, as the pose speaks, seen from where the sockets are.
    (xx, xy, xz), (yx, yy, yz), _ = pose.rotation.tolist()
    depth_cm, scale = _sockets_cm()[1], pose.scale_px_per_cm
    shift_x, shift_y, _ = pose.shift.tolist()
    seen_cm = [
        ((x - shift_x) / scale - xz * depth_cm, (-y - shift_y) / scale - yz * depth_cm)
        for x, y, _ in mesh[_IRIS_CENTRES].tolist()
    ]
    size = xx * yy - xy * yx
    places_cm = [((yy * x - xy * y) / size, (xx * y - yx * x) / size) for x, y in seen_cm]
    centres_cm, samples_cm, learnt_s = _learn_neutral(state, angles_deg, places_cm, all(readable), t_s)
    directions = [
        (
            _asin_deg((x - xx * centre_x - xy * centre_y) / _YAW_RADIUS_CM),
            _asin_deg((y - yx * centre_x - yy * centre_y) / _PITCH_RADIUS_CM),
        )
        for (x, y), (centre_x, centre_y) in zip(seen_cm, centres_cm, strict=True)
    ]
    state = GazeState(t_s, centres_cm, samples_cm, learnt_s, apertures, usual, sampled_s, shut_s)
    return _agree(angles_deg, directions, widths_px, readable), state


def _asin_deg(share: float) -> float:
    return math.degrees(math.asin(min(max(share, -1.0), 1.0)))


def _agree(angles_deg: _Three, directions: Sequence[_Two], widths_px: _Two, readable: Sequence[bool]) -> _Two:
    """One direction from two eyes, NaN where they cannot be trusted."""
    unreadable = (math.nan, math.nan)
    head_yaw, head_pitch, _ = angles_deg
    if abs(head_pitch) > _STEEPEST_PITCH_DEG:
        return unreadable
    (right_yaw, right_pitch), (left_yaw, left_pitch) = directions
    right_px, left_px = widths_px
    if abs(head_yaw) > _FAR_EYE_YAW_DEG:
        near = 0 if right_px > left_px else 1
        return directions[near] if readable[near] else unreadable
    # Not the pitches: one degree of error in the roll of the head sets them 12 degrees apart.
    if not all(readable) or abs(right_yaw - left_yaw) > _MOST_APART_DEG:
        return unreadable
    share = right_px / max(right_px + left_px, _TINY_CM)
    return left_yaw + share * (right_yaw - left_yaw), left_pitch + share * (right_pitch - left_pitch)


def _remember_apertures(state: GazeState, eyes: _Two, t_s: float) -> tuple[_Two, F64, _Two, float]:
    """When each eye was last shut, and the apertures, what is usual among them, and the time of the last of them."""
    apertures, usual, sampled_s = state.apertures, state.usual, state.sampled_s
    if t_s - sampled_s >= _APERTURE_STEP_S:
        apertures = np.concatenate([apertures[1 - _APERTURE_SAMPLES :], [eyes]])
        usual, sampled_s = _two(median(apertures)), t_s
    right, left = (
        t_s if aperture < _OPEN_SHARE * each else shut_s
        for aperture, each, shut_s in zip(eyes, usual, state.shut_s, strict=True)
    )
    return (right, left), apertures, usual, sampled_s


def _learn_neutral(
    state: GazeState, angles_deg: _Three, places_cm: Sequence[_Two], readable: bool, t_s: float
) -> tuple[tuple[_Two, _Two], F64, float]:
    """Take the median place of the irises over the first two usable seconds as looking straight ahead."""
    centres, samples, learnt_s = state.centres_cm, state.samples_cm, state.learnt_s
    dt_s = min(max(t_s - state.t_s, 0.0), 0.1)
    head_yaw, head_pitch, _ = angles_deg
    if not readable or abs(head_yaw) > _LEARNING_YAW_DEG or abs(head_pitch) > _STEEPEST_PITCH_DEG:
        return centres, samples, learnt_s
    if learnt_s >= _LEARN_S:
        step = _NEUTRAL_DRIFT_CM_PER_S * dt_s
        right, left = (
            (_stepped(x, place_x, step), _stepped(y, place_y, step))
            for (x, y), (place_x, place_y) in zip(centres, places_cm, strict=True)
        )
        return (right, left), samples, learnt_s
    learnt_s += dt_s
    if len(samples) < _LEARN_SAMPLES * learnt_s / _LEARN_S:
        samples = np.concatenate([samples, [places_cm]])
    if len(samples) >= _FEWEST_SAMPLES:
        right, left = median(samples)
        centres = (_two(right), _two(left))
    return centres, samples, learnt_s


def _stepped(value: float, towards: float, step: float) -> float:
    return value + math.copysign(step, towards - value) if towards != value else value


def _two(pair: F64) -> _Two:
    one, other = pair.tolist()
    return one, other
