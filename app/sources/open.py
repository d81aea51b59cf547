"""Turns the INPUT of the command line and the window into a source."""

import re
import threading
from pathlib import Path

from app.paths import path_of
from app.sources.base import Source
from app.sources.files import APPLE_SUFFIXES, PICTURE_SUFFIXES, begins_like_picture
from models.errors import UsageError

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.")
_DEFAULT_SIZE_WH = (1280, 720)
_DEFAULT_FPS = 30.0


def open_source(
    text: str,
    *,
    live: bool,
    loop: bool = False,
    size_wh: tuple[int, int] | None = None,
    fps: float | None = None,
    cancel: threading.Event | None = None,
) -> Source:
    """Open `text`: demo, camera:N, a video, a picture, a folder of pictures or a URL.

    Args:
        text: as typed; a file called like a keyword is reached by ./demo.
        live: for the window: files and the demo at their own speed, pictures as still live frames. Otherwise every
            frame once, as fast as it is read.
        loop: begin again at the end (demo, video, picture, folder).
        size_wh: of the demo or a camera; files and streams have their own.
        fps: likewise.
        cancel: set from another thread to give up opening a camera or stream (then raises SourceStalled).

    Raises UsageError for a malformed INPUT, BadInput for one that cannot be opened.
    """
    if not text.strip():
        raise UsageError("The input is empty. Name demo, camera:N, a video, a picture, a folder of pictures or a URL.")
    if text == "demo":
        from app.sources.demo import DemoSource

        return DemoSource(size_wh=size_wh or _DEFAULT_SIZE_WH, fps=fps or _DEFAULT_FPS, paced=live, loop=loop)
    if text == "camera" or text.startswith("camera:"):
        return _open_camera(text, size_wh, fps, cancel)
    url = _URL.match(text)
    if url:
        return _open_stream(text, url[1].lower(), live, cancel)
    return _open_path(path_of(text), live, loop)


def _open_camera(
    text: str, size_wh: tuple[int, int] | None, fps: float | None, cancel: threading.Event | None
) -> Source:
    number = text.removeprefix("camera").removeprefix(":")
    if not (number.isascii() and number.isdigit() and len(number) <= 4):
        raise UsageError(f"'{text}' names no camera. Write camera:0 for the first one, camera:1 for the second.")
    from app.sources.camera import CameraSource

    return CameraSource(int(number), size_wh=size_wh or _DEFAULT_SIZE_WH, fps=fps or _DEFAULT_FPS, cancel=cancel)


def _open_stream(text: str, scheme: str, live: bool, cancel: threading.Event | None) -> Source:
    from app.sources.stream import SCHEMES, StreamSource

    if scheme not in SCHEMES:
        raise UsageError(f"{scheme}:// is not a kind of stream that Facet opens. It opens {', '.join(SCHEMES)}.")
    return StreamSource(text, paced=live, cancel=cancel)


def _open_path(path: Path, live: bool, loop: bool) -> Source:
    if _is_folder(path):
        from app.sources.folder import FolderSource

        return FolderSource(path, paced=live, loop=loop)
    if path.suffix.lower() in (*PICTURE_SUFFIXES, *APPLE_SUFFIXES) or (not path.suffix and begins_like_picture(path)):
        from app.sources.picture import PictureSource

        return PictureSource(path, paced=live, loop=loop)
    from app.sources.video import VideoSource

    return VideoSource(path, paced=live, loop=loop)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
