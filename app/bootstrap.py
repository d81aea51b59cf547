"""The only wiring: makes models, engines, sources and sinks, and puts the window together.

Everything heavy is imported inside the function that needs it, so that start-up pays for what it uses.
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import load_preset, with_sets
from app.settings import Settings
from app.settings_file import load_settings
from app.sources.base import Source
from app.streams import complain
from models.types import SharedModel, Wants

if TYPE_CHECKING:
    from app.pipeline.engine import Engine
    from app.pipeline.prepare import Preparer
    from app.sinks.base import Sink

_CPU_ONLY = "this version of Facet runs on the CPU only; the CPU is used."


def usable_backend(asked: str) -> str:
    """The backend that will really run; says so in one line on stderr when it is not the one asked for."""
    if asked not in ("auto", "cpu"):
        complain(f"backend {asked} is not available: {_CPU_ONLY}")
    return "cpu"


def make_model(backend: str) -> SharedModel:
    """The shared face model on a backend; raises ModelUnavailable."""
    from models.shared import create_cpu_model

    usable_backend(backend)
    return create_cpu_model()


def make_engine(backend: str, wants: Wants | None = None, preparer: "Preparer | None" = None) -> "Engine":
    """An engine on a backend.

    Args:
        backend: as asked for.
        wants: what perception shall deliver even when no effect asks for it.
        preparer: where assets are made; at once by default.
    """
    from app.pipeline.engine import Engine
    from effects.devices.cpu import CpuDevice
    from effects.registry import specs

    return Engine(
        make_model(backend), CpuDevice(), specs(), extra_wants=wants or Wants(landmarks=False), preparer=preparer
    )


def open_source(
    text: str,
    *,
    live: bool,
    loop: bool = False,
    size_wh: tuple[int, int] | None = None,
    fps: float | None = None,
    cancel: threading.Event | None = None,
) -> Source:
    """See `app.sources.open.open_source`."""
    from app.sources.open import open_source as open_any

    return open_any(text, live=live, loop=loop, size_wh=size_wh, fps=fps, cancel=cancel)


def open_sink(path: Path, source: Source, input_text: str) -> "Sink":
    """See `app.sinks.open.open_sink`."""
    from app.sinks.open import open_sink as open_any

    return open_any(path, source, input_text)


def is_still_name(path: Path) -> bool:
    """Whether the output's name is a picture's."""
    from app.sinks.still_file import STILL_SUFFIXES

    return path.suffix.lower() in STILL_SUFFIXES


def command_settings(preset: str | None, sets: Sequence[str], backend: str) -> Settings:
    """Settings of a command: nothing on, then the preset, then the single values. Raises UsageError."""
    settings = Settings(backend=backend)
    if preset:
        settings = load_preset(preset, settings)
    return with_sets(settings, sets)


def window_settings(preset: str | None, sets: Sequence[str], backend: str) -> tuple[Settings, tuple[str, ...]]:
    """The saved settings with the command line's on top, and plain messages about what could not be used."""
    settings, messages = load_settings()
    settings = replace(settings, backend=backend)
    if preset:
        settings = load_preset(preset, settings)
    return with_sets(settings, sets), messages


def check_input(text: str) -> None:
    """Raise for an INPUT that can never be opened, before a window is there; cameras and streams are left to it."""
    if "://" not in text and not re.fullmatch(r"demo|camera(:\d+)?", text):
        open_source(text, live=False).close()
