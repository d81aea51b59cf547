"""From an output's BGRA to what a file can hold."""

import cv2
import numpy as np

from models.types import U8

_OPAQUE = 255


def is_opaque(bgra: U8) -> bool:
    """Whether no pixel of (H, W, 4) lets anything through."""
    return bool(cv2.minMaxLoc(cv2.extractChannel(bgra, 3))[0] == _OPAQUE)


def over_white(bgra: U8) -> U8:
    """(H, W, 3) BGR: straight alpha laid over white, as a viewer shows it."""
    if is_opaque(bgra):
        return np.asarray(cv2.cvtColor(bgra, cv2.COLOR_BGRA2BGR), np.uint8)
    alpha = bgra[..., 3:].astype(np.uint16)
    return ((bgra[..., :3] * alpha + _OPAQUE * (_OPAQUE - alpha) + 127) // _OPAQUE).astype(np.uint8)


def fitted(bgr: U8, size_wh: tuple[int, int]) -> U8:
    """Scaled into `size_wh` with black bars where the shape differs; the same array where the size fits already."""
    height, width = bgr.shape[:2]
    if (width, height) == size_wh:
        return bgr
    scale = min(size_wh[0] / width, size_wh[1] / height)
    inner_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    shrinks = scale < 1
    small = cv2.resize(bgr, inner_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    framed = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    left, top = (size_wh[0] - inner_wh[0]) // 2, (size_wh[1] - inner_wh[1]) // 2
    framed[top : top + inner_wh[1], left : left + inner_wh[0]] = small
    return framed


def even(bgr: U8) -> U8:
    """H.264's 4:2:0 needs even sides: the last row and column are repeated where they are odd."""
    height, width = bgr.shape[:2]
    if width % 2 == 0 and height % 2 == 0:
        return bgr
    return np.asarray(cv2.copyMakeBorder(bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), np.uint8)
