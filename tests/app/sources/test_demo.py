import threading
import time

import numpy as np
import pytest

from app.sources import demo_script as script
from app.sources.base import BadInput, SourceStalled
from app.sources.demo import DemoSource
from app.sources.demo_truth import FrameTruth, truth

SMALL = (320, 180)

RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)


def eye_aspect_ratio(mesh_xy: np.ndarray, ids: tuple[int, ...]) -> float:
    p = mesh_xy[list(ids)]
    return float((np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])) / (2 * np.linalg.norm(p[0] - p[3])))


def at(t_s: float, size_wh: tuple[int, int] = (1280, 720)) -> FrameTruth:
    return truth(round(t_s * 30), size_wh)


def read(source: DemoSource, index: int) -> np.ndarray:
    for _ in range(index):
        source.read(1.0)
    frame = source.read(1.0)
    assert frame is not None
    return frame.pixels


def test_two_sources_give_the_same_pictures() -> None:
    one, two = (DemoSource(SMALL, fps=2, paced=False) for _ in range(2))
    for _ in range(80):
        a, b = one.read(1.0), two.read(1.0)
        assert a is not None
        assert b is not None
        assert (a.index, a.t_s) == (b.index, b.t_s)
        assert np.array_equal(a.pixels, b.pixels)


def test_a_picture_does_not_depend_on_what_was_drawn_before() -> None:
    played = DemoSource(SMALL, fps=2, paced=False)
    frames = [played.read(1.0) for _ in range(94)]
    again = [frame for frame in frames if frame is not None and frame.index >= 84]
    assert again
    for frame in again:
        first = frames[frame.index - 84]
        assert first is not None
        assert np.array_equal(frame.pixels, first.pixels)


def test_frames_are_read_only_and_never_reused() -> None:
    source = DemoSource(SMALL, paced=False)
    first, second = source.read(1.0), source.read(1.0)
    assert first is not None
    assert second is not None
    assert not first.pixels.flags.writeable
    assert not np.shares_memory(first.pixels, second.pixels)
    assert source.decode_ms > 0


def test_without_loop_the_script_plays_once() -> None:
    source = DemoSource((96, 64), fps=5, loop=False, paced=False)
    count = round(script.DURATION_S * 5)
    assert source.info.frame_count == count
    frames = [source.read(1.0) for _ in range(count)]
    assert all(frame is not None for frame in frames)
    assert source.read(1.0) is None


@pytest.mark.parametrize("size_wh", [(64, 64), (96, 640), (640, 96), (333, 217), (720, 1280), (1920, 1080)])
def test_every_size_shows_the_face_in_the_picture(size_wh: tuple[int, int]) -> None:
    source = DemoSource(size_wh, paced=False)
    frame = source.read(1.0)
    assert frame is not None
    assert frame.size_wh == size_wh
    (actor,) = truth(0, size_wh).actors
    assert actor.in_picture == pytest.approx(1.0, abs=0.01)
    assert 0.2 < np.ptp(actor.polygon_xy[:, 1]) / min(size_wh) < 0.45


@pytest.mark.parametrize(
    ("size_wh", "fps"), [((0, 0), 30), ((10, 720), 30), ((1280, 99999), 30), (SMALL, 0), (SMALL, 1e9)]
)
def test_impossible_sizes_and_rates_are_refused(size_wh: tuple[int, int], fps: float) -> None:
    with pytest.raises(BadInput, match="The demo cannot"):
        DemoSource(size_wh, fps)


def test_a_paced_source_keeps_time_and_leaves_out_what_came_too_late() -> None:
    source = DemoSource(SMALL, fps=50)
    first = source.read(1.0)
    time.sleep(0.2)
    late = source.read(1.0)
    assert first is not None
    assert late is not None
    assert late.index >= 9
    assert late.t_s == late.index / 50
    assert late.grabbed_ns - first.grabbed_ns >= (late.index / 50 - 0.001) * 1e9


def test_a_slow_source_says_that_it_stalls_and_then_goes_on() -> None:
    source = DemoSource(SMALL, fps=4)
    assert source.read(1.0) is not None
    with pytest.raises(SourceStalled):
        source.read(0.01)
    frame = source.read(1.0)
    assert frame is not None
    assert frame.index == 1


def test_close_wakes_a_waiting_reader() -> None:
    source = DemoSource(SMALL, fps=1)
    source.read(1.0)
    got: list[object] = []
    reader = threading.Thread(target=lambda: got.append(source.read(5.0)))
    reader.start()
    source.close()
    reader.join(2.0)
    assert got == [None]
    assert source.read(1.0) is None


def test_the_script_holds_what_drowsiness_tests_need() -> None:
    assert script.MICROSLEEP_A.duration_s >= 1.7
    assert script.SLEEP_A.duration_s > 3.2
    assert all(0.15 <= blink.duration_s <= 0.2 for blink in script.BLINKS_A)
    closures = sorted(script.PART_A.closures, key=lambda c: c.onset_s)
    assert all(a.end_s + 0.4 < b.onset_s for a, b in zip(closures, closures[1:], strict=False))


@pytest.mark.parametrize("closure", script.PART_A.closures, ids=str)
def test_lids_cross_half_at_onset_and_end(closure: script.Closure) -> None:
    for moment in (closure.onset_s, closure.end_s):
        act = script.performance(script.PART_A, moment)
        assert (act.lid_left if closure.eye == "left" else act.lid_right) == pytest.approx(0.5, abs=1e-6)
    middle = script.performance(script.PART_A, (closure.onset_s + closure.end_s) / 2)
    assert middle.lid_left == 1.0
    assert middle.lid_right == (0.0 if closure.eye == "left" else 1.0)


def test_the_script_ends_as_it_begins() -> None:
    start = script.performance(script.PART_A, 0.0)
    end = script.performance(script.PART_A, script.DURATION_S - 1e-6)
    for name in script.Performance.__slots__:
        assert getattr(start, name) == pytest.approx(getattr(end, name), abs=1e-3)
    assert script.on_stage(0.0) == script.on_stage(script.DURATION_S - 0.01) == ("a",)


def test_eye_aspect_ratio_of_the_truth() -> None:
    for t_s, low, high in ((0.5, 0.26, 0.325), (21.0, 0.0, 0.09), (26.0, 0.0, 0.09)):
        actor = at(t_s).actor("a")
        assert actor is not None
        for ids in (RIGHT_EYE, LEFT_EYE):
            assert low <= eye_aspect_ratio(actor.mesh_xy, ids) <= high


@pytest.mark.parametrize("size_wh", [(1280, 720), (1920, 1080), (640, 480), (720, 1280), (640, 640)])
def test_b_enters_from_outside_and_leaves(size_wh: tuple[int, int]) -> None:
    start, end = script.B_ON_STAGE_S
    assert at(start - 0.1, size_wh).actor("b") is None
    assert at(end + 0.1, size_wh).actor("b") is None
    for t_s in (start + 0.04, end - 0.04):
        b = at(t_s, size_wh).actor("b")
        assert b is not None
        assert b.in_picture == 0.0
        assert min(outline[:, 0].min() for outline in b.outlines_xy) > size_wh[0] - 5
    between = at(35.55, size_wh).actor("b")
    assert between is not None
    assert between.in_picture == 0.0
    assert max(outline[:, 0].max() for outline in between.outlines_xy) < 5
    inside = at(31.4, size_wh).actor("b")
    assert inside is not None
    assert inside.in_picture == pytest.approx(1.0, abs=0.01)


def test_crossing_and_hand_cover_the_faces() -> None:
    bare = {name: [truth(i).bare(name) for i in range(870, 1239, 3)] for name in "ab"}
    assert min(bare["a"]) < 0.3
    assert min(bare["b"][:60]) < 0.3
    hand = [truth(i).bare("a") for i in range(678, 759)]
    assert min(hand) < 0.4
    assert hand[0] > 0.99
    assert hand[-1] > 0.99
    assert truth(0).bare("a") == pytest.approx(1.0, abs=0.01)
    assert truth(0).bare("b") == 0.0
