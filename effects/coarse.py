"""Coarse maps of the picture, 96 cells on the long side, on which whole persons are reasoned about cheaply."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import F32, U8

Region = NDArray[np.bool_]
Labels = NDArray[np.int32]

LONG_CELLS = 96


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
