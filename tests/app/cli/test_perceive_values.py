"""What the numbers of `perceive` mean: signs, ranges and nulls, held against the demo's own script."""

import json
import math

import cv2
import numpy as np
import pytest

from app.__main__ import main
from app.cli import frames, rows
from app.cli.perceive import _look
from app.pipeline.engine import Engine
from app.sources.demo_render import Renderer
from app.sources.demo_script import PARTS, performance
from app.sources.demo_truth import truth
from effects.devices.cpu import CpuDevice
from models.types import Face
from tests.app import media
from tests.pipeline_fakes import FakeModel

_SIZE_WH = (1280, 720)
_FPS = 30.0


def _scene(wanted):
    """The number of the first frame, A alone on the stage, in which A performs as wanted."""
    numbers = (number for number in range(29 * 30) if wanted(performance(PARTS["a"], number / _FPS)))
    return next(numbers)


_SCENES = {
    "rest": lambda a: max(a.lid_left, a.lid_right) == 0 and a.mouth == 0 and abs(a.yaw_deg) < 2 and abs(a.roll_deg) < 2,
    "own_left": lambda a: a.yaw_deg > 20,
    "own_right": lambda a: a.yaw_deg < -20,
    "clockwise": lambda a: a.roll_deg > 13,
    "counter_clockwise": lambda a: a.roll_deg < -13,
    "down": lambda a: a.pitch_deg < -9.5,
    "closed": lambda a: min(a.lid_left, a.lid_right) > 0.97,
    "wink": lambda a: max(a.lid_left, a.lid_right) > 0.97 and min(a.lid_left, a.lid_right) < 0.05,
    "mouth_open": lambda a: a.mouth > 0.9,
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """For each scene: the only face that `perceive` finds in that picture of a folder, and the truth."""
    folder = tmp_path_factory.mktemp("scenes")
    renderer = Renderer(_SIZE_WH)
    numbers = {name: _scene(wanted) for name, wanted in _SCENES.items()}
    for name, number in numbers.items():
        cv2.imwrite(str(folder / f"{name}.png"), renderer.draw(number / _FPS), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    out = folder / "out.jsonl"
    assert main(["perceive", str(folder), "-o", str(out)]) == 0
    found = {}
    for line in out.read_text().splitlines():
        row = json.loads(line)
        (face,) = row["faces"]
        name = row["source"].removesuffix(".png")
        (actor,) = truth(numbers[name], _SIZE_WH, _FPS).actors
        found[name] = (face, actor)
    return found


def test_positions_are_pixels_of_the_input(seen):
    for face, actor in seen.values():
        span = np.ptp(actor.mesh_xy[:, 0])
        assert np.linalg.norm(np.array(face["landmarks"])[:, :2] - actor.mesh_xy, axis=1).mean() < 0.06 * span


def test_the_box_is_the_extent_of_the_mesh(seen):
    for face, _ in seen.values():
        points = np.array(face["landmarks"])[:468, :2]
        assert face["box"] == pytest.approx([*points.min(axis=0), *points.max(axis=0)], abs=0.5)


def test_yaw_is_positive_to_the_own_left(seen):
    rest = seen["rest"][0]["yaw"]
    assert abs(rest) < 8
    assert seen["own_left"][0]["yaw"] - rest > 8
    assert seen["own_right"][0]["yaw"] - rest < -8
    nose, cheeks = 1, (234, 454)
    points = np.array(seen["own_left"][0]["landmarks"])
    assert points[nose, 0] > points[cheeks, 0].mean(), "the own left is on the right of an unmirrored picture"


def test_pitch_is_negative_downward(seen):
    assert seen["down"][0]["pitch"] - seen["rest"][0]["pitch"] < -3


def test_roll_is_positive_clockwise_as_seen(seen):
    for name, sign in (("clockwise", 1), ("counter_clockwise", -1)):
        face, actor = seen[name]
        assert sign * face["roll"] > 9
        assert face["roll"] == pytest.approx(actor.pose_deg[2], abs=5)
        right_corner, left_corner = (np.array(face["landmarks"][number]) for number in (33, 263))
        slope_deg = math.degrees(math.atan2(*(left_corner - right_corner)[[1, 0]]))
        assert face["roll"] == pytest.approx(slope_deg, abs=6)


def test_eyes_are_told_apart_left_first(seen):
    assert max(seen["closed"][0]["eye_open"]) < 0.3
    assert min(seen["rest"][0]["eye_open"]) > 0.5
    face, actor = seen["wink"]
    own_right_shut, own_left_shut = (lid > 0.9 for lid in actor.lids)
    left, right = face["eye_open"]
    assert (left < 0.3, right < 0.3) == (own_left_shut, own_right_shut)


def test_the_mouth_opens(seen):
    assert seen["rest"][0]["mouth_open"] < 0.15
    assert seen["mouth_open"][0]["mouth_open"] > 0.6


def test_every_value_has_its_type_and_range(seen):
    for face, _ in seen.values():
        assert isinstance(face["id"], int)
        assert 0 <= face["score"] <= 1
        assert face["coasting"] is False
        assert len(face["eye_open"]) == 2
        assert all(0 <= value <= 1 for value in (*face["eye_open"], face["mouth_open"]))
        assert face["gaze"] is None or all(-90 <= angle <= 90 for angle in face["gaze"])
        assert all(math.isfinite(value) for point in face["landmarks"] for value in point)


def test_a_face_without_a_mesh_says_null(seen):
    box_xyxy = np.array([1, 2, 3.004, 4], np.float32)
    row = rows.face_row(Face(7, False, 0.5, 1.0, box_xyxy, mesh=None, mesh_raw=None, signals=None, visibility=None))
    assert row["id"] == 7
    assert row["box"] == [1, 2, 3, 4]
    assert (row["landmarks"], row["gaze"], row["yaw"], row["mouth_open"]) == (None, None, None, None)
    assert row["eye_open"] == [None, None]
    assert set(row) == set(next(iter(seen.values()))[0])


@pytest.mark.parametrize(("orientation", "size"), [(1, (320, 180)), (6, (180, 320)), (8, (180, 320)), (3, (320, 180))])
def test_width_and_height_are_those_after_exif(orientation, size, tmp_path):
    upright = cv2.resize(Renderer(_SIZE_WH).draw(0.0), (320, 180))
    if orientation in (6, 8):
        upright = np.ascontiguousarray(np.rot90(upright))
    stored = media.turned(upright, orientation)
    picture = media.write_picture(tmp_path / "in.jpg", stored, media.exif(orientation))
    out, mattes = tmp_path / "out.jsonl", tmp_path / "mattes"
    assert main(["perceive", str(picture), "-o", str(out), "--mattes", str(mattes)]) == 0
    row = json.loads(out.read_text())
    assert (row["width"], row["height"]) == (upright.shape[1], upright.shape[0])
    assert cv2.imread(str(mattes / "000000.png"), cv2.IMREAD_UNCHANGED).shape == upright.shape[:2]


def test_max_faces_and_reach_limit_what_is_found(testdata, tmp_path):
    group, out = testdata / "image" / "six_faces.jpg", tmp_path / "out.jsonl"
    for options, count in (([], 6), (["--max-faces", "2"], 2), (["--reach", "crowd", "--max-faces", "5"], 5)):
        assert main(["perceive", str(group), "-o", str(out), *options]) == 0
        assert len(json.loads(out.read_text())["faces"]) == count


class _Model(FakeModel):
    """Keeps how it was asked."""

    how = ()

    def still(self, pixels, want, *, max_faces=20, reach="crowd"):
        found = super().still(pixels, want, max_faces=max_faces, reach=reach)
        self.how = ("still", max_faces, reach)
        return found

    def track(self, frame, want, *, max_faces=5, reach="near"):
        self.how = ("track", max_faces, reach)
        return super().track(frame, want, max_faces=max_faces, reach=reach)


@pytest.mark.parametrize(
    ("kind", "options", "asked"),
    [
        ("video", [], ("track", 5, "near")),
        ("demo", [], ("track", 5, "near")),
        ("camera", ["--reach", "far"], ("track", 5, "far")),
        ("picture", [], ("still", 20, "crowd")),
        ("folder", ["--max-faces", "3", "--reach", "near"], ("still", 3, "near")),
    ],
)
def test_defaults_follow_the_kind_of_input(kind, options, asked):
    import argparse

    from app.cli import perceive
    from app.sources.base import SourceInfo
    from models.types import Frame

    parser = argparse.ArgumentParser()
    perceive.add_arguments(parser)
    info = SourceInfo(kind=kind, name="x", size_wh=(2, 2), fps=30.0, live=False)
    model = _Model()
    look = _look(Engine(model, CpuDevice(), []), info, parser.parse_args(["x", "-o", "y", *options]))
    look(Frame(0, 0.0, 0, np.zeros((2, 2, 3), np.uint8)))
    assert model.how == asked


def test_live_input_without_a_number_of_frames_is_wrong_usage():
    class Camera:
        info = type("Info", (), {"live": True, "name": "Camera 0"})

    frames.check_ends(Camera(), 5)
    with pytest.raises(frames.UsageError, match="--frames N"):
        frames.check_ends(Camera(), None)
