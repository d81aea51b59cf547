"""Who is who from frame to frame: stable ids, faces lost for a moment, faces that others cover. No networks in here.

A face alone is followed by its own mesh, which is cheap and exact. Near another face a mesh can slide onto the
neighbour without noticing, so there the detector has to confirm it on every frame, and detections are given to tracks
by an optimal assignment over where each track should be by now, how large it is and what it looks like.

Everybody seen is remembered for a while: faces beyond the number asked for, and faces lost for longer than a track
coasts. A painting thus has a memory of its own, and where it comes to light behind a lost wearer it is recognised as
itself. Whoever stands among others where a track was lost, but does not look quite like it, is held in doubt for as
long as a track coasts, and is a new face after that.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models import croplock
from models.appearance import keypoints_of, look_at
from models.detector import Detections
from models.geometry import HeadPose, box_around, head_pose
from models.landmarks import FaceLandmarks, Region
from models.matching import match, places_of, touching, unlike
from models.sights import Followed, Sight, sight_of
from models.signals import read as read_signals
from models.smoothing import smooth
from models.tracks import Track, apart, face_size_px, overlap
from models.types import F32, U8

PRESENT = 0.5

_SAME_FACE = 0.25
"""Two sets of key points closer than this, in face sizes, are of one face."""
_COVERED_IOU, _UNCONFIRMED_S = 0.35, 0.15
"""A mesh that overlaps another face by less is believed for this long without the detector."""
_DOUBTFUL, _SOMEBODY_ELSE = 0.2, 0.2
"""A look more different is not even doubtful, and makes an unbroken track doubtful."""
_LOOK_EVERY_S = 0.25
_MEMORY_S = 10.0
"""How long a face that is not listed is remembered."""
_ABOUT_S = 2.0
"""How long such a face may still be close by, so that the detector has to look on every frame."""
_MOST_OTHERS = 24


@dataclass(frozen=True, slots=True)
class Meeting:
    """What one pass of the detector asks for.

    Attributes:
        found: the detections, and behind them the faces that only a mesh saw.
        again: tracks whose face is to be looked at where a detection lies: (track, index of the detection).
        fresh: detections to begin tracks with, largest first.
    """

    found: Detections
    again: list[tuple[Track, int]]
    fresh: list[int]


class Tracker:
    """All tracks of a running video, in the order of their ids."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Another source begins; ids start again."""
        self.tracks: list[Track] = []
        self._others: list[Track] = []
        self._unsure: list[Sight] = []
        self._crowd: set[int] = set()
        self._next_id = 1
        self._t_s = -math.inf
        self._frame_wh = (0, 0)

    @property
    def t_s(self) -> float:
        """Media time of the latest frame; -inf before the first."""
        return self._t_s

    def aims(self, t_s: float) -> list[tuple[Track, Region]]:
        """Where the mesh is to look at `t_s`: for every track that was seen by it on the frame before."""
        return [(track, croplock.aim(track.crop, t_s)) for track in self.tracks if track.crop and not track.coasting]

    def needs_detector(self, t_s: float) -> bool:
        """Whether the meshes of the frame at `t_s` will not do alone: somebody is lost, or faces touch."""
        return any(track.coasting for track in self.tracks) or bool(self._crowded(t_s))

    @property
    def is_unsure(self) -> bool:
        """Whether, after `sort_out`, somebody is lost or has to be confirmed by the detector."""
        return any(track.coasting for track in self.tracks)

    def _crowded(self, t_s: float) -> set[int]:
        """Ids of the tracks whose meshes another face may draw to itself."""
        about = [*self.tracks, *(track for track in self._others if t_s - track.seen_s < _ABOUT_S)]
        touched = touching(self.tracks, about, t_s)
        return {track.track_id for track, is_touched in zip(self.tracks, touched, strict=True) if is_touched}

    def sort_out(self, followed: Sequence[Followed], t_s: float, frame_wh: tuple[int, int]) -> None:
        """Take what the mesh saw of faces that are alone; the others wait for the detector in `meet`."""
        self._frame_wh = frame_wh
        self._crowd = self._crowded(t_s)
        self._unsure = []
        for track in self.tracks:
            track.coasting = track.coasting or track.crop is not None
        # In the order of the ids: with two threads they come in any order.
        present = [one for one in followed if one.found.presence >= PRESENT]
        for sight in (sight_of(one, t_s) for one in sorted(present, key=lambda one: one.track.track_id)):
            if sight.track.track_id in self._crowd or sight.is_strange:
                self._unsure.append(sight)
            else:
                self._confirm(sight, t_s)

    def meet(self, pixels: U8, found: Detections, t_s: float, max_faces: int) -> Meeting:
        """Give detections to tracks: confirm waiting meshes, find lost faces again, tell new from doubtful ones."""
        for track in self.tracks:
            track.coasting = track.coasting or track.crop is None
        detected, found = len(found), self._with_unseen(found)
        free = self._claim_sure(pixels, found, t_s)
        looks = {k: look_at(pixels, found.keypoints_xy[k]) for k in free}
        seekers = [*(track for track in self.tracks if track.coasting), *self._others]
        listed = [track in self.tracks for track in seekers]
        crowded = touching(seekers, [*self.tracks, *self._others], t_s)
        pairs = match(seekers, listed, crowded, found, looks, t_s)
        # A waiting mesh does not confirm itself; it only may turn out to be another's.
        pairs = [(track, k) for track, k in pairs if k < detected or not self._is_own(track, found, k)]
        again = [(track, k) for track, k in pairs if track.track_id and not self._is_confirmed(track, found, k, t_s)]
        self._keep_or_lose(found, looks, pairs, t_s)
        onlookers = [(track, k) for track, k in pairs if track.track_id == 0]
        for track, _ in onlookers:
            self._others.remove(track)
        taken = {k for _, k in pairs}
        left = [k for k in free if k < detected and k not in taken and self._follower(found, k) is None]
        left = [k for k in left if not self._is_doubtful(found, k, looks[k], t_s)]
        left += [k for _, k in onlookers]
        self._recall(again)
        return Meeting(found, again, self._make_room(found, left, looks, t_s, max_faces))

    def _with_unseen(self, found: Detections) -> Detections:
        """The detections and, where the detector saw nothing, the waiting meshes: they too may be somebody else's."""
        alone = [s for s in self._unsure if not any(_lies_on(s, found, k) for k in range(len(found)))]
        if not alone:
            return found
        return Detections(
            np.concatenate([found.boxes_xyxy, [sight.box_xyxy for sight in alone]]).astype(np.float32),
            np.concatenate([found.scores, [sight.found.presence for sight in alone]]).astype(np.float32),
            np.concatenate([found.keypoints_xy, [sight.keypoints_xy for sight in alone]]).astype(np.float32),
        )

    def _claim_sure(self, pixels: U8, found: Detections, t_s: float) -> list[int]:
        """Indices of the detections that are not of a face already seen for certain on this frame."""
        free = []
        for k in range(len(found)):
            track = self._follower(found, k)
            if track is None:
                free.append(k)
            elif t_s - track.looked_s >= _LOOK_EVERY_S:
                track.learn(look_at(pixels, found.keypoints_xy[k]), found.keypoints_xy[k], t_s)
        return free

    def _follower(self, found: Detections, index: int) -> Track | None:
        """The track that has already been seen on this frame where a detection lies."""
        keypoints, size_px = found.keypoints_xy[index], face_size_px(found.boxes_xyxy[index])
        nearest = min(self._seen(), key=lambda track: apart(track.keypoints_xy, keypoints), default=None)
        if nearest is None or apart(nearest.keypoints_xy, keypoints) > _SAME_FACE * max(size_px, nearest.size_px):
            return None
        return nearest

    def _is_confirmed(self, track: Track, found: Detections, index: int, t_s: float) -> bool:
        """Whether a track's detection agrees with the mesh that waits for it, which is then taken."""
        for sight in self._unsure:
            if sight.track is track and _lies_on(sight, found, index):
                self._confirm(sight, t_s)
                return True
        return False

    def _is_own(self, track: Track, found: Detections, index: int) -> bool:
        return any(sight.track is track and _lies_on(sight, found, index) for sight in self._unsure)

    def _keep_or_lose(
        self, found: Detections, looks: Mapping[int, F32], pairs: Sequence[tuple[Track, int]], t_s: float
    ) -> None:
        """Meshes without a detection: good where the detector missed a face, bad where they slid onto another one."""
        matched, taken = [track for track, _ in pairs], {k for _, k in pairs}
        waiting = [sight for sight in self._unsure if sight.track not in matched and not sight.has_jumped]
        self._unsure = []
        for sight in waiting:
            rivals = [k for k in looks if _lies_on(sight, found, k)]
            if any(k in taken or unlike(sight.track, looks[k], found.keypoints_xy[k]) > _SOMEBODY_ELSE for k in rivals):
                continue
            touched = max((overlap(sight.box_xyxy, track.held_xyxy) for track in self._seen()), default=0.0)
            if touched == 0 or (touched < _COVERED_IOU and t_s - sight.track.sure_s < _UNCONFIRMED_S):
                self._take(sight, t_s)

    def _seen(self) -> list[Track]:
        """The tracks seen for certain on this frame, so far."""
        return [track for track in self.tracks if not track.coasting]

    def _is_doubtful(self, found: Detections, index: int, look: F32, t_s: float) -> bool:
        """Whether a detection that is nobody's stands where a face was lost: it is held for that face for a while.

        A face that comes out from behind another one first looks unlike itself.
        """
        lost = [track for track in [*self.tracks, *self._others] if track.coasting and track.track_id]
        if not lost:
            return False
        places = places_of(lost, found.pick(np.array([index])), t_s)
        for row in np.argsort(places.far[:, 0]):
            track = lost[row]
            if not places.thinkable[row, 0] or unlike(track, look, found.keypoints_xy[index]) > _DOUBTFUL:
                continue
            covered = any(overlap(found.boxes_xyxy[index], other.held_xyxy) > 0 for other in self._seen())
            if math.isnan(track.doubt_s) or covered:
                track.doubt_s = t_s
            if not track.is_in_doubt(t_s):
                return False
            track.doubt_xyxy = found.boxes_xyxy[index]
            self._recall([(track, index)])
            return True
        return False

    def _recall(self, again: Sequence[tuple[Track, int]]) -> None:
        """List remembered tracks that were found again."""
        for track, _ in again:
            if track in self._others:
                self._others.remove(track)
                self.tracks.append(track)
        self.tracks.sort(key=lambda track: track.track_id)

    def _make_room(
        self, found: Detections, left: Sequence[int], looks: Mapping[int, F32], t_s: float, max_faces: int
    ) -> list[int]:
        """The largest detections that may begin tracks; the rest is remembered, so that it is not taken for another."""
        for track in self.tracks[max_faces:]:
            track.coasting = True
        self._others += self.tracks[max_faces:]
        self.tracks = self.tracks[:max_faces]
        by_size = sorted(left, key=lambda k: -face_size_px(found.boxes_xyxy[k]))
        room = max_faces - len(self.tracks)
        self._others += [_new(found, k, looks[k], t_s) for k in by_size[room:]]
        return by_size[:room]

    def begin(self, pixels: U8, found: Detections, index: int, t_s: float) -> Track:
        """A new track from a detection."""
        track = _new(found, index, look_at(pixels, found.keypoints_xy[index]), t_s)
        track.track_id = self._next_id
        self._next_id += 1
        self.tracks.append(track)
        return track

    def _is_known(self, found: FaceLandmarks, but: Track | None) -> bool:
        keypoints, size_px = keypoints_of(found.mesh), face_size_px(box_around(found.mesh))
        return any(
            apart(keypoints, track.keypoints_xy) <= _SAME_FACE * size_px for track in self._seen() if track is not but
        )

    def is_good(self, landmarks: FaceLandmarks, found: Detections, index: int, but: Track | None = None) -> bool:
        """Whether a mesh made from a detection is of that face, not of a neighbour or one already followed."""
        beside = [k for k in range(len(found)) if k != index and overlap(found.boxes_xyxy[k], found.boxes_xyxy[index])]
        # Alone, a head bent far down is seen rather differently by mesh and detector.
        if beside and not _covers(keypoints_of(landmarks.mesh), found, index):
            return False
        return not self._is_known(landmarks, but)

    def _confirm(self, sight: Sight, t_s: float) -> None:
        self._take(sight, t_s)
        sight.track.sure_s = t_s

    def _take(self, sight: Sight, t_s: float) -> None:
        self._place(sight.track, sight.found, sight.pose, sight.region, t_s)

    def see(self, track: Track, found: FaceLandmarks, t_s: float) -> None:
        """A track's face, as the mesh saw it where the detector had found it: the filters start anew."""
        track.sure_s = t_s
        self._place(track, found, head_pose(found.mesh), None, t_s)

    def _place(self, track: Track, found: FaceLandmarks, pose: HeadPose, region: Region | None, t_s: float) -> None:
        raw = found.mesh
        outside = share_outside(raw, self._frame_wh)
        if region is None or track.crop is None:
            track.crop, memory = croplock.start(raw, pose, t_s, outside), None
        else:
            track.crop, memory = croplock.follow(track.crop, region, raw, pose, t_s, outside), track.smoothing
        track.mesh, track.smoothing = smooth(raw, t_s, memory)
        track.signals, track.gaze = read_signals(raw, pose, t_s, track.gaze)
        track.mesh_raw, track.mesh_s = raw, t_s
        crowded = track.track_id in self._crowd
        track.see(box_around(track.mesh), keypoints_of(raw), found.presence, t_s, crowded=crowded)

    def see_box(self, track: Track, found: Detections, index: int, t_s: float) -> None:
        """A track's face, as the detector saw it; without a mesh."""
        track.crop = track.smoothing = track.mesh = track.mesh_raw = track.signals = None
        crowded, score = track.track_id in self._crowd, float(found.scores[index])
        track.see(found.boxes_xyxy[index], found.keypoints_xy[index], score, t_s, crowded=crowded)

    def settle(self, t_s: float) -> None:
        """End of a frame: ease the weights, let lost faces coast, unlist those lost for long."""
        before_s = self._t_s if math.isfinite(self._t_s) else t_s
        self._t_s = t_s
        gone = [track for track in self.tracks if track.has_gone(t_s)]
        self.tracks = [track for track in self.tracks if track not in gone]
        for track in self.tracks:
            track.ease(max(t_s - before_s, 0.0))
            if track.coasting:
                track.coast(t_s, before_s)
        others = [track for track in [*self._others, *gone] if t_s - track.seen_s <= _MEMORY_S]
        self._others = sorted(others, key=lambda track: -track.seen_s)[:_MOST_OTHERS]

    def export_state(self) -> dict[str, Any]:
        """A copy of everything that is remembered; the arrays are never changed in place."""
        return {
            "tracks": [replace(track) for track in self.tracks],
            "others": [replace(track) for track in self._others],
            "next_id": self._next_id,
            "t_s": self._t_s,
        }

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `export_state` gave."""
        self.reset()
        self.tracks = [replace(track) for track in state["tracks"]]
        self._others = [replace(track) for track in state["others"]]
        self._next_id, self._t_s = state["next_id"], state["t_s"]


def share_outside(mesh: F32, frame_wh: tuple[int, int]) -> float:
    """Share of (478, 3) landmarks that lie outside a picture of that size."""
    x0, y0, x1, y1 = box_around(mesh).tolist()
    width, height = frame_wh
    if x0 >= 0 and y0 >= 0 and x1 < width and y1 < height:
        return 0.0
    inside = (mesh[:, :2] >= 0) & (mesh[:, :2] < frame_wh)
    return 1 - np.count_nonzero(inside.all(axis=1)) / len(mesh)


def _lies_on(sight: Sight, found: Detections, index: int) -> bool:
    return _covers(sight.keypoints_xy, found, index)


def _covers(keypoints_xy: F32, found: Detections, index: int) -> bool:
    size_px = face_size_px(found.boxes_xyxy[index])
    return apart(keypoints_xy, found.keypoints_xy[index]) < _SAME_FACE * size_px


def _new(found: Detections, index: int, look: F32, t_s: float) -> Track:
    """A track without an id."""
    box, keypoints = found.boxes_xyxy[index], found.keypoints_xy[index]
    track = Track(0, t_s, box, keypoints, box, float(found.scores[index]))
    track.learn(look, keypoints, t_s)
    return track
