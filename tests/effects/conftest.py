"""The graphics device of the tests that draw on one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from effects.devices.gpu import GpuDevice


@pytest.fixture(scope="session")
def gpu(gpu_canvas: None) -> "Iterator[GpuDevice]":
    """One device for all tests: opening it takes a while."""
    from effects.devices.gpu import GpuDevice

    device = GpuDevice()
    yield device
    device.close()
