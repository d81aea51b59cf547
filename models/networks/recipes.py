"""Turn what two of the files say into small arrays, at build time only, so that nothing at run time parses them."""

import io
from typing import Any

import numpy as np
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from models.networks.flatgraph import unpack
from models.networks.protobuf import fields, floats, integers, messages

_REGIONS = ("lips", "eye_right", "eye_left")
"""Order of the custom operators in the graph. Its authors call the person's right eye "left": left in the picture."""
_FLOATS_PER_VERTEX = 5


def attention_options(model: Any) -> list[dict[str, Any]]:
    """The options of the attention mesh's `Landmarks2TransformMatrix`: for lips, own right eye, own left eye."""
    graph = model.subgraphs[0]
    options = [
        flexbuffers.GetRoot(bytes(operator.customOptions)).Value
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].customCode == b"Landmarks2TransformMatrix"
    ]
    if len(options) != len(_REGIONS) or any(
        option["scale_x"] != option["scale_y"] or option["target_rotation_radians"] != 0.0 for option in options
    ):
        raise ValueError("the attention mesh does not place its crops as the readers of its options expect")
    return options


def attention_tables(schema: Any, content: bytes) -> bytes:
    """From the options of `Landmarks2TransformMatrix`: per region, points and how their crop is placed.

    Arrays: `<region>_points` (80 or 71,) mesh indices that the head refines, in the head's order; `<region>_axis` (2,)
    the points whose line gives the rotation; `crop_scale` and `crop_size_px`, the same for all.
    """
    options = attention_options(unpack(schema, content))
    tables: dict[str, NDArray[Any]] = {
        "crop_scale": np.array(options[0]["scale_x"], np.float32),
        "crop_size_px": np.array(options[0]["output_width"], np.int32),
    }
    for region, option in zip(_REGIONS, options, strict=True):
        tables[f"{region}_points"] = np.array(option["subset_idxs"], np.int32)
        tables[f"{region}_axis"] = np.array([option["left_rotation_idx"], option["right_rotation_idx"]], np.int32)
    return _npz(tables)


def canonical_face(content: bytes) -> bytes:
    """From GeometryPipelineMetadata: `vertices_cm` (468, 3), `uv` (468, 2) and `triangles` (898, 3).

    Field numbers from geometry_pipeline_metadata.proto and mesh_3d.proto: the mesh is field 1, its vertices (x, y, z,
    u, v) field 3, its triangles field 4.
    """
    mesh = fields(messages(fields(content), 1)[0])
    vertices = np.array(floats(mesh, 3), np.float32).reshape(-1, _FLOATS_PER_VERTEX)
    triangles = np.array(integers(mesh, 4), np.int32).reshape(-1, 3)
    return _npz({"vertices_cm": vertices[:, :3], "uv": vertices[:, 3:], "triangles": triangles})


def _npz(tables: dict[str, NDArray[Any]]) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **tables)
    return file.getvalue()
