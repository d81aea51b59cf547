"""The graphics cards: what there is, and whether networks and picture run on them.

Networks (LiteRT over WebGPU) and picture (wgpu) use different libraries, and one may work where the other does not.
Both are tried by running them, in processes of their own: a broken driver may crash or hang.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

from app.backends.catalogue import Machine, look, offer
from app.backends.offer import Offer
from app.checks.finding import Finding, Situation
from app.checks.isolated import Isolated

LIMIT_S = 20.0
_SOFTWARE_LIMIT_S = 3.0
_CHOOSE_AGAIN = "Mend what the reason says, then choose it again."
SOFTWARE = "Choose the CPU, which is faster; or install the graphics card's own driver."
UPDATE = "Install or update the graphics driver (on Linux its Vulkan part as well). Until then choose the CPU."
_DRM = Path("/sys/class/drm")
_MAKERS = {"0x8086": "Intel", "0x10de": "NVIDIA", "0x1002": "AMD", "0x1af4": "virtual", "0x15ad": "VMware"}
_FINE_WITHOUT = "Nothing needs doing: Facet runs on the CPU. With a graphics card, install its driver and look again."
_TRIALS = (
    ("gpu", "Picture on the GPU", "app.checks.gpu_trials:try_canvas"),
    ("gpu", "Networks on the GPU", "app.checks.gpu_trials:try_networks"),
    ("cuda", "Networks on CUDA", "app.checks.gpu_trials:try_cuda"),
    ("mps", "Networks on Metal", "app.checks.gpu_trials:try_mps"),
)


def examine(situation: Situation, stop: threading.Event) -> Iterator[Finding]:
    """What is in use, what this machine has by the looks of it, then the trials of that, side by side."""
    if situation.running:
        yield Finding("good", "In use now", situation.running)
    for name, reason in situation.failed:
        yield Finding("warning", name, f"could not be used when it was chosen: {reason}", _CHOOSE_AGAIN)
    machine = look()
    yield from seen(machine, offer("gpu", machine), offer("cuda", machine), makers(_DRM))
    trials = [
        (title, Isolated(function, modest=situation.has_picture))
        for name, title, function in _TRIALS
        if offer(name, machine).there
    ]
    for title, trial in trials:
        if machine.may_be_fast:
            yield from trial.findings(title, UPDATE, LIMIT_S, stop)
        else:
            slow = Finding("warning", title, f"is too slow: not ready within {_SOFTWARE_LIMIT_S:g} s", SOFTWARE)
            yield from trial.findings(title, UPDATE, _SOFTWARE_LIMIT_S, stop, slow)


def seen(machine: Machine, gpu: Offer, cuda: Offer, cards: tuple[str, ...]) -> Iterator[Finding]:
    """What can be said without touching a driver."""
    names = ", ".join(cards)
    if not gpu.there:
        detail = " ".join(filter(None, (gpu.reason, f"Seen: {names}." if names else "")))
        yield Finding("warning", "Graphics card", detail, gpu.mend or _FINE_WITHOUT)
    elif not machine.may_be_fast:
        yield Finding(
            "warning",
            "Graphics card",
            "only a software driver, which plays one on the processor",
            SOFTWARE,
        )
    elif names:
        yield Finding("good", "Graphics card", names)
    if not cuda.there and cuda.mend:
        yield Finding("good", "NVIDIA CUDA", f"not used: {cuda.reason}", cuda.mend)


def makers(drm: Path) -> tuple[str, ...]:
    """Who made the graphics cards that the Linux kernel knows; empty elsewhere."""
    found = []
    for path in sorted(drm.glob("card[0-9]*/device/vendor")):
        try:
            code = path.read_text(encoding="ascii").strip()
            driver = path.with_name("driver").resolve().name if path.with_name("driver").exists() else ""
        except (OSError, ValueError):
            continue
        found.append(f"{_MAKERS.get(code, code)} ({driver or 'no kernel driver'})")
    return tuple(dict.fromkeys(found))
