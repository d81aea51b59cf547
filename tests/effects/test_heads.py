"""Where heads are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effects.heads import BEHIND_S, LINGER_S, Heads, face_oval, follow_heads
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
    assert face_oval(face).radius_at(face.mesh[:, :2]).max() <= 0.95


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


def test_a_coasting_face_is_covered_by_its_growing_box_and_is_no_smaller_than_before() -> None:
    still = make_face(1, (300, 200), 160.0)
    lost = replace(still, coasting=True, mesh=None)
    grown = replace(lost, box_xyxy=still.box_xyxy + np.array([-60, -60, 60, 60], np.float32))
    seen = follow_heads(Heads(), (still,), DT_S)
    at_once = follow_heads(seen, (lost,), DT_S).by_id[1].oval
    assert at_once.half_wh[0] >= seen.by_id[1].oval.half_wh[0]
    assert at_once.half_wh[1] >= seen.by_id[1].oval.half_wh[1]
    later = follow_heads(seen, (grown,), DT_S).by_id[1].oval
    assert later.half_wh[0] > at_once.half_wh[0] + 20
    assert later.radius_at(box_corners(grown, 1.0)).max() < 1.0


def after(*frames: tuple[Face, ...], dt_s: float = DT_S) -> Heads:
    heads = Heads()
    for faces in frames:
        heads = follow_heads(heads, faces, dt_s)
    return heads


def at(x: float, track_id: int = 1, height: float = 160.0, *, coasting: bool = False) -> Face:
    return make_face(track_id, (x, 200), height, coasting=coasting)


def covered(heads: Heads, face: Face, track_id: int = 1) -> bool:
    assert face.mesh is not None
    return bool(heads.by_id[track_id].oval.radius_at(face.mesh[:, :2]).max() <= 1.0)


def test_nobody_gives_nothing() -> None:
    assert after(()) == Heads()


def test_it_grows_at_once_and_shrinks_slowly() -> None:
    small, large = at(300, height=150.0), at(300, height=180.0)
    grown = after((small,), (large,))
    assert grown.by_id[1].oval.half_wh[1] >= face_oval(large).half_wh[1]
    again = follow_heads(grown, (small,), DT_S)
    assert again.by_id[1].oval.half_wh[1] > 0.9 * face_oval(large).half_wh[1]
    for _ in range(120):
        again = follow_heads(again, (small,), DT_S)
    assert again.by_id[1].oval.half_wh[1] == pytest.approx(face_oval(small).half_wh[1], rel=0.01)


@pytest.mark.parametrize("step", [(40.0, 0.0), (0.0, 40.0), (-30.0, 30.0)])
def test_motion_stretches_it_towards_where_it_comes_from_and_goes_to(step: tuple[float, float]) -> None:
    first = make_face(1, (300, 200), 160.0)
    second = make_face(1, (300 + step[0], 200 + step[1]), 160.0)
    heads = after((first,), (second,))
    assert covered(heads, make_face(1, (300 + 1.5 * step[0], 200 + 1.5 * step[1]), 160.0))
    assert covered(heads, make_face(1, (300 + 0.5 * step[0], 200 + 0.5 * step[1]), 160.0))


def test_a_lost_head_stays_a_while_and_grows() -> None:
    heads = after((at(300),))
    before = heads.by_id[1].oval.half_wh[0]
    heads = follow_heads(heads, (), LINGER_S / 2)
    assert heads.by_id[1].oval.half_wh[0] > before
    assert follow_heads(heads, (), LINGER_S).by_id == {}


@pytest.mark.parametrize("coasting_frames", [0, 5])
def test_an_unseen_head_goes_on_as_it_moved(coasting_frames: int) -> None:
    moving = [(at(200 + 8 * n),) for n in range(20)]
    coasting = [(at(200 + 8 * 19, coasting=True),)] * coasting_frames
    heads = after(*moving, *coasting, *[()] * (8 - coasting_frames))
    assert covered(heads, at(200 + 8 * 26))
    assert covered(heads, at(200 + 8 * 24))


def test_a_coasting_head_is_covered_where_it_was_too() -> None:
    moving = [(at(200 + 8 * n),) for n in range(20)]
    heads = after(*moving, *[(at(200 + 8 * 19, coasting=True),)] * 8)
    assert covered(heads, at(200 + 8 * 19))
    assert covered(heads, at(200 + 8 * 26))


def test_a_lost_head_gives_way_to_the_one_that_takes_its_place() -> None:
    assert set(after((at(300),), (at(305, 2),)).by_id) == {2}


def test_a_head_that_comes_back_does_not_stretch_over_the_gap() -> None:
    assert after((at(100),), (), (at(500),)).by_id[1].oval == face_oval(at(500))


def test_somebody_lost_behind_another_may_come_out_anywhere_around_him() -> None:
    heads = after((at(300), at(420, 2)), (at(300),))
    assert set(heads.rings()) == {1}
    ring = heads.rings()[1]
    for x in (300 - 100, 300 + 100):
        assert ring.radius_at(np.array([[x, 200]], np.float32))[0] < 1.0
    for _ in range(100):
        heads = follow_heads(heads, (at(300),), DT_S)
    assert set(heads.rings()) == {1}
    assert heads.rings()[1].centre_xy == heads.by_id[1].oval.centre_xy


def test_the_ring_ends_when_somebody_is_found_there() -> None:
    lost = after((at(300), at(420, 2)), (at(300),), (at(300),))
    assert follow_heads(lost, (at(300), at(200, 3)), DT_S).rings() == {}


def test_the_ring_ends_with_its_time_and_with_its_head() -> None:
    lost = after((at(300), at(420, 2)), (at(300),))
    assert follow_heads(lost, (at(300),), BEHIND_S + 0.1).rings() == {}
    assert follow_heads(lost, (), LINGER_S + 1).rings() == {}


def test_somebody_lost_far_away_makes_no_ring() -> None:
    assert after((at(100), at(600, 2)), (at(100),)).rings() == {}


def test_two_tracks_in_one_place_make_a_ring() -> None:
    assert set(after((at(300), at(310, 2))).rings()) == {1, 2}


def test_a_broken_mesh_falls_back_to_the_box() -> None:
    face = make_face(1, (300, 200), 160.0)
    assert face.mesh is not None
    broken = face.mesh.copy()
    broken[7] = np.nan
    oval = face_oval(replace(face, mesh=broken))
    assert oval == face_oval(replace(face, mesh=None))
    assert isinstance(oval, Oval)
