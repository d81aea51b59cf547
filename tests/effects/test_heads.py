"""Where heads are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effects.heads import LINGER_S, Heads, face_oval, follow_heads
from effects.ops.masks import Oval
from models.types import Face
from tests.pipeline_fakes import make_face

DT_S = 1 / 30


def box_corners(face: Face, scale: float = 0.8) -> np.ndarray:
    x0, y0, x1, y1 = face.box_xyxy
    centre, half = np.array([x0 + x1, y0 + y1]) / 2, np.array([x1 - x0, y1 - y0]) / 2 * scale
    return np.array([centre + half * sign for sign in ((1, 0), (-1, 0), (0, 1), (0, -1))], np.float32)


@settings(max_examples=40)
@given(st.floats(20, 400), st.floats(-60, 60), st.floats(-30, 30), st.floats(-180, 180))
def test_the_whole_mesh_lies_well_inside(height: float, yaw: float, pitch: float, roll: float) -> None:
    face = make_face(1, (300, 200), height, (yaw, pitch, roll))
    assert face.mesh is not None
    assert face_oval(face).radius_at(face.mesh[:, :2]).max() <= 0.921


@pytest.mark.parametrize("yaw", [-50.0, 0.0, 50.0])
def test_a_turned_head_stays_as_wide_as_a_head(yaw: float) -> None:
    oval = face_oval(make_face(1, (300, 200), 170.0, (yaw, 0.0, 0.0)))
    assert 0.6 <= oval.half_wh[0] / oval.half_wh[1] <= 1.0


def test_it_follows_the_roll() -> None:
    assert face_oval(make_face(1, (300, 200), 170.0, (0.0, 0.0, 25.0))).angle_deg == pytest.approx(25.0, abs=1.0)


def test_it_reaches_above_the_forehead_and_below_the_chin() -> None:
    face = make_face(1, (300, 200), 170.0)
    oval = face_oval(face)
    assert oval.centre_xy[1] - oval.half_wh[1] < face.box_xyxy[1] - 30
    assert oval.centre_xy[1] + oval.half_wh[1] > face.box_xyxy[3] + 8


def test_a_face_without_mesh_is_covered_by_its_box() -> None:
    face = make_face(1, (300, 200), 60.0, with_mesh=False)
    assert face_oval(face).radius_at(box_corners(face, 1.2)).max() < 1.0


def test_a_coasting_face_is_covered_by_its_growing_box_and_its_last_mesh() -> None:
    still = make_face(1, (300, 200), 160.0, coasting=True)
    grown = replace(still, box_xyxy=still.box_xyxy + np.array([-60, -60, 60, 60], np.float32))
    assert grown.mesh is not None
    oval = face_oval(grown)
    assert oval.half_wh[0] > face_oval(still).half_wh[0] + 40
    assert oval.radius_at(box_corners(grown, 1.2)).max() < 1.0
    assert oval.radius_at(grown.mesh[:, :2]).max() <= 0.93


def test_nobody_gives_nothing() -> None:
    assert follow_heads({}, (), DT_S) == {}


def test_it_grows_at_once_and_shrinks_slowly() -> None:
    small, large = make_face(1, (300, 200), 150.0), make_face(1, (300, 200), 180.0)
    heads: Heads = follow_heads({}, (small,), DT_S)
    heads = follow_heads(heads, (large,), DT_S)
    assert heads[1].oval.half_wh[1] >= face_oval(large).half_wh[1]
    heads = follow_heads(heads, (small,), DT_S)
    assert heads[1].oval.half_wh[1] > 0.9 * face_oval(large).half_wh[1]
    for _ in range(120):
        heads = follow_heads(heads, (small,), DT_S)
    assert heads[1].oval.half_wh[1] == pytest.approx(face_oval(small).half_wh[1], rel=0.01)


@pytest.mark.parametrize("step", [(40.0, 0.0), (0.0, 40.0), (-30.0, 30.0)])
def test_motion_stretches_it_towards_where_it_comes_from_and_goes_to(step: tuple[float, float]) -> None:
    first = make_face(1, (300, 200), 160.0)
    second = make_face(1, (300 + step[0], 200 + step[1]), 160.0)
    heads = follow_heads(follow_heads({}, (first,), DT_S), (second,), DT_S)
    lagging = make_face(1, (300 + 1.5 * step[0], 200 + 1.5 * step[1]), 160.0)
    assert lagging.mesh is not None
    assert heads[1].oval.radius_at(lagging.mesh[:, :2]).max() <= 1.0


def test_a_lost_head_stays_a_while_and_grows() -> None:
    heads: Heads = follow_heads({}, (make_face(1, (300, 200)),), DT_S)
    before = heads[1].oval.half_wh[0]
    heads = follow_heads(heads, (), LINGER_S / 2)
    assert heads[1].oval.half_wh[0] > before
    assert follow_heads(heads, (), LINGER_S) == {}


def test_a_lost_head_gives_way_to_the_one_that_takes_its_place() -> None:
    heads = follow_heads({}, (make_face(1, (300, 200)),), DT_S)
    heads = follow_heads(heads, (make_face(2, (305, 203)),), DT_S)
    assert set(heads) == {2}


def test_a_head_that_comes_back_does_not_stretch_over_the_gap() -> None:
    heads: Heads = follow_heads({}, (make_face(1, (100, 200)),), DT_S)
    heads = follow_heads(heads, (), DT_S)
    heads = follow_heads(heads, (make_face(1, (500, 200)),), DT_S)
    assert heads[1].oval.half_wh == face_oval(make_face(1, (500, 200))).half_wh


def test_a_broken_mesh_falls_back_to_the_box() -> None:
    face = make_face(1, (300, 200), 160.0)
    assert face.mesh is not None
    broken = face.mesh.copy()
    broken[7] = np.nan
    oval = face_oval(replace(face, mesh=broken))
    assert oval == face_oval(replace(face, mesh=None))
    assert isinstance(oval, Oval)
