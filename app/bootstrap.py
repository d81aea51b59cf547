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
from models.errors import BackendFailed, FacetError
from models.types import SharedModel, Wants

if TYPE_CHECKING:
    from app.backends.pair import Loading, Pair
    from app.pipeline.engine import Engine
    from app.pipeline.prepare import Preparer
    from app.pipeline.switch import Circumstances
    from app.sinks.base import Sink


def make_model(backend: str) -> SharedModel:
    """The shared face model of a backend; where this machine lacks it, the CPU's. Raises ModelUnavailable."""
    from app.backends.build import make_networks, parts_of
    from effects.devices.cpu import CpuDevice

    return make_networks(parts_of(_usable(backend))[0], CpuDevice()).model


def make_home_engine(wants: Wants | None = None, preparer: "Preparer | None" = None) -> "Engine":
    """An engine on the CPU; arguments as of `make_engine`."""
    from app.machine import cpu_name
    from app.pipeline.engine import Engine
    from effects.devices.cpu import CpuDevice
    from effects.registry import specs
    from models.shared import create_cpu_model

    wants = wants or Wants(landmarks=False)
    engine = Engine(create_cpu_model(), CpuDevice(), specs(), extra_wants=wants, preparer=preparer)
    engine.home.describe = cpu_name
    return engine


def make_engine(backend: str, wants: Wants | None = None, *, draws: bool = True) -> "Engine":
    """An engine on a backend, for commands: it falls back to the CPU and says so in one line on stderr.

    Args:
        backend: as asked for.
        wants: what perception shall deliver even when no effect asks for it.
        draws: whether the canvas is used; without it only the networks are on the backend.
    """
    from app.backends.build import make_networks, make_pair, parts_of
    from app.backends.pair import HOME
    from effects.devices.cpu import CpuDevice

    engine = make_home_engine(wants)
    name = _usable(backend)
    if name == HOME:
        return engine

    def failed(pair: "Pair", reason: str) -> None:
        _complain_lack(name, reason)
        pair.close()

    engine.on_failure(failed)
    try:
        pair = make_pair(name) if draws else make_networks(parts_of(name)[0], CpuDevice())
    except FacetError as error:
        _complain_lack(name, str(error))
        return engine
    for remark in pair.remarks:
        complain(remark)
    engine.exchange(pair)
    return engine


def make_compared_engine(name: str, loading: "Loading", wants: Wants) -> "Engine":
    """An engine on exactly this backend, for a comparison. Raises FacetError where this machine lacks it.

    Args:
        name: "cpu", "gpu", "cuda", "mps" or "torch-cpu".
        loading: ends it from another thread.
        wants: what perception shall deliver even when no effect asks for it.
    """
    from app.backends.build import make_pair
    from app.backends.catalogue import offer
    from app.backends.pair import HOME

    if not (found := offer(name)).there:
        raise BackendFailed(f"{found.reason} {found.mend}".strip())
    engine = make_home_engine(wants)
    if name == HOME:
        return engine
    try:
        engine.exchange(make_pair(name, loading))
    except BaseException:
        engine.close()
        raise
    return engine


def build_live(name: str, circumstances: "Circumstances", loading: "Loading") -> "Pair | None":
    """A backend made ready to take over the live picture at once; None where the CPU is the best. Raises FacetError."""
    from app.backends.build import make_pair
    from app.backends.catalogue import offer
    from app.backends.effects import all_effects
    from app.backends.pair import AUTO, HOME
    from app.backends.rehearsal import rehearse

    if name == AUTO:
        name = _fastest(loading)
        if name == HOME:
            return None
    elif not (found := offer(name)).there:
        raise BackendFailed(f"{found.reason} {found.mend}".strip())
    pair = make_pair(name, loading)
    try:
        rehearse(pair, circumstances.size_wh, all_effects(circumstances.settings), circumstances.home, loading)
    except BaseException:
        pair.close()
        raise
    return pair


def check_backend(asked: str) -> bool:
    """Whether this machine seems to have the backend; says in one line on stderr why not."""
    from app.backends.catalogue import offer

    found = offer(asked)
    if not found.there:
        _complain_lack(asked, f"{found.reason} {found.mend}".strip())
    return found.there


def _usable(asked: str) -> str:
    """The backend to try; the CPU's where this machine lacks the one asked for, which is said."""
    from app.backends.pair import AUTO, HOME, Loading

    if asked == AUTO:
        return _fastest(Loading())
    return asked if asked == HOME or check_backend(asked) else HOME


def _fastest(loading: "Loading") -> str:
    """The name of the fastest backend, by a trial whose verdict is kept."""
    from app.backends.pair import backend_of
    from app.backends.probe import choose

    return backend_of(*choose(loading))


def _complain_lack(name: str, reason: str) -> None:
    complain(f"backend {name} cannot be used: {reason.rstrip('.')}. The CPU is used.")


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


def window_settings(preset: str | None, sets: Sequence[str], backend: str | None) -> tuple[Settings, tuple[str, ...]]:
    """The saved settings with the command line's on top, and plain messages about what could not be used."""
    settings, messages = load_settings()
    if backend is not None:
        settings = replace(settings, backend=backend)
    if preset:
        settings = load_preset(preset, settings)
    return with_sets(settings, sets), messages


def check_input(text: str) -> None:
    """Raise for an INPUT that can never be opened, before a window is there; cameras and streams are left to it."""
    if "://" not in text and not re.fullmatch(r"demo|camera(:\d+)?", text):
        open_source(text, live=False).close()
