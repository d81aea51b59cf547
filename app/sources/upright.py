"""Which flips bring a stored picture upright: shared by EXIF (pictures) and the display matrix (videos)."""

from dataclasses import dataclass

import cv2
import numpy as np

from models.types import U8


@dataclass(frozen=True, slots=True)
class Turn:
    """Transpose first, then flip left-right and / or top-bottom."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    def size_wh(self, size_wh: tuple[int, int]) -> tuple[int, int]:
        """Size after the turn."""
        width, height = size_wh
        return (height, width) if self.transpose else (width, height)

    def apply(self, pixels: U8) -> U8:
        """Turn (H, W[, C]) pixels of any depth; the same array where nothing is to be done."""
        turned = cv2.transpose(pixels) if self.transpose else pixels
        if self.flip_x and self.flip_y:
            turned = cv2.flip(turned, -1)
        elif self.flip_x:
            turned = cv2.flip(turned, 1)
        elif self.flip_y:
            turned = cv2.flip(turned, 0)
        return np.asarray(turned, dtype=pixels.dtype)


_EXIF_TURNS = {
    1: Turn(),
    2: Turn(flip_x=True),
    3: Turn(flip_x=True, flip_y=True),
    4: Turn(flip_y=True),
    5: Turn(transpose=True),
    6: Turn(transpose=True, flip_x=True),
    7: Turn(transpose=True, flip_x=True, flip_y=True),
    8: Turn(transpose=True, flip_y=True),
}


def turn_from_exif(exif: bytes) -> Turn:
    """Read tag 0x0112 (orientation) of the first directory of an EXIF block; no turn where it is absent or broken.

    EXIF 2.3, section 4.6: a TIFF header ("II" or "MM", 42, offset of the directory), then 12-byte entries.
    """
    data = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II": "little", b"MM": "big"}.get(data[:2])
    if order is None:
        return Turn()

    def number(offset: int, size: int) -> int:
        return int.from_bytes(data[offset : offset + size], "little" if order == "little" else "big")

    start = number(4, 4)
    for entry in range(start + 2, min(start + 2 + 12 * number(start, 2), len(data) - 11), 12):
        if number(entry, 2) == 0x0112:
            return _EXIF_TURNS.get(number(entry + 8, 2), Turn())
    return Turn()


def turn_from_display_matrix(matrix: bytes) -> Turn:
    """The nearest right-angled turn of a 3x3 display matrix of nine int32 in machine order (libavutil/display.h).

    A stored point (x, y) is shown at (a x + c y, b x + d y) with the matrix [[a, b, u], [c, d, v], [x0, y0, w]].
    """
    values = np.frombuffer(matrix, np.int32, count=9).astype(np.int64)
    a, b, c, d = (int(values[i]) for i in (0, 1, 3, 4))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(transpose=False, flip_x=a < 0, flip_y=d < 0)
    return Turn(transpose=True, flip_x=c < 0, flip_y=b < 0)
