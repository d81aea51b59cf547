from pathlib import Path

import pytest

from app.sinks.open import open_sink
from app.sinks.still import StillFolderSink, StillSink
from app.sinks.video import VideoSink
from app.sources.open import open_source
from models.errors import UsageError
from tests.app.media import corners, write_picture, write_video
from tests.app.sinks.outputs import outputs_of


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "album").mkdir(parents=True)
    write_picture(folder / "a.png", corners(20, 16))
    write_picture(folder / "album" / "b.png", corners(20, 16))
    write_picture(folder / "album" / "c.jpg", corners(16, 20))
    write_video(folder / "a.mp4", [corners(32, 32)] * 3, audio="aac", audio_s=0.1)
    return folder


@pytest.mark.parametrize(
    ("name", "out", "kind"),
    [
        ("a.png", "out.png", StillSink),
        ("a.png", "out.jpg", StillSink),
        ("album", "out", StillFolderSink),
        ("album", "out.mp4", VideoSink),
        ("a.mp4", "out.mp4", VideoSink),
    ],
)
def test_the_whole_input_is_written(inputs: Path, tmp_path: Path, name: str, out: str, kind: type) -> None:
    text = str(inputs / name)
    source = open_source(text, live=False)
    sink = open_sink(tmp_path / out, source, text)
    assert isinstance(sink, kind)
    count = 0
    for item in outputs_of(source):
        sink.put(item)
        count += 1
    sink.finish(ok=True)
    source.close()
    written = open_source(str(tmp_path / out), live=False)
    assert len(list(outputs_of(written))) == count
    written.close()


def test_the_demo_is_written_as_a_video(tmp_path: Path) -> None:
    source = open_source("demo", live=False, size_wh=(160, 90))
    sink = open_sink(tmp_path / "out.mp4", source, "demo")
    assert isinstance(sink, VideoSink)
    sink.finish(ok=False)
    source.close()


def test_one_frame_of_a_video_may_be_a_picture(inputs: Path, tmp_path: Path) -> None:
    text = str(inputs / "a.mp4")
    source = open_source(text, live=False)
    sink = open_sink(tmp_path / "out.png", source, text)
    items = outputs_of(source)
    sink.put(next(items))
    with pytest.raises(UsageError, match="one picture"):
        sink.put(next(items))
    sink.finish(ok=True)
    source.close()
    assert (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("a.png", "out.mp4"),
        ("a.png", "out.xyz"),
        ("a.png", "in/a.png"),
        ("album", "in/album"),
        ("album", "out.png"),
        ("a.mp4", "out.xyz"),
        ("a.mp4", "out"),
        ("a.mp4", "in/a.mp4"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(inputs: Path, tmp_path: Path, name: str, out: str) -> None:
    text = str(inputs / name)
    before = sorted(tmp_path.rglob("*"))
    source = open_source(text, live=False)
    with pytest.raises(UsageError):
        open_sink(tmp_path / out, source, text)
    source.close()
    assert sorted(tmp_path.rglob("*")) == before
