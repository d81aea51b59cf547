"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

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
