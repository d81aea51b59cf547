"""A network stream that the user named, read by PyAV in a helper process; one that breaks off is connected again."""

import re
import threading
import time

import av
import numpy as np
from av.container import InputContainer

from app.sources.base import BadInput, SourceInfo, SourceStalled
from app.sources.capture import Opened, Over, Shot
from app.sources.decoder import Decoder, NoVideo, now_ms
from app.sources.download import whole_file_of
from app.sources.helper_process import HelperProcess, Opener
from app.sources.pacing import Pacer
from app.sources.recovering import Lost, Recovering
from app.sources.tuning import Tuning
from models.types import U8, Frame

SCHEMES = ("http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "srt", "udp", "rtp", "tcp")
_PROTOCOLS = "http,https,tls,tcp,udp,rtp,rtsp,rtmp,rtmps,rtmpt,srt,httpproxy,crypto,data"
"""What libav may open on behalf of a stream: the network, never a local file."""
_SERVER_S = 8.0


def open_stream(url: str) -> "StreamCapture":
    """The opener for the helper process."""
    return StreamCapture(url)


def shown_url(url: str) -> str:
    """The address without user name and password."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


class StreamCapture:
    """See Capture; lives in the helper process. Raises BadInput."""

    def __init__(self, url: str) -> None:
        self._container = _connect(url)
        try:
            self._decoder = self._decoder_of(url)
        except NoVideo as error:
            self._container.close()
            raise BadInput(f"The stream {shown_url(url)} {error}.", "broken") from None
        except (av.FFmpegError, OSError, ValueError):
            self._container.close()
            raise BadInput(f"The stream {shown_url(url)} is damaged: no picture can be decoded.", "broken") from None
        duration_s = (self._container.duration or 0) / av.time_base
        track = self._decoder.track
        self.opened = Opened(
            size_wh=self._decoder.size_wh,
            fps=self._decoder.fps,
            pixel_format=track.codec_context.name,
            finite=duration_s > 0 or self._container.size > 0,
            frame_count=int(track.frames) or round(duration_s * self._decoder.fps),
        )

    def take(self, out: U8) -> Shot | Over:
        """See Capture."""
        started_ns = time.perf_counter_ns()
        found = self._decoder.next_frame()
        if found is None:
            return Over(lost=self._decoder.broke_off or not self.opened.finite)
        grabbed_ns = time.monotonic_ns()
        np.copyto(out, self._decoder.pixels(found[1]))
        return Shot(grabbed_ns, now_ms(started_ns), found[0])

    def _decoder_of(self, url: str) -> Decoder:
        """Raises NoVideo; an MP4 file that cannot be read from its start on is fetched whole first."""
        try:
            return Decoder(self._container)
        except NoVideo:
            web = url.lower().startswith(("http://", "https://"))
            if not (web and self._container.format.name.startswith("mov")):
                raise
            file = whole_file_of(url, _SERVER_S)
            if file is None:
                raise
        self._container.close()
        self._container = av.open(file, "r", format="mov", metadata_errors="replace")
        return Decoder(self._container)

    def tune(self, tuning: Tuning) -> None:
        """A stream has no controls."""

    def close(self) -> None:
        """See Capture."""
        self._container.close()


class StreamSource:
    """Connects in the constructor; raises BadInput.

    An endless stream that breaks off is connected again until the source is closed; `read` raises SourceStalled
    meanwhile. A finite one (a file behind a URL) ends at its end, and raises BadInput where it breaks off before.

    Args:
        url: one of SCHEMES.
        paced: a finite stream runs at its own speed instead of as fast as it comes.
        cancel: set from another thread to give up opening (then raises SourceStalled).
        opener: for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        paced: bool,
        cancel: threading.Event | None = None,
        opener: Opener = open_stream,
        retry_s: float = 1.0,
        silent_s: float = 10.0,
    ) -> None:
        self._opener = opener
        self._url = url
        self._name = shown_url(url)
        self._frames = Recovering(self._start, f"the stream {self._name}", cancel, retry_s=retry_s, silent_s=silent_s)
        self._closed = threading.Event()
        self._pacer = Pacer(self._closed) if paced and self._frames.opened.finite else None
        self._waiting: tuple[Shot, U8] | None = None
        self._next = 0
        self._connection = 1
        self._offset_s = 0.0
        self._last_s = 0.0
        self._last_ns = 0
        self.decode_ms = 0.0

    @property
    def info(self) -> SourceInfo:
        """See Source."""
        opened = self._frames.opened
        return SourceInfo(
            kind="stream",
            name=self._name,
            size_wh=opened.size_wh,
            fps=opened.fps,
            live=not opened.finite,
            frame_count=opened.frame_count,
            pixel_format=opened.pixel_format,
        )

    def read(self, timeout_s: float) -> Frame | None:
        """See Source."""
        if self._closed.is_set():
            return None
        if self._waiting is None:
            self._waiting = self._receive(timeout_s)
        if self._waiting is None:
            return None
        shot, pixels = self._waiting
        t_s = self._time_of(shot)
        if self._pacer is not None:
            self._pacer.wait(t_s, timeout_s)
        self._waiting = None
        self._last_s, self._last_ns = t_s, shot.grabbed_ns
        self.decode_ms = shot.decode_ms
        frame = Frame(self._next, t_s, shot.grabbed_ns if self._pacer is None else time.monotonic_ns(), pixels)
        self._next += 1
        return frame

    def close(self) -> None:
        """See Source."""
        self._closed.set()
        self._frames.close()

    def _receive(self, timeout_s: float) -> tuple[Shot, U8] | None:
        finite = self._frames.opened.finite
        try:
            return self._frames.read(timeout_s, None)
        except Lost:
            if finite:
                raise BadInput(
                    f"The stream {self._name} broke off after {self._next} pictures. Check the connection.",
                    "unreachable",
                ) from None
            raise SourceStalled(f"The stream {self._name} broke off. Connecting again.") from None

    def _time_of(self, shot: Shot) -> float:
        """Media time that goes on over a new connection by as much as the pause took."""
        if self._frames.attempts != self._connection:
            self._connection = self._frames.attempts
            self._offset_s = self._last_s + max(1e-3, (shot.grabbed_ns - self._last_ns) / 1e9) - (shot.t_s or 0.0)
        return self._offset_s + (shot.t_s or 0.0)

    def _start(self) -> HelperProcess:
        return HelperProcess(self._opener, (self._url,))


def _connect(url: str) -> InputContainer:
    options = {"protocol_whitelist": _PROTOCOLS, "rtsp_transport": "tcp"}
    try:
        return av.open(url, options=options, timeout=(_SERVER_S, _SERVER_S), metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, av.InvalidDataError):
            raise BadInput(f"What {shown_url(url)} sends is not a video.", "broken") from None
        reason = getattr(error, "strerror", None) or "it does not answer"
        raise BadInput(
            f"The stream {shown_url(url)} cannot be reached: {reason}. Check the address and the connection.",
            "unreachable",
        ) from None
