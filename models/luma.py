"""How bright the picture is and how much it changed, from some of its pixels."""

import cv2
import numpy as np

from models.types import U8

_GRID_WH = (64, 18)
"""Few rows: reading a row costs the same however few of its pixels are taken."""
_DARK, _BRIGHT = 3, 252
_CUT_CHANGE = 18.0
_CUT_LIKENESS = 0.4
"""A cut changes the picture and leaves nothing of its structure; a lamp or the exposure only scales it."""


class LumaMeter:
    """Measures one frame after another."""

    def __init__(self) -> None:
        self._before: U8 | None = None
        self._size: tuple[int, ...] = ()
        self.cut = False
        """Whether the latest frame shows another scene than the one before it."""

    def measure(self, pixels: U8) -> tuple[float, float, float]:
        """Mean brightness 0..255, share of clipped pixels 0..1, mean absolute change 0..255 since the last frame."""
        few = cv2.resize(pixels, _GRID_WH, interpolation=cv2.INTER_NEAREST)
        grey = np.asarray(cv2.cvtColor(few, cv2.COLOR_BGR2GRAY), np.uint8)
        clipped = 1 - cv2.countNonZero(cv2.inRange(grey, _DARK + 1, _BRIGHT - 1)) / grey.size
        before, self._before = self._before, grey
        size, self._size = self._size, pixels.shape
        change = 0.0
        self.cut = False
        if before is not None and size == pixels.shape:
            change = cv2.norm(grey, before, cv2.NORM_L1) / grey.size
            self.cut = change > _CUT_CHANGE and _likeness(grey, before) < _CUT_LIKENESS
        return cv2.mean(grey)[0], clipped, change

    def reset(self) -> None:
        """Another source begins."""
        self._before, self.cut = None, False


def _likeness(one: U8, other: U8) -> float:
    """Correlation of two pictures, -1..1; 0 where one of them is flat."""
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0
