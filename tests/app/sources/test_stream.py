import http.server
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from app.sources.base import BadInput, SourceStalled
from app.sources.capture import Over, Shot
from app.sources.download import whole_file_of
from app.sources.helper_process import Opener
from app.sources.stream import StreamCapture, StreamSource, shown_url
from models.types import Frame
from tests.app.media import UPRIGHT, corners, quarters, write_video
from tests.app.sources import fake_captures as fakes

_LONG_S = 30.0


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves the test's folder on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/live"


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def _all(source: StreamSource) -> list[Frame]:
    frames = []
    while (frame := source.read(_LONG_S)) is not None:
        frames.append(frame)
    return frames


def test_a_file_behind_a_url_is_read_whole(tmp_path: Path, server: str) -> None:
    write_video(tmp_path / "a.mp4", [corners(64, 48)] * 7, rotation_deg=-90)
    source = StreamSource(f"{server}/a.mp4", paced=False)
    frames = _all(source)
    source.close()
    assert [frame.index for frame in frames] == list(range(7))
    assert [frame.t_s for frame in frames] == pytest.approx([number / 30 for number in range(7)], abs=1e-4)
    assert source.info.size_wh == frames[0].size_wh == (48, 64)
    assert set(quarters(frames[0].pixels)) == set(UPRIGHT)
    assert (source.info.kind, source.info.live, source.info.frame_count) == ("stream", False, 7)


def test_a_file_with_its_index_at_the_end_is_read_from_a_server_that_sends_no_parts(
    tmp_path: Path, server: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (12, 240, 320, 3), np.uint8)
    path = write_video(tmp_path / "a.mp4", list(noise))
    content = path.read_bytes()
    assert content.index(b"moov") > content.index(b"mdat") + 500_000, "small enough for libav's own buffer"
    source = StreamSource(f"{server}/a.mp4", paced=False)
    frames = _all(source)
    source.close()
    assert len(frames) == 12


def test_a_file_that_tells_no_duration_ends_too(tmp_path: Path, server: str) -> None:
    write_video(tmp_path / "a.gif", [corners(32, 32), corners(32, 32)[::-1]], codec="gif", pix_fmt="rgb8")
    source = StreamSource(f"{server}/a.gif", paced=False)
    frames = _all(source)
    source.close()
    assert len(frames) == 2
    assert not source.info.live


def test_what_cannot_be_fetched_whole_is_none(server: str) -> None:
    assert whole_file_of(f"{server}/none.mp4", 5.0) is None
    assert whole_file_of("http://user:secret@/", 5.0) is None


def test_a_file_behind_a_url_runs_at_its_own_speed_in_the_window(tmp_path: Path, server: str) -> None:
    write_video(tmp_path / "a.mp4", [corners(32, 32)] * 5, fps=20)
    source = StreamSource(f"{server}/a.mp4", paced=True)
    frames = _all(source)
    source.close()
    assert len(frames) == 5
    assert all((frame.grabbed_ns - frames[0].grabbed_ns) / 1e9 >= frame.t_s - 2e-3 for frame in frames)


@pytest.mark.parametrize(
    ("path", "content", "says", "reason"),
    [
        ("missing.mp4", None, "cannot be reached.*404", "unreachable"),
        ("a.mp4", b"words " * 500, "not a video", "broken"),
        ("a.txt", b"words\n" * 500, "text", "broken"),
    ],
)
def test_says_what_is_wrong_with_the_answer(
    tmp_path: Path, server: str, path: str, content: bytes | None, says: str, reason: str
) -> None:
    if content is not None:
        (tmp_path / path).write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        StreamSource(f"{server}/{path}", paced=False)
    assert caught.value.reason == reason


def test_a_playlist_may_not_lead_to_a_file_of_this_machine(tmp_path: Path, server: str) -> None:
    secret = write_video(tmp_path / "secret.ts", [corners(32, 32)] * 3)
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(BadInput):
        StreamSource(f"{server}/list.m3u8", paced=False)


def test_nobody_there_is_bad_input() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(BadInput, match="cannot be reached") as caught:
        StreamSource(f"http://user:secret@127.0.0.1:{port}/a", paced=False)
    assert caught.value.reason == "unreachable"
    assert "secret" not in str(caught.value)


def test_opening_a_silent_server_can_be_given_up(silent_server: str) -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    began_s = time.monotonic()
    with pytest.raises(SourceStalled, match="given up"):
        StreamSource(silent_server, paced=False, cancel=cancel)
    assert time.monotonic() - began_s < 2.3
    timer.join()


def _stream(opener: Opener, **options: float) -> StreamSource:
    return StreamSource("rtsp://camera/live", paced=False, opener=opener, retry_s=0.05, **options)


@pytest.mark.parametrize("opener", [fakes.is_unplugged, fakes.crashes])
def test_an_endless_stream_connects_again_with_time_going_on(opener: Opener) -> None:
    source = _stream(opener)
    frames: list[Frame] = []
    stalls: list[str] = []
    while len(frames) < 5:
        try:
            frame = source.read(0.02 if len(frames) % 2 == 0 else _LONG_S)
            assert frame is not None
            frames.append(frame)
        except SourceStalled as error:
            stalls.append(str(error))
    source.close()
    assert stalls
    assert all("Connecting again" in text or "No picture" in text for text in stalls)
    assert source.info.live
    assert [frame.index for frame in frames] == list(range(5))
    assert all(later.t_s > earlier.t_s for earlier, later in zip(frames, frames[1:], strict=False))
    gap_s = frames[2].t_s - frames[1].t_s
    assert gap_s == pytest.approx((frames[2].grabbed_ns - frames[1].grabbed_ns) / 1e9, abs=1e-6)


def test_a_finite_stream_that_breaks_off_is_an_error() -> None:
    source = _stream(fakes.breaks_off)
    assert source.read(_LONG_S) is not None
    assert source.read(_LONG_S) is not None
    with pytest.raises(BadInput, match="broke off after 2 pictures"):
        source.read(_LONG_S)
    source.close()


def test_a_finite_stream_ends() -> None:
    source = _stream(fakes.ends)
    assert len(_all(source)) == 2
    source.close()
    assert source.read(1.0) is None


def test_a_hanging_stream_closes_within_two_seconds() -> None:
    source = _stream(fakes.hangs)
    assert source.read(_LONG_S) is not None
    assert source.read(_LONG_S) is not None
    reader = threading.Thread(target=source.read, args=(600.0,))
    reader.start()
    time.sleep(0.1)
    began_s = time.monotonic()
    source.close()
    reader.join(2.0)
    assert not reader.is_alive()
    assert time.monotonic() - began_s < 2.0


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a/b", "http://a/b"),
        ("rtsp://user:pass@cam:554/live?x=1", "rtsp://cam:554/live?x=1"),
        ("http://a/b@c", "http://a/b@c"),
    ],
)
def test_passwords_are_not_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_the_helpers_end_tells_an_end_from_a_loss(tmp_path: Path, server: str) -> None:
    import numpy as np

    write_video(tmp_path / "a.mp4", [corners(32, 16)] * 2)
    capture = StreamCapture(f"{server}/a.mp4")
    out = np.zeros((16, 32, 3), np.uint8)
    shots = [capture.take(out) for _ in range(3)]
    capture.close()
    assert [type(shot) for shot in shots] == [Shot, Shot, Over]
    assert shots[2] == Over(lost=False)
    assert quarters(out) == UPRIGHT
