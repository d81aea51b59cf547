"""How far the camera has turned, in cells of the coarse map, so that a scene that was learnt stays comparable.

One least-squares shift (Lucas and Kanade 1981) over the whole map, with cells that disagree left out: people who move
are fewer than the scene. It is right to a fraction of a cell for turns of about two cells between frames.
"""

import cv2
import numpy as np

from effects.coarse import Region
from models.geometry import median
from models.types import F32, U8

_ROUNDS = 2
_STEP = 2
"""Of the coarse map every other cell is enough for this."""
_AGREES_LEVELS = 24.0
"""Cells that differ by more after the shift are somebody, not the scene."""
_LEAST_AGREEING = 0.5
_LEAST_GRADIENT = 0.3
"""Mean squared gradient along the poorer direction under which a picture does not say how it moved."""
_MOST_CELLS = 4.0
"""A step farther from where the camera was last is no turn but another view."""

Shift = tuple[float, float]


def camera_shift(scene: U8, colours: U8, persons: Region, start: Shift) -> Shift | None:
    """Cells right and down by which the scene has moved in the picture; None when it cannot be told.

    Args:
        scene: (h, w, 3) the scene as it was learnt.
        colours: (h, w, 3) the picture now.
        persons: cells of tracked persons, which are left out.
        start: the shift of the frame before.
    """
    then, now = _smooth(scene), _smooth(colours)
    height, width = now.shape
    across, down = start
    use = ~persons[::_STEP, ::_STEP][:height, :width]
    gradient_x = cv2.Sobel(now, cv2.CV_32F, 1, 0, scale=0.125).ravel()
    gradient_y = cv2.Sobel(now, cv2.CV_32F, 0, 1, scale=0.125).ravel()
    agreeing = use.ravel()
    across, down = across / _STEP, down / _STEP
    for _ in range(_ROUNDS):
        matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
        moved = cv2.warpAffine(then, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        change = cv2.subtract(now, moved).ravel()
        change = change - np.float32(median(change[::13, None].astype(np.float64))[0])
        agreeing = use.ravel() & (np.abs(change) < _AGREES_LEVELS)
        slope_x, slope_y = gradient_x * agreeing, gradient_y * agreeing
        xx, xy, yy = float(slope_x @ slope_x), float(slope_x @ slope_y), float(slope_y @ slope_y)
        determinant = xx * yy - xy * xy
        if determinant < (_LEAST_GRADIENT * change.size) ** 2:
            return start
        bx, by = float(slope_x @ change), float(slope_y @ change)
        across -= (yy * bx - xy * by) / determinant
        down -= (xx * by - xy * bx) / determinant
    across, down = across * _STEP, down * _STEP
    if max(abs(across - start[0]), abs(down - start[1])) > _MOST_CELLS:
        return None
    return (across, down) if np.count_nonzero(agreeing) >= _LEAST_AGREEING * np.count_nonzero(use) else None


def moved_map(values: F32, cells_xy: tuple[int, int], fill: float) -> F32:
    """A map (h, w) or (h, w, n) moved by whole cells; what comes in is `fill`."""
    across, down = cells_xy
    result = np.full_like(values, fill)
    height, width = values.shape[:2]
    if abs(across) < width and abs(down) < height:
        to = slice(max(down, 0), height + min(down, 0)), slice(max(across, 0), width + min(across, 0))
        of = slice(max(-down, 0), height + min(-down, 0)), slice(max(-across, 0), width + min(-across, 0))
        result[to] = values[of]
    return result


def _smooth(colours: U8) -> F32:
    """Grey at half the size."""
    height, width = colours.shape[0], colours.shape[1]
    grey = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
    half = cv2.resize(grey, (-(-width // _STEP), -(-height // _STEP)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(half, (3, 3), 0), np.float32)
