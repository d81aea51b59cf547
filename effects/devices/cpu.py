"""Pictures in main memory as numpy arrays: the reference device, always there."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

import cv2
import numpy as np

from effects.canvas import Image
from models.errors import BackendFailed
from models.types import U8, Frame

KEPT_IMAGES = 64


@dataclass(frozen=True, slots=True, eq=False)
class CpuImage:
    """An array as an image. `kept` ones belong to the device and are never written."""

    pixels: U8
    """(H, W, 4) BGRA, straight alpha, or (H, W, 1)."""
    kept: bool = False

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height


class CpuDevice:
    """The CPU canvas device. One owner thread."""

    name = "cpu"

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, CpuImage] = OrderedDict()

    def upload(self, frame: Frame) -> CpuImage:
        """The frame as a fresh BGRA image, alpha 255 (0.1 ms at 720p)."""
        return CpuImage(np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_BGR2BGRA), dtype=np.uint8))

    def keep(self, key: Hashable, pixels: U8) -> CpuImage:
        """A write-protected image remembered under `key`; the least recently used of more than 64 goes."""
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return known
        copy = pixels.copy()
        copy.setflags(write=False)
        self._kept[key] = image = CpuImage(copy, kept=True)
        if len(self._kept) > KEPT_IMAGES:
            self._kept.popitem(last=False)
        return image

    def download(self, image: Image) -> U8:
        """The image's array; it belongs to the caller from now on."""
        if not isinstance(image, CpuImage):
            raise BackendFailed("A picture of another device was handed to the CPU.")
        return image.pixels.copy() if image.kept else image.pixels

    def close(self) -> None:
        """Forget the kept images."""
        self._kept.clear()
