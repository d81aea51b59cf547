import json

import cv2
import numpy as np
import pytest

from app.__main__ import main
from app.sources.open import open_source

_KEYS = {"frame", "t", "source", "width", "height", "faces", "person_coverage", "ms", "backend"}
_FACE_KEYS = {
    "id",
    "score",
    "box",
    "landmarks",
    "coasting",
    "yaw",
    "pitch",
    "roll",
    "eye_open",
    "gaze",
    "mouth_open",
}


@pytest.fixture(scope="module")
def portrait():
    """The demo's first frame: one actor, looking at the camera."""
    source = open_source("demo", live=False)
    try:
        return source.read(5.0).pixels
    finally:
        source.close()


def _rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_one_object_a_frame_with_every_key(tmp_path):
    out, mattes = tmp_path / "out.jsonl", tmp_path / "mattes"
    assert main(["perceive", "demo", "-o", str(out), "--mattes", str(mattes), "--frames", "8"]) == 0
    rows = _rows(out)
    assert [row["frame"] for row in rows] == list(range(8))
    for row in rows:
        assert set(row) == _KEYS
        assert set(row["ms"]) == {"detect", "landmarks", "segment", "total"}
        assert (row["width"], row["height"], row["backend"]) == (1280, 720, "cpu")
        (face,) = row["faces"]
        assert set(face) == _FACE_KEYS
        points = np.array(face["landmarks"])
        assert points.shape == (478, 3)
        x0, y0, x1, y1 = face["box"]
        inside = (points[:468, 0] >= x0 - 1) & (points[:468, 0] <= x1 + 1)
        assert inside.mean() > 0.95
        assert y0 < points[:468, 1].mean() < y1
        assert all(0 <= value <= 1 for value in face["eye_open"])
        assert 0.05 < row["person_coverage"] < 0.9
    assert rows[0]["t"] == 0
    assert rows[3]["t"] == pytest.approx(0.1, abs=1e-3)
    names = sorted(path.name for path in mattes.iterdir())
    assert names == [f"{number:06d}.png" for number in range(8)]
    matte = cv2.imread(str(mattes / names[0]), cv2.IMREAD_UNCHANGED)
    assert matte.shape == (720, 1280)
    assert matte.dtype == np.uint8


def test_a_folder_gives_a_row_a_picture_by_name(tmp_path, portrait):
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "b.png"), portrait)
    cv2.imwrite(str(folder / "a.jpg"), np.full((90, 120, 3), 127, np.uint8))
    out = tmp_path / "out.jsonl"
    assert main(["perceive", str(folder), "-o", str(out)]) == 0
    rows = _rows(out)
    assert [row["source"] for row in rows] == ["a.jpg", "b.png"]
    assert [(row["width"], row["height"]) for row in rows] == [(120, 90), (1280, 720)]
    assert [len(row["faces"]) for row in rows] == [0, 1]


def test_independent_frames_agree_with_the_stream(tmp_path):
    streamed, alone = tmp_path / "streamed.jsonl", tmp_path / "alone.jsonl"
    assert main(["perceive", "demo", "-o", str(streamed), "--frames", "5"]) == 0
    assert main(["perceive", "demo", "-o", str(alone), "--frames", "5", "--independent"]) == 0
    for one, two in zip(_rows(streamed), _rows(alone), strict=True):
        first, second = (np.array(row["faces"][0]["landmarks"])[:, :2] for row in (one, two))
        span = np.linalg.norm(second[33] - second[263])
        assert np.linalg.norm(first - second, axis=1).mean() < 0.04 * span


def test_a_picture_without_a_face_is_a_row_without_faces(tmp_path):
    picture, out = tmp_path / "wall.png", tmp_path / "out.jsonl"
    cv2.imwrite(str(picture), np.full((480, 640, 3), 90, np.uint8))
    assert main(["perceive", str(picture), "-o", str(out)]) == 0
    (row,) = _rows(out)
    assert row["faces"] == []
    assert row["source"] == "wall.png"


def test_a_backend_this_machine_lacks_is_said_once_and_the_cpu_is_used(tmp_path, capsys):
    out = tmp_path / "out.jsonl"
    assert main(["perceive", "demo", "-o", str(out), "--frames", "2", "--backend", "mps"]) == 0
    assert capsys.readouterr().err.count("\n") == 1
    assert {row["backend"] for row in _rows(out)} == {"cpu"}
