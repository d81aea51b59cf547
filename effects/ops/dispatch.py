"""Which implementation of a pixel operation runs: decided by the device that holds the picture.

Each file of this folder has one public function and one private implementation per device:

    def fill(canvas, mask, colour_bgr):
        pick(canvas.device, cpu=_fill_cpu, gpu=_fill_gpu)(canvas, mask, colour_bgr)

The CPU's works on `cpu_pixels(canvas)`, the GPU's runs a shader on `gpu_image(canvas)`.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from effects.canvas import Canvas, Device
from effects.devices.cpu import CpuImage
from effects.devices.gpu import GpuDevice, GpuImage
from models.errors import BackendFailed
from models.types import U8

P = ParamSpec("P")
R = TypeVar("R")


def pick(device: Device, **implementations: Callable[P, R]) -> Callable[P, R]:
    """The implementation named like the device; raises BackendFailed where the device has none."""
    if device.name not in implementations:
        raise BackendFailed(f"This operation has no code for the device '{device.name}'. Use the CPU backend.")
    return implementations[device.name]


def cpu_pixels(canvas: Canvas) -> U8:
    """The (H, W, 4) array behind a canvas on the CPU, to be changed in place."""
    if not isinstance(canvas.image, CpuImage):
        raise BackendFailed(f"A CPU operation was given a picture that lives on '{canvas.device.name}'.")
    return canvas.image.pixels


def gpu_image(canvas: Canvas) -> tuple[GpuDevice, GpuImage]:
    """The device to run shaders on, and the picture to be changed in place."""
    if not isinstance(canvas.device, GpuDevice):
        raise BackendFailed(f"A GPU operation was given a picture that lives on '{canvas.device.name}'.")
    return canvas.device, canvas.device.own(canvas.image)
