import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.sources.base import BadInput
from app.sources.picture import PictureSource
from tests.app.media import corners, write_picture


def test_gives_one_frame_for_whole_work(tmp_path: Path) -> None:
    source = PictureSource(write_picture(tmp_path / "a.png", corners(31, 17)), paced=False)
    frame = source.read(0.0)
    assert frame is not None
    assert (frame.index, frame.t_s, frame.size_wh) == (0, 0.0, (31, 17))
    np.testing.assert_array_equal(frame.pixels, corners(31, 17))
    assert source.decode_ms > 0
    assert source.read(0.0) is None
    assert source.info.frame_count == 1
    assert source.picture_of(frame) is source.picture


def test_repeats_in_the_window_until_closed(tmp_path: Path) -> None:
    source = PictureSource(write_picture(tmp_path / "a.png", corners(8, 8)), paced=True)
    frames = [source.read(1.0) for _ in range(3)]
    assert [frame.index for frame in frames if frame] == [0, 1, 2]
    assert [frame.t_s for frame in frames if frame] == pytest.approx([0, 1 / 30, 2 / 30])
    assert source.decode_ms == 0
    source.close()
    source.close()
    assert source.read(1.0) is None


def test_repeats_as_fast_as_it_is_read_where_it_loops(tmp_path: Path) -> None:
    source = PictureSource(write_picture(tmp_path / "a.png", corners(8, 8)), paced=False, loop=True)
    frames = [source.read(0.0) for _ in range(100)]
    assert [frame.index for frame in frames if frame] == list(range(100))
    assert frames[99] is not None
    assert frames[99].t_s == pytest.approx(99 / 30)
    assert source.info.frame_count == 0
    source.close()
    assert source.read(0.0) is None


def test_close_wakes_a_waiting_reader(tmp_path: Path) -> None:
    source = PictureSource(write_picture(tmp_path / "a.png", corners(8, 8)), paced=True)
    ended = threading.Event()

    def read_all() -> None:
        while source.read(5.0) is not None:
            pass
        ended.set()

    thread = threading.Thread(target=read_all)
    thread.start()
    time.sleep(0.1)
    source.close()
    assert ended.wait(2.0)
    thread.join()


def test_a_missing_picture_suggests_near_names(tmp_path: Path) -> None:
    write_picture(tmp_path / "portrait.png", corners(8, 8))
    with pytest.raises(BadInput, match=r"does not exist.*Did you mean .*portrait\.png") as caught:
        PictureSource(tmp_path / "Portrait1.png", paced=False)
    assert caught.value.reason == "missing"
