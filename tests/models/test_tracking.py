"""The tracker without networks: a stage of drawn faces, a detector and a mesh that see exactly what is there."""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from models.appearance import keypoints_of
from models.detector import Detections
from models.geometry import box_around, head_pose
from models.landmarks import FaceLandmarks, Region
from models.sights import Followed
from models.tracking import Tracker
from models.tracks import Track
from models.types import F32, U8
from tests.posed_face import posed_mesh

SIZE_WH = (1280, 360)
PX_PER_CM = 5.0
FRAME_RATES = [10, 15, 30, 60]
COLOURS = {
    1: (150, 175, 215),
    2: (60, 85, 130),
    3: (200, 120, 90),
    4: (90, 200, 120),
    5: (30, 30, 60),
    9: (220, 220, 90),
}
PICTURE = 9
"""A painted face: somewhat smaller than the people."""


@dataclass
class Stage:
    """Who is where: person -> (x, y) of the face; `hidden` are not seen by detector and mesh; later ones in front."""

    fps: int = 30
    people: dict[int, tuple[float, float]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    tracker: Tracker = field(default_factory=Tracker)
    detector_runs: int = 0
    index: int = 0

    @property
    def t_s(self) -> float:
        return self.index / self.fps

    def mesh_of(self, person: int) -> F32:
        px_per_cm = 0.85 * PX_PER_CM if person == PICTURE else PX_PER_CM
        return posed_mesh(centre_xy=self.people[person], px_per_cm=px_per_cm)

    def draw(self) -> U8:
        pixels = np.full((SIZE_WH[1], SIZE_WH[0], 3), 110, np.uint8)
        for person in self.people:
            if person not in self.hidden:
                x0, y0, x1, y1 = np.clip(box_around(self.mesh_of(person)), 0, 5000).astype(int)
                pixels[y0:y1, x0:x1] = COLOURS[person]
                pixels[y0 : y0 + (y1 - y0) // (2 + person % 3), x0:x1] = COLOURS[person % 5 + 1]
        return pixels

    def detections(self) -> Detections:
        meshes = [self.mesh_of(person) for person in self.people if person not in self.hidden]
        if not meshes:
            return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))
        return Detections(
            np.stack([box_around(mesh) for mesh in meshes]),
            np.full(len(meshes), 0.9, np.float32),
            np.stack([keypoints_of(mesh) for mesh in meshes]),
        )

    def look(self, region: Region) -> FaceLandmarks:
        """The visible face nearest to the region's middle, as a mesh network would draw it."""
        seen = [self.mesh_of(person) for person in self.people if person not in self.hidden]
        nearest = min(seen, key=lambda mesh: self._away(mesh, region), default=posed_mesh())
        present = bool(seen) and self._away(nearest, region) < 0.4 * region.side_px
        return FaceLandmarks(nearest, 1.0 if present else 0.01, np.empty(0, np.float32))

    @staticmethod
    def _away(mesh: F32, region: Region) -> float:
        box = box_around(mesh)
        middle = (box[:2] + box[2:]) / 2
        return math.hypot(float(middle[0]) - region.center_xy[0], float(middle[1]) - region.center_xy[1])

    def step(self, max_faces: int = 5, detect: bool = False, landmarks: bool = True) -> list[Track]:
        """One frame, as LiveFaces would do it."""
        t_s, tracker, pixels = self.t_s, self.tracker, self.draw()
        followed = []
        for track, region in tracker.aims(t_s) if landmarks else []:
            found = self.look(region)
            followed.append(Followed(track, region, found, head_pose(found.mesh)))
        due = detect or not tracker.tracks or self.index % 5 == 0 or tracker.needs_detector(t_s)
        tracker.sort_out(followed, t_s, SIZE_WH)
        if due or tracker.is_unsure or not landmarks:
            self.detector_runs += 1
            self._meet(pixels, t_s, max_faces, landmarks)
        tracker.settle(t_s)
        self.index += 1
        return tracker.tracks

    def _meet(self, pixels: U8, t_s: float, max_faces: int, landmarks: bool) -> None:
        tracker = self.tracker
        meeting = tracker.meet(pixels, self.detections(), t_s, max_faces)
        found = meeting.found
        for track, index in [*meeting.again, *((None, index) for index in meeting.fresh)]:
            box = found.boxes_xyxy[index]
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            seen = self.look(Region((float(middle[0]), float(middle[1])), float(box[3] - box[1]) * 1.5, 0.0))
            if landmarks and not tracker.is_good(seen, found, index, track):
                continue
            taken = track or tracker.begin(pixels, found, index, t_s)
            if landmarks:
                tracker.see(taken, seen, t_s)
            else:
                tracker.see_box(taken, found, index, t_s)

    def run(self, seconds: float, **how: object) -> list[Track]:
        for _ in range(round(seconds * self.fps)):
            tracks = self.step(**how)  # type: ignore[arg-type]
        return tracks

    def id_of(self, person: int) -> int | None:
        """The id of the live track on a person's face."""
        mesh = self.mesh_of(person)
        for track in self.tracker.tracks:
            if not track.coasting and np.abs(track.held_xyxy - box_around(mesh)).max() < 20:
                return track.track_id
        return None


def listed(stage: Stage) -> list[tuple[int, bool]]:
    return [(track.track_id, track.coasting) for track in stage.tracker.tracks]


def test_an_empty_stage_has_no_tracks() -> None:
    stage = Stage()
    assert stage.run(0.5) == []


def test_a_new_face_is_listed_at_once_and_fades_in() -> None:
    stage = Stage(people={1: (320, 180)})
    (track,) = stage.step()
    assert (track.track_id, track.coasting, track.weight) == (1, False, 0)
    assert track.mesh is not None
    assert track.signals is not None
    (track,) = stage.run(0.25)
    assert track.weight == pytest.approx(1)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_a_lost_face_coasts_for_half_a_second_and_is_gone(fps: int) -> None:
    stage = Stage(fps, {1: (320, 180)})
    stage.run(1.0)
    stage.hidden = {1}
    lost_s = stage.t_s - 1 / fps
    sizes = []
    while stage.step():
        (track,) = stage.tracker.tracks
        assert track.coasting
        assert track.mesh is not None
        assert track.mesh_raw is None
        assert track.signals is None
        sizes.append(float(np.prod(track.box_xyxy[2:] - track.box_xyxy[:2])))
    assert stage.t_s - 1 / fps - lost_s == pytest.approx(0.5, abs=1.5 / fps)
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_an_id_survives_almost_half_a_second_of_loss(fps: int) -> None:
    stage = Stage(fps, {1: (320, 180)})
    stage.run(1.0)
    stage.hidden = {1}
    stage.run(0.4)
    stage.hidden = set()
    (track,) = stage.run(0.4)
    assert (track.track_id, track.coasting) == (1, False)
    assert track.weight == pytest.approx(1)


def test_a_face_gone_for_long_is_a_new_one_if_it_comes_back_elsewhere() -> None:
    stage = Stage(people={1: (120, 180)})
    stage.run(0.5)
    stage.hidden = {1}
    stage.run(1.0)
    stage.people, stage.hidden = {1: (520, 180)}, set()
    stage.run(0.2)
    assert listed(stage) == [(2, False)]


@pytest.mark.parametrize("fps", FRAME_RATES)
def test_five_people_keep_their_ids_through_a_crossing(fps: int) -> None:
    stage = Stage(fps)
    starts = {1: 60, 2: 200, 3: 640, 4: 1080, 5: 1220}
    speeds = {1: 320, 2: 320, 3: 0, 4: -320, 5: -320}
    before: dict[int, int | None] = {}
    for index in range(round(3.3 * fps)):
        stage.people = {p: (starts[p] + speeds[p] * index / fps, 160.0 + 5 * p) for p in starts}
        # Whoever is behind somebody by most of a width is not seen.
        stage.hidden = {
            p for p in starts for q in starts if q > p and abs(stage.people[q][0] - stage.people[p][0]) < 60
        }
        stage.step()
        if index == round(0.2 * fps):
            before = {p: stage.id_of(p) for p in starts}
    assert {p: stage.id_of(p) for p in starts} == before
    assert sorted(str(i) for i in before.values()) == ["1", "2", "3", "4", "5"]


def test_a_mesh_that_slides_onto_a_neighbour_is_not_believed() -> None:
    stage = Stage(people={1: (250, 180), 2: (350, 180)})
    stage.run(0.5)
    ids = {p: stage.id_of(p) for p in (1, 2)}
    # 2 vanishes beside 1: what looks for 2 now finds 1.
    stage.hidden = {2}
    stage.run(0.2)
    assert stage.id_of(1) == ids[1]
    assert (ids[2], True) in listed(stage)
    stage.hidden = set()
    stage.run(0.2)
    assert {p: stage.id_of(p) for p in (1, 2)} == ids


@pytest.mark.parametrize("max_faces", [1, 2])
def test_a_picture_behind_a_lost_wearer_does_not_inherit_his_id(max_faces: int) -> None:
    stage = Stage(people={PICTURE: (420, 180), 1: (300, 180)})
    stage.run(0.5, max_faces=max_faces)
    wearer = stage.id_of(1)
    for step in range(30):
        stage.people = {PICTURE: (420, 180), 1: (300 + 4.0 * step, 180)}
        stage.hidden = {PICTURE} if step > 10 else set()
        stage.step(max_faces)
    # He stands right before the picture and is gone in one frame; then it can be seen again.
    stage.people, stage.hidden = {PICTURE: (420, 180)}, set()
    for _ in range(60):
        stage.step(max_faces)
        assert wearer is not None
        assert stage.id_of(PICTURE) != wearer


def test_a_stranger_in_a_lost_faces_place_gets_an_id_of_his_own() -> None:
    stage = Stage(people={1: (320, 180), 4: (410, 180)})
    stage.run(0.5)
    own = stage.id_of(1)
    stage.people = {2: (322, 180), 4: (410, 180)}
    stage.run(2.0)
    assert stage.id_of(2) not in (None, own)


def test_the_largest_faces_are_taken_first_and_no_more_than_asked() -> None:
    stage = Stage(people={1: (100, 180), 2: (300, 180), 3: (500, 180)})
    assert len(stage.run(0.3, max_faces=2)) == 2


def test_asking_for_fewer_faces_keeps_the_oldest_ids() -> None:
    stage = Stage(people={1: (100, 180), 2: (300, 180), 3: (500, 180)})
    stage.run(0.3)
    stage.run(0.3, max_faces=1, detect=True)
    assert listed(stage) == [(1, False)]


def test_a_lone_face_needs_the_detector_on_few_frames() -> None:
    stage = Stage(people={1: (320, 180)})
    stage.run(2.0)
    assert stage.detector_runs <= 13


def test_faces_that_touch_are_confirmed_on_every_frame() -> None:
    stage = Stage(people={1: (280, 180), 2: (370, 180)})
    stage.run(0.5)
    before = stage.detector_runs
    stage.run(0.5)
    assert stage.detector_runs - before == 15


def test_without_landmarks_boxes_are_followed_by_the_detector() -> None:
    stage = Stage(people={1: (100, 180), 2: (400, 180)})
    for step in range(30):
        stage.people = {1: (100 + 4.0 * step, 180), 2: (400, 180 - step)}
        tracks = stage.step(landmarks=False)
    assert [(track.track_id, track.mesh) for track in tracks] == [(1, None), (2, None)]
    assert stage.id_of(1) in (1, 2)


def test_state_goes_over_to_another_tracker_as_numpy_and_scalars() -> None:
    stage = Stage(people={1: (200, 180), 2: (400, 180)})
    stage.run(0.5)
    state = stage.tracker.export_state()
    other = replace(stage, tracker=Tracker())
    other.tracker.import_state(state)
    kept = [track.box_xyxy.copy() for track in other.tracker.tracks]
    stage.people = {1: (200, 190), 2: (400, 190)}
    stage.run(0.3)
    for track, box in zip(other.tracker.tracks, kept, strict=True):
        np.testing.assert_array_equal(track.box_xyxy, box)
    other.run(0.3)
    assert listed(other) == [(1, False), (2, False)]
    _assert_plain(state)


def _assert_plain(value: object) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _assert_plain(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _assert_plain(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            _assert_plain(getattr(value, name))
    else:
        assert value is None or isinstance(value, np.ndarray | float | int | bool), type(value)


def test_reset_forgets_everybody_and_counts_from_one() -> None:
    stage = Stage(people={1: (200, 180)})
    stage.run(0.3)
    stage.tracker.reset()
    stage.index = 0
    (track,) = stage.run(0.2)
    assert track.track_id == 1
