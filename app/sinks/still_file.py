"""Encodes one picture so that every pixel that no effect touched keeps the bits it had in the file it came from."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sinks.pixels import is_opaque, over_white
from app.sources.files import quiet_opencv
from app.sources.picture_file import Picture
from models.types import U8

STILL_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".ppm", ".tiff", ".tif")
_SIXTEEN_BIT = (".png", ".tiff", ".tif", ".ppm")
_TRANSPARENT = (".png", ".webp", ".tiff", ".tif", ".bmp")
_COLOUR_ONLY = (".ppm", ".webp")
_PROFILED = (".png", ".jpg", ".jpeg", ".webp")
_TO_SIXTEEN = 257
_JPEG_QUALITY = 97
_WEBP_LOSSLESS = 101
_SETTINGS = {
    ".jpg": [
        *(cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, _WEBP_LOSSLESS],
}
_SIGNATURES = {
    ".jpg": (b"\xff\xd8\xff",),
    ".png": (b"\x89PNG",),
    ".webp": (b"RIFF",),
    ".bmp": (b"BM",),
    ".ppm": (b"P3", b"P6"),
    ".tif": (b"II*\0", b"MM\0*"),
}
_ALIASES = {".jpeg": ".jpg", ".tiff": ".tif"}


def encode_still(path: Path, bgra: U8, seen: U8, original: Picture | None) -> bytes:
    """The bytes of the file `path`.

    With nothing drawn and the same kind of file, that is the original file, byte for byte. Else untouched pixels keep
    their original values (16 bits and transparency included, as far as the kind of file holds them: JPEG is lossy, WebP
    is written lossless), and what was drawn is opaque unless the effect says otherwise. The colour profile is kept in
    PNG, JPEG and WebP; EXIF is not, as it may tell where the picture was taken.

    Args:
        path: names the kind of file.
        bgra: (H, W, 4) the result.
        seen: (H, W, 3) the frame that the effects began with.
        original: the picture behind `seen`, None for frames of videos and cameras.
    """
    kind = _ALIASES.get(path.suffix.lower(), path.suffix.lower())
    pixels, icc = _merged(bgra, seen, original)
    if original is not None and pixels is original.original and original.file_bytes.startswith(_SIGNATURES[kind]):
        return original.file_bytes
    return _encoded(kind, _as_held_by(kind, pixels), icc)


def _merged(bgra: U8, seen: U8, original: Picture | None) -> tuple[NDArray[Any], bytes]:
    """The original's pixels with what was drawn laid in, and the colour profile that fits them."""
    if original is None or bgra.shape[:2] != seen.shape[:2]:
        return (over_white(bgra) if is_opaque(bgra) else bgra), b""
    touched = (bgra[..., :3] != seen).any(axis=2) | (bgra[..., 3] != 255)
    if not touched.any():
        return original.original, original.icc
    stored = original.original
    grey = stored.ndim == 2
    if grey:
        stored = np.asarray(cv2.cvtColor(stored, cv2.COLOR_GRAY2BGR))
    if stored.shape[2] == 3 and not is_opaque(bgra):
        stored = np.asarray(cv2.cvtColor(stored, cv2.COLOR_BGR2BGRA))
    scale = _TO_SIXTEEN if stored.dtype == np.uint16 else 1
    merged = stored.copy()
    merged[touched] = bgra[touched][:, : stored.shape[2]].astype(stored.dtype) * scale
    return merged, b"" if grey else original.icc


def _as_held_by(kind: str, pixels: NDArray[Any]) -> NDArray[Any]:
    """Reduced to the depth and channels of this kind of file."""
    if pixels.dtype == np.uint16 and kind not in _SIXTEEN_BIT:
        pixels = np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / _TO_SIXTEEN))
    if pixels.ndim == 3 and pixels.shape[2] == 4 and kind not in _TRANSPARENT:
        if pixels.dtype == np.uint16:
            pixels = np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / _TO_SIXTEEN))
        pixels = over_white(np.asarray(pixels, np.uint8))
    if pixels.ndim == 2 and kind in _COLOUR_ONLY:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    return pixels


def _encoded(kind: str, pixels: NDArray[Any], icc: bytes) -> bytes:
    quiet_opencv()
    settings = _SETTINGS.get(kind, [])
    if icc and kind in _PROFILED and (pixels.ndim == 3) == (icc[16:20] == b"RGB "):
        profile = np.frombuffer(icc, np.uint8)
        done, data = cv2.imencodeWithMetadata(kind, pixels, [cv2.IMAGE_METADATA_ICCP], [profile], settings)
    else:
        done, data = cv2.imencode(kind, pixels, settings)
    if not done:
        raise OSError(f"the size does not fit a {kind[1:]} file")
    return data.tobytes()
