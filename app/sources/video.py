"""A video file: whole and as fast as possible for the command line, at its own speed for the window."""

import dataclasses
import threading
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from app.sources.base import BadInput, SourceInfo
from app.sources.decoder import Colours, Decoder, NoVideo, now_ms
from app.sources.files import check_file
from app.sources.pacing import Pacer
from models.types import Frame

_WHOLE_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Origin:
    """What a recording of this video keeps of it: sound, colour tags, shape of the pixels (width / height).

    `zero_s` is where the first frame lies on the file's own clock, which the sound refers to; `duration_s` is as
    announced, 0 = unknown.
    """

    path: Path
    colours: Colours
    pixel_aspect: Fraction
    zero_s: float
    duration_s: float


class VideoSource:
    """Opens and decodes the first frame in the constructor; raises BadInput.

    Damaged and truncated files give the frames that decode: `decoded_count` against `info.frame_count` tells how many
    of the announced ones. Where the container announces no count, it is estimated from the duration; once the end is
    reached without an error and within 5 % of the announced duration, the estimate gives way to what was counted.

    Args:
        path: the file.
        paced: at its own speed, by the wall clock; otherwise as fast as `read` is called.
        loop: begin again at the end; `t_s` and `index` go on.
    """

    def __init__(self, path: Path, *, paced: bool, loop: bool) -> None:
        check_file(path)
        self._path = path
        self._paced = paced
        self._loop = loop
        self._closed = threading.Event()
        self._pacer = Pacer(self._closed)
        self._lock = threading.Lock()
        self._waiting: tuple[float, av.VideoFrame] | None = None
        self._index = 0
        self._offset_s = 0.0
        self._end_s = 0.0
        self.decoded_count = 0
        """Frames given in the present pass."""
        self.decode_ms = 0.0
        self._container, self._decoder = self._open()
        first = self._decoder
        self.origin = Origin(path, first.colours, first.pixel_aspect, first.zero_s, self._duration_s())
        self.info = SourceInfo(
            kind="video",
            name=path.name,
            size_wh=self._decoder.size_wh,
            fps=self._decoder.fps,
            live=False,
            frame_count=0 if loop else self._announced_count(),
            pixel_format=self._decoder.track.codec_context.name,
        )

    def read(self, timeout_s: float) -> Frame | None:
        """See Source."""
        if self._waiting is None:
            with self._lock:
                if self._closed.is_set():
                    return None
                self._waiting = self._next()
        if self._waiting is None:
            return None
        t_s, stored = self._waiting
        if self._paced:
            self._pacer.wait(t_s, timeout_s)
            if self._closed.is_set():
                return None
        self._waiting = None
        grabbed_ns = time.monotonic_ns()
        started_ns = time.perf_counter_ns()
        pixels = self._decoder.pixels(stored)
        self.decode_ms += now_ms(started_ns)
        frame = Frame(self._index, t_s, grabbed_ns, pixels)
        self._index += 1
        self.decoded_count += 1
        return frame

    def close(self) -> None:
        """See Source."""
        self._closed.set()
        with self._lock:
            self._container.close()

    def _next(self) -> tuple[float, av.VideoFrame] | None:
        """Decode the next frame; begins again where the source loops."""
        started_ns = time.perf_counter_ns()
        found = self._decoder.next_frame()
        if found is None and self._loop:
            self._container.close()
            self._container, self._decoder = self._open()
            self._offset_s = self._end_s
            self.decoded_count = 0
            found = self._decoder.next_frame()
        self.decode_ms = now_ms(started_ns)
        if found is None:
            self._settle_count()
            return None
        t_s = self._offset_s + found[0]
        self._end_s = t_s + self._decoder.period_s
        return t_s, found[1]

    def _open(self) -> tuple[InputContainer, Decoder]:
        try:
            container = av.open(f"file:{self._path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError):
            raise BadInput(
                f"{self._path} is not a video that can be read: it is damaged, cut short or something else. "
                "Get a whole copy of it, or name another file.",
                "broken",
            ) from None
        try:
            return container, Decoder(container)
        except NoVideo as error:
            container.close()
            raise BadInput(
                f"{self._path} {error}. Name a video, a picture or a folder of pictures.", "broken"
            ) from None
        except (av.FFmpegError, OSError, ValueError):
            container.close()
            raise BadInput(
                f"{self._path} is damaged: no picture in it can be decoded. Get it again.", "broken"
            ) from None

    def _duration_s(self) -> float:
        """As announced, of the pictures; 0 = not announced. Matroska counts from the clock's zero: that goes off."""
        track = self._decoder.track
        if track.duration and track.time_base:
            announced_s = float(track.duration * track.time_base)
        else:
            announced_s = (self._container.duration or 0) / av.time_base
        if self._container.format.name.startswith("matroska"):
            announced_s -= self._decoder.zero_s
        return max(0.0, announced_s)

    def _announced_count(self) -> int:
        return int(self._decoder.track.frames) or round(self._duration_s() * self._decoder.fps)

    def _settle_count(self) -> None:
        """Take the counted frames for the announced ones where the announcement was loose but the time is complete.

        Edit lists (trimmed clips) and variable frame rates make announced counts too high without any damage.
        """
        complete = self._decoder.errors == 0 and self._end_s >= _WHOLE_SHARE * self._duration_s()
        if complete and not self._loop:
            self.info = dataclasses.replace(self.info, frame_count=self.decoded_count)
