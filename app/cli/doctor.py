"""Check this machine: networks, codecs, cameras, display, folders; each line says what to do about what is missing."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Literal

from app.cli.files import output_path, whole_file
from app.machine import machine
from app.version import version
from models.errors import FacetError

State = Literal["good", "warning", "bad"]

_LIBRARIES = ("ai-edge-litert", "opencv-python-headless", "av", "numpy", "PySide6-Essentials")
_MARKS = {"good": "ok  ", "warning": "warn", "bad": "BAD "}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding; `mend` says what to do, "" when nothing is to be done."""

    topic: str
    state: State
    text: str
    mend: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet doctor`."""
    parser.add_argument("--json", type=output_path, metavar="OUT", help="also write the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; always 0, because a report was made."""
    lines = examine()
    facts = machine() | {"facet": version()}
    sys.stdout.write("  ".join(f"{key}: {value}" for key, value in facts.items()) + "\n\n")
    width = max(len(line.topic) for line in lines) + 2
    for line in lines:
        sys.stdout.write(f"{_MARKS[line.state]}  {line.topic:<{width}}{line.text}\n")
        if line.mend:
            sys.stdout.write(f"{'':<{width + 6}}{line.mend}\n")
    if arguments.json:
        with whole_file(arguments.json) as handle:
            json.dump({"machine": facts, "lines": [asdict(line) for line in lines]}, handle, indent=2)
    return 0


def examine() -> list[Line]:
    """All findings, in the order in which a user needs them."""
    checks: tuple[Callable[[], list[Line]], ...] = (
        _libraries,
        _networks,
        _inference,
        _codecs,
        _cameras,
        _display,
        _gpu,
        _folders,
    )
    return [line for check in checks for line in check()]


def _libraries() -> list[Line]:
    lines = []
    for name in _LIBRARIES:
        try:
            lines.append(Line("library", "good", f"{name} {metadata.version(name)}"))
        except metadata.PackageNotFoundError:
            lines.append(Line("library", "bad", f"{name} is missing", "Install Facet again (pip install facet)."))
    return lines


def _networks() -> list[Line]:
    from models.networks.listing import problems

    lines = []
    for name, problem in problems():
        if problem:
            lines.append(Line("network", "bad", name, problem))
        else:
            lines.append(Line("network", "good", name))
    return lines


def _inference() -> list[Line]:
    import time

    import numpy as np

    from app import bootstrap
    from models.types import Frame, Wants

    try:
        model = bootstrap.make_model("cpu")
        try:
            pixels = np.full((720, 1280, 3), 127, np.uint8)
            for index in range(2):
                started_ns = time.perf_counter_ns()
                model.track(Frame(index, index / 30, 0, pixels), Wants(matte=True))
                elapsed_ms = (time.perf_counter_ns() - started_ns) / 1e6
        finally:
            model.close()
    except FacetError as error:
        return [Line("face model", "bad", "does not run on the CPU", str(error))]
    return [Line("face model", "good", f"runs on the CPU ({elapsed_ms:.1f} ms for an empty 1280x720 picture)")]


def _codecs() -> list[Line]:
    import av

    lines = []
    for name, mode, use in (("libx264", "w", "recording MP4"), ("aac", "w", "sound"), ("h264", "r", "reading MP4")):
        try:
            av.Codec(name, mode)  # type: ignore[arg-type]
            lines.append(Line("codec", "good", f"{name} ({use})"))
        except ValueError:
            lines.append(
                Line("codec", "bad", f"{name} is missing ({use})", "Install PyAV from its own wheel: pip install av.")
            )
    return lines


def _cameras() -> list[Line]:
    from app.sources.devices import list_cameras

    found = list_cameras()
    if not found:
        return [Line("camera", "warning", "none found", "Connect one, or use a video or the demo: facet run demo")]
    return [Line("camera", "good", f"camera:{camera.index} {camera.name}") for camera in found]


def _display() -> list[Line]:
    from app.display import has_display

    if has_display():
        return [Line("display", "good", f"a window can be shown ({os.environ.get('QT_QPA_PLATFORM') or 'native'})")]
    return [
        Line(
            "display",
            "warning",
            "no window can be shown here",
            "Start Facet in a desktop session. Without one, render, perceive and bench work.",
        )
    ]


def _gpu() -> list[Line]:
    return [Line("GPU", "warning", "not used by this version: everything runs on the CPU")]


def _folders() -> list[Line]:
    from app.paths import cache_dir, config_dir

    lines = []
    for title, folder in (("settings", config_dir()), ("cache", cache_dir())):
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if os.access(nearest, os.W_OK):
            lines.append(Line("folder", "good", f"{title} can be saved"))
        else:
            lines.append(Line("folder", "bad", f"{title} cannot be saved", f"Make {folder} writable."))
    return lines
