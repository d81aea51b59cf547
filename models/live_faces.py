"""The faces of a running video: when to look for new ones, and where to look for those already known."""

from dataclasses import dataclass

import numpy as np

from models.detector import Detections, Detector
from models.geometry import box_around, box_iou, grow_box
from models.landmarks import FaceLandmarks, FaceMesh, Region, region_from_keypoints, region_from_mesh
from models.types import F32, U8, Reach

_SEARCH_S = 0.15
"""Between two passes of the detector while fewer faces than asked are tracked."""
_CHECK_S = 1.0
"""Between two passes while all that were asked for are tracked."""
_COAST_S = 0.5
_EASE_S = 0.2
_PRESENT = 0.5
_SAME_IOU = 0.3
_SMALLEST_MESH_PX = 20.0
_COAST_GROWTH_PER_S = 1.0


@dataclass(slots=True)
class Track:
    """One face; `mesh` None = too small for landmarks, or none were asked for."""

    track_id: int
    box_xyxy: F32
    score: float
    seen_s: float
    mesh: F32 | None = None
    region: Region | None = None
    weight: float = 0.0
    coasting: bool = False


class LiveFaces:
    """Detector and mesh on a cadence. Not thread-safe."""

    def __init__(self, detector: Detector, mesh: FaceMesh) -> None:
        self._detector = detector
        self._mesh = mesh
        self.reset()

    def reset(self) -> None:
        """Another source begins."""
        self.tracks: list[Track] = []
        self._next_id = 1
        self._t_s = 0.0
        self._detected_s = -np.inf
        self.detected = False

    def follow(
        self, pixels: U8, t_s: float, *, landmarks: bool, max_faces: int, reach: Reach, always: bool, cut: bool
    ) -> list[Track]:
        """The tracks after the frame at `t_s`; `always` runs the detector whatever the cadence says."""
        step_s, self._t_s = max(t_s - self._t_s, 0.0), t_s
        for track in self.tracks:
            self._follow_one(track, pixels, landmarks and not cut)
        self.detected = always or cut or not landmarks or self._due(max_faces)
        if self.detected:
            self._detected_s = t_s
            self._search(pixels, landmarks, max_faces, reach)
        self._settle(step_s)
        return self.tracks

    def _follow_one(self, track: Track, pixels: U8, landmarks: bool) -> None:
        track.coasting = True
        if landmarks and track.region is not None:
            found = self._mesh(pixels, [track.region])[0]
            if found.presence >= _PRESENT:
                self._see(track, found)

    def _see(self, track: Track, found: FaceLandmarks) -> None:
        track.mesh, track.region = found.mesh, region_from_mesh(found.mesh)
        track.box_xyxy, track.score = box_around(found.mesh), found.presence
        track.seen_s, track.coasting = self._t_s, False

    def _due(self, max_faces: int) -> bool:
        steady = sum(not track.coasting for track in self.tracks)
        if steady < len(self.tracks) or steady == 0:
            return True
        return self._t_s - self._detected_s >= (_SEARCH_S if steady < max_faces else _CHECK_S) - 1e-3

    def _search(self, pixels: U8, landmarks: bool, max_faces: int, reach: Reach) -> None:
        found = self._detector.detect(pixels, reach)
        taken = np.zeros(len(found), bool)
        for track in sorted(self.tracks, key=lambda t: t.coasting):
            if len(found) == 0:
                break
            iou = np.where(taken, 0, box_iou(track.box_xyxy[None], found.boxes_xyxy)[0])
            best = int(iou.argmax())
            if iou[best] < _SAME_IOU:
                continue
            taken[best] = True
            if track.coasting:
                self._meet(track, pixels, found, best, landmarks)
        for index in np.flatnonzero(~taken):
            if len(self.tracks) >= max_faces:
                break
            track = Track(self._next_id, found.boxes_xyxy[index], 0.0, self._t_s)
            self._meet(track, pixels, found, int(index), landmarks)
            if track.coasting:
                continue
            self.tracks.append(track)
            self._next_id += 1

    def _meet(self, track: Track, pixels: U8, found: Detections, index: int, landmarks: bool) -> None:
        """Take a detection for a track, running the mesh twice: the second crop comes from the first mesh."""
        box = found.boxes_xyxy[index]
        track.coasting = True
        if landmarks and max(box[2:] - box[:2]) >= _SMALLEST_MESH_PX:
            region = region_from_keypoints(box, found.keypoints_xy[index])
            for _ in range(2):
                landmark = self._mesh(pixels, [region])[0]
                if landmark.presence < _PRESENT:
                    return
                region = region_from_mesh(landmark.mesh)
            self._see(track, landmark)
            return
        track.box_xyxy, track.score = box, float(found.scores[index])
        track.seen_s, track.coasting, track.mesh, track.region = self._t_s, False, None, None

    def _settle(self, step_s: float) -> None:
        kept: list[Track] = []
        for track in self.tracks:
            if self._t_s - track.seen_s > _COAST_S:
                continue
            if track.coasting:
                track.box_xyxy = grow_box(track.box_xyxy, 1 + _COAST_GROWTH_PER_S * step_s)
                track.mesh = None
            track.weight = float(np.clip(track.weight + (-1 if track.coasting else 1) * step_s / _EASE_S, 0, 1))
            kept.append(track)
        self.tracks = kept
