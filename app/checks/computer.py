"""The computer itself, and the versions that everything else depends on (looked up, nothing is imported)."""

import threading
from collections.abc import Callable, Iterator
from importlib import metadata

from app.checks.finding import Finding, Situation
from app.machine import free_memory_mb, machine
from app.version import version

_NEEDED = (
    ("ai-edge-litert", "runs the networks"),
    ("opencv-python-headless", "pictures and cameras"),
    ("av", "videos"),
    ("numpy", "arithmetic"),
    ("PySide6-Essentials", "the window"),
    ("wgpu", "draws on graphics cards"),
)
_SCARCE_MB = 700
_REINSTALL = "Install Facet again: pip install --force-reinstall facet"
_ADD_TORCH = "Only for NVIDIA CUDA and Apple Metal, and as a reference: pip install 'facet[torch]'"


def examine(_situation: Situation, _stop: threading.Event) -> Iterator[Finding]:
    """Processor, memory, system."""
    facts = machine()
    yield Finding("good", "Facet", f"{version()}, Python {facts['python']}")
    yield Finding("good", "System", f"{facts['system']}, {facts['architecture']}")
    yield Finding("good", "Processor", f"{facts['cpu']}, {facts['cores']} cores usable")
    yield memory(free_memory_mb(), float(facts["memory_gb"]))


def memory(free_mb: float, total_gb: float) -> Finding:
    """Whether there is room for the networks and the pictures."""
    words = f"{free_mb / 1024:.1f} of {total_gb:.1f} GB free"
    if free_mb < _SCARCE_MB:
        return Finding("warning", "Memory", words, "Close other programs: Facet and its pictures need about 700 MB.")
    return Finding("good", "Memory", words)


def examine_libraries(
    _situation: Situation, _stop: threading.Event, version_of: Callable[[str], str] = metadata.version
) -> Iterator[Finding]:
    """Each package that Facet is built on, with its version."""
    for name, use in _NEEDED:
        try:
            yield Finding("good", name, f"{version_of(name)} ({use})")
        except metadata.PackageNotFoundError:
            state = "warning" if name == "wgpu" else "bad"
            yield Finding(state, name, f"missing ({use})", _REINSTALL)  # type: ignore[arg-type]
    try:
        yield Finding("good", "torch", version_of("torch"))
    except metadata.PackageNotFoundError:
        yield Finding("good", "torch", "not installed, and not needed", _ADD_TORCH)
