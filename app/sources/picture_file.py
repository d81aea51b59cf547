"""Decodes one picture file, keeping what a still sink needs to give untouched pixels back bit by bit.

Treatment, for effects and perception alike: upright after EXIF (all eight orientations); 16 bits shown as 8, rounded;
grey as colour; CMYK converted; transparency laid over white, as a viewer shows it. Of an animation or a file of many
pages the first picture. Floating-point pictures are refused, because their range is anybody's guess.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.base import BadInput
from app.sources.files import APPLE_SUFFIXES, check_file, quiet_opencv, unreadable
from app.sources.upright import Turn, turn_from_exif
from models.types import U8

_ADVICE = "Open it in a picture program and save it again as JPEG or PNG."


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture.

    Attributes:
        pixels: (H, W, 3) BGR uint8, upright, write-protected: what effects and perception see.
        original: upright as stored: (H, W), (H, W, 3) BGR or (H, W, 4) BGRA, uint8 or uint16.
        icc: the colour profile of the stored pixels, empty where there is none.
        file_bytes: the whole file, for a copy when nothing was changed.
    """

    pixels: U8
    original: NDArray[Any]
    icc: bytes
    file_bytes: bytes


def load_picture(path: Path) -> Picture:
    """Decode `path`; raises BadInput for anything that is not a whole picture."""
    if path.suffix.lower() in APPLE_SUFFIXES:
        raise BadInput(f"{path} is a HEIC picture, which Facet does not read. {_ADVICE}", "broken")
    check_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    stored, exif, icc = _decode(path, data)
    original = _turn(exif).apply(stored)
    pixels = _shown(original)
    pixels.flags.writeable = False
    original.flags.writeable = False
    return Picture(pixels, original, icc, data)


def _decode(path: Path, data: bytes) -> tuple[NDArray[Any], bytes, bytes]:
    """Pixels as stored, EXIF block and colour profile."""
    quiet_opencv()
    try:
        stored, kinds, blocks = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), flags=cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError) as error:
        reason = "is too large" if "pixels" in str(error) or isinstance(error, MemoryError) else "is damaged"
        raise BadInput(f"{path} {reason} and cannot be read. {_ADVICE}", "broken") from None
    if stored is None or stored.size == 0:
        raise BadInput(
            f"{path} is not a picture, or it is damaged or cut short. Facet reads jpg, png, webp, bmp, ppm and tiff.",
            "broken",
        )
    if stored.dtype not in (np.uint8, np.uint16):
        raise BadInput(f"{path} holds {stored.dtype} pixels. Save it with 8 or 16 bits a channel.", "broken")
    metadata = {int(kind): bytes(np.asarray(block)) for kind, block in zip(kinds, blocks, strict=True)}
    icc = metadata.get(cv2.IMAGE_METADATA_ICCP, b"")
    return stored, metadata.get(cv2.IMAGE_METADATA_EXIF, b""), icc if _fits(icc, stored) else b""


def _turn(exif: bytes) -> Turn:
    return turn_from_exif(exif) if exif else Turn()


def _fits(icc: bytes, stored: NDArray[Any]) -> bool:
    """Whether the profile describes these pixels; that of a CMYK picture does not after conversion (ICC.1, 7.2.6)."""
    return icc[16:20] == (b"GRAY" if stored.ndim == 2 else b"RGB ")


def _shown(original: NDArray[Any]) -> U8:
    """(H, W, 3) BGR uint8, a copy."""
    eight = np.asarray(
        original if original.dtype == np.uint8 else cv2.convertScaleAbs(original, alpha=1 / 257), np.uint8
    )
    if eight.ndim == 2:
        return np.asarray(cv2.cvtColor(eight, cv2.COLOR_GRAY2BGR), np.uint8)
    if eight.shape[2] == 3:
        return eight.copy()
    alpha = eight[..., 3:].astype(np.uint16)
    over_white = (eight[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return over_white.astype(np.uint8)
