"""The figure without its head: what the neck and chin hide is painted in, so that the head may move."""

import cv2
import numpy as np

from assets.demo.source import cutout
from assets.demo.source.mesh import F32, U8

SCALE = 2
BOX = (12, 136, 510, 512)
"""x0, y0, x1, y1 in the portrait."""

RING = ((346, 24), (400, 24), (448, 40), (493, 78))
"""Control points (Bezier) of the far edge of the helmet ring behind the neck, in body pixels."""

COLLAR_ROW = 112
"""Body row under which the cloth is the portrait's own."""


def make(portrait: U8, figure: F32) -> U8:
    """BGRA of the suit; where the head was, the neck cloth and the ring's far side."""
    x0, y0, x1, y1 = BOX
    size = ((x1 - x0) * SCALE, (y1 - y0) * SCALE)
    picture = cv2.resize(portrait[y0:y1, x0:x1], size, interpolation=cv2.INTER_LANCZOS4)
    large = cv2.resize(figure[y0:y1, x0:x1], size, interpolation=cv2.INTER_CUBIC)
    soft = cutout.soften((cv2.GaussianBlur(large, (0, 0), 4) > 0.5).astype(np.float32), picture, 5, 1.0)
    clean = cutout.decontaminate(picture, soft, 3)
    outline = (np.array(cutout.NECK_XY, np.float32) - BOX[:2] + 0.5) * SCALE
    gone = cv2.fillPoly(np.zeros(soft.shape, np.uint8), [np.round(outline).astype(np.int32)], 255)
    gone = cv2.dilate(gone, np.ones((13, 13), np.uint8))
    gone[COLLAR_ROW:] = 0
    painted, alpha = _behind(clean, soft)
    share = cv2.GaussianBlur(gone, (0, 0), 1.2).astype(np.float32) / 255
    mixed = clean * (1 - share[..., None]) + painted * share[..., None]
    alpha = soft * (1 - share) + alpha * share
    return np.dstack([np.clip(mixed, 0, 255), np.clip(alpha, 0, 1) * 255]).round().astype(np.uint8)


def _behind(picture: U8, soft: F32) -> tuple[F32, F32]:
    """Ring and dark inside between its visible ends: each end's colours by distance from the edge, mixed across."""
    height, width = soft.shape
    t = np.linspace(0, 1, 400)[:, None]
    a, b, c, d = (np.array(p, np.float32) for p in RING)
    curve = a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t * t * (1 - t) + d * t**3
    columns = np.arange(width, dtype=np.float32)
    edge = np.interp(columns, curve[:, 0], curve[:, 1])
    y = np.arange(height, dtype=np.float32)[:, None]
    below = y - edge
    out = np.zeros((height, width, 3), np.float32)
    mix = np.clip((columns - a[0]) / (d[0] - a[0]), 0, 1)[None, :, None]
    for x, base, share in ((a[0] - 5, a[1], 1 - mix), (d[0] + 6, d[1] + 5, mix)):
        column = picture[:, int(x) - 1 : int(x) + 2].astype(np.float32).mean(1)
        profile = np.stack([np.interp(below + base, np.arange(height), column[:, k]) for k in range(3)], -1)
        out += profile * share
    dark = np.clip((below - 20) / 25, 0, 1)[..., None]
    out = out * (1 - dark) + np.array([5, 7, 10], np.float32) * dark
    return out, np.clip(below + 0.5, 0, 1).astype(np.float32)
