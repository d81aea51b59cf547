"""Encodes pictures to an MP4 file: H.264 by libx264, times as given, colours tagged, sound of the source kept.

Without B-frames decoding order is display order, so that the file's duration is right for variable frame times too.
"""

import math
import os
from fractions import Fraction
from pathlib import Path

import av
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from app.sinks.pixels import even, fitted, over_white
from app.sinks.sound import Sound, open_sound
from app.sources.decoder import Colours
from app.sources.video import Origin
from models.types import U8

_TICKS_A_SECOND = 120_000
"""A whole number of ticks a frame at every usual rate, 24000/1001 and 60000/1001 included."""
_OPTIONS = {"preset": "veryfast", "crf": "18", "bf": "0"}
_KEY_EVERY_S = 2
_MOST_THREADS = 4
_UNBIASED = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
"""libswscale's default is darker by half a grey level; this is not, for 0.4 ms more at 1280x720."""
_BT709 = Colours(matrix=1, primaries=1, transfer=1, used=Colorspace.ITU709)


class Mp4Writer:
    """One file. Not thread-safe; the thread that writes also finishes.

    Args:
        path: written to at once.
        size_wh: of the pictures; odd sides grow by one repeated row or column, as 4:2:0 needs even ones.
        fps: nominal; the times of the pictures decide.
        origin: the video the pictures come from: its sound, colour tags and pixel shape are kept. Else BT.709.

    Raises av.FFmpegError and OSError.
    """

    def __init__(self, path: Path, size_wh: tuple[int, int], fps: float, origin: Origin | None) -> None:
        self._size_wh = size_wh
        self._period_s = 1 / (fps if fps > 0 else 30.0)
        self._colours = origin.colours if origin else _BT709
        self._zero_s: float | None = 0.0 if origin else None
        self._last_tick = -1
        self._whole_s = origin.duration_s - self._period_s if origin and origin.duration_s > 0 else math.inf
        self._sound: Sound | None = None
        self._file = av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"})
        try:
            self._video = self._file.add_stream("libx264", options=dict(_OPTIONS))
            self._set_up(self._video.codec_context, origin)
            if origin is not None:
                self._sound = open_sound(origin.path, origin.zero_s, self._file)
            self._file.start_encoding()
        except BaseException:
            self.close()
            raise

    @property
    def empty(self) -> bool:
        """No picture was written yet."""
        return self._last_tick < 0

    def write(self, bgra: U8, t_s: float) -> None:
        """Encode (H, W, 4), to be shown from `t_s` on; transparency is laid over white.

        Without an `origin` the first picture's time becomes 0; with one the times are those of its sound too.
        """
        if self._zero_s is None:
            self._zero_s = t_s
        tick = max(self._last_tick + 1, round((t_s - self._zero_s) * _TICKS_A_SECOND))
        self._last_tick = tick
        picture = even(fitted(over_white(bgra), self._size_wh))
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(
            format="yuv420p",
            dst_colorspace=self._colours.used,
            dst_color_range=ColorRange.MPEG,
            interpolation=_UNBIASED,
            threads=1,
        )
        frame.pts = tick
        frame.time_base = Fraction(1, _TICKS_A_SECOND)
        if self._sound is not None:
            self._sound.write_until(tick / _TICKS_A_SECOND)
        self._file.mux(self._video.encode(frame))

    def finish(self) -> None:
        """Write what is still held and close the file. Sound longer than the whole video is kept whole too."""
        self._file.mux(self._video.encode(None))
        if self._sound is not None:
            end_s = self._last_tick / _TICKS_A_SECOND + self._period_s
            self._sound.finish(math.inf if end_s >= self._whole_s else end_s)
        self.close()

    def close(self) -> None:
        """Let go of the files, whatever state they are in."""
        try:
            self._file.close()
        finally:
            if self._sound is not None:
                self._sound.close()

    def _set_up(self, encoder: VideoCodecContext, origin: Origin | None) -> None:
        width, height = self._size_wh
        encoder.width = width + width % 2
        encoder.height = height + height % 2
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = Fraction(1, _TICKS_A_SECOND)
        encoder.framerate = Fraction(1 / self._period_s).limit_denominator(1001)
        encoder.gop_size = max(1, round(_KEY_EVERY_S / self._period_s))
        encoder.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
        encoder.colorspace = self._colours.matrix
        encoder.color_primaries = self._colours.primaries
        encoder.color_trc = self._colours.transfer
        encoder.color_range = int(ColorRange.MPEG)
        if origin is not None:
            encoder.sample_aspect_ratio = origin.pixel_aspect
