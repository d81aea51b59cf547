"""What is in front of a face: one 64x64 map per face, from the picture and the mesh alone, no network.

Each face keeps a reference of how it looks, unrolled into UV space. Texels that leave it are suspicious; where enough
of them hang together the whole region is hidden, otherwise nothing is: no blotches. Change detection with a reference
is classical (Stauffer & Grimson 1999); what makes it hold on faces is, in the order of the pipeline:

- a quadratic field of light over the face, fitted robustly, is taken out of every channel first;
- a texel is compared with the range of its 3x5 neighbourhood in the reference, so that a mesh that is a texel off, or a
  lid, does not count;
- the limits follow the texel's own unrest, the face's (calm faces are watched more closely) and the turn of the head
  since the reference was learnt, because a turn changes the shading;
- hysteresis: a region needs strong texels to appear and weak ones to stay;
- a region that does not reach the rim of the face is more often an expression than a thing: it must be large;
- the reference learns only where this frame and the map both say visible, otherwise it would swallow a resting hand.

It cannot see a hand that was there in the first frame, nor a skin-coloured one under strong expressions.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.topology import (
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_BROW,
    RIGHT_EYE,
    canonical_face,
)
from models.types import F32, U8, VISIBILITY_SIZE
from models.uv import sample, uv_table

Mask = NDArray[np.bool_]

_SIZE = VISIBILITY_SIZE
_FPS = 30.0
"""Rates below are per frame at this rate; the step in time scales them."""

# One unit of residual: 5 % of brightness, and these shares of full scale of red - green and blue - (red + green) / 2.
_LUMA_UNIT, _RED_GREEN_UNIT, _BLUE_UNIT = 0.05, 0.020, 0.021
_DARK = 12.0
"""Added to the brightness before the logarithm: below this, noise is all there is."""
_BROWS, _LIPS, _EYES, _MOUTH = 1.5, 1.8, 2.5, 4.0
"""How much more the parts that move by themselves may change."""

_EDGE_ON, _FACING_SPAN = 0.35, 0.08
"""Cosine to the camera from which a texel counts, and how much more until it counts fully."""
_NORMAL_BLUR_TEXELS = 2.5
_LIGHT_OUTLIER = 2.4
"""Residual at which a texel keeps half its say in the light (Cauchy)."""
_LIGHT_ROUNDS = 2
_OUTLYING = np.full(3, 1 / _LIGHT_OUTLIER**2, np.float32)
_RIDGE = np.eye(6, dtype=np.float32) * np.float32(1e-2)
_SPARSE = (slice(1, None, 3), slice(1, None, 3))
"""Every ninth texel: enough for fits and percentiles."""

_UNREST = 0.3
"""Weight of the running variance beside the squared limit."""
_USUAL_Q80, _CALMEST = 0.3, 0.7
"""The 80th percentile of the residuals of a usual face, and the limits of the calmest one relative to it."""
_CALM_S = 4.0
_NOTHING_HIDDEN = 50
"""Hidden texels up to which a frame tells how restless the face usually is."""
_UPSET_MEDIAN = 0.6
"""Median residual beyond which the whole face is off (light, motion) and the limits grow with it."""
_TURN_DEG = 20.0
"""A turn by this much since the reference was learnt doubles the limits."""

_BLUR_TEXELS = 0.85
_STRONG, _WEAK = 1.8, 1.1
_CLOSE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_RIM_BAND = np.ones((5, 5), np.uint8)
_NEIGHBOURS = np.ones((3, 5), np.uint8)
"""Wider than high: an occluder pulls the mesh along, and it is the cheek's outline that slips, sideways."""
_SUM = np.ones((1, 3), np.float32)
_RIM_AREA, _RIM_SEED, _INNER_AREA, _INNER_SEED, _SEEDS = 30, 2.5, 200, 4.0, 3
_RIM_CONTACT = 1.0
"""A region comes in over the rim if its contact with it, squared, is at least this share of its area."""

_FALL, _RISE = 0.70, 0.50
_LEARN, _LEARN_POSE, _RELEASE = 0.07, 0.045, 0.10
_LEARN_LIMIT = 1.4
"""Residual at which a visible texel teaches the reference half as much."""
_UNREST_CAP = 4.0
_RELEASE_AFTER_S = 3.0
"""Hidden for longer than this, a texel is taken for changed, not covered: the ghost is gone a second later."""
_LONGEST_STEP_S = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One face in one frame: features (S, S, 3), cosine to the camera, which texels count, and the head's pose."""

    features: F32
    facing: F32
    valid: Mask
    yaw_deg: float
    pitch_deg: float


@dataclass(slots=True, eq=False)
class _Memory:
    """What is remembered of one face; numpy and scalars only.

    Attributes:
        reference: (S, S, 3) features when nothing is in front.
        before: (S, S, 3) the reference as it was before texels were released.
        released: (S, S) those texels.
        unrest: (S, S) running mean of squared residuals.
        map: (S, S) visibility, 0..1.
        hidden_s: (S, S) for how long a texel has been hidden.
        known: (S, S) the texel has faced the camera.
        light: (6, 3) coefficients of the last field of light.
        yaw_deg, pitch_deg: at which the reference was learnt.
        restless: the face's usual 80th percentile of residuals.
        age_s, t_s: how long it has been known; media time of the last frame.
    """

    reference: F32
    before: F32
    released: Mask
    unrest: F32
    map: F32
    hidden_s: F32
    known: Mask
    light: F32
    yaw_deg: float
    pitch_deg: float
    restless: float
    age_s: float
    t_s: float


class Visibility:
    """The visibility maps of all tracked faces. Not thread-safe; about 0.4 ms a face."""

    def __init__(self) -> None:
        self._memories: dict[int, _Memory] = {}

    def update(self, track_id: int, pixels: U8, mesh: F32, pose_deg: tuple[float, float, float], t_s: float) -> F32:
        """Look at one face in the next frame.

        Args:
            track_id: whose face; a new id starts with everything visible.
            pixels: (H, W, 3) BGR.
            mesh: (478, 3) frame pixels, the smoothed one.
            pose_deg: yaw, pitch, roll as in `Signals`.
            t_s: media time.

        Returns:
            (64, 64) float32 in UV space, 1 = nothing in front of the face, 0 = hidden. It belongs to the caller.
        """
        table = uv_table(_SIZE)
        texture, valid = sample(pixels, mesh, table)
        facing = _facing(pose_deg[0], pose_deg[1])
        look = _Look(_features(texture), facing, valid & (facing > _EDGE_ON), pose_deg[0], pose_deg[1])
        memory = self._memories.get(track_id)
        if memory is None:
            memory = self._memories[track_id] = _first_sight(look, t_s)
        else:
            _see(memory, look, t_s)
        return memory.map.copy()

    def forget(self, track_id: int) -> None:
        """Drop a face that is gone; an unknown id is ignored."""
        self._memories.pop(track_id, None)

    def clear(self) -> None:
        """Drop all faces: another source begins."""
        self._memories.clear()

    def export_state(self) -> dict[int, dict[str, Any]]:
        """Per track id what is remembered, numpy and scalars; a copy."""
        return {track_id: asdict(memory) for track_id, memory in self._memories.items()}

    def import_state(self, state: Mapping[int, Mapping[str, Any]]) -> None:
        """Continue from what `export_state` gave."""
        self._memories = {track_id: _Memory(**_copied(memory)) for track_id, memory in state.items()}


def _copied(memory: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in memory.items()}


def _first_sight(look: _Look, t_s: float) -> _Memory:
    blank = np.zeros((_SIZE, _SIZE), np.float32)
    return _Memory(
        reference=look.features,
        before=look.features.copy(),
        released=np.zeros((_SIZE, _SIZE), bool),
        unrest=blank,
        map=np.ones((_SIZE, _SIZE), np.float32),
        hidden_s=blank.copy(),
        known=look.valid.copy(),
        light=np.zeros((6, 3), np.float32),
        yaw_deg=look.yaw_deg,
        pitch_deg=look.pitch_deg,
        restless=_USUAL_Q80,
        age_s=0.0,
        t_s=t_s,
    )


def _see(memory: _Memory, look: _Look, t_s: float) -> None:
    """Judge one frame, then learn from it."""
    step_s = min(max(t_s - memory.t_s, 1e-3), _LONGEST_STEP_S)
    memory.t_s, memory.age_s = t_s, memory.age_s + step_s
    new = look.valid & ~memory.known
    memory.reference[new] = look.features[new]
    memory.known |= look.valid
    memory.light = _fit_light(look.features - memory.reference, look.facing * look.valid * memory.map, memory.light)
    lit = look.features - (_basis() @ memory.light).reshape(_SIZE, _SIZE, 3)
    raw = _residual(lit, memory.reference)
    if memory.released.any():
        raw = _return_to_before(memory, lit, raw)
    was_hidden = memory.map < 0.5
    suspicion = _suspicion(memory, raw, look, was_hidden, step_s)
    hidden = _regions(suspicion, was_hidden, look.valid)
    steps = step_s * _FPS
    fallen = memory.map * np.float32((1 - _FALL) ** steps)
    risen = memory.map + (1 - memory.map) * np.float32(1 - (1 - _RISE) ** steps)
    memory.map = np.where(hidden, fallen, risen)
    _learn(memory, look, lit, raw, suspicion, hidden, step_s)


def _features(texture: NDArray[Any]) -> F32:
    """(S, S, 3) log brightness, red - green, blue - (red + green) / 2, each in its unit of residual."""
    mixed = np.asarray(cv2.transform(texture.astype(np.float32), _MIX), np.float32)
    mixed[..., 0] = np.log(mixed[..., 0] + _DARK) * np.float32(1 / _LUMA_UNIT)
    return mixed


_MIX = np.array([[0.114, 0.587, 0.299], [0, -1, 1], [1, -0.5, -0.5]], np.float32)
_MIX[1] /= 255 * _RED_GREEN_UNIT
_MIX[2] /= 255 * _BLUE_UNIT


@lru_cache(maxsize=1)
def _wide_normals() -> F32:
    """(S, S, 3) the canonical face's normals without nostrils and lips: those are no rim of the face."""
    table = uv_table(_SIZE)
    summed = cv2.GaussianBlur(table.normals * table.inside[..., None], (0, 0), _NORMAL_BLUR_TEXELS)
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=-1, keepdims=True), 1e-6), np.float32)


def _facing(yaw_deg: float, pitch_deg: float) -> F32:
    """(S, S) cosine between the face's surface and the direction to the camera; negative = turned away."""
    yaw, pitch = np.radians(yaw_deg), np.radians(pitch_deg)
    camera = np.array([-np.sin(yaw), -np.cos(yaw) * np.sin(pitch), np.cos(yaw) * np.cos(pitch)], np.float32)
    return _wide_normals() @ camera


@lru_cache(maxsize=1)
def _basis() -> F32:
    """(S * S, 6) quadratic polynomials over the texture, -1..1."""
    axis = (np.arange(_SIZE, dtype=np.float32) + 0.5) * (2 / _SIZE) - 1
    u, v = (a.ravel() for a in np.meshgrid(axis, axis))
    return np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)


@lru_cache(maxsize=1)
def _limits() -> F32:
    """(S, S) squared allowed residual: 1, more on the parts that move by themselves."""
    limits = np.ones((_SIZE, _SIZE), np.float32)
    parts = ((RIGHT_BROW, _BROWS, 1), (LEFT_BROW, _BROWS, 1), (LIPS_OUTER, _LIPS, 1), (RIGHT_EYE, _EYES, 1),
             (LEFT_EYE, _EYES, 1), (LIPS_INNER, _MOUTH, 0))  # fmt: skip
    fine = 8
    for loop, limit, grown in parts:
        drawn = np.zeros((_SIZE * fine, _SIZE * fine), np.uint8)
        cv2.fillPoly(drawn, [np.round(canonical_face().uv[loop] * _SIZE * fine).astype(np.int32)], 255)
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grown * fine + 1,) * 2)
        limits[cv2.resize(cv2.dilate(drawn, brush), (_SIZE, _SIZE), interpolation=cv2.INTER_AREA) > 127] = limit**2
    return limits


@lru_cache(maxsize=1)
def _sparse_basis() -> F32:
    return np.ascontiguousarray(_basis().reshape(_SIZE, _SIZE, 6)[_SPARSE].reshape(-1, 6))


def _fit_light(difference: F32, weight: F32, start: F32) -> F32:
    """(6, 3) coefficients of the smooth field in `difference` (S, S, 3): least squares, re-weighted from `start` on."""
    basis, target, say = _sparse_basis(), difference[_SPARSE].reshape(-1, 3), weight[_SPARSE].reshape(-1)
    light = start
    for _ in range(_LIGHT_ROUNDS):
        error = target - basis @ light
        error *= error
        weighted = basis * (say / (1 + error @ _OUTLYING))[:, None]
        light = np.linalg.solve(weighted.T @ basis + _RIDGE, weighted.T @ target)
    return light


def _residual(lit: F32, reference: F32) -> F32:
    """(S, S) distance of each texel to the range of its neighbourhood in the reference; NaN where that is unknown."""
    over = lit - cv2.dilate(reference, _NEIGHBOURS)
    under = cv2.erode(reference, _NEIGHBOURS) - lit
    beyond = np.maximum(np.maximum(over, under), 0)
    return np.sqrt(np.asarray(cv2.transform(cv2.multiply(beyond, beyond), _SUM), np.float32))


def _return_to_before(memory: _Memory, lit: F32, raw: F32) -> F32:
    """Where a released texel looks again as before, what was in front has gone: take the old reference back."""
    earlier = _residual(lit, memory.before)
    back = memory.released & (earlier < 1) & (raw > 1)
    memory.reference[back] = memory.before[back]
    memory.released &= ~back
    return np.where(back, earlier, raw)


def _suspicion(memory: _Memory, raw: F32, look: _Look, was_hidden: Mask, step_s: float) -> F32:
    """(S, S) residual over what is usual for this texel, this face and this moment; smoothed, 0 where not valid."""
    suspicion = raw / np.sqrt(_limits() + np.float32(_UNREST) * memory.unrest)
    counted = suspicion[_SPARSE][look.valid[_SPARSE]]
    scale = 1.0
    if len(counted) > 20:
        half, most = len(counted) // 2, int(len(counted) * 0.8)
        counted.partition((half, most))
        if np.count_nonzero(was_hidden) < _NOTHING_HIDDEN:
            usual = min(float(counted[most]), 2 * _USUAL_Q80)
            memory.restless += (1 - math.exp(-step_s / _CALM_S)) * (usual - memory.restless)
        scale = max(1.0, float(counted[half]) / _UPSET_MEDIAN)
    scale *= min(max(memory.restless / _USUAL_Q80, _CALMEST), 1.0)
    scale *= 1 + math.hypot(look.yaw_deg - memory.yaw_deg, look.pitch_deg - memory.pitch_deg) / _TURN_DEG
    suspicion *= np.clip(look.facing * (1 / _FACING_SPAN) - _EDGE_ON / _FACING_SPAN, 0, 1)
    suspicion *= look.valid * np.float32(1 / scale)
    return np.asarray(cv2.GaussianBlur(suspicion, (5, 5), _BLUR_TEXELS), np.float32)


def _regions(suspicion: F32, was_hidden: Mask, valid: Mask) -> Mask:
    """The texels of all regions that hide the face."""
    near = cv2.dilate(was_hidden.view(np.uint8), _NEAR).view(bool)
    marked = (suspicion > _STRONG) | ((suspicion > _WEAK) & near)
    closed = cv2.morphologyEx(marked.view(np.uint8), cv2.MORPH_CLOSE, _CLOSE) * valid
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    if count == 1:
        return np.zeros_like(valid)
    area = stats[:, cv2.CC_STAT_AREA]
    rim = valid & ~cv2.erode(valid.view(np.uint8), _RIM_BAND).view(bool)

    def share(of: Mask) -> NDArray[np.intp]:
        return np.bincount(labels[of], minlength=count)

    at_rim = (share(rim) ** 2 >= _RIM_CONTACT * area) & (area >= _RIM_AREA) & (share(suspicion > _RIM_SEED) >= _SEEDS)
    inner = (area >= _INNER_AREA) & (share(suspicion > _INNER_SEED) >= _SEEDS)
    staying = (area >= _RIM_AREA) & (share(was_hidden) > 0.5 * area)
    kept = at_rim | inner | staying
    kept[0] = False
    hidden: Mask = kept[labels] & valid
    return hidden


def _learn(memory: _Memory, look: _Look, lit: F32, raw: F32, suspicion: F32, hidden: Mask, step_s: float) -> None:
    """Move the reference, the unrest and the pose; release what has been hidden too long."""
    steps = step_s * _FPS
    first = steps / (memory.age_s * _FPS + 1)
    seen_hidden = memory.map < 0.5
    doubt = suspicion * np.float32(1 / _LEARN_LIMIT)
    doubt *= doubt
    doubt *= doubt
    gain = (look.valid & ~hidden & ~seen_hidden) * np.float32(max(1 - (1 - _LEARN) ** steps, first)) / (1 + doubt)
    squared = np.minimum(raw, np.float32(_UNREST_CAP))
    squared *= squared
    memory.unrest += gain * (squared - memory.unrest)
    memory.hidden_s = (memory.hidden_s + np.float32(step_s)) * seen_hidden
    overdue = look.valid & (memory.hidden_s > _RELEASE_AFTER_S)
    if overdue.any():
        fresh = overdue & ~memory.released
        memory.before[fresh] = memory.reference[fresh]
        memory.released |= fresh
        gain[overdue] = 1 - (1 - _RELEASE) ** steps
    memory.reference += gain[..., None] * (lit - memory.reference)
    pose_gain = max(1 - (1 - _LEARN_POSE) ** steps, first)
    memory.yaw_deg += pose_gain * (look.yaw_deg - memory.yaw_deg)
    memory.pitch_deg += pose_gain * (look.pitch_deg - memory.pitch_deg)
