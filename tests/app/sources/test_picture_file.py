import base64
import contextlib
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.sources.base import BadInput
from app.sources.files import PICTURE_SUFFIXES
from app.sources.picture_file import load_picture
from tests.app.media import UPRIGHT, corners, exif, quarters, turned, write_picture

_LOSSLESS = (".png", ".bmp", ".ppm", ".tiff", ".tif")
_CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhc"
    "ZWdj/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAE"
    "EQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6"
    "g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkA"
    "SwAAPwD0CvP68/r0Cvn+ivoCiiiiivoCivn+iv/Z"
)
"""16x16, red in the upper left quarter, blue in the upper right; four channels, Adobe's inverted kind."""


def _noise(shape: tuple[int, ...], kind: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, shape, dtype=kind)


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
@pytest.mark.parametrize("size_wh", [(1, 1), (7, 5), (33, 64)])
def test_reads_every_kind_of_file(tmp_path: Path, suffix: str, size_wh: tuple[int, int]) -> None:
    picture = np.full((size_wh[1], size_wh[0], 3), (30, 90, 200), np.uint8)
    loaded = load_picture(write_picture(tmp_path / f"a{suffix}", picture))
    assert loaded.pixels.shape == picture.shape
    assert not loaded.pixels.flags.writeable
    assert np.abs(loaded.pixels.astype(int) - picture).max() <= (0 if suffix in _LOSSLESS else 6)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_brings_all_eight_orientations_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    upright = corners(60, 40)
    path = write_picture(tmp_path / f"a{suffix}", turned(upright, orientation), exif(orientation))
    loaded = load_picture(path)
    assert loaded.pixels.shape == (40, 60, 3)
    assert loaded.original.shape == (40, 60, 3)
    assert quarters(loaded.pixels) == UPRIGHT
    if suffix == ".png":
        np.testing.assert_array_equal(loaded.original, upright)


def test_shows_sixteen_bits_as_eight_and_keeps_them(tmp_path: Path) -> None:
    deep = _noise((9, 8, 3), np.uint16)
    loaded = load_picture(write_picture(tmp_path / "a.png", deep))
    np.testing.assert_array_equal(loaded.original, deep)
    assert np.abs(loaded.pixels - deep / 257).max() <= 0.5 + 1e-6
    eight = _noise((9, 8, 3))
    widened = load_picture(write_picture(tmp_path / "b.tiff", eight.astype(np.uint16) * 257))
    np.testing.assert_array_equal(widened.pixels, eight)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_lays_transparency_over_white_and_keeps_it(tmp_path: Path, kind: type) -> None:
    top = np.iinfo(kind).max
    stored = np.zeros((2, 3, 4), kind)
    stored[..., :3] = (0, top // 2, top)
    stored[0, :, 3] = (0, top // 2, top)
    stored[1, :, 3] = top
    loaded = load_picture(write_picture(tmp_path / "a.png", stored))
    np.testing.assert_array_equal(loaded.original, stored)
    assert loaded.pixels[0, 0].tolist() == [255, 255, 255]
    assert np.abs(loaded.pixels[0, 1].astype(int) - (128, 191, 255)).max() <= 1
    assert np.abs(loaded.pixels[1, 0].astype(int) - (0, 127, 255)).max() <= 1


def test_reads_grey_of_both_depths(tmp_path: Path) -> None:
    for name, kind in (("a.png", np.uint8), ("b.png", np.uint16), ("c.jpg", np.uint8)):
        loaded = load_picture(write_picture(tmp_path / name, np.full((5, 6), np.iinfo(kind).max // 3, kind)))
        assert loaded.pixels.shape == (5, 6, 3)
        assert np.unique(loaded.pixels).tolist() == [85]
        assert loaded.original.ndim == 2


def test_reads_a_cmyk_jpeg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_CMYK_JPEG)
    pixels = load_picture(path).pixels.astype(int)
    assert np.abs(pixels[2, 2] - (0, 0, 255)).max() <= 3
    assert np.abs(pixels[2, 12] - (255, 0, 0)).max() <= 3


def test_keeps_only_a_profile_that_fits_the_pixels(tmp_path: Path) -> None:
    for space, expected in ((b"RGB ", True), (b"CMYK", False), (b"GRAY", False)):
        profile = struct.pack(">I", 132) + b"lcms" + struct.pack(">I", 0x04400000) + b"mntr" + space + b"XYZ "
        profile += bytes(12) + b"acsp" + bytes(132 - 40)
        picture = _noise((4, 4, 3))
        _, data = cv2.imencodeWithMetadata(
            ".jpg", picture, [cv2.IMAGE_METADATA_ICCP], [np.frombuffer(profile, np.uint8)]
        )
        path = tmp_path / "a.jpg"
        path.write_bytes(data.tobytes())
        assert load_picture(path).icc == (profile if expected else b"")


@pytest.mark.parametrize("suffix", PICTURE_SUFFIXES)
def test_a_file_cut_short_is_bad_input(tmp_path: Path, suffix: str) -> None:
    path = write_picture(tmp_path / f"a{suffix}", cv2.GaussianBlur(_noise((40, 50, 3)), (0, 0), 2))
    whole = path.read_bytes()
    for length in (1, 2, 8, 20, len(whole) // 4, len(whole) // 2, len(whole) - 40):
        path.write_bytes(whole[:length])
        with pytest.raises(BadInput, match=r"damaged|not a picture"):
            load_picture(path)


@pytest.mark.parametrize(
    ("name", "content", "says", "reason"),
    [
        ("a.jpg", b"", "is empty", "broken"),
        ("a.png", b"just some words\n" * 40, "not a picture", "broken"),
        ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "not a picture", "broken"),
        ("a.heic", b"\0\0\0\x18ftypheic", "HEIC", "broken"),
        ("a.tiff", b"II*\0\x08\0\0\0", "not a picture", "broken"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, name: str, content: bytes, says: str, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        load_picture(path)
    assert name in str(caught.value)
    assert caught.value.reason == reason


def test_a_floating_point_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="8 or 16 bits"):
        load_picture(write_picture(tmp_path / "a.tiff", np.ones((3, 3, 3), np.float32)))


def test_a_picture_far_too_large_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 100000 100000 255\n" + bytes(100))
    with pytest.raises(BadInput, match=r"too large|damaged|not a picture"):
        load_picture(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("junk")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(PICTURE_SUFFIXES),
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"P6 9 9 255\n", b"II*\0", b"RIFF"]),
    content=st.binary(max_size=400),
)
def test_random_bytes_raise_bad_input_or_load(folder: Path, suffix: str, start: bytes, content: bytes) -> None:
    path = folder / f"x{suffix}"
    path.write_bytes(start + content)
    with contextlib.suppress(BadInput):
        assert load_picture(path).pixels.ndim == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(suffix=st.sampled_from(PICTURE_SUFFIXES), places=st.lists(st.integers(0, 2**16), min_size=1, max_size=6))
def test_flipped_bits_raise_bad_input_or_load(folder: Path, suffix: str, places: list[int]) -> None:
    path = write_picture(folder / f"y{suffix}", corners(20, 16), exif(6) if suffix in (".jpg", ".png") else b"")
    data = bytearray(path.read_bytes())
    for place in places:
        data[place % len(data)] ^= 1 << place % 8
    path.write_bytes(bytes(data))
    with contextlib.suppress(BadInput):
        assert load_picture(path).pixels.ndim == 3
