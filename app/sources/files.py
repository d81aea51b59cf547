"""Checks every file input passes before a decoder sees it, each failure with its own plain message."""

import difflib
import stat
from pathlib import Path

import cv2

from app.sources.base import BadInput

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".ppm", ".tiff", ".tif")
APPLE_SUFFIXES = (".heic", ".heif")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"P3", b"P6")


def begins_like_picture(path: Path) -> bool:
    """Whether a file without a telling name starts as a picture does."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as handle:
            start = handle.read(12)
    except (OSError, ValueError):
        return False
    return start.startswith(_SIGNATURES) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


def check_file(path: Path) -> None:
    """Raise BadInput unless `path` is a regular, readable file with something in it."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadInput(f"{path} is not a file that holds a video or a picture. Name one that does.", "broken")
        if status.st_size == 0:
            raise BadInput(f"{path} is empty (0 bytes): copying or recording it did not work. Get it again.", "broken")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> BadInput:
    """What the system's refusal to open `path` means for a user."""
    if isinstance(error, PermissionError):
        return BadInput(f"{path} may not be read by you. Change its permissions or copy it.", "permission")
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError) or not _exists(path):
        return BadInput(f"{path} does not exist.{_near_names(path)}", "missing")
    return BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.", "broken")


def quiet_opencv() -> None:
    """Keep OpenCV from writing to the terminal what our own messages say better."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _near_names(path: Path) -> str:
    """Names in the same folder that the user may have meant."""
    try:
        if not path.parent.is_dir():
            return f" The folder {path.parent} does not exist either."
        names = [entry.name for entry in path.parent.iterdir()]
    except (OSError, ValueError):
        return " Check the name."
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(path.name.lower(), list(by_lower), n=3, cutoff=0.6)
    if not near:
        return " Check the name."
    return " Did you mean " + " or ".join(str(path.parent / by_lower[name]) for name in near) + "?"
