"""The recipes against the files that the build laid, and against wrong input."""

import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from models.networks import FOLDER, face_mesh, flatgraph, network_path, recipes, yunet

REFERENCE = FOLDER / "reference"


@pytest.fixture(scope="module")
def schema() -> ModuleType:
    mediapipe = pytest.importorskip("mediapipe")
    return flatgraph.load_schema(Path(mediapipe.__file__).parent / "tasks/metadata/schema_py_generated.py")


@pytest.fixture(scope="module")
def attention_mesh() -> bytes:
    mediapipe = pytest.importorskip("mediapipe")
    return (Path(mediapipe.__file__).parent / "modules/face_landmark/face_landmark_with_attention.tflite").read_bytes()


def entry(name: str) -> dict[str, Any]:
    content = tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(each for each in content["networks"] if each["name"] == name)
    return found


@pytest.mark.parametrize("name", ["face_trunk", "face_heads"])
def test_cutting_again_gives_the_same_file(schema: ModuleType, attention_mesh: bytes, name: str) -> None:
    wanted = entry(name)
    made = flatgraph.cut(schema, attention_mesh, wanted["inputs"], wanted["outputs"])
    assert made == (REFERENCE / f"{name}.tflite").read_bytes()


def test_a_cut_graph_holds_no_custom_operator(schema: ModuleType) -> None:
    for path in (*REFERENCE.glob("*.tflite"), network_path("face_mesh")):
        model = flatgraph.unpack(schema, path.read_bytes())
        assert [code.customCode for code in model.operatorCodes if code.customCode] == []


def test_writing_the_mesh_again_gives_the_same_file(schema: ModuleType, attention_mesh: bytes) -> None:
    assert face_mesh.to_tflite(schema, attention_mesh) == network_path("face_mesh").read_bytes()


def test_the_tables_cover_lips_and_eyes(schema: ModuleType, attention_mesh: bytes) -> None:
    assert recipes.attention_tables(schema, attention_mesh) == (REFERENCE / "face_attention.npz").read_bytes()
    with np.load(REFERENCE / "face_attention.npz") as tables:
        sizes = {name: tables[name].shape for name in tables}
    assert sizes["lips_points"] == (80,)
    assert sizes["eye_right_points"] == sizes["eye_left_points"] == (71,)


def test_writing_yunet_again_gives_the_same_file(schema: ModuleType) -> None:
    made = yunet.to_tflite(schema, (REFERENCE / "yunet.onnx").read_bytes())
    assert made == network_path("yunet").read_bytes()


def test_an_operator_that_is_not_yunets_is_refused(schema: ModuleType) -> None:
    writer = yunet._Writer(schema, {})
    with pytest.raises(ValueError, match="does not know: Softmax"):
        writer.add(yunet.Node("Softmax", ["input"], "out", 1, 1))


def test_the_canonical_face_is_whole() -> None:
    with np.load(network_path("canonical_face.npz")) as face:
        assert face["vertices_cm"].shape == (468, 3)
        assert face["uv"].shape == (468, 2)
        assert face["triangles"].shape == (898, 3)
        assert (face["uv"] >= 0).all()
        assert (face["uv"] <= 1).all()
        assert set(face["triangles"].ravel().tolist()) == set(range(468))
