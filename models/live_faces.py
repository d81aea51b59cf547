"""The faces of a running video: when to run the detector, where to run the mesh, and both at once where they can be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from models import croplock
from models.detector import Detections, Detector
from models.geometry import head_pose
from models.hands import Hands, Job
from models.landmarks import FaceLandmarks, FaceMesh, Region, region_from_keypoints, region_from_mesh
from models.sights import Followed
from models.stage_clock import StageClock
from models.tracking import PRESENT, Tracker, share_outside
from models.tracks import COAST_S, Track
from models.types import F32, U8, Reach

SMALLEST_MESH_PX = 24.0
"""Long side of a face's box under which landmarks mean nothing."""
_SEARCH_S = 0.15
"""Between two passes of the detector while fewer faces than asked are tracked."""
_CHECK_S = 1.0
"""Between two passes while as many as asked are tracked."""
_CONFIRMED = 0.15
"""Presence that is enough where the detector saw a face too: blurred and half hidden faces."""
_SLACK_S = 0.005
"""Clocks of cameras jitter."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted of one frame.

    Attributes:
        landmarks: run the mesh; without it the detector runs on every frame.
        max_faces: how many tracks at most.
        reach: how small a face the detector is to find.
        always: run the detector on this frame whatever the cadence says.
        cut: tells, when the other jobs have run, whether this frame shows another scene: no track is followed into it.
    """

    landmarks: bool
    max_faces: int
    reach: Reach
    always: bool
    cut: Callable[[], bool]


class LiveFaces:
    """Detector, mesh and tracker on a cadence. Not thread-safe; uses the two hands it is given."""

    def __init__(self, detector: Callable[[], Detector], mesh: Callable[[int], FaceMesh], hands: Hands) -> None:
        """`detector` and `mesh` (by hand) give the networks, loading them when they are first wanted."""
        self._detector = detector
        self._mesh = mesh
        self._hands = hands
        self._tracker = Tracker()
        self._detected_s = -np.inf

    @property
    def tracks(self) -> list[Track]:
        """As of the latest frame, in the order of their ids."""
        return self._tracker.tracks

    def reset(self) -> None:
        """Another source begins."""
        self._tracker.reset()
        self._detected_s = -np.inf

    def follow(self, pixels: U8, t_s: float, ask: Ask, clock: StageClock, also: Sequence[Job] = ()) -> list[Track]:
        """The tracks of the frame at `t_s`; `also`: jobs of others that have to be done before faces are told apart."""
        if t_s < self._tracker.t_s:
            self.reset()
        aims = self._tracker.aims(t_s) if ask.landmarks else []
        due = ask.always or not ask.landmarks or self._is_due(t_s, ask.max_faces)
        found: list[Detections] = []
        followed: list[Followed] = []

        def search(_hand: int = 0) -> None:
            clock.ran.add("detect")
            with clock.stage("detect"):
                found.append(self._detector().detect(pixels, ask.reach))

        def look(track: Track, region: Region, hand: int) -> None:
            with clock.stage("landmarks"):
                followed.append(_look(self._mesh(hand), pixels, track, region, t_s))

        self._hands.run([*([search] if due else []), *also, *(partial(look, *aim) for aim in aims)])
        with clock.stage("landmarks"):
            self._tracker.sort_out([] if ask.cut() else followed, t_s, (pixels.shape[1], pixels.shape[0]))
        if not found and self._tracker.is_unsure:
            search()
        for detections in found:
            self._detected_s = t_s
            with clock.stage("landmarks"):
                self._meet(pixels, detections, t_s, ask)
        self._tracker.settle(t_s)
        return self.tracks

    def _is_due(self, t_s: float, max_faces: int) -> bool:
        """Known before this frame's meshes: nobody there, somebody or his mesh just lost, or the time has come."""
        if not self.tracks or any(track.crop is None and t_s - track.mesh_s <= COAST_S for track in self.tracks):
            return True
        if self._tracker.needs_detector(t_s):
            return True
        complete = len(self.tracks) >= max_faces and all(track.crop is not None for track in self.tracks)
        wait_s = _CHECK_S if complete else _SEARCH_S
        return t_s - self._detected_s >= wait_s - _SLACK_S

    def _meet(self, pixels: U8, found: Detections, t_s: float, ask: Ask) -> None:
        """Find lost faces again and begin tracks of new ones."""
        meeting = self._tracker.meet(pixels, found, t_s, ask.max_faces)
        found = meeting.found
        wanted = [*(index for _, index in meeting.again), *meeting.fresh]
        seen = self._looks(pixels, found, wanted) if ask.landmarks else {}
        for track, index in meeting.again:
            landmarks = seen.get(index)
            if landmarks is None or self._tracker.is_good(landmarks, found, index, track):
                self._take(track, landmarks, found, index, t_s)
        for index in meeting.fresh:
            landmarks = seen.get(index)
            if landmarks is None or self._tracker.is_good(landmarks, found, index):
                self._take(self._tracker.begin(pixels, found, index, t_s), landmarks, found, index, t_s)

    def _take(self, track: Track, landmarks: FaceLandmarks | None, found: Detections, index: int, t_s: float) -> None:
        if landmarks is None:
            self._tracker.see_box(track, found, index, t_s)
        else:
            self._tracker.see(track, landmarks, t_s)

    def _looks(self, pixels: U8, found: Detections, wanted: Sequence[int]) -> dict[int, FaceLandmarks]:
        """The meshes of detections, where there is one."""
        seen: dict[int, FaceLandmarks] = {}

        def look(index: int, hand: int) -> None:
            landmarks = first_look(self._mesh(hand), pixels, found.boxes_xyxy[index], found.keypoints_xy[index])
            if landmarks is not None:
                seen[index] = landmarks

        self._hands.run([partial(look, index) for index in wanted])
        return seen

    def export_state(self) -> dict[str, Any]:
        """What is remembered."""
        return {"tracker": self._tracker.export_state(), "detected_s": self._detected_s}

    def import_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `export_state` gave."""
        self._tracker.import_state(state["tracker"])
        self._detected_s = state["detected_s"]


def _look(mesh: FaceMesh, pixels: U8, track: Track, region: Region, t_s: float) -> Followed:
    """A track's face where it is expected, and once more where the crop turns out to have missed it."""
    found = mesh(pixels, [region])[0]
    pose = head_pose(found.mesh)
    if track.crop is not None and found.presence >= PRESENT:
        nearer = croplock.second_look(track.crop, region, found.mesh, pose, t_s)
        if nearer is not None and share_outside(found.mesh, (pixels.shape[1], pixels.shape[0])) == 0:
            region, found = nearer, mesh(pixels, [nearer])[0]
            pose = head_pose(found.mesh)
    return Followed(track, region, found, pose)


def first_look(mesh: FaceMesh, pixels: U8, box_xyxy: F32, keypoints_xy: F32) -> FaceLandmarks | None:
    """Landmarks of a detected face, None where there are none.

    The mesh runs twice: the second crop comes from the first mesh, and only its verdict counts. One pass differs from
    MediaPipe's still mode by 2.5 % of the inter-ocular distance, two by 1.4 %.
    """
    if float(max(box_xyxy[2:] - box_xyxy[:2])) < SMALLEST_MESH_PX:
        return None
    rough = mesh(pixels, [region_from_keypoints(box_xyxy, keypoints_xy)])[0]
    found = mesh(pixels, [region_from_mesh(rough.mesh)])[0]
    return found if found.presence >= _CONFIRMED else None
