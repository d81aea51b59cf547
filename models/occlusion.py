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
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.occlusion_evidence import (
    SPARSE,
    Angle,
    Mask,
    angle,
    face_features,
    fit_light,
    light_field,
    limits,
    squared_residual,
)
from models.types import F32, U8, VISIBILITY_SIZE
from models.uv import sample, uv_table

_SIZE = VISIBILITY_SIZE
_FPS = 30.0
"""Rates below are per frame at this rate; the step in time scales them."""

_UNREST = 0.3
"""Weight of the running variance beside the squared limit."""
_USUAL_Q80, _CALMEST = 0.3, 0.65
"""The 80th percentile of the residuals of a usual face, and the limits of the calmest one relative to it."""
_CALM_S = 4.0
_NOTHING_HIDDEN = 50
"""Hidden texels up to which a frame tells how restless the face usually is."""
_UPSET_MEDIAN = 0.6
"""Median residual beyond which the whole face is off (light, motion) and the limits grow with it."""
_TURN_DEG = 20.0
"""A turn by this much since the reference was learnt doubles the limits."""

_BLUR_TEXELS = 0.85
_STRONG, _WEAK = 2.0, 1.1
_CLOSE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_RIM_BAND = np.ones((5, 5), np.uint8)
_RIM_AREA, _RIM_SEED, _INNER_AREA, _INNER_SEED, _SEEDS = 50, 2.5, 200, 4.0, 3
_RIM_CONTACT = 2.0
"""A region comes in over the rim if its contact with it, squared, is at least this many times its area: that of a cup,
a hand or a finger is; that of a tongue over the chin is not."""

_FALL, _RISE = 0.70, 0.50
_LEARN, _LEARN_POSE, _RELEASE = 0.07, 0.045, 0.10
_LEARN_LIMIT = 1.4
"""Residual at which a visible texel teaches the reference half as much."""
_UNREST_CAP = 4.0
_RELEASE_AFTER_S = 3.0
"""Hidden for longer than this, a texel is taken for changed, not covered: the ghost is gone a second later."""
_SETTLING_S, _SETTLING_LEARN = 0.3, 0.3
"""A new face is only learnt for this long, and fast: its first meshes may be off, and would leave a ghost."""
_LONGEST_STEP_S = 0.25
_NIL = np.float32(1e-4)
"""Values that decay stop here: denormal numbers are a hundred times slower."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """One face in one frame: features (3, S, S), from where it is seen, which texels count, and the head's pose."""

    features: F32
    angle: Angle
    valid: Mask
    yaw_deg: float
    pitch_deg: float


@dataclass(slots=True, eq=False)
class _Memory:
    """What is remembered of one face; numpy and scalars only.

    Attributes:
        reference: (3, S, S) features when nothing is in front.
        before: (3, S, S) the reference as it was before texels were released.
        released: (S, S) those texels.
        unrest: (S, S) running mean of squared residuals.
        map: (S, S) visibility, 0..1.
        hidden_s: (S, S) for how long a texel has been hidden.
        known: (S, S) the texel has faced the camera.
        light: (3, 6) coefficients of the last field of light.
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
        seen_from = angle(yaw_deg, pitch_deg)
        seen = seen_from.sees if valid is table.inside else valid & seen_from.sees
        look = _Look(face_features(texture), seen_from, seen, yaw_deg, pitch_deg)
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
        light=np.zeros((3, 6), np.float32),
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
    new = look.valid > memory.known
    if new.any():
        memory.reference[:, new] = look.features[:, new]
        memory.known |= look.valid
    lit = _without_light(memory, look)
    squared = squared_residual(lit, memory.reference)
    if memory.released.any():
        squared = _return_to_before(memory, lit, squared)
    was_hidden = memory.map < 0.5
    suspicion = _suspicion(memory, squared, look, was_hidden, step_s)
    if memory.age_s < _SETTLING_S:
        suspicion.fill(0)
    hidden = _regions(suspicion, was_hidden, look.valid)
    if hidden is not None or memory.map.min() < 1:
        _move_map(memory, hidden, step_s * _FPS)
    _learn(memory, look, lit, squared, suspicion, hidden, step_s)


def _without_light(memory: _Memory, look: _Look) -> F32:
    """(3, S, S) the features in the light in which the reference was learnt."""
    rows, columns = SPARSE
    difference = look.features[:, rows, columns] - memory.reference[:, rows, columns]
    weight = (memory.map[SPARSE] * look.valid[SPARSE]).reshape(-1)
    weight *= look.angle.sparse
    memory.light = fit_light(difference.reshape(3, -1), weight, memory.light)
    field = light_field(memory.light)
    return np.subtract(look.features, field, out=field)


def _move_map(memory: _Memory, hidden: Mask | None, steps: float) -> None:
    risen = memory.map + (1 - memory.map) * np.float32(1 - (1 - _RISE) ** steps)
    risen[risen > 1 - _NIL] = 1
    if hidden is None:
        memory.map = risen
        return
    fallen = memory.map * np.float32((1 - _FALL) ** steps)
    fallen *= fallen > _NIL
    memory.map = np.where(hidden, fallen, risen)


def _return_to_before(memory: _Memory, lit: F32, squared: F32) -> F32:
    """Where a released texel looks again as before, what was in front has gone: take the old reference back."""
    earlier = squared_residual(lit, memory.before)
    back = memory.released & (earlier < 1) & (squared > 1)
    memory.reference[:, back] = memory.before[:, back]
    memory.released &= ~back
    return np.where(back, earlier, squared)


def _suspicion(memory: _Memory, squared: F32, look: _Look, was_hidden: Mask, step_s: float) -> F32:
    """(S, S) residual over what is usual for this texel, this face and this moment; smoothed, 0 where not valid."""
    suspicion = memory.unrest * np.float32(_UNREST)
    suspicion += limits()
    np.divide(squared, suspicion, out=suspicion)
    np.sqrt(suspicion, out=suspicion)
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
    suspicion *= look.angle.share
    suspicion *= np.float32(1 / scale)
    if look.valid is not look.angle.sees:
        suspicion *= look.valid
    return np.asarray(cv2.GaussianBlur(suspicion, (5, 5), _BLUR_TEXELS), np.float32)


def _regions(suspicion: F32, was_hidden: Mask, valid: Mask) -> Mask | None:
    """(S, S) the texels of all regions that hide the face; None where there is no region."""
    marked = suspicion > _STRONG
    if was_hidden.any():
        near = cv2.dilate(was_hidden.view(np.uint8), _NEAR).view(bool)
        marked |= (suspicion > _WEAK) & near
    if not marked.any():
        return None
    closed = cv2.morphologyEx(marked.view(np.uint8), cv2.MORPH_CLOSE, _CLOSE) * valid
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    if count == 1:
        return None
    area = stats[:, cv2.CC_STAT_AREA]
    rim = valid & ~cv2.erode(valid.view(np.uint8), _RIM_BAND).view(bool)

    def share(of: Mask) -> NDArray[np.intp]:
        return np.bincount(labels[of], minlength=count)

    at_rim = (share(rim) ** 2 >= _RIM_CONTACT * area) & (area >= _RIM_AREA) & (share(suspicion > _RIM_SEED) >= _SEEDS)
    inner = (area >= _INNER_AREA) & (share(suspicion > _INNER_SEED) >= _SEEDS)
    staying = (area >= _RIM_AREA) & (share(was_hidden) > 0.5 * area)
    kept = at_rim | inner | staying
    kept[0] = False
    if not kept.any():
        return None
    hidden: Mask = kept[labels] & valid
    return hidden


def _learn(
    memory: _Memory, look: _Look, lit: F32, squared: F32, suspicion: F32, hidden: Mask | None, step_s: float
) -> None:
    """Move the reference, the unrest and the pose; release what has been hidden too long. `lit` is used up."""
    steps = step_s * _FPS
    first = steps / (memory.age_s * _FPS + 1)
    if memory.age_s < _SETTLING_S:
        first = max(first, 1 - (1 - _SETTLING_LEARN) ** steps)
    gain = suspicion
    gain *= np.float32(1 / _LEARN_LIMIT)
    gain *= gain
    gain *= gain
    gain += 1
    np.divide(np.float32(max(1 - (1 - _LEARN) ** steps, first)), gain, out=gain)
    gain *= look.valid
    if hidden is not None:
        gain *= ~hidden
    seen_hidden = memory.map < 0.5
    overdue = None
    if seen_hidden.any():
        gain *= ~seen_hidden
        memory.hidden_s += np.float32(step_s)
        memory.hidden_s *= seen_hidden
        overdue = look.valid & (memory.hidden_s > _RELEASE_AFTER_S)
    elif memory.hidden_s.any():
        memory.hidden_s.fill(0)
    squared = np.minimum(squared, np.float32(_UNREST_CAP**2))
    squared -= memory.unrest
    squared *= gain
    memory.unrest += squared
    np.maximum(memory.unrest, _NIL, out=memory.unrest)
    if overdue is not None and overdue.any():
        fresh = overdue & ~memory.released
        memory.before[:, fresh] = memory.reference[:, fresh]
        memory.released |= fresh
        gain[overdue] = 1 - (1 - _RELEASE) ** steps
    lit -= memory.reference
    lit *= gain
    memory.reference += lit
    pose_gain = max(1 - (1 - _LEARN_POSE) ** steps, first)
    memory.yaw_deg += pose_gain * (look.yaw_deg - memory.yaw_deg)
    memory.pitch_deg += pose_gain * (look.pitch_deg - memory.pitch_deg)
