"""What this computer and this process are: for `bench`, `doctor` and the overlay."""

import os
import platform
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil


def cpu_name() -> str:
    """The processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Hardware")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def machine() -> dict[str, Any]:
    """Facts for a report; nothing personal (no host name, no user name, no path)."""
    return {
        "cpu": cpu_name(),
        "cores": usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def seconds_since_process_start() -> float:
    """Wall seconds since the operating system started this process."""
    return max(0.0, time.time() - psutil.Process().create_time())


def free_memory_mb() -> float:
    """Memory that programs can still take, in MB (2^20 bytes)."""
    return float(psutil.virtual_memory().available) / 2**20


def cpu_seconds() -> float:
    """Processor time used so far by this process and by those that it has started and that still run."""
    return time.process_time() + sum(float(times.user + times.system) for times in _of_children("cpu_times"))


def busy_core_seconds() -> float:
    """Processor time used so far by everything that runs on this computer."""
    spent = psutil.cpu_times()
    return sum(float(getattr(spent, kind, 0.0)) for kind in ("user", "nice", "system", "irq", "softirq", "steal"))


def peak_rss_mb() -> float:
    """The largest resident memory of this process so far, and what its children take now, in MB (2^20 bytes)."""
    return _own_peak_rss_mb() + sum(float(memory.rss) for memory in _of_children("memory_info")) / 2**20


def _of_children(fact: str) -> list[Any]:
    """One of psutil's facts about each child that still runs."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            found.append(getattr(child, fact)())
    return found


def _own_peak_rss_mb() -> float:
    """Linux keeps the parent's peak in `getrusage` of a new process; its own one stands in /proc."""
    with suppress(OSError, ValueError, IndexError):
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return float(status.split("VmHWM:", 1)[1].split(maxsplit=1)[0]) / 2**10
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
