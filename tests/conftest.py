"""Fixtures shared by all tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from effects.devices.gpu import GpuDevice

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_DEFAULT_TESTDATA = Path(__file__).resolve().parents[2] / "shared" / "testdata"


@pytest.fixture(scope="session")
def testdata() -> Path:
    """The folder of real clips and pictures; skips where it is missing, fails when it is required."""
    folder = Path(os.environ.get("FACET_TESTDATA") or _DEFAULT_TESTDATA)
    if folder.is_dir():
        return folder
    message = f"no test data at {folder}: set FACET_TESTDATA"
    if os.environ.get("FACET_REQUIRE_TESTDATA") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def gpu_networks() -> None:
    """For tests that run networks on a GPU; a software one will do. See tests/gpu.py."""
    from tests.gpu import require_gpu_networks

    require_gpu_networks()


@pytest.fixture(scope="session")
def gpu_canvas() -> None:
    """For tests that draw on a GPU; a software one will do. See tests/gpu.py."""
    from tests.gpu import require_gpu_canvas

    require_gpu_canvas()


@pytest.fixture(scope="session")
def gpu(gpu_canvas: None) -> "Iterator[GpuDevice]":
    """One canvas device for all tests: opening it takes a while."""
    from effects.devices.gpu import GpuDevice

    device = GpuDevice()
    yield device
    device.close()
