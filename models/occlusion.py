"""What is in front of a face: one 64x64 map per face, from the picture and the mesh alone, no network.

Each face keeps a reference of how it looks, unrolled into UV space. Texels that leave it are suspicious; where enough
of them hang together the whole region is hidden, otherwise nothing is: no blotches. Change detection with a reference
is classical (Stauffer & Grimson 1999); what makes it hold on faces is, in the order of the pipeline:

- a quadratic field of light over the face, fitted robustly, is taken out of every channel first;
- a texel is compared with the range of its 3x7 neighbourhood in the reference, so that a mesh that is a texel off, or a
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
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.occlusion_evidence import SPARSE, camera_cosine, face_features, fit_light, light_basis, limits, residual
from models.types import F32, U8, VISIBILITY_SIZE
from models.uv import sample, uv_table

Mask = NDArray[np.bool_]

_SIZE = VISIBILITY_SIZE
_FPS = 30.0
"""Rates below are per frame at this rate; the step in time scales them."""

_EDGE_ON, _FACING_SPAN = 0.35, 0.08
"""Cosine to the camera from which a texel counts, and how much more until it counts fully."""
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
_NIL = np.float32(1e-4)
"""Values that decay stop here: denormal numbers are a hundred times slower."""


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
    """The visibility maps of all tracked faces. Different faces may be updated by different threads."""

    def __init__(self) -> None:
        self._memories: dict[int, _Memory] = {}

    def update(self, track_id: int, pixels: U8, mesh: F32, pose_deg: tuple[float, float, float], t_s: float) -> F32:
        """Look at one face in the next frame.

        Args:
            track_id: whose face; a new id starts with everything visible.
            pixels: (H, W, 3) BGR.
            mesh: (478, 3) frame pixels, the smoothed one.
            pose_deg: yaw, pitch, roll as in `Signals`; NaN is taken for frontal.
            t_s: media time.

        Returns:
            (64, 64) float32 in UV space, 1 = nothing in front of the face, 0 = hidden. It belongs to the caller.
        """
        table = uv_table(_SIZE)
        texture, valid = sample(pixels, mesh, table)
        yaw_deg, pitch_deg = pose_deg[:2] if math.isfinite(pose_deg[0] + pose_deg[1]) else (0.0, 0.0)
        facing = camera_cosine(yaw_deg, pitch_deg)
        look = _Look(face_features(texture), facing, valid & (facing > _EDGE_ON), yaw_deg, pitch_deg)
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
    if new.any():
        memory.reference[new] = look.features[new]
        memory.known |= look.valid
    memory.light = fit_light(look.features - memory.reference, look.facing * look.valid * memory.map, memory.light)
    lit = look.features - (light_basis() @ memory.light).reshape(_SIZE, _SIZE, 3)
    raw = residual(lit, memory.reference)
    if memory.released.any():
        raw = _return_to_before(memory, lit, raw)
    was_hidden = memory.map < 0.5
    suspicion = _suspicion(memory, raw, look, was_hidden, step_s)
    hidden = _regions(suspicion, was_hidden, look.valid)
    steps = step_s * _FPS
    fallen = memory.map * np.float32((1 - _FALL) ** steps)
    fallen *= fallen > _NIL
    risen = memory.map + (1 - memory.map) * np.float32(1 - (1 - _RISE) ** steps)
    memory.map = np.where(hidden, fallen, risen)
    _learn(memory, look, lit, raw, suspicion, hidden, step_s)


def _return_to_before(memory: _Memory, lit: F32, raw: F32) -> F32:
    """Where a released texel looks again as before, what was in front has gone: take the old reference back."""
    earlier = residual(lit, memory.before)
    back = memory.released & (earlier < 1) & (raw > 1)
    memory.reference[back] = memory.before[back]
    memory.released &= ~back
    return np.where(back, earlier, raw)


def _suspicion(memory: _Memory, raw: F32, look: _Look, was_hidden: Mask, step_s: float) -> F32:
    """(S, S) residual over what is usual for this texel, this face and this moment; smoothed, 0 where not valid."""
    suspicion = raw / np.sqrt(limits() + np.float32(_UNREST) * memory.unrest)
    counted = suspicion[SPARSE][look.valid[SPARSE]]
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
    marked = suspicion > _STRONG
    if was_hidden.any():
        near = cv2.dilate(was_hidden.view(np.uint8), _NEAR).view(bool)
        marked |= (suspicion > _WEAK) & near
    if not marked.any():
        return np.zeros_like(valid)
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
    np.maximum(memory.unrest, _NIL, out=memory.unrest)
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
