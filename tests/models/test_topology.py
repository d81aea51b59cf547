"""The landmark groups against each other and against MediaPipe's own lists."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from models import networks, topology
from models.errors import ModelUnavailable
from models.types import LANDMARKS

GROUPS = {name: value for name, value in vars(topology).items() if name.isupper() and isinstance(value, np.ndarray)}


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_group_holds_valid_landmarks_once_and_cannot_be_changed(name: str) -> None:
    group = GROUPS[name]
    assert len(set(group.tolist())) == len(group) > 0
    assert group.min() >= 0
    assert group.max() < LANDMARKS
    with pytest.raises(ValueError, match="read-only"):
        group[0] = 1


@pytest.mark.parametrize(
    ("right", "left"),
    [
        ("RIGHT_EYE", "LEFT_EYE"),
        ("RIGHT_BROW", "LEFT_BROW"),
        ("RIGHT_IRIS", "LEFT_IRIS"),
        ("RIGHT_LIDS", "LEFT_LIDS"),
        ("RIGHT_UPPER_LID", "LEFT_UPPER_LID"),
        ("RIGHT_LOWER_LID", "LEFT_LOWER_LID"),
        ("RIGHT_EYE_CORNERS", "LEFT_EYE_CORNERS"),
        ("RIGHT_EAR_POINTS", "LEFT_EAR_POINTS"),
        ("RIGID", "RIGID"),
        ("LIPS", "LIPS"),
        ("JAW", "JAW"),
        ("FACE_OVAL", "FACE_OVAL"),
    ],
)
def test_right_and_left_mirror_each_other(right: str, left: str) -> None:
    mirror = topology.canonical_face().mirror
    assert set(mirror[GROUPS[right]].tolist()) == set(GROUPS[left].tolist())


def test_ear_points_pair_upper_with_lower_lid() -> None:
    vertices = topology.canonical_face().vertices_cm
    for points in (topology.RIGHT_EAR_POINTS, topology.LEFT_EAR_POINTS):
        p1, p2, p3, p4, p5, p6 = vertices[points]
        assert p2[1] > p6[1]
        assert p3[1] > p5[1]
        assert np.linalg.norm(p1 - p4) > 2 * np.linalg.norm(p2 - p6)


def test_own_right_is_at_the_left_of_the_picture() -> None:
    vertices = topology.canonical_face().vertices_cm
    assert vertices[topology.RIGHT_EYE, 0].max() < 0 < vertices[topology.LEFT_EYE, 0].min()


@pytest.mark.parametrize(
    "loop", ["FACE_OVAL", "RIGHT_EYE", "LEFT_EYE", "LIPS_OUTER", "LIPS_INNER", "RIGHT_BROW", "LEFT_BROW"]
)
def test_loops_run_clockwise_in_the_picture(loop: str) -> None:
    x, y = topology.canonical_face().vertices_cm[GROUPS[loop], :2].T * np.array([[1.0], [-1.0]])
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0


def test_canonical_face_is_whole() -> None:
    face = topology.canonical_face()
    assert face.vertices_cm.shape == (468, 3)
    assert face.uv.shape == (468, 2)
    assert face.triangles.shape == (898, 3)
    assert face.edges.shape == (1365, 2)
    assert 0 <= face.uv.min() < face.uv.max() <= 1
    assert 468 - 1365 + 898 == 1, "Euler: a disc without holes"
    mirror = face.mirror
    assert mirror.shape == (LANDMARKS,)
    np.testing.assert_array_equal(mirror[mirror], np.arange(LANDMARKS))


def test_canonical_face_is_loaded_once_and_protected() -> None:
    face = topology.canonical_face()
    assert topology.canonical_face() is face
    with pytest.raises(ValueError, match="read-only"):
        face.vertices_cm[0, 0] = 1


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"not an array"])
def test_unusable_canonical_face_says_what_to_do(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(networks, "FOLDER", tmp_path)
    if content is not None:
        (tmp_path / "canonical_face.npz").write_bytes(content)
    topology.canonical_face.cache_clear()
    with pytest.raises(ModelUnavailable, match="reinstall facet"):
        topology.canonical_face()


@pytest.mark.skipif(importlib.util.find_spec("mediapipe") is None, reason="needs the reference group (mediapipe)")
def test_loops_are_those_of_mediapipe() -> None:
    connections = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")

    def edges(*loops: np.ndarray) -> set[frozenset[int]]:
        return {
            frozenset(pair) for loop in loops for pair in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)
        }

    def theirs(pairs: frozenset[tuple[int, int]]) -> set[frozenset[int]]:
        return {frozenset(pair) for pair in pairs}

    assert edges(topology.FACE_OVAL) == theirs(connections.FACEMESH_FACE_OVAL)
    assert edges(topology.LIPS_OUTER, topology.LIPS_INNER) == theirs(connections.FACEMESH_LIPS)
    assert edges(topology.RIGHT_EYE) == theirs(connections.FACEMESH_RIGHT_EYE)
    assert edges(topology.LEFT_EYE) == theirs(connections.FACEMESH_LEFT_EYE)
    assert edges(topology.RIGHT_IRIS[1:]) == theirs(connections.FACEMESH_RIGHT_IRIS)
    assert edges(topology.LEFT_IRIS[1:]) == theirs(connections.FACEMESH_LEFT_IRIS)
    assert edges(topology.RIGHT_BROW) >= theirs(connections.FACEMESH_RIGHT_EYEBROW)
    assert edges(topology.LEFT_BROW) >= theirs(connections.FACEMESH_LEFT_EYEBROW)
