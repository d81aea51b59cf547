"""What is said and done when the graphics device fails, without one."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
import wgpu  # type: ignore[import-untyped]

from effects.devices import gpu_adapter
from models.errors import BackendFailed


def waiting(*, polled: bool) -> tuple[Any, Any]:
    """A device whose polling thread is alive or dead, and a promise that nobody keeps."""
    handle = SimpleNamespace(_poller=SimpleNamespace(is_alive=lambda: polled))
    return handle, SimpleNamespace(_thread_event=threading.Event(), sync_wait=lambda: None)


def test_a_dead_polling_thread_is_a_lost_device() -> None:
    with pytest.raises(BackendFailed, match="lost"):
        gpu_adapter.wait(*waiting(polled=False))


def test_a_hung_device_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_adapter, "WAIT_S", 0.1)
    with pytest.raises(BackendFailed, match="has not answered"):
        gpu_adapter.wait(*waiting(polled=True))


def test_a_kept_promise_ends_the_wait() -> None:
    handle, promise = waiting(polled=True)
    promise._thread_event.set()
    gpu_adapter.wait(handle, promise)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (wgpu.GPUOutOfMemoryError("no memory"), "has run out of memory. Close other programs"),
        (wgpu.GPUValidationError("Validation Error\n\nCaused by:\n  Parent device is lost"), "was lost"),
        (
            wgpu.GPUValidationError("Validation Error\n\nCaused by:\n  In wgpuX\n    too big\n"),
            "while drawing: too big",
        ),
        (RuntimeError("Request device failed"), "while drawing: Request device failed. Update its driver"),
        (wgpu.GPUError(""), "no reason given"),
    ],
)
def test_errors_say_what_happened_and_what_to_do(error: Exception, told: str) -> None:
    with pytest.raises(BackendFailed, match="use the CPU backend") as caught, gpu_adapter.plain_errors("drawing"):
        raise error
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_error_of_the_device_passes() -> None:
    with pytest.raises(KeyError), gpu_adapter.plain_errors("drawing"):
        raise KeyError("mask")


def test_a_device_is_described_in_one_line() -> None:
    info = {"device": "Fast 1", "backend_type": "Vulkan", "adapter_type": "IntegratedGPU", "vendor": "V"}
    assert gpu_adapter.describe({**info, "description": "Mesa 25"}) == "Fast 1, Vulkan, Mesa 25"
    assert gpu_adapter.describe({**info, "description": "", "adapter_type": "CPU"}) == "Fast 1 (software), Vulkan, V"
