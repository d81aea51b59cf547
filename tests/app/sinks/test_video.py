import itertools
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from app.sinks.base import SinkFailed
from app.sinks.mp4 import Mp4Writer
from app.sinks.video import VideoSink
from app.sources.video import VideoSource
from models.errors import UsageError
from tests.app.media import UPRIGHT, corners, quarters, sine_strength, write_video
from tests.app.sinks.outputs import output, outputs, outputs_of


@pytest.fixture(autouse=True)
def no_threads_are_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def _render(source_path: Path, path: Path, limit: int | None = None) -> Path:
    source = VideoSource(source_path, paced=False, loop=False)
    sink = VideoSink(path, size_wh=source.info.size_wh, fps=source.info.fps, origin=source.origin)
    for item in itertools.islice(outputs_of(source), limit):
        sink.put(item)
    sink.finish(ok=True)
    source.close()
    return path


def _read(path: Path) -> tuple[list[float], list[np.ndarray], VideoSource]:
    source = VideoSource(path, paced=False, loop=False)
    items = list(outputs_of(source))
    source.close()
    return [item.frame.t_s for item in items], [item.frame.pixels for item in items], source


def test_every_picture_arrives_in_order_and_colour(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    sink = VideoSink(path, size_wh=(64, 48), fps=30.0)
    greys = [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(24)]
    for item in outputs(greys):
        sink.put(item)
    sink.finish(ok=True)
    sink.finish(ok=True)
    times_s, pictures, _ = _read(path)
    assert times_s == pytest.approx([number / 30 for number in range(24)], abs=1e-5)
    assert [int(picture.mean() / 10 + 0.5) for picture in pictures] == list(range(24))
    assert sink.dropped == 0
    assert list(tmp_path.iterdir()) == [path]
    with av.open(str(path)) as container:
        track = container.streams.video[0]
        assert track.codec_context.name == "h264"
        assert track.codec_context.pix_fmt == "yuv420p"
        assert (track.codec_context.colorspace, track.codec_context.color_primaries) == (1, 1)
        assert (track.codec_context.color_trc, track.codec_context.color_range) == (1, 1)
        assert track.average_rate == 30
        assert float(track.duration * track.time_base) == pytest.approx(0.8, abs=0.01)
        data = path.read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("size_wh", [(1, 1), (65, 48), (64, 47), (63, 47), (720, 1280), (3840, 2160)])
def test_any_size_is_written(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    sink = VideoSink(tmp_path / "out.mp4", size_wh=size_wh, fps=30.0)
    for item in outputs([corners(*size_wh)] * 2):
        sink.put(item)
    sink.finish(ok=True)
    _, pictures, source = _read(tmp_path / "out.mp4")
    assert len(pictures) == 2
    assert source.info.size_wh == (size_wh[0] + size_wh[0] % 2, size_wh[1] + size_wh[1] % 2)
    if min(size_wh) > 1:
        assert quarters(pictures[1]) == UPRIGHT


def test_variable_times_are_kept(tmp_path: Path) -> None:
    times_s = [0.0, 0.02, 0.1, 0.5, 0.55, 2.0]
    path = write_video(tmp_path / "in.mkv", [corners(32, 32)] * 6, times_s=times_s)
    got_s, _, source = _read(_render(path, tmp_path / "out.mp4"))
    assert got_s == pytest.approx(times_s, abs=1e-3)
    assert source.origin.duration_s == pytest.approx(2.0 + 1 / 30, abs=0.05)


def test_a_recording_begins_at_zero_and_time_never_stands_still(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(32, 32), fps=30.0, live=True)
    for index, t_s in enumerate((7.0, 7.1, 7.1, 7.05, 7.3)):
        sink.put(output(corners(32, 32), index, t_s))
    sink.finish(ok=True)
    times_s, _, _ = _read(tmp_path / "out.mp4")
    assert times_s[0] == 0
    assert times_s == sorted(set(times_s))
    assert times_s[-1] == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize(("matrix", "height"), [(1, 96), (6, 96), (5, 720), (2, 96), (2, 720)])
def test_colours_come_through_with_the_sources_own_tags(tmp_path: Path, matrix: int, height: int) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(128, height)] * 3, matrix=matrix)
    out = _render(path, tmp_path / "out.mp4")
    with av.open(str(path)) as one, av.open(str(out)) as other:
        assert other.streams.video[0].codec_context.colorspace == matrix
        for before, after in zip(one.decode(video=0), other.decode(video=0), strict=True):
            difference = before.to_ndarray().astype(int) - after.to_ndarray()
            assert np.abs(difference).mean() < 1.5


def test_a_turned_video_comes_out_upright_with_its_pixel_shape(tmp_path: Path) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(64, 48)] * 3, rotation_deg=-90, pixel_aspect=Fraction(4, 3))
    _, expected, _ = _read(path)
    _, pictures, source = _read(_render(path, tmp_path / "out.mp4"))
    assert source.info.size_wh == (48, 64)
    assert quarters(pictures[0]) == quarters(expected[0])
    assert source.origin.pixel_aspect == Fraction(3, 4)


@pytest.mark.parametrize(
    ("name", "audio", "copied"),
    [
        ("in.mp4", "aac", "aac"),
        ("in.ts", "aac", "aac"),
        ("in.mp4", "libmp3lame", "mp3"),
        ("in.mkv", "libopus", "opus"),
        ("in.mkv", "ac3", "ac3"),
        ("in.mkv", "flac", "aac"),
        ("in.mov", "pcm_s16le", "aac"),
    ],
)
def test_the_sound_of_the_source_is_kept_in_step(tmp_path: Path, name: str, audio: str, copied: str) -> None:
    path = write_video(tmp_path / name, [corners(32, 32)] * 60, audio=audio, audio_s=1.0, audio_start_s=0.6)
    out = _render(path, tmp_path / "out.mp4")
    with av.open(str(out)) as container:
        assert [track.codec_context.codec.canonical_name for track in container.streams.audio] == [copied]
    assert sine_strength(out, (0.75, 1.45)) > 0.95
    with av.open(str(out)) as container:
        start_s = next(container.decode(container.streams.audio[0])).time
    assert start_s == pytest.approx(0.6, abs=0.05)


def test_sound_is_cut_with_the_pictures_and_kept_whole_otherwise(tmp_path: Path) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(32, 32)] * 30, audio="aac", audio_s=1.4)

    def sound_s(out: Path) -> float:
        with av.open(str(out)) as container:
            track = container.streams.audio[0]
            return float(track.duration * track.time_base)

    assert sound_s(_render(path, tmp_path / "all.mp4")) == pytest.approx(1.4, abs=0.05)
    assert sound_s(_render(path, tmp_path / "some.mp4", limit=9)) == pytest.approx(0.3, abs=0.05)


def test_a_source_without_sound_gives_none(tmp_path: Path) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(32, 32)] * 3)
    with av.open(str(_render(path, tmp_path / "out.mp4"))) as container:
        assert len(container.streams) == 1


def test_damaged_sound_does_not_cost_the_picture(tmp_path: Path) -> None:
    path = write_video(tmp_path / "in.mkv", [corners(32, 32)] * 30, audio="flac", audio_s=1.0)
    data = bytearray(path.read_bytes())
    sound = data.index(b"fLaC") + 2000
    data[sound : sound + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(bytes(data))
    source = VideoSource(path, paced=False, loop=False)
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(32, 32), fps=30.0, origin=source.origin)
    for number in range(30):
        sink.put(output(corners(32, 32), number, number / 30))
    sink.finish(ok=True)
    source.close()
    assert len(_read(tmp_path / "out.mp4")[1]) == 30


def test_two_renders_are_identical(tmp_path: Path) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(64, 48)] * 12, audio="aac", audio_s=0.4)
    assert _render(path, tmp_path / "a.mp4").read_bytes() == _render(path, tmp_path / "b.mp4").read_bytes()


def test_other_sizes_are_fitted_in_and_transparency_is_flattened(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(64, 64), fps=30.0)
    sink.put(output(corners(64, 64), 0, 0.0))
    sink.put(output(np.full((32, 128, 3), 200, np.uint8), 1, 1 / 30))
    clear = np.zeros((64, 64, 4), np.uint8)
    sink.put(output(corners(64, 64), 2, 2 / 30, bgra=clear))
    sink.finish(ok=True)
    _, pictures, _ = _read(tmp_path / "out.mp4")
    assert pictures[1][32, 32].mean() == pytest.approx(200, abs=6)
    assert pictures[1][4, 32].mean() < 8
    assert pictures[2].mean() > 248


@pytest.mark.parametrize("count", [0, 1, 30])
def test_leaves_nothing_when_the_work_failed(tmp_path: Path, count: int) -> None:
    (tmp_path / "out.mp4").write_bytes(b"older")
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(64, 48), fps=30.0)
    for item in outputs([corners(64, 48)] * count):
        sink.put(item)
    sink.finish(ok=False)
    sink.finish(ok=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"older"]


def test_no_picture_is_a_failure(tmp_path: Path) -> None:
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(64, 48), fps=0.0)
    with pytest.raises(SinkFailed, match="no picture"):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


class _Interrupted(BaseException):
    pass


def test_an_interrupt_while_finishing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(64, 48), fps=30.0)
    sink.put(output(corners(64, 48)))
    join, calls = sink._thread.join, iter([True])

    def interrupted(timeout: float | None = None) -> None:
        if next(calls, False):
            raise _Interrupted
        join(timeout)

    monkeypatch.setattr(sink._thread, "join", interrupted)
    with pytest.raises(_Interrupted):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Mp4Writer, "write", fail)
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(64, 48), fps=30.0)

    def put_many() -> None:
        for item in outputs([corners(64, 48)] * 1000):
            sink.put(item)

    with pytest.raises(SinkFailed, match="No space left"):
        put_many()
    with pytest.raises(SinkFailed, match="No space left"):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_at_the_very_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise av.error.OSError(5, "Input/output error")

    monkeypatch.setattr(Mp4Writer, "finish", fail)
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(64, 48), fps=30.0)
    sink.put(output(corners(64, 48)))
    with pytest.raises(SinkFailed, match="Input/output error"):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


def test_a_size_beyond_the_encoder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkFailed, match="cannot be written"):
        VideoSink(tmp_path / "out.mp4", size_wh=(40000, 40000), fps=30.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("live", [False, True])
def test_live_drops_and_counts_where_whole_work_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    gate = threading.Event()
    write = Mp4Writer.write

    def slow(self: Mp4Writer, bgra: np.ndarray, t_s: float) -> None:
        gate.wait(10.0)
        write(self, bgra, t_s)

    monkeypatch.setattr(Mp4Writer, "write", slow)
    sink = VideoSink(tmp_path / "out.mp4", size_wh=(32, 32), fps=30.0, live=live)
    opener = threading.Timer(0.3, gate.set)
    opener.start()
    for item in outputs([corners(32, 32)] * 40):
        sink.put(item)
    opener.join()
    sink.finish(ok=True)
    written = len(_read(tmp_path / "out.mp4")[1])
    assert written + sink.dropped == 40
    assert (sink.dropped > 20) == live


@pytest.mark.parametrize(
    ("name", "kind"), [("out.avi", UsageError), ("out", UsageError), ("none/out.mp4", SinkFailed), (".", UsageError)]
)
def test_impossible_outputs_are_told_before_any_work(tmp_path: Path, name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        VideoSink(tmp_path / name, size_wh=(64, 48), fps=30.0)
    assert list(tmp_path.iterdir()) == []


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(32, 32)] * 3)
    with pytest.raises(UsageError, match="the input itself"):
        _render(path, path)


def test_nothing_is_written_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_video(tmp_path / "in.mp4", [corners(32, 32)] * 3, audio="aac", audio_s=0.1)
    capfd.readouterr()
    _render(path, tmp_path / "out.mp4")
    assert capfd.readouterr() == ("", "")


def test_a_test_clip_comes_out_as_it_was(testdata: Path, tmp_path: Path) -> None:
    path = testdata / "video" / "glasses_480.mp4"
    out = _render(path, tmp_path / "out.mp4", limit=60)
    with av.open(str(path)) as one, av.open(str(out)) as other:
        errors = []
        for before, after in zip(one.decode(video=0), other.decode(video=0), strict=False):
            assert after.time == pytest.approx(before.time, abs=1e-4)
            errors.append(float(np.square(before.to_ndarray().astype(int) - after.to_ndarray()).mean()))
        assert len(errors) == 60
        assert 10 * np.log10(255**2 / np.mean(errors)) > 40
        assert other.streams.audio[0].codec_context.name == "aac"
