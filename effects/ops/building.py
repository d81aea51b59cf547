"""Compile every operation's shaders ahead of their first use, which would otherwise hold up a frame."""

import pkgutil
from importlib import import_module

from effects import ops
from effects.devices.gpu import GpuDevice
from effects.devices.gpu_shaders import Shader


def shaders() -> list[Shader]:
    """Those at the top of the files of this folder, in a fixed order."""
    names = sorted(module.name for module in pkgutil.iter_modules(ops.__path__, "effects.ops."))
    values = [value for name in names for value in vars(import_module(name)).values()]
    return [value for value in values if isinstance(value, Shader)]


def build_all(device: GpuDevice) -> None:
    """Make a device ready for all operations; for the thread that makes the device. Raises BackendFailed."""
    for shader in shaders():
        device.build(shader)
