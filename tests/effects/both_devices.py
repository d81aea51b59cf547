"""One drawing on the CPU and on the GPU, and how far the pictures are apart."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.devices.gpu import GpuDevice
from models.types import U8, Frame


@dataclass(frozen=True, eq=False)
class Pictures:
    """Both pictures, (H, W, 4)."""

    cpu: U8
    gpu: U8

    def delta_e(self) -> NDArray[np.float64]:
        """(H, W) CIEDE2000 between them."""
        return colour_distance(self.cpu, self.gpu)

    def assert_alike(self, mean: float = 0.5, p99: float = 2.0) -> None:
        """The same picture to the eye, and the same alpha."""
        distance = self.delta_e()
        assert distance.mean() <= mean
        assert np.percentile(distance, 99) <= p99
        assert np.array_equal(self.cpu[..., 3], self.gpu[..., 3])


def colour_distance(one: U8, other: U8) -> NDArray[np.float64]:
    """(H, W) CIEDE2000 between two BGR(A) pictures; computed where they differ."""
    distance = np.zeros(one.shape[:2])
    differs = (one[..., :3] != other[..., :3]).any(axis=2)
    labs = [rgb2lab(picture[differs][:, 2::-1]) for picture in (one, other)]
    distance[differs] = deltaE_ciede2000(*labs)
    return distance


def draw_on_both(gpu: GpuDevice, frame: Frame, draw: Callable[[Canvas], None]) -> Pictures:
    """The same calls on a canvas of each device."""
    pictures = []
    for device in (CpuDevice(), gpu):
        canvas = Canvas(device.upload(frame), frame, device)
        draw(canvas)
        pictures.append(device.download(canvas.image))
    return Pictures(*pictures)


def soft_frame(size_wh: tuple[int, int] = (320, 180), seed: int = 0) -> Frame:
    """A picture as cameras give it: colours that run into one another, with some grain."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (9, 16, 3)).astype(np.uint8)
    large = cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    pixels = np.clip(large + generator.integers(-8, 9, large.shape), 0, 255).astype(np.uint8)
    return Frame(0, 0.0, 0, pixels)
