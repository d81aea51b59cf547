"""The unrolled face: every texel reads the picture where the mesh says."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.topology import MESH_POINTS, canonical_face
from models.types import F32
from models.uv import sample, uv_table


def flat_mesh(width_px: float, centre_xy: tuple[float, float]) -> F32:
    """The canonical face, frontal, as a mesh of (478, 3) frame pixels."""
    vertices = canonical_face().vertices_cm * np.array([1, -1, -1], np.float32)
    vertices = vertices * np.float32(width_px / np.ptp(vertices[:, 0]))
    vertices[:, :2] += np.array(centre_xy, np.float32) - vertices[:, :2].mean(axis=0)
    return np.concatenate([vertices, vertices[[33] * 5 + [263] * 5]])


def coordinates(width: int, height: int) -> F32:
    """A picture whose pixels are their own places."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.dstack([x, y]).astype(np.float32)


@pytest.mark.parametrize("size", [16, 64, 128])
def test_shares_are_weights_on_the_face_and_nothing_off_it(size: int) -> None:
    table = uv_table(size)
    total = table.shares.sum(axis=0)
    assert np.allclose(total[table.inside], 1, atol=1e-5)
    assert table.shares.min() >= 0
    assert 0.5 < table.inside.mean() < 0.8


def test_each_texel_shows_its_own_place_in_uv_space() -> None:
    table = uv_table()
    size = table.inside.shape[0]
    places = table.points_xy(canonical_face().uv * size)
    own = np.dstack(np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5))
    error = np.abs(places - own).max(axis=-1)[table.inside]
    assert np.median(error) < 1e-3
    assert error.max() < 1.0, "only texels on the outline may move, to the outline"


def test_normals_of_the_nose_point_to_the_camera_and_those_of_the_cheeks_aside() -> None:
    table = uv_table()
    assert np.allclose(np.linalg.norm(table.normals[table.inside], axis=-1), 1, atol=1e-3)
    nose, right_cheek, left_cheek = (canonical_face().uv[i] * 64 for i in (4, 127, 356))
    assert table.normals[int(nose[1]), int(nose[0]), 2] > 0.7
    assert table.normals[int(right_cheek[1]), int(right_cheek[0] + 2), 0] < -0.5
    assert table.normals[int(left_cheek[1]), int(left_cheek[0] - 2), 0] > 0.5


@settings(max_examples=40, deadline=None)
@given(
    width_px=st.floats(20, 700),
    x=st.floats(-100, 740),
    y=st.floats(-100, 580),
)
def test_sampling_reads_where_the_mesh_is(width_px: float, x: float, y: float) -> None:
    picture, mesh, table = coordinates(640, 480), flat_mesh(width_px, (x, y)), uv_table()
    read, valid = sample(picture, mesh, table)
    expected = table.points_xy(mesh[:MESH_POINTS, :2])
    inside_picture = ((expected >= 0) & (expected < (640, 480))).all(axis=-1) & table.inside
    assert not (valid & ~table.inside).any()
    shrink = 2 ** max(0, math.ceil(math.log2((width_px + 1) / 110)))
    deep = ((expected > shrink) & (expected < (640 - 2 * shrink, 480 - 2 * shrink))).all(axis=-1) & table.inside
    assert not (deep & ~valid).any()
    assert not (valid & ~inside_picture & (np.abs(read - expected).max(axis=-1) > 2 * shrink)).any()
    if deep.any():
        assert np.abs(read - expected)[deep].max() <= 0.02 * shrink + 1e-2


@pytest.mark.parametrize(("size_wh", "channels"), [((640, 480), 3), ((641, 479), 3), ((33, 57), 1), ((1, 1), 3)])
def test_odd_sizes_and_channels(size_wh: tuple[int, int], channels: int) -> None:
    shape = (size_wh[1], size_wh[0], channels) if channels > 1 else (size_wh[1], size_wh[0])
    read, valid = sample(np.full(shape, 7, np.uint8), flat_mesh(30, (16, 20)), uv_table())
    assert read.dtype == np.uint8
    assert read.shape == ((64, 64, 3) if channels > 1 else (64, 64))
    assert (read[valid] == 7).all()


def test_a_face_outside_the_picture_has_no_valid_texel() -> None:
    _, valid = sample(np.zeros((100, 100, 3), np.uint8), flat_mesh(60, (500, 500)), uv_table())
    assert not valid.any()
