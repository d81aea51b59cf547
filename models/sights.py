"""A mesh that the network drew where a track was looked for, and whether it may be somebody else's face."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.appearance import keypoints_of
from models.geometry import HeadPose, box_around, inter_ocular_px
from models.landmarks import FaceLandmarks, Region
from models.topology import RIGID
from models.tracks import Track, face_size_px
from models.types import F32

_JUMP, _JUMP_PER_S = 0.2, 3.0
"""In face sizes: how far a face may be from where it should be."""
_CHANGE, _CHANGE_PER_S = 0.012, 0.2
"""In distances between the eyes: how far the rigid points of one face move among each other; a turning head 0.02."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What the mesh saw in the region where a track was looked for."""

    track: Track
    region: Region
    found: FaceLandmarks
    pose: HeadPose


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A mesh that should be a track's face.

    Attributes:
        box_xyxy: (4,) of the mesh.
        keypoints_xy: (5, 2) of the mesh, in the detector's order.
        jump: distance of its centre from where the track should be, in face sizes.
        growth: |log| of the ratio to the size last seen.
        is_strange: it moved or changed more than a face does in that time.
    """

    track: Track
    region: Region
    found: FaceLandmarks
    pose: HeadPose
    box_xyxy: F32
    keypoints_xy: F32
    jump: float
    growth: float
    is_strange: bool

    @property
    def has_jumped(self) -> bool:
        """Whether it is far from where the track should be, or of another size."""
        return self.jump > _JUMP or self.growth > _JUMP


def sight_of(followed: Followed, t_s: float) -> Sight:
    """Compare what the mesh saw at `t_s` with what is known of the track."""
    track, mesh = followed.track, followed.found.mesh
    box = box_around(mesh)
    x0, y0, x1, y1 = (box - track.held_xyxy).tolist()
    drift_x, drift_y = track.drift_xy(t_s)
    jump = math.hypot((x0 + x1) / 2 - drift_x, (y0 + y1) / 2 - drift_y) / track.size_px
    growth = abs(math.log(face_size_px(box) / track.size_px))
    away_s = max(t_s - track.seen_s, 0.0)
    strange = jump > _JUMP + _JUMP_PER_S * away_s or growth > _JUMP
    if not strange and track.mesh_raw is not None:
        strange = _change(track.mesh_raw, mesh) > _CHANGE + _CHANGE_PER_S * away_s
    return Sight(track, followed.region, followed.found, followed.pose, box, keypoints_of(mesh), jump, growth, strange)


def _change(before: F32, after: F32) -> float:
    """Median distance of the rigid points of two meshes laid on each other, in distances between the eyes."""
    old, new = _centred_rigid(before), _centred_rigid(after)
    turn = np.vdot(old, new) / max(float(np.vdot(old, old).real), 1.0)
    away = np.abs(new - np.complex64(turn) * old)
    away.sort()
    return float(away[len(away) // 2]) / max(inter_ocular_px(after), 1.0)


def _centred_rigid(mesh: F32) -> NDArray[np.complex64]:
    points = np.ascontiguousarray(mesh[RIGID, :2]).view(np.complex64)[:, 0]
    points -= points.mean()
    return points
