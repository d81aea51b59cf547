"""Decodes the pictures of one libav container (file or stream) to upright BGR: the only user of PyAV's decoders.

Rotation metadata is applied here, because PyAV hands out frames as stored. Colours: the matrix that the stream is
tagged with; an untagged one is BT.709 from 720 lines up and BT.601 below, as players assume. Pixels that are not
square stay as stored (coordinates refer to stored pixels). Should the size change on the way, later frames are scaled
to the first's. libswscale's fast conversion is used: it rounds down, by one grey level on average (measured), and takes
a tenth of the time of its exact one.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream

from app.sources.upright import Turn, turn_from_display_matrix
from models.types import U8

_FEWEST_LINES_OF_HD = 720
_HIGHEST_FPS = 1000
_UNTAGGED = 2
"""ISO 23091-2: matrix, primaries and transfer "unspecified"."""
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_TEXT_FORMATS = ("tty", "concat", "concatf")
"""Containers that libav makes of plain text."""


class NoVideo(Exception):  # noqa: N818 - named like the project's other errors
    """There is no picture track that can be decoded; the message completes "The file ..."."""


@dataclass(frozen=True, slots=True)
class Colours:
    """How a video is tagged, in code points of ISO 23091-2 (2 = not said), and the matrix it is converted with."""

    matrix: int
    primaries: int
    transfer: int
    used: Colorspace


def assumed_matrix(tagged: int, lines: int) -> Colorspace:
    """The YUV matrix to convert with: as tagged, else as players assume from the number of lines."""
    if tagged in (_UNTAGGED, 0):
        return Colorspace.ITU709 if lines >= _FEWEST_LINES_OF_HD else Colorspace.ITU601
    return _MATRICES.get(tagged, Colorspace.ITU601)


def picture_track(container: InputContainer) -> VideoStream:
    """The main picture track, cover art excepted; raises NoVideo."""
    if container.format.name in _TEXT_FORMATS:
        raise NoVideo("is text, not a video")
    tracks = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    best = container.streams.best("video")
    chosen = best if best in tracks else (tracks[0] if tracks else None)
    if not isinstance(chosen, VideoStream):
        raise NoVideo("holds no video")
    if chosen.codec_context is None:
        raise NoVideo("uses a codec that cannot be decoded here")
    return chosen


class Decoder:
    """Frames of one container, in display order. Not thread-safe."""

    def __init__(self, container: InputContainer) -> None:
        """Raises NoVideo when nothing can be decoded."""
        self.track = picture_track(container)
        self.track.codec_context.thread_count = 1
        self.errors = 0
        self.broke_off = False
        """Reading ended with an error, not at the end."""
        self._container = container
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            raise NoVideo("holds no picture that can be decoded")
        self._pending: VideoFrame | None = first
        self._stored_wh = (first.width, first.height)
        self.zero_s = first.time or 0.0
        """Where the first frame lies on the container's own clock."""
        self._last_s: float | None = None
        self._turn = _turn_of(first)
        self.size_wh = self._turn.size_wh(self._stored_wh)
        self.fps = _rate(self.track)
        matrix = int(first.colorspace)
        used = assumed_matrix(matrix, first.height)
        self.colours = Colours(matrix, int(first.color_primaries), int(first.color_trc), used)
        self.pixel_aspect = _pixel_aspect(self.track, self._turn)

    def next_frame(self) -> tuple[float, VideoFrame] | None:
        """Media time in seconds from 0 (strictly growing) and the frame as stored; None at the end."""
        frame = self._pending if self._pending is not None else next(self._frames, None)
        self._pending = None
        if frame is None:
            return None
        t_s = None if frame.time is None else frame.time - self.zero_s
        if self._last_s is not None and (t_s is None or t_s <= self._last_s):
            t_s = self._last_s + self.period_s
        self._last_s = t_s or 0.0
        return self._last_s, frame

    @property
    def period_s(self) -> float:
        """Nominal time between two frames."""
        return 1 / (self.fps or 30.0)

    def pixels(self, frame: VideoFrame) -> U8:
        """(H, W, 3) BGR uint8, upright, write-protected; a new array."""
        width, height = self._stored_wh
        shown = frame.reformat(
            width=width,
            height=height,
            format="bgr24",
            src_colorspace=assumed_matrix(int(frame.colorspace), frame.height),
            threads=1,
        )
        pixels = self._turn.apply(np.asarray(shown.to_ndarray(), np.uint8))
        pixels.flags.writeable = False
        return pixels

    def _decode(self) -> Iterator[VideoFrame]:
        """Every frame that decodes; damaged packets are counted and passed over."""
        packets = self._container.demux(self.track)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.errors += 1
                self.broke_off = True
                packet = None
            try:
                frames = self.track.codec_context.decode(packet)
            except av.EOFError:
                return
            except av.FFmpegError:
                self.errors += 1
                frames = []
            yield from frames
            if packet is None:
                return


def _turn_of(frame: VideoFrame) -> Turn:
    matrix = frame.side_data.get("DISPLAYMATRIX")
    return turn_from_display_matrix(bytes(matrix)) if isinstance(matrix, SideData) else Turn()


def _rate(track: VideoStream) -> float:
    for rate in (track.average_rate, track.guessed_rate):
        if rate is not None and 0 < rate <= _HIGHEST_FPS:
            return float(rate)
    return 0.0


def _pixel_aspect(track: VideoStream, turn: Turn) -> Fraction:
    aspect = track.sample_aspect_ratio
    if not aspect or aspect <= 0:
        return Fraction(1)
    return 1 / aspect if turn.transpose else aspect


def now_ms(since_ns: int) -> float:
    """Milliseconds since a `time.perf_counter_ns` stamp."""
    return (time.perf_counter_ns() - since_ns) / 1e6
