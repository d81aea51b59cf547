"""A GPU that can be lost at will: a Vulkan driver between the loader and the real driver (losing_driver.c)."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("losing_driver.c")


@dataclass(frozen=True, slots=True)
class LosingDriver:
    """For a process started with `environment`: the GPU is lost while the file `lost` exists."""

    environment: dict[str, str]
    lost: Path


def losing_driver(folder: Path) -> LosingDriver:
    """Build it; skips where there is no C compiler, or no driver was named in VK_DRIVER_FILES to pass things on to."""
    compiler = shutil.which("cc")
    manifest = Path(os.environ.get("VK_DRIVER_FILES", ""))
    if compiler is None or not manifest.is_file():
        pytest.skip("losing a GPU takes a C compiler and a Vulkan driver in VK_DRIVER_FILES")
    real = json.loads(manifest.read_text(encoding="utf-8"))
    library, lost = folder / "losing_driver.so", folder / "lost"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
    mine = folder / "losing_driver.json"
    real["ICD"]["library_path"], driver = str(library), real["ICD"]["library_path"]
    mine.write_text(json.dumps(real), encoding="utf-8")
    named = {
        "VK_DRIVER_FILES": str(mine),
        "REAL_DRIVER": str((manifest.parent / driver).resolve()),
        "GPU_LOST": str(lost),
    }
    return LosingDriver(dict(os.environ) | named, lost)
