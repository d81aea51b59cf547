"""Chooses the sink for an output name and a source: a still in gives a still out."""

from pathlib import Path

from app.paths import path_of
from app.sinks.base import Sink
from app.sinks.still import StillFolderSink, StillSink
from app.sinks.still_file import STILL_SUFFIXES
from app.sinks.target import check_suffix
from app.sinks.video import VIDEO_SUFFIXES, VideoSink
from app.sources.base import Source
from app.sources.folder import FolderSource
from app.sources.picture import PictureSource
from app.sources.video import VideoSource
from models.errors import UsageError


def open_sink(path: Path, source: Source, input_text: str) -> Sink:
    """A sink for the whole of `source`.

    A picture gives a picture, a folder of pictures a folder of pictures (or a video, one picture a second), everything
    else a video, or a picture when only one frame is put. Raises UsageError and SinkFailed before any work.

    Args:
        path: its ending says what is written.
        source: open; its kind, size and rate are used.
        input_text: as typed by the user; the output may not be the input.
    """
    suffix = path.suffix.lower()
    if isinstance(source, PictureSource):
        if suffix in VIDEO_SUFFIXES:
            raise UsageError(f"A picture gives a picture: name the output {path.with_suffix('.png')}.")
        return StillSink(path, picture_of=source.picture_of, input_path=path_of(input_text))
    if isinstance(source, FolderSource) and suffix not in VIDEO_SUFFIXES:
        if suffix in STILL_SUFFIXES:
            raise UsageError(f"A folder gives a folder: name one instead of {path}.")
        names = source.info.names
        return StillFolderSink(
            path,
            name_of=lambda frame: names[frame.index % len(names)],
            picture_of=source.picture_of,
            input_path=path_of(input_text),
        )
    if suffix in STILL_SUFFIXES:
        input_path = source.origin.path if isinstance(source, VideoSource) else None
        return StillSink(path, input_path=input_path)
    check_suffix(path, (*VIDEO_SUFFIXES, *STILL_SUFFIXES))
    origin = source.origin if isinstance(source, VideoSource) else None
    return VideoSink(path, size_wh=source.info.size_wh, fps=source.info.fps, origin=origin)
