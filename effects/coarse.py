"""Coarse maps of the picture, 96 cells on the long side, on which whole persons are reasoned about cheaply."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import median
from models.types import F32, U8

Region = NDArray[np.bool_]
Labels = NDArray[np.int32]
Shift = tuple[float, float]

LONG_CELLS = 96

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


def map_scale(size_wh: tuple[int, int]) -> float:
    """Cells per pixel."""
    return LONG_CELLS / max(size_wh)


def map_wh(size_wh: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the map in cells."""
    scale = map_scale(size_wh)
    return max(4, round(size_wh[0] * scale)), max(4, round(size_wh[1] * scale))


def shrunk(pixels: U8) -> U8:
    """(H, W, 3) pixels -> (h, w, 3) colours of the cells, each the mean of four pixels."""
    width, height = map_wh((pixels.shape[1], pixels.shape[0]))
    sparse = cv2.resize(pixels, (2 * width, 2 * height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(sparse, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def regions(area: Region) -> tuple[Labels, Labels]:
    """Connected regions: label per cell (0 = outside), and per label x, y, width, height and cells (n, 5)."""
    _count, labels, stats, _centres = cv2.connectedComponentsWithStatsWithAlgorithm(
        area.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_BBDT
    )
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def span(low: float, high: float, length: int) -> slice:
    """The cells from `low` to `high`, at least one, cut to the map."""
    first = int(min(max(low, 0.0), length - 1))
    return slice(first, max(first, int(min(max(high, 0.0), length - 1))) + 1)


def grown(area: Region, cells: int) -> Region:
    """The area, `cells` cells larger all around."""
    side = 2 * cells + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(area.astype(np.uint8), kernel), np.bool_)


def softened(area: Region, cells: int = 3) -> F32:
    """0..1: solid in the area and one cell around it, fading over `cells` more (2 or 3)."""
    wide, side = grown(area, cells).astype(np.float32), 2 * cells - 1
    return np.asarray(cv2.blur(wide, (side, side), borderType=cv2.BORDER_REPLICATE), np.float32)


def camera_shift(scene: U8, colours: U8, persons: Region, start: Shift) -> Shift | None:
    """Cells right and down by which the scene has moved in the picture; None when it cannot be told.

    One least-squares shift (Lucas and Kanade 1981) over the whole map, with cells that disagree left out: people who
    move are fewer than the scene. It is right to a fraction of a cell for turns of about two cells between frames.

    Args:
        scene: (h, w, 3) the scene as it was learnt.
        colours: (h, w, 3) the picture now.
        persons: cells of tracked persons, which are left out.
        start: the shift of the frame before.
    """
    then, now = _halved(scene), _halved(colours)
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


def _halved(colours: U8) -> F32:
    """Grey at half the size."""
    height, width = colours.shape[0], colours.shape[1]
    grey = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY)
    half = cv2.resize(grey, (-(-width // _STEP), -(-height // _STEP)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(half, (3, 3), 0), np.float32)
