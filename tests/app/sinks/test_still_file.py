import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sinks.still_file import STILL_SUFFIXES, encode_still
from app.sources.picture_file import Picture, load_picture
from models.types import U8
from tests.app.media import exif, turned, write_picture
from tests.app.sinks.outputs import bgra_of

_EXACT = (".png", ".bmp", ".ppm", ".tiff", ".webp")
_RED = (10, 20, 240)


def _noise(shape: tuple[int, ...], kind: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(2).integers(0, np.iinfo(kind).max + 1, shape, dtype=kind)


def _decode(data: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return np.asarray(picture)


def _load(tmp_path: Path, name: str, pixels: np.ndarray, block: bytes = b"") -> Picture:
    return load_picture(write_picture(tmp_path / name, pixels, block))


def _drawn(picture: Picture) -> tuple[U8, np.ndarray]:
    """The picture with a red square, and where that is."""
    bgra = bgra_of(picture.pixels)
    bgra[2:5, 3:7] = (*_RED, 255)
    where = np.zeros(bgra.shape[:2], bool)
    where[2:5, 3:7] = True
    return bgra, where


def test_nothing_drawn_gives_the_file_back_byte_for_byte(tmp_path: Path) -> None:
    for suffix in STILL_SUFFIXES:
        block = exif(6) if suffix in (".jpg", ".png") else b""
        picture = _load(tmp_path, f"a{suffix}", _noise((12, 10, 3)), block)
        data = encode_still(Path(f"out{suffix}"), bgra_of(picture.pixels), picture.pixels, picture)
        assert data == (tmp_path / f"a{suffix}").read_bytes()


@pytest.mark.parametrize("out", _EXACT)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_untouched_pixels_keep_their_bits(tmp_path: Path, out: str, kind: type, channels: int) -> None:
    stored = _noise((12, 10, channels) if channels > 1 else (12, 10), kind)
    if channels == 4:
        stored[..., 3] |= 1 << 8 * np.dtype(kind).itemsize - 1
    picture = _load(tmp_path, "a.png", stored)
    bgra, where = _drawn(picture)
    written = _decode(encode_still(Path(f"out{out}"), bgra, picture.pixels, picture))
    assert (
        np.abs(written[where][:, :3] / (written.itemsize * 128 + 1 if written.itemsize > 1 else 1) - _RED).max() < 0.5
    )
    colour = stored if channels > 1 else cv2.cvtColor(stored, cv2.COLOR_GRAY2BGR)
    if out == ".ppm" and channels == 4:
        expected = picture.pixels
    elif written.dtype == stored.dtype:
        expected = colour
    else:
        expected = np.round(colour / 257).astype(np.uint8)
    np.testing.assert_array_equal(written[~where][:, : expected.shape[2]], expected[~where][:, : written.shape[2]])
    if channels == 4 and out != ".ppm":
        assert written.shape[2] == 4
        assert (written[where][:, 3] == np.iinfo(written.dtype).max).all()


@pytest.mark.parametrize("out", STILL_SUFFIXES)
@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (12, 10), (12, 10, 3), (12, 10, 4)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_every_kind_of_picture_goes_into_every_kind_of_file(
    tmp_path: Path, out: str, drawn: bool, shape: tuple[int, ...], kind: type
) -> None:
    picture = _load(tmp_path, "a.tiff" if out == ".png" else "a.png", np.full(shape, np.iinfo(kind).max // 2, kind))
    bgra = bgra_of(picture.pixels)
    if drawn:
        bgra[0, 0] = (*_RED, 255)
    written = _decode(encode_still(Path(f"out{out}"), bgra, picture.pixels, picture))
    assert written.shape[:2] == shape[:2]


def test_a_turned_photo_comes_out_upright_once_drawn_on(tmp_path: Path) -> None:
    upright = _noise((12, 10, 3))
    picture = _load(tmp_path, "a.png", turned(upright, 6), exif(6))
    bgra, where = _drawn(picture)
    path = tmp_path / "out.png"
    path.write_bytes(encode_still(path, bgra, picture.pixels, picture))
    again = load_picture(path).pixels
    np.testing.assert_array_equal(again[~where], upright[~where])


def test_what_an_effect_made_transparent_stays_so(tmp_path: Path) -> None:
    picture = _load(tmp_path, "a.png", _noise((6, 6, 3)))
    bgra = bgra_of(picture.pixels)
    bgra[0, 0] = (1, 2, 3, 100)
    written = _decode(encode_still(Path("out.png"), bgra, picture.pixels, picture))
    assert written[0, 0].tolist() == [1, 2, 3, 100]
    np.testing.assert_array_equal(written[1:], bgra[1:])
    flat = _decode(encode_still(Path("out.bmp"), bgra, picture.pixels, None))
    assert flat[0, 0, 3] == 100


def test_frames_without_a_file_are_written_as_they_are() -> None:
    pixels = _noise((7, 5, 3))
    np.testing.assert_array_equal(_decode(encode_still(Path("o.png"), bgra_of(pixels), pixels, None)), pixels)


def test_jpeg_is_close_and_of_full_colour() -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2] = (0, 0, 255)
    pixels[:, 1::2] = (255, 0, 0)
    written = _decode(encode_still(Path("o.jpg"), bgra_of(pixels), pixels, None)).astype(int)
    assert np.abs(written - pixels).mean() < 4


def test_the_profile_is_kept_with_changed_pixels_and_exif_is_not(tmp_path: Path) -> None:
    profile = struct.pack(">I", 132) + b"lcms" + struct.pack(">I", 0x04400000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    profile += bytes(132 - len(profile))
    kinds = [cv2.IMAGE_METADATA_ICCP, cv2.IMAGE_METADATA_EXIF]
    blocks = [np.frombuffer(block, np.uint8) for block in (profile, exif(1))]
    _, data = cv2.imencodeWithMetadata(".jpg", _noise((12, 10, 3)), kinds, blocks)
    path = tmp_path / "a.jpg"
    path.write_bytes(data.tobytes())
    picture = load_picture(path)
    bgra, _ = _drawn(picture)
    written = encode_still(Path("out.webp"), bgra, picture.pixels, picture)
    _, kinds_out, blocks_out = cv2.imdecodeWithMetadata(np.frombuffer(written, np.uint8), flags=cv2.IMREAD_UNCHANGED)
    assert [int(kind) for kind in kinds_out] == [cv2.IMAGE_METADATA_ICCP]
    assert bytes(blocks_out[0]) == profile
