"""Compile every operation's shaders ahead of their first use, which would otherwise hold up a frame."""

import pkgutil
from importlib import import_module

from effects import ops
from effects.devices.gpu import GpuDevice
from effects.devices.gpu_shaders import Shader
from models.errors import BackendFailed


def shaders() -> list[Shader]:
    """Those at the top of the files of this folder, in a fixed order."""
    names = sorted(module.name for module in pkgutil.iter_modules(ops.__path__, "effects.ops."))
    values = [value for name in names for value in vars(import_module(name)).values()]
    return [value for value in values if isinstance(value, Shader)]


def built_device() -> GpuDevice:
    """A device that is ready for all operations; for a thread that nobody waits for. Raises BackendFailed."""
    device = GpuDevice()
    try:
        for shader in shaders():
            device.build(shader)
    except BackendFailed:
        device.close()
        raise
    return device
