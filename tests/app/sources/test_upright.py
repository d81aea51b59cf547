import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sources.upright import Turn, turn_from_display_matrix, turn_from_exif
from tests.app.media import exif


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\x00\x00"])
def test_exif_orientations_are_eight_different_turns(order: str, prefix: bytes) -> None:
    turns = {turn_from_exif(prefix + exif(orientation, order)) for orientation in range(1, 9)}
    assert turns == {Turn(a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)}
    assert turn_from_exif(prefix + exif(6, order)) == Turn(transpose=True, flip_x=True)


@pytest.mark.parametrize("block", [b"", b"II", b"Exif\x00\x00", exif(0), exif(9), exif(6)[:20], b"XX" + exif(6)[2:]])
def test_no_turn_where_exif_says_nothing(block: bytes) -> None:
    assert turn_from_exif(block) == Turn()


@given(st.binary(max_size=80))
def test_any_exif_bytes_give_a_turn(block: bytes) -> None:
    assert isinstance(turn_from_exif(b"II*\0" + block), Turn)
    assert isinstance(turn_from_exif(block), Turn)


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "expected"),
    [
        (1, 0, 0, 1, Turn()),
        (-1, 0, 0, 1, Turn(flip_x=True)),
        (1, 0, 0, -1, Turn(flip_y=True)),
        (-1, 0, 0, -1, Turn(flip_x=True, flip_y=True)),
        (0, 1, 1, 0, Turn(transpose=True)),
        (0, 1, -1, 0, Turn(transpose=True, flip_x=True)),
        (0, -1, 1, 0, Turn(transpose=True, flip_y=True)),
        (0, -1, -1, 0, Turn(transpose=True, flip_x=True, flip_y=True)),
        (0, 0, 0, 0, Turn()),
    ],
)
def test_display_matrix(a: int, b: int, c: int, d: int, expected: Turn) -> None:
    one = 1 << 16
    matrix = np.array([a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30], np.int32)
    assert turn_from_display_matrix(matrix.tobytes()) == expected


@given(
    st.builds(Turn, st.booleans(), st.booleans(), st.booleans()),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from([(), (1,), (3,), (4,)]),
    st.sampled_from([np.uint8, np.uint16]),
)
def test_a_turn_moves_every_pixel_as_its_matrix_says(
    turn: Turn, width: int, height: int, channels: tuple[int, ...], kind: type
) -> None:
    pixels = np.arange(width * height * max(1, *channels, 1), dtype=kind).reshape(height, width, *channels)
    upright = turn.apply(pixels)
    expected = pixels.swapaxes(0, 1) if turn.transpose else pixels
    expected = expected[:, ::-1] if turn.flip_x else expected
    expected = expected[::-1] if turn.flip_y else expected
    assert upright.dtype == pixels.dtype
    assert turn.size_wh((width, height)) == upright.shape[1::-1]
    np.testing.assert_array_equal(upright.reshape(expected.shape), expected)
