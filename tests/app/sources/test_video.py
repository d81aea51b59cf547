import contextlib
import os
import threading
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sources.base import BadInput, SourceStalled
from app.sources.video import VideoSource
from models.types import Frame
from tests.app.media import BLUE, GREEN, RED, UPRIGHT, WHITE, corners, quarters, write_video


def _all(source: VideoSource) -> list[Frame]:
    frames = []
    while (frame := source.read(1.0)) is not None:
        frames.append(frame)
    return frames


def _open(path: Path, *, paced: bool = False, loop: bool = False) -> VideoSource:
    return VideoSource(path, paced=paced, loop=loop)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mkv", "libx264", "yuv444p"),
        ("a.mov", "mpeg4", "yuv420p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.webm", "libvpx", "yuv420p"),
        ("a.ts", "libx264", "yuv420p"),
        ("a.mkv", "ffv1", "yuv420p10le"),
    ],
)
def test_reads_every_frame_of_usual_files(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    path = write_video(tmp_path / name, [corners(64, 48)] * 9, codec=codec, pix_fmt=pix_fmt)
    source = _open(path)
    frames = _all(source)
    assert len(frames) == source.decoded_count == source.info.frame_count == 9
    assert source.info.size_wh == (64, 48)
    assert source.info.fps == pytest.approx(30, rel=0.02)
    assert [frame.index for frame in frames] == list(range(9))
    assert [frame.t_s for frame in frames] == pytest.approx([number / 30 for number in range(9)], abs=1.1e-3)
    assert all(quarters(frame.pixels) == UPRIGHT for frame in frames)
    assert not frames[0].pixels.flags.writeable
    assert source.decode_ms > 0
    source.close()


@pytest.mark.parametrize(
    ("rotation_deg", "mirrored", "size_wh", "expected"),
    [
        (None, False, (64, 48), (RED, GREEN, BLUE, WHITE)),
        (0, True, (64, 48), (GREEN, RED, WHITE, BLUE)),
        (90, False, (48, 64), (GREEN, WHITE, RED, BLUE)),
        (180, False, (64, 48), (WHITE, BLUE, GREEN, RED)),
        (-90, False, (48, 64), (BLUE, RED, WHITE, GREEN)),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_applies_the_rotation_a_phone_writes(
    tmp_path: Path,
    suffix: str,
    rotation_deg: float | None,
    mirrored: bool,
    size_wh: tuple[int, int],
    expected: tuple[tuple[int, int, int], ...],
) -> None:
    path = write_video(tmp_path / f"a{suffix}", [corners(64, 48)] * 2, rotation_deg=rotation_deg, mirrored=mirrored)
    source = _open(path)
    frame = source.read(1.0)
    assert frame is not None
    assert source.info.size_wh == frame.size_wh == size_wh
    assert quarters(frame.pixels) == expected
    source.close()


def test_a_turned_sample_header_is_honoured_whatever_wrote_it(tmp_path: Path) -> None:
    """The matrix is patched into the track header by hand, as the file format lays it down (ISO 14496-12, 8.3.2)."""
    path = write_video(tmp_path / "a.mp4", [corners(64, 48)] * 2)
    data = bytearray(path.read_bytes())
    one = 1 << 16
    at = data.index(b"tkhd") + 4 + 40
    matrix = [0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in matrix)
    path.write_bytes(bytes(data))
    source = _open(path)
    frame = source.read(1.0)
    assert frame is not None
    assert frame.size_wh == (48, 64)
    assert quarters(frame.pixels) == (BLUE, RED, WHITE, GREEN)
    source.close()


@pytest.mark.parametrize("size_wh", [(65, 47), (47, 65), (1, 1), (3, 2), (3840, 2160), (720, 1280)])
def test_odd_portrait_and_4k_sizes(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    path = write_video(tmp_path / "a.mkv", [corners(*size_wh)] * 2, codec="ffv1", pix_fmt="yuv444p")
    frames = _all(source := _open(path))
    assert [frame.size_wh for frame in frames] == [size_wh] * 2
    if min(size_wh) > 3:
        assert quarters(frames[1].pixels) == UPRIGHT
    source.close()


def test_odd_sizes_with_halved_colour(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [corners(65, 47)] * 2, codec="ffv1", pix_fmt="yuv420p")
    source = _open(path)
    frame = source.read(1.0)
    assert frame is not None
    assert frame.size_wh == (65, 47)
    assert quarters(frame.pixels) == UPRIGHT
    source.close()


def test_keeps_variable_frame_times_from_zero(tmp_path: Path) -> None:
    times_s = [5.0, 5.02, 5.1, 5.5, 5.55, 6.5]
    path = write_video(tmp_path / "a.mkv", [corners(32, 32)] * 6, times_s=times_s)
    source = _open(path)
    assert [frame.t_s for frame in _all(source)] == pytest.approx([t_s - 5.0 for t_s in times_s], abs=1.1e-3)
    assert source.info.frame_count == 6
    source.close()


@pytest.mark.parametrize(("matrix", "height"), [(1, 96), (6, 96), (5, 720), (2, 96), (1, 720)])
@pytest.mark.parametrize("full_range", [False, True])
def test_colours_follow_the_tags(tmp_path: Path, matrix: int, height: int, full_range: bool) -> None:
    path = write_video(
        tmp_path / "a.mp4",
        [corners(128, height)] * 2,
        matrix=matrix,
        pix_fmt="yuvj420p" if full_range else "yuv420p",
        full_range=full_range,
    )
    source = _open(path)
    frame = source.read(1.0)
    assert frame is not None
    for number, colour in enumerate(UPRIGHT):
        y, x = (1 + 2 * (number // 2)) * height // 4, (1 + 2 * (number % 2)) * 32
        assert np.abs(frame.pixels[y, x].astype(int) - colour).max() <= 5
    assert source.origin.colours.matrix == matrix
    source.close()


def test_an_untagged_high_definition_video_is_taken_for_bt709(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [corners(64, 720)] * 2, matrix=2)
    source, frame = (source := _open(path)), source.read(1.0)
    assert frame is not None
    exact = cv2.cvtColor(np.uint8([[GREEN]]), cv2.COLOR_BGR2YUV)
    assert exact.shape == (1, 1, 3)
    assert np.abs(frame.pixels[180, 48].astype(int) - GREEN).max() > 10
    source.close()


def test_loops_with_time_going_on(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [corners(32, 32)] * 3)
    source = _open(path, loop=True)
    frames = [source.read(1.0) for _ in range(8)]
    assert [frame.index for frame in frames if frame] == list(range(8))
    assert [frame.t_s for frame in frames if frame] == pytest.approx([number / 30 for number in range(8)], abs=1e-4)
    assert source.info.frame_count == 0
    source.close()
    assert source.read(1.0) is None


def test_paced_frames_come_no_earlier_than_due(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [corners(32, 32)] * 6, fps=20)
    source = _open(path, paced=True)
    frames = _all(source)
    assert len(frames) == 6
    elapsed_s = [(frame.grabbed_ns - frames[0].grabbed_ns) / 1e9 for frame in frames]
    assert all(came >= frame.t_s - 2e-3 for came, frame in zip(elapsed_s, frames, strict=True))
    source.close()


def test_a_paced_frame_that_is_not_due_stalls_and_comes_later(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [corners(32, 32)] * 3, times_s=[0.0, 0.3, 0.6])
    source = _open(path, paced=True)
    assert source.read(1.0) is not None
    with pytest.raises(SourceStalled):
        source.read(0.01)
    frame = source.read(2.0)
    assert frame is not None
    assert (frame.index, frame.t_s) == (1, pytest.approx(0.3, abs=1.1e-3))
    source.close()


def test_close_wakes_a_waiting_reader(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [corners(32, 32)] * 2, times_s=[0.0, 30.0])
    source = _open(path, paced=True)
    assert source.read(1.0) is not None
    results: list[Frame | None] = []
    thread = threading.Thread(target=lambda: results.append(source.read(60.0)))
    thread.start()
    time.sleep(0.1)
    source.close()
    thread.join(2.0)
    assert results == [None]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_truncated_file_gives_what_there_is_and_tells_how_much_is_missing(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8)
    options = {"movflags": "+faststart"} if suffix == ".mp4" else {}
    path = write_video(tmp_path / f"a{suffix}", list(noise), options=options)
    os.truncate(path, path.stat().st_size // 2)
    source = _open(path)
    frames = _all(source)
    assert 5 < len(frames) < 25
    assert source.decoded_count == len(frames)
    if suffix != ".ts":
        assert source.info.frame_count == 30
    source.close()


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.avi", list(noise), codec="ffv1", pix_fmt="yuv444p")
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + len(data) // 4] = np.random.default_rng(1).bytes(len(data) // 4)
    path.write_bytes(bytes(data))
    source = _open(path)
    frames = _all(source)
    assert 0 < len(frames) < 29
    assert source.info.frame_count == 30
    source.close()


def test_a_video_cut_short_before_its_index_is_bad_input(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [corners(64, 64)] * 10)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(BadInput, match=r"damaged, cut short"):
        _open(path)


def test_a_trimmed_video_is_whole(tmp_path: Path) -> None:
    """An edit list that leaves out the first half must not read as damage: players show what it says."""
    path = write_video(tmp_path / "a.mp4", [corners(64, 64)] * 20, options={"use_editlist": "1"})
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 8
    assert data[at - 4 : at] == (0).to_bytes(4, "big")
    entries = int.from_bytes(data[at : at + 4], "big")
    last = at + 4 + 12 * (entries - 1)
    duration, start = (int.from_bytes(data[last + shift : last + shift + 4], "big") for shift in (0, 4))
    scale = int.from_bytes(data[data.index(b"mdhd") + 16 : data.index(b"mdhd") + 20], "big")
    data[last : last + 4] = (duration // 2).to_bytes(4, "big")
    data[last + 4 : last + 8] = (start + scale // 3).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    source = _open(path)
    frames = _all(source)
    assert 8 <= len(frames) <= 12
    assert source.info.frame_count == len(frames)
    assert frames[0].t_s == 0
    source.close()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"hello, this is a text file\n" * 300, "not a video"),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n", "not a video"),
        (b"1\n00:00:00,000 --> 00:00:02,000\nhello\n", "holds no video"),
        (b"ffconcat version 1.0\nfile other.mp4\n", "not a video"),
        (b"\0" * 5000, "not a video"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, content: bytes, says: str) -> None:
    write_video(tmp_path / "other.mp4", [corners(32, 32)] * 2)
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        _open(path)
    assert str(path) in str(caught.value)


def test_text_is_never_drawn_as_a_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n" * 100)
    with pytest.raises(BadInput, match="text"):
        _open(path)


def test_sound_alone_is_bad_input(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", [corners(32, 32)] * 2, audio="aac", audio_s=0.5)
    import av

    only = tmp_path / "only.m4a"
    with av.open(str(path)) as source, av.open(str(only), "w", format="mp4") as target:
        track = source.streams.audio[0]
        copy = target.add_stream_from_template(track)
        for packet in source.demux(track):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    with pytest.raises(BadInput, match="holds no video"):
        _open(only)


def test_pixels_that_are_not_square_are_left_and_told(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [corners(64, 48)] * 2, rotation_deg=90, pixel_aspect=Fraction(4, 3))
    opened = _open(path)
    assert opened.info.size_wh == (48, 64)
    assert opened.origin.pixel_aspect == Fraction(3, 4)
    opened.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    return write_video(path, [corners(48, 32)] * 6, options={"movflags": "+faststart"}).read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("junk")


def _open_and_read(path: Path) -> None:
    with contextlib.suppress(BadInput):
        source = _open(path)
        assert _all(source)
        source.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(
        [".mp4", ".mkv", ".avi", ".webm", ".mov", ".ts", ".gif", ".m4v", ".flv", ".wmv", ".txt", ""]
    ),
    start=st.sampled_from(
        [b"", b"\0\0\0\x18ftypisom", b"\x1aE\xdf\xa3", b"RIFF\0\1\0\0AVI ", b"GIF89a", b"FLV\1", b"G"]
    ),
    content=st.binary(max_size=600),
)
def test_random_bytes_raise_bad_input_or_play(folder: Path, suffix: str, start: bytes, content: bytes) -> None:
    path = folder / f"x{suffix}"
    path.write_bytes(start + content)
    _open_and_read(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(0, 2**20), min_size=1, max_size=8), keep=st.floats(0.05, 1.0))
def test_damaged_files_raise_bad_input_or_play(folder: Path, whole: bytes, places: list[int], keep: float) -> None:
    data = bytearray(whole[: max(1, int(len(whole) * keep))])
    for place in places:
        data[place % len(data)] ^= 1 << place % 8
    path = folder / "y.mp4"
    path.write_bytes(bytes(data))
    _open_and_read(path)


def test_nothing_is_written_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (10, 64, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "a.mp4", list(noise), options={"movflags": "+faststart"})
    capfd.readouterr()
    data = bytearray(path.read_bytes())
    data[-3000:] = bytes(3000)
    path.write_bytes(bytes(data))
    _open_and_read(path)
    path.write_bytes(b"junk" * 100)
    _open_and_read(path)
    assert capfd.readouterr() == ("", "")


def test_the_test_clips_give_every_announced_frame(testdata: Path) -> None:
    for path in sorted((testdata / "video").glob("*.mp4")):
        source = _open(path)
        announced, count = source.info.frame_count, 0
        while source.read(1.0) is not None and count < 40:
            count += 1
        assert count == min(40, announced)
        source.close()
