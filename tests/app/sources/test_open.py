import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sources import camera, stream
from app.sources.base import BadInput, Source
from app.sources.open import open_source
from models.errors import FacetError, UsageError
from tests.app.media import corners, write_picture, write_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_picture(folder / "a.png", corners(20, 16))
    (folder / "photo").write_bytes((folder / "a.png").read_bytes())
    write_video(folder / "a.mp4", [corners(32, 32)] * 3)
    (folder / "clip").write_bytes((folder / "a.mp4").read_bytes())
    (folder / "pictures.mp4").mkdir()
    write_picture(folder / "pictures.mp4" / "b.png", corners(20, 16))
    (folder / "none.mp4").mkdir()
    (folder / "words.mp4").write_text("just words\n" * 50)
    (folder / "empty.jpg").touch()
    (folder / "demo").write_bytes((folder / "a.png").read_bytes())
    return folder


def _kind(source: Source) -> str:
    source.close()
    return source.info.kind


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "picture"),
        ("photo", "picture"),
        ("a.mp4", "video"),
        ("clip", "video"),
        ("pictures.mp4", "folder"),
        (".", "folder"),
    ],
)
def test_tells_what_an_input_is(folder: Path, name: str, kind: str, live: bool) -> None:
    assert _kind(open_source(str(folder / name), live=live)) == kind


def test_keywords_come_before_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert _kind(open_source("demo", live=False)) == "demo"
    assert _kind(open_source("./demo", live=False)) == "picture"


def test_the_demo_takes_size_and_rate() -> None:
    source = open_source("demo", live=False, size_wh=(320, 180), fps=15.0)
    source.close()
    assert source.info.size_wh == (320, 180)
    assert source.info.fps == 15.0


def test_home_is_understood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert _kind(open_source("~/a.mp4", live=False)) == "video"


@pytest.mark.parametrize(
    "text", ["", "  ", "camera", "camera:", "camera:x", "camera:-1", "camera:1.5", "camera:²", "camera:123456"]
)
def test_malformed_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        open_source(text, live=False)


@pytest.mark.parametrize("text", ["ftp://a/b.mp4", "file:///etc/passwd", "concat://x", "javascript://x"])
def test_unknown_kinds_of_stream_are_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="rtsp"):
        open_source(text, live=False)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("empty.jpg", "is empty"),
        ("words.mp4", "not a video"),
        ("none.mp4", "holds no pictures"),
        ("b.mp4", "Did you mean .*a.mp4"),
    ],
)
def test_files_that_cannot_be_opened_are_bad_input(folder: Path, name: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        open_source(str(folder / name), live=False)


def test_a_camera_that_is_not_there_is_bad_input() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux says which cameras there are without opening one")
    with pytest.raises(BadInput) as caught:
        open_source("camera:99", live=True)
    assert caught.value.reason == "missing"


def test_cameras_and_streams_get_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(camera, "CameraSource", lambda index, **options: calls.append((index, options)))
    monkeypatch.setattr(stream, "StreamSource", lambda url, **options: calls.append((url, options)))
    cancel = threading.Event()
    open_source("camera:2", live=True, size_wh=(640, 480), fps=60.0, cancel=cancel)
    open_source("RTSP://host/live", live=True, cancel=cancel)
    assert calls == [
        (2, {"size_wh": (640, 480), "fps": 60.0, "cancel": cancel}),
        ("RTSP://host/live", {"paced": True, "cancel": cancel}),
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=40), st.text(max_size=8).map(lambda end: f"camera:{end}")))
def test_any_text_opens_or_says_why(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(camera, "CameraSource", lambda *_, **__: open_source("missing.png", live=False))
    if "://" in text:
        return
    try:
        source = open_source(text, live=False)
    except FacetError as error:
        assert str(error).endswith((".", "?"))  # noqa: PT017 - any subclass will do
    else:
        source.close()
