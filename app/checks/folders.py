"""Whether what the user keeps can be kept."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from app.checks.finding import Finding, Situation
from app.paths import cache_dir, config_dir, pictures_dir

_SCARCE_GB = 1.0


def examine(_situation: Situation, _stop: threading.Event) -> Iterator[Finding]:
    """Settings, cache, snapshots and recordings."""
    for title, folder in (
        ("Settings", config_dir()),
        ("Cache", cache_dir()),
        ("Snapshots and recordings", pictures_dir()),
    ):
        yield kept(title, folder)


def kept(title: str, folder: Path) -> Finding:
    """Whether `folder` can be written to, or made, and has room."""
    nearest = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path(folder.anchor))
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        return Finding("bad", title, "cannot be saved", f"Make {nearest} a folder that you may write to.")
    free_gb = shutil.disk_usage(nearest).free / 2**30
    if free_gb < _SCARCE_GB:
        return Finding("warning", title, f"{free_gb:.1f} GB free", f"Make room on the disk that holds {nearest}.")
    return Finding("good", title, f"can be saved, {free_gb:.0f} GB free")
