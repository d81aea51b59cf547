"""Opens the graphics device through wgpu (Vulkan, Metal or Direct3D 12), and turns its errors into plain ones.

Imported only when a GPU device is made. wgpu raises its own errors from the very call that failed, a lost device from
every call after the loss ("Parent device is lost"), and logs besides; the log is silenced, the errors are kept.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

import wgpu  # type: ignore[import-untyped]
from wgpu.backends.wgpu_native import extras  # type: ignore[import-untyped]

from models.errors import BackendFailed

WAIT_S = 5.0
"""A frame that takes the device longer than this has hung it."""
_LOOK_S = 0.05
_INTERFACES = {"Vulkan": "Vulkan", "Metal": "Metal", "D3D12": "Direct3D 12"}
_RANK = {"DiscreteGPU": 0, "IntegratedGPU": 1, "Unknown": 2, "CPU": 3}
_USE_CPU = "or use the CPU backend"


@contextmanager
def plain_errors(doing: str) -> Iterator[None]:
    """Turn whatever wgpu raises within into a BackendFailed that says what happened and what to do."""
    try:
        yield
    except wgpu.GPUOutOfMemoryError as error:
        raise BackendFailed(
            "The graphics device has run out of memory. Close other programs that use it, choose a smaller picture, "
            f"{_USE_CPU}."
        ) from error
    except (wgpu.GPUError, RuntimeError, OSError) as error:
        raise BackendFailed(_reason(doing, str(error))) from error


def _reason(doing: str, message: str) -> str:
    if "lost" in message.lower():
        return (
            "The graphics device was lost: its driver was reset or updated, or the device was removed. "
            f"Switch to the GPU again, {_USE_CPU}."
        )
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    told = [line for line in lines if line not in ("Validation Error", "Caused by:") and not line.startswith("In wgpu")]
    cause = (told or lines or ["no reason given"])[0]
    return f"The graphics device failed while {doing}: {cause}. Update its driver, {_USE_CPU}."


@dataclass(frozen=True, slots=True)
class Opened:
    """A device of wgpu, what it is (name, interface, driver), and whether the CPU only plays it."""

    handle: Any
    description: str
    is_software: bool


def adapters() -> list[Any]:
    """All graphics devices that wgpu can use, as its adapters; empty where there is none."""
    _prepare_library()
    return [each for each in wgpu.gpu.enumerate_adapters_sync() if each.info["backend_type"] in _INTERFACES]


def open_device() -> Opened:
    """The best device of this machine; raises BackendFailed."""
    with plain_errors("being opened"):
        found = adapters()
        if not found:
            raise BackendFailed(
                "No graphics device was found: none of Vulkan, Metal and Direct3D 12 answers. Install or update the "
                f"graphics driver (on Linux its Vulkan part, for example mesa-vulkan-drivers), {_USE_CPU}."
            )
        best = min(found, key=lambda adapter: _RANK.get(adapter.info["adapter_type"], 2))
        is_software = best.info["adapter_type"] == "CPU"
        return Opened(best.request_device_sync(label="facet"), describe(best.info), is_software)


def describe(info: dict[str, Any]) -> str:
    """Name, interface and driver of an adapter in one line."""
    driver = info["description"] or info["vendor"]
    kind = " (software)" if info["adapter_type"] == "CPU" else ""
    return ", ".join(part for part in (f"{info['device']}{kind}", _INTERFACES[info["backend_type"]], driver) if part)


def wait(handle: Any, promise: Any) -> None:
    """Block until a promise of wgpu is kept; its own waiting has no end, and a hung device would hang the program."""
    # `sync_wait` of wgpu 0.32 waits for this same event, which the device's polling thread sets as long as it lives.
    deadline_s = monotonic() + WAIT_S
    while not promise._thread_event.wait(_LOOK_S):
        if not handle._poller.is_alive():
            raise BackendFailed(_reason("drawing", "device lost"))
        if monotonic() > deadline_s:
            raise BackendFailed(f"The graphics device has not answered for {WAIT_S:g} s. Restart Facet, {_USE_CPU}.")
    promise.sync_wait()


@lru_cache(maxsize=1)
def _prepare_library() -> None:
    """Once per process: no output, and no OpenGL, which would want a window system and one thread."""
    logger = logging.getLogger("wgpu")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    # wgpu refuses when someone else in this process has begun with it; then OpenGL is passed over below.
    with suppress(RuntimeError):
        extras.set_instance_extras(backends=["Vulkan", "Metal", "DX12"])
