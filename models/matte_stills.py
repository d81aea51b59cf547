"""The person matte of single pictures: photos, galleries and backgrounds, where tens of milliseconds are no matter.

First the whole picture, then the box of what was found there, then every face's own box, each replacing what was
known before; every look is taken twice, once mirrored. Where no face vouches for a person, both networks must agree:
to one of them cluttered rooms are full of people. Measured by benchmarks/matte_truth.py.
"""

import math

import cv2
import numpy as np

from models.matte_net import PersonNet, levels
from models.runtime.base import Runtime
from models.types import F32, U8

_LONG_PX = 768
_REACH = 1.8
_HEADROOM = 0.9
_BELOW = 3.0
"""A face's box, in face heights: to each side of its centre, above it and below it."""
_FOUND_GROWTH = 0.225
_FOUND_WORTH = 0.85
"""A box of what was found is looked at if it covers less than this share of the picture."""
_FEATHER = 0.15
_TALL = 1.0
"""Crops narrower than this many heights go to both networks: the landscape one alone sees them too flat."""
_DIM, _BRIGHT, _MIDDLE = 0.25, 0.65, 0.45
_GAMMAS = (0.4, 2.5)

Box = tuple[int, int, int, int]


class StillMatte:
    """Both person networks, for pictures. One owner thread."""

    def __init__(self, runtime: Runtime) -> None:
        """Raises ModelUnavailable."""
        self._landscape = PersonNet(runtime, "selfie_landscape")
        self._square = PersonNet(runtime, "selfie_square")

    def __call__(self, pixels: U8, boxes_xyxy: F32) -> F32:
        """The matte (h, w) 0..1 of (H, W, 3) BGR uint8, to be stretched over the picture, and never larger than it.

        `boxes_xyxy` (n, 4) are its faces, forehead to chin, in picture pixels; n may be 0.
        """
        picture = _fitted(lit(pixels))
        height, width = picture.shape[:2]
        faces = face_boxes(boxes_xyxy, picture.shape[1] / pixels.shape[1], (width, height))
        alpha = self._unvouched(picture) if faces else self._look(picture)
        found = found_box(alpha)
        if found is not None:
            y0, y1, x0, x1 = found
            crop = picture[y0:y1, x0:x1]
            alpha[y0:y1, x0:x1] = self._unvouched(crop) if faces else self._look(crop)
        if faces:
            alpha = self._with_faces(picture, alpha, faces)
        return levels(alpha)

    def _with_faces(self, picture: U8, alpha: F32, faces: list[Box]) -> F32:
        """Alpha as every face's own box shows it, blended into what is known without them."""
        total, weight = np.zeros_like(alpha), np.zeros_like(alpha)
        covered = np.zeros_like(alpha)
        for y0, y1, x0, x1 in faces:
            inside = _feather((y0, y1, x0, x1), (picture.shape[1], picture.shape[0]))
            off = np.abs(np.linspace(-1, 1, x1 - x0, dtype=np.float32))
            say = inside * np.maximum(1 - off, np.float32(0.1)) ** 4
            total[y0:y1, x0:x1] += say * self._look(picture[y0:y1, x0:x1])
            weight[y0:y1, x0:x1] += say
            part = covered[y0:y1, x0:x1]
            np.maximum(part, inside, out=part)
        seen = total / np.maximum(weight, np.float32(1e-6))
        return np.asarray(alpha + covered * (seen - alpha), np.float32)

    def _look(self, crop: U8) -> F32:
        """Alpha of a crop at its own size, from the network that its shape suits."""
        alpha = _both_ways(self._landscape, crop)
        if crop.shape[1] < _TALL * crop.shape[0]:
            alpha = (alpha + _both_ways(self._square, crop)) * np.float32(0.5)
        return alpha

    def _unvouched(self, crop: U8) -> F32:
        """Alpha of a crop on which both networks agree."""
        return np.minimum(_both_ways(self._landscape, crop), _both_ways(self._square, crop))


def face_boxes(faces_xyxy: F32, scale: float, size_wh: tuple[int, int]) -> list[Box]:
    """Where each face's person is: (y0, y1, x0, x1) pixels of a picture of that size, `scale` times the faces' own."""
    width, height = size_wh
    boxes = []
    for left, top, right, bottom in (np.asarray(faces_xyxy, np.float64).reshape(-1, 4) * scale).tolist():
        size, centre = bottom - top, (left + right) / 2
        x0, x1 = max(math.floor(centre - _REACH * size), 0), min(math.ceil(centre + _REACH * size), width)
        y0, y1 = max(math.floor(top - _HEADROOM * size), 0), min(math.ceil(bottom + _BELOW * size), height)
        if x1 - x0 > 1 and y1 - y0 > 1:
            boxes.append((y0, y1, x0, x1))
    return boxes


def found_box(alpha: F32) -> Box | None:
    """The box of what is a person, grown by 45 %; None where nothing is or the box is nearly the whole picture."""
    height, width = alpha.shape
    x, y, w, h = cv2.boundingRect(np.asarray(alpha > 0.5, np.uint8))
    if w == 0:
        return None
    x0, x1 = max(int(x - _FOUND_GROWTH * w), 0), min(math.ceil(x + w + _FOUND_GROWTH * w), width)
    y0, y1 = max(int(y - _FOUND_GROWTH * h), 0), min(math.ceil(y + h + _FOUND_GROWTH * h), height)
    return (y0, y1, x0, x1) if (x1 - x0) * (y1 - y0) < _FOUND_WORTH * width * height else None


def lit(pixels: U8) -> U8:
    """Dim and glaring pictures brought to a mean luma of .45 by a gamma; the same picture where the light is fair."""
    luma = float(np.mean(cv2.cvtColor(pixels[:: max(len(pixels) // 64, 1)], cv2.COLOR_BGR2GRAY))) / 255
    if _DIM <= luma <= _BRIGHT:
        return pixels
    gamma = min(max(math.log(_MIDDLE) / math.log(min(max(luma, 0.01), 0.99)), _GAMMAS[0]), _GAMMAS[1])
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, table), np.uint8)


def _fitted(pixels: U8) -> U8:
    """A picture of at most 768 px a side."""
    scale = _LONG_PX / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size_wh = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
    return np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _both_ways(net: PersonNet, crop: U8) -> F32:
    """Alpha of a crop at the crop's size: the mean of the crop and its mirror image."""
    alpha = (net(crop) + net(crop, mirrored=True)) * np.float32(0.5)
    return np.asarray(cv2.resize(alpha, (crop.shape[1], crop.shape[0])), np.float32)


def _feather(box: Box, size_wh: tuple[int, int]) -> F32:
    """1 in the box, falling to 0 over its outer 15 %, except at the picture's own edges."""
    y0, y1, x0, x1 = box
    rows = _ramp(y1 - y0, y0 > 0, y1 < size_wh[1])
    return np.asarray(rows[:, None] * _ramp(x1 - x0, x0 > 0, x1 < size_wh[0])[None], np.float32)


def _ramp(length: int, rises: bool, falls: bool) -> F32:
    steps = (np.arange(length, dtype=np.float32) + 0.5) / (_FEATHER * length)
    ramp = np.ones(length, np.float32)
    if rises:
        ramp = np.minimum(ramp, steps)
    if falls:
        ramp = np.minimum(ramp, steps[::-1])
    return ramp
