"""Tests that need a GPU: without one they are skipped and say why; with FACET_REQUIRE_GPU=1 they fail.

A software GPU will do: Debian's `chromium` package carries SwiftShader
(`VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json`).
"""

import os
from functools import cache

import numpy as np
import pytest

from models.errors import FacetError
from models.networks import network_path


def require_gpu_networks() -> None:
    """Skip (or fail) unless LiteRT runs a network on a GPU here."""
    _require(_networks_trouble())


def require_gpu_canvas() -> None:
    """Skip (or fail) unless the canvas can be on a GPU here."""
    _require(_canvas_trouble())


def _require(trouble: str) -> None:
    if not trouble:
        return
    if os.environ.get("FACET_REQUIRE_GPU") == "1":
        pytest.fail(trouble)
    pytest.skip(trouble)


@cache
def _networks_trouble() -> str:
    from models.runtime.litert_gpu import LiteRtGpu

    runtime = LiteRtGpu()
    try:
        runtime.load(network_path("yunet"))(np.zeros((1, 160, 256, 3), np.float32))
    except FacetError as error:
        return str(error)
    finally:
        runtime.close()
    return ""


@cache
def _canvas_trouble() -> str:
    from effects.devices.gpu import GpuDevice

    try:
        GpuDevice().close()
    except FacetError as error:
        return str(error)
    return ""
