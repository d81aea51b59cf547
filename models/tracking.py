"""Who is who from frame to frame: stable ids, faces lost for a moment, faces that others cover. No networks in here.

A face is followed by its own mesh, which is cheap and exact; the detector only begins tracks, finds lost ones again and
checks. Two things could steal a track: a face passing in front (both meshes end up on the nearer one) and another face
near the place where one was lost, a painting or a screen for example. The first is undone by `sort_out`: of two meshes
on one face the one that jumped there is wrong. The second is prevented by `match`, which lets a lost face reappear only
near its place and never where a face was already seen beside it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models import croplock
from models.detector import Detections
from models.geometry import F64, box_around, box_iou, grow_box, head_pose
from models.landmarks import FaceLandmarks, Region
from models.signals import GazeState
from models.signals import read as read_signals
from models.smoothing import SmoothingState, smooth
from models.topology import LEFT_IRIS, MOUTH_OUTER_CORNERS, NOSE_TIP, RIGHT_IRIS
from models.types import F32, Signals

COAST_S = 0.5
_EASE_S = 0.2
_COAST_GROWTH_PER_S = 2.0
PRESENT = 0.5
_LONGEST_JUMP = 0.3
"""In crop sides: a mesh further from where it was looked for belongs to another face."""
_SAME_FACE = 0.25
"""Two sets of key points closer than this, in face heights, are of one face."""
_REACH = 0.35
_REACH_PER_S = 0.6
"""How far from its last place a face may be found again, in face heights, and per second since it was seen."""
_SIZE_RATIO = 1.8
_RIVAL_IOU = 0.4
_LARGER = 1.5
"""A face that nobody follows takes the place of the smallest one followed when its area is this much larger."""

_KEYPOINTS = np.array([RIGHT_IRIS[0], LEFT_IRIS[0], NOSE_TIP, *MOUTH_OUTER_CORNERS])
"""The mesh's points at the detector's key points."""


@dataclass(slots=True, eq=False)
class Track:
    """One face.

    Attributes:
        track_id: from 1, never used again.
        seen_s: media time at which the face was last seen.
        box_xyxy: (4,) as it is given out: the mesh's extent, the detector's box, or grown while coasting.
        held_xyxy: (4,) as the face was last seen.
        keypoints_xy: (5, 2) in the detector's order.
        score: 0..1, the mesh's presence or the detector's score.
        weight: 0..1, eased.
        coasting: not seen on the latest frame.
        mesh, mesh_raw, signals: of the latest frame; None = too small, not asked for, or coasting.
        mesh_s: media time of the last mesh.
        crop, smoothing, gaze: what the filters remember.
    """

    track_id: int
    seen_s: float
    box_xyxy: F32
    held_xyxy: F32
    keypoints_xy: F32
    score: float
    weight: float = 0.0
    coasting: bool = False
    mesh: F32 | None = None
    mesh_raw: F32 | None = None
    signals: Signals | None = None
    mesh_s: float = -math.inf
    crop: croplock.CropState | None = None
    smoothing: SmoothingState | None = None
    gaze: GazeState | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What the mesh saw where a track was looked for."""

    track: Track
    region: Region
    found: FaceLandmarks

    @property
    def jump(self) -> float:
        """Distance from where the face was looked for, in crop sides."""
        box = box_around(self.found.mesh)
        x, y = (box[0] + box[2]) / 2 - self.region.center_xy[0], (box[1] + box[3]) / 2 - self.region.center_xy[1]
        return math.hypot(float(x), float(y)) / self.region.side_px


class Tracker:
    """All tracks of a running video, in the order of their ids."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another source begins; ids start again."""
        self.tracks: list[Track] = []
        self._next_id = 1
        self._t_s = -math.inf
        self._rivals: F32 = np.empty((0, 4), np.float32)
        self._frame_wh: F32 = np.zeros(2, np.float32)

    @property
    def t_s(self) -> float:
        """Media time of the latest frame; -inf before the first."""
        return self._t_s

    def aims(self, t_s: float) -> list[tuple[Track, Region]]:
        """Where the mesh is to look at `t_s`: for every track that was seen by it on the frame before."""
        return [(track, croplock.aim(track.crop, t_s)) for track in self.tracks if track.crop and not track.coasting]

    def sort_out(self, followed: Sequence[Followed], t_s: float, frame_wh: tuple[int, int]) -> None:
        """Take what the mesh saw; a track that has a mesh is to be confirmed anew on each frame, or is lost."""
        self._frame_wh = np.array(frame_wh, np.float32)
        for track in self.tracks:
            if track.crop is not None:
                _lose(track)
        kept: list[Followed] = []
        for sight in sorted(followed, key=lambda sight: sight.jump):
            if sight.found.presence < PRESENT or sight.jump > _LONGEST_JUMP:
                continue
            points = sight.found.mesh[_KEYPOINTS, :2]
            height = _height(box_around(sight.found.mesh))
            if all(_apart(points, other.found.mesh[_KEYPOINTS, :2], height) > _SAME_FACE for other in kept):
                kept.append(sight)
                self.see(sight.track, sight.found, t_s, sight.region)

    def see(self, track: Track, found: FaceLandmarks, t_s: float, region: Region | None = None) -> None:
        """A track's face, as the mesh saw it in `region`; None = by way of the detector: the filters start anew."""
        raw = found.mesh
        pose, outside = head_pose(raw), self._share_outside(raw, box_around(raw))
        if region is None or track.crop is None:
            track.crop, memory = croplock.start(raw, pose, t_s, outside), None
        else:
            track.crop, memory = croplock.follow(track.crop, region, raw, pose, t_s, outside), track.smoothing
        track.mesh, track.smoothing = smooth(raw, t_s, memory)
        track.signals, track.gaze = read_signals(raw, pose, t_s, track.gaze)
        track.mesh_raw, track.mesh_s = raw, t_s
        self._place(track, box_around(track.mesh), raw[_KEYPOINTS, :2], found.presence, t_s)

    def see_box(self, track: Track, found: Detections, index: int, t_s: float) -> None:
        """A track's face, as the detector saw it; without a mesh."""
        track.crop = track.smoothing = track.mesh = track.mesh_raw = track.signals = None
        self._place(track, found.boxes_xyxy[index], found.keypoints_xy[index], float(found.scores[index]), t_s)

    def _share_outside(self, mesh: F32, box_xyxy: F32) -> float:
        if (box_xyxy[:2] >= 0).all() and (box_xyxy[2:] < self._frame_wh).all():
            return 0.0
        inside = (mesh[:, :2] >= 0) & (mesh[:, :2] < self._frame_wh)
        return 1 - np.count_nonzero(inside.all(axis=1)) / len(mesh)

    def _place(self, track: Track, box_xyxy: F32, keypoints_xy: F32, score: float, t_s: float) -> None:
        track.box_xyxy = track.held_xyxy = box_xyxy
        track.keypoints_xy, track.score = keypoints_xy, score
        track.seen_s, track.coasting = t_s, False

    def match(self, found: Detections, t_s: float) -> tuple[list[tuple[Track, int]], list[int]]:
        """Which detection is which track, and the detections that are nobody's, best first."""
        pairs: list[tuple[Track, int]] = []
        distances = np.array(
            [[self._distance(track, found, k, t_s) for k in range(len(found))] for track in self.tracks]
        )
        distances = distances.reshape(len(self.tracks), len(found))
        while distances.size and distances.min() < 1:
            row, column = np.unravel_index(int(distances.argmin()), distances.shape)
            pairs.append((self.tracks[row], int(column)))
            distances[row, :] = distances[:, column] = np.inf
        matched = [track for track, _ in pairs]
        for track in self.tracks:
            if track.crop is None and track not in matched:
                _lose(track)
        taken = {column for _, column in pairs}
        return pairs, [k for k in range(len(found)) if k not in taken]

    def _distance(self, track: Track, found: Detections, index: int, t_s: float) -> float:
        """1 = as far as a track may be from a detection that is its own."""
        box = found.boxes_xyxy[index]
        height, held = _height(box), _height(track.held_xyxy)
        if not 1 / _SIZE_RATIO < height / max(held, 1.0) < _SIZE_RATIO:
            return math.inf
        if track.coasting and len(self._rivals) and box_iou(box[None], self._rivals).max() > _RIVAL_IOU:
            return math.inf
        away_s = max(t_s - track.seen_s, 0.0)
        apart = _apart(track.keypoints_xy, found.keypoints_xy[index], height)
        if track.crop is not None:
            gone_on = track.keypoints_xy + track.crop.velocity[:2] * min(away_s, COAST_S)
            apart = min(apart, _apart(gone_on, found.keypoints_xy[index], height))
        return apart / (_REACH + _REACH_PER_S * away_s)

    def begin(self, found: Detections, index: int, t_s: float) -> Track:
        """A new track from a detection."""
        box = found.boxes_xyxy[index]
        track = Track(self._next_id, t_s, box, box, found.keypoints_xy[index], float(found.scores[index]))
        self._next_id += 1
        self.tracks.append(track)
        return track

    def is_known(self, found: FaceLandmarks, but: Track | None = None) -> bool:
        """Whether a mesh lies on a face that a track other than `but` already follows on this frame."""
        points, height = found.mesh[_KEYPOINTS, :2], _height(box_around(found.mesh))
        seen = (track for track in self.tracks if not track.coasting and track is not but)
        return any(_apart(points, track.keypoints_xy, height) <= _SAME_FACE for track in seen)

    def make_room(self, found: Detections, fresh: Sequence[int], max_faces: int) -> list[int]:
        """Which of the detections that are nobody's may begin a track; a much larger one ends the smallest track's.

        What is left over is remembered: a face that was seen beside the tracked ones is none of them later.
        """
        areas = {index: _area(found.boxes_xyxy[index]) for index in fresh}
        wanted = sorted(areas, key=lambda index: -areas[index])
        chosen: list[int] = []
        for index in wanted:
            if len(self.tracks) + len(chosen) >= max_faces:
                smallest = min(self.tracks, key=lambda track: _area(track.held_xyxy), default=None)
                if smallest is None or areas[index] < _LARGER * _area(smallest.held_xyxy):
                    break
                self.tracks.remove(smallest)
            chosen.append(index)
        self._rivals = found.boxes_xyxy[[index for index in wanted if index not in chosen]]
        return chosen

    def settle(self, t_s: float) -> None:
        """End of a frame: ease the weights, grow the boxes of lost faces, drop those lost for long."""
        step_s = max(t_s - self._t_s, 0.0) if math.isfinite(self._t_s) else 0.0
        self._t_s = t_s
        self.tracks = [track for track in self.tracks if not track.coasting or t_s - track.seen_s <= COAST_S]
        for track in self.tracks:
            target = 0.0 if track.coasting else 1.0
            track.weight += float(np.clip(target - track.weight, -step_s / _EASE_S, step_s / _EASE_S))
            if track.coasting:
                track.box_xyxy = grow_box(track.held_xyxy, 1 + _COAST_GROWTH_PER_S * (t_s - track.seen_s))

    def export_state(self) -> dict[str, Any]:
        """A copy of everything that is remembered."""
        return {
            "tracks": [replace(track) for track in self.tracks],
            "next_id": self._next_id,
            "t_s": self._t_s,
            "rivals": self._rivals,
        }

    def import_state(self, state: dict[str, Any]) -> None:
        """Go on from what `export_state` gave."""
        self.tracks = [replace(track) for track in state["tracks"]]
        self._next_id, self._t_s, self._rivals = state["next_id"], state["t_s"], state["rivals"]


def _lose(track: Track) -> None:
    track.coasting = True
    track.mesh = track.mesh_raw = track.signals = None


def _apart(one_xy: F32 | F64, other_xy: F32, height_px: float) -> float:
    """Mean distance of two sets of key points, in face heights."""
    away = one_xy - other_xy
    return float(np.hypot(away[:, 0], away[:, 1]).mean()) / max(height_px, 1.0)


def _height(box_xyxy: F32) -> float:
    return float(box_xyxy[3] - box_xyxy[1])


def _area(box_xyxy: F32) -> float:
    return float((box_xyxy[2] - box_xyxy[0]) * (box_xyxy[3] - box_xyxy[1]))
