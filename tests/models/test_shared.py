"""The shared model as its consumers see it: what comes, when networks run, what is kept apart and what repeats."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.sources.demo import DemoSource
from models.runtime.litert_cpu import LiteRtCpu
from models.shared import FaceModel, create_cpu_model
from models.types import LANDMARKS, U8, VISIBILITY_SIZE, Face, Frame, Perception, Wants

FPS = 30.0
EVERYTHING = Wants(matte=True, visibility=True, blendshapes=True)


def demo_frames(start_s: float, count: int, size_wh: tuple[int, int] = (640, 360)) -> list[Frame]:
    """A stretch of the demo, told as a source of its own."""
    source = DemoSource(size_wh, FPS, paced=False)
    source._index = round(start_s * FPS)
    drawn = [source.read(1.0) for _ in range(count)]
    return [Frame(index, index / FPS, 0, frame.pixels) for index, frame in enumerate(drawn) if frame]


@pytest.fixture(scope="module")
def one_face() -> list[Frame]:
    return demo_frames(0.0, 40)


@pytest.fixture(scope="module")
def two_faces() -> list[Frame]:
    return demo_frames(32.0, 20)


@pytest.fixture
def model() -> Iterator[FaceModel]:
    made = FaceModel(lambda: LiteRtCpu(1))
    yield made
    made.close()


def run(model: FaceModel, frames: Sequence[Frame], want: Wants, max_faces: int = 5) -> list[Perception]:
    return [model.track(frame, want, max_faces=max_faces) for frame in frames]


def same(one: Perception, other: Perception) -> bool:
    def array(a: np.ndarray | None, b: np.ndarray | None) -> bool:
        return (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))

    def face(a: Face, b: Face) -> bool:
        arrays = ("box_xyxy", "mesh", "mesh_raw", "visibility", "blendshapes")
        return (a.track_id, a.coasting, a.weight, a.score) == (b.track_id, b.coasting, b.weight, b.score) and all(
            array(getattr(a, name), getattr(b, name)) for name in arrays
        )

    return (
        len(one.faces) == len(other.faces)
        and one.luma == other.luma
        and array(one.matte, other.matte)
        and all(face(a, b) for a, b in zip(one.faces, other.faces, strict=True))
    )


def test_everything_that_was_asked_for_comes(model: FaceModel, one_face: list[Frame]) -> None:
    seen = run(model, one_face[:12], EVERYTHING)[-1]
    (face,) = seen.faces
    assert face.track_id == 1
    assert face.mesh is not None
    assert face.mesh.shape == (LANDMARKS, 3)
    assert face.mesh_raw is not None
    assert face.weight == pytest.approx(1.0)
    assert face.signals is not None
    assert face.signals.ear_left > 0.1
    assert face.visibility is not None
    assert face.visibility.shape == (VISIBILITY_SIZE, VISIBILITY_SIZE)
    assert face.blendshapes is not None
    assert face.blendshapes.shape == (52,)
    assert seen.matte is not None
    assert 0.05 < seen.matte.mean() < 0.9
    assert seen.frame_size_wh == (640, 360)
    assert (seen.runtime, model.name) == ("cpu", "cpu")
    low, high = face.mesh[:, :2].min(axis=0), face.mesh[:, :2].max(axis=0)
    assert face.box_xyxy == pytest.approx([*low, *high], abs=1.0)


def test_nothing_that_was_not_asked_for_comes(model: FaceModel, one_face: list[Frame]) -> None:
    seen = run(model, one_face[:3], Wants(landmarks=False))[-1]
    (face,) = seen.faces
    assert (seen.matte, face.mesh, face.mesh_raw, face.signals, face.visibility, face.blendshapes) == (None,) * 6
    assert face.box_xyxy[2] - face.box_xyxy[0] > 30


def test_ids_and_weights_over_time(model: FaceModel, one_face: list[Frame]) -> None:
    seen = run(model, one_face, Wants())
    assert {face.track_id for perception in seen for face in perception.faces} == {1}
    weights = [perception.faces[0].weight for perception in seen]
    assert weights == sorted(weights)
    assert weights[0] < 0.2 < weights[-1] == 1.0


@pytest.mark.parametrize("helper", [False, True])
def test_one_thread_or_two_and_twice_the_same(one_face: list[Frame], two_faces: list[Frame], helper: bool) -> None:
    frames = [*one_face[:8], *two_faces[:8]]
    frames = [Frame(index, index / FPS, 0, frame.pixels) for index, frame in enumerate(frames)]
    reference, other = FaceModel(lambda: LiteRtCpu(1), helper=False), FaceModel(lambda: LiteRtCpu(1), helper=helper)
    pairs = zip(run(reference, frames, EVERYTHING), run(other, frames, EVERYTHING), strict=True)
    differing = [index for index, (one, two) in enumerate(pairs) if not same(one, two)]
    reference.close()
    other.close()
    assert differing == []


def detections(model: FaceModel, frames: Sequence[Frame], want: Wants, max_faces: int) -> int:
    runs = 0
    for frame in frames:
        model.track(frame, want, max_faces=max_faces)
        runs += "detect" in model.times().ran
    return runs


def test_the_detector_runs_on_a_cadence(one_face: list[Frame]) -> None:
    counts = {}
    for name, want, max_faces in (
        ("all tracked", Wants(), 1),
        ("room for more", Wants(), 5),
        ("hiding", Wants(detect_every_frame=True), 1),
        ("boxes only", Wants(landmarks=False), 1),
    ):
        model = FaceModel(lambda: LiteRtCpu(1))
        counts[name] = detections(model, one_face, want, max_faces)
        model.close()
    seconds = len(one_face) / FPS
    assert counts["all tracked"] <= 2 + seconds
    assert 5 * seconds <= counts["room for more"] <= 10 * seconds
    assert counts["hiding"] == counts["boxes only"] == len(one_face)


def test_max_faces_keeps_the_larger(two_faces: list[Frame]) -> None:
    def areas(max_faces: int) -> list[float]:
        model = FaceModel(lambda: LiteRtCpu(1))
        faces = run(model, two_faces, Wants(), max_faces)[-1].faces
        model.close()
        boxes = [face.box_xyxy for face in faces]
        return sorted(float((box[2] - box[0]) * (box[3] - box[1])) for box in boxes)

    both, one = areas(2), areas(1)
    assert len(both) == 2
    assert one == pytest.approx(both[1:], rel=0.1)


def test_a_cut_ends_a_track_and_finds_the_next_face_at_once(model: FaceModel, one_face: list[Frame]) -> None:
    def shifted(frame: Frame, index: int) -> Frame:
        pixels = np.ascontiguousarray(np.roll(255 - frame.pixels, 250, axis=1))
        pixels[:, 250:] = np.roll(frame.pixels, 250, axis=1)[:, 250:]
        return Frame(index, index / FPS, 0, pixels)

    run(model, one_face[:5], Wants())
    after = run(model, [shifted(one_face[0], 5)], Wants())[0]
    found = [face for face in after.faces if not face.coasting]
    assert len(found) == 1
    assert found[0].mesh is not None


def test_reset_starts_ids_again(model: FaceModel, one_face: list[Frame], two_faces: list[Frame]) -> None:
    run(model, two_faces[:5], Wants())
    model.reset()
    seen = run(model, one_face[:2], EVERYTHING)
    assert [face.track_id for face in seen[-1].faces] == [1]
    assert seen[0].luma[2] == 0.0


def test_time_that_jumps_back_is_a_new_beginning(model: FaceModel, one_face: list[Frame]) -> None:
    run(model, one_face[:10], EVERYTHING)
    seen = run(model, one_face[:3], EVERYTHING)
    assert all(len(perception.faces) == 1 for perception in seen)
    assert seen[-1].faces[0].mesh is not None


def test_state_survives_a_switch(model: FaceModel, one_face: list[Frame]) -> None:
    other = FaceModel(lambda: LiteRtCpu(1))
    run(model, one_face[:20], EVERYTHING)
    other.import_state(model.export_state())
    here, there = run(model, one_face[20:23], EVERYTHING), run(other, one_face[20:23], EVERYTHING)
    other.close()
    for one, two in zip(here, there, strict=True):
        assert [face.track_id for face in two.faces] == [face.track_id for face in one.faces] == [1]
        assert two.faces[0].weight == one.faces[0].weight
        assert one.faces[0].mesh == pytest.approx(two.faces[0].mesh, abs=0.01)
        assert one.matte == pytest.approx(two.matte, abs=0.02)


def test_exported_state_does_not_change_any_more(model: FaceModel, one_face: list[Frame]) -> None:
    run(model, one_face[:10], EVERYTHING)
    state = model.export_state()
    seen = []
    run(model, one_face[10:15], EVERYTHING)
    for _ in range(2):
        other = FaceModel(lambda: LiteRtCpu(1))
        other.import_state(state)
        seen.append(run(other, one_face[10:11], EVERYTHING)[0])
        other.close()
    assert same(*seen)


def test_stills_leave_the_video_alone(one_face: list[Frame]) -> None:
    plain, disturbed = FaceModel(lambda: LiteRtCpu(1)), FaceModel(lambda: LiteRtCpu(1))
    for frame in one_face[:6]:
        disturbed.still(one_face[30].pixels, EVERYTHING)
        assert same(plain.track(frame, EVERYTHING), disturbed.track(frame, EVERYTHING))
    plain.close()
    disturbed.close()


def test_stills_from_several_threads(model: FaceModel, one_face: list[Frame]) -> None:
    wanted: list[U8] = [one_face[index].pixels for index in (0, 20, 39)]
    expected = [model.still(pixels, EVERYTHING) for pixels in wanted]
    seen: dict[int, Perception] = {}

    def work(index: int) -> None:
        seen[index] = model.still(wanted[index], EVERYTHING)
        assert model.times().ms["perception"] > 0

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(wanted))]
    for thread in threads:
        thread.start()
    run(model, one_face[:5], EVERYTHING)
    for thread in threads:
        thread.join()
    assert all(same(seen[index], expected[index]) for index in range(len(wanted)))


def test_stills_keep_the_largest_faces(model: FaceModel, two_faces: list[Frame]) -> None:
    pixels = two_faces[-1].pixels
    both, one = (model.still(pixels, Wants(), max_faces=number).faces for number in (20, 1))
    assert (len(both), len(one)) == (2, 1)
    areas = [np.ptp(face.mesh[:, 0]) * np.ptp(face.mesh[:, 1]) for face in both if face.mesh is not None]
    assert areas == sorted(areas, reverse=True)
    assert np.array_equal(one[0].box_xyxy, both[0].box_xyxy)


@pytest.mark.parametrize("size_wh", [(1, 1), (2, 300), (301, 2), (33, 47), (5, 5)])
def test_tiny_pictures(model: FaceModel, size_wh: tuple[int, int]) -> None:
    pixels = np.full((size_wh[1], size_wh[0], 3), 100, np.uint8)
    for index in range(3):
        seen = model.track(Frame(index, index / FPS, 0, pixels), EVERYTHING)
        assert seen.faces == ()
    assert model.still(pixels, EVERYTHING).faces == ()


def test_times_name_the_stages(model: FaceModel, one_face: list[Frame]) -> None:
    run(model, one_face[:1], EVERYTHING)
    times = model.times()
    assert times.frame_index == 0
    assert {"preprocess", "detect", "landmarks", "segment", "perception"} <= set(times.ms)
    assert times.ran == {"detect", "segment"}


def test_close_leaves_no_thread(one_face: list[Frame]) -> None:
    before = threading.active_count()
    model = create_cpu_model()
    model.track(one_face[0], EVERYTHING)
    model.track(one_face[1], EVERYTHING)
    model.close()
    assert threading.active_count() == before


def test_nothing_heavy_is_imported_for_the_first_frame(one_face: list[Frame], tmp_path: Path) -> None:
    np.save(tmp_path / "frame.npy", one_face[0].pixels)
    code = (
        "import sys, numpy as np; from models.shared import create_cpu_model; from models.types import Frame, Wants;"
        "model = create_cpu_model(); pixels = np.load(sys.argv[1]);"
        "model.track(Frame(0, 0.0, 0, pixels), Wants(matte=True, visibility=True, blendshapes=True)); model.close();"
        "heavy = {'numba', 'scipy', 'skimage', 'torch', 'wgpu', 'mediapipe', 'flatbuffers', 'onnx', 'PySide6', 'av',"
        "'numpy.ma'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "frame.npy")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
