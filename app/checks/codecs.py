"""Video and sound: encodes a few frames as Facet records them and decodes them again, in a process of its own."""

import io
import threading
from collections.abc import Iterator

from app.checks.finding import Finding, Situation
from app.checks.isolated import Isolated

_LIMIT_S = 12.0
_MEND = "Install PyAV from its own wheel: pip install --force-reinstall --no-cache-dir av"
_FRAMES = 8
_SIZE_WH = (320, 240)
_GREY = 100
_NEAR = 12
"""Levels that a flat picture may lose to compression and back."""


def examine(situation: Situation, stop: threading.Event) -> Iterator[Finding]:
    """H.264 both ways, and AAC."""
    trial = Isolated("app.checks.codecs:try_codecs", modest=situation.has_picture)
    yield from trial.findings("Codecs", _MEND, _LIMIT_S, stop)


def try_codecs() -> Iterator[Finding]:
    """In the child."""
    import av

    try:
        film = encode()
        yield Finding("good", "H.264 encoding", f"wrote {_FRAMES} frames to MP4 with libx264")
    except (av.FFmpegError, ValueError, OSError) as error:
        yield Finding("bad", "H.264 encoding", f"recording MP4 does not work: {error}", _MEND)
        film = b""
    if film:
        yield decoded(film)
    try:
        av.Codec("aac", "w")
        yield Finding("good", "AAC sound", "the encoder is there")
    except ValueError:
        yield Finding("warning", "AAC sound", "recordings have no sound: the encoder is missing", _MEND)


def encode() -> bytes:
    """A few grey frames as an MP4 in memory; raises av.FFmpegError and ValueError."""
    import av
    import numpy as np

    memory = io.BytesIO()
    picture = np.full((_SIZE_WH[1], _SIZE_WH[0], 3), _GREY, np.uint8)
    with av.open(memory, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=30)
        stream.width, stream.height = _SIZE_WH
        stream.pix_fmt = "yuv420p"
        for _ in range(_FRAMES):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        film.mux(stream.encode(None))
    return memory.getvalue()


def decoded(film: bytes) -> Finding:
    """Whether every frame comes back as it was."""
    import av
    import numpy as np

    title = "H.264 decoding"
    try:
        with av.open(io.BytesIO(film), "r") as opened:
            levels = [float(np.mean(frame.to_ndarray(format="bgr24"))) for frame in opened.decode(video=0)]
    except (av.FFmpegError, ValueError, IndexError) as error:
        return Finding("bad", title, f"videos cannot be read: {error}", _MEND)
    if len(levels) != _FRAMES or max(abs(level - _GREY) for level in levels) > _NEAR:
        return Finding("bad", title, f"{len(levels)} of {_FRAMES} frames came back, or not as they were", _MEND)
    return Finding("good", title, f"read the same {_FRAMES} frames back")
