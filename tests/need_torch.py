"""Tests that need PyTorch: without it they are skipped and say why; with FACET_REQUIRE_TORCH=1 they fail."""

import importlib.util
import os

import pytest


def require_torch() -> None:
    """Skip (or fail) where torch is not installed; does not import it."""
    if importlib.util.find_spec("torch") is not None:
        return
    message = "torch is not installed: pip install 'facet[torch]'"
    if os.environ.get("FACET_REQUIRE_TORCH") == "1":
        pytest.fail(message)
    pytest.skip(message)
