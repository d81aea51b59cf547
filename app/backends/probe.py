"""`auto`: which networks and which canvas are fastest here, found out by running them.

The trial runs in a process of its own, because a broken graphics driver may crash or hang, and because its imports
would stop the picture. Its verdict is kept until the machine, a driver or a version changes.
"""

import hashlib
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from app.backends.catalogue import Machine, look, offer
from app.backends.pair import HOME, Loading
from app.machine import cpu_name
from app.paths import cache_dir
from app.version import version

_FILE = "backends.json"
_LIMIT_S = 120.0
_POLL_S = 0.1
_TIMED_FRAMES = 12
_POLITE = 5
"""A picture may be running beside the trial."""
_GAIN = 1.15
"""How much faster than the CPU another device must be to be worth the change."""
_LIBRARIES = ("ai-edge-litert", "wgpu", "torch")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial found: milliseconds of a frame per device, and why a device could not be tried."""

    networks_ms: Mapping[str, float] = field(default_factory=dict)
    canvas_ms: Mapping[str, float] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def networks(self) -> str:
        """The device that networks run on fastest."""
        return _fastest(self.networks_ms)

    @property
    def canvas(self) -> str:
        """The device that draws fastest."""
        return _fastest(self.canvas_ms)


def choose(loading: Loading, folder: Path | None = None) -> tuple[str, str]:
    """Networks and canvas for `auto`, from the last verdict or a new trial; the CPU where nothing else can win."""
    machine = look()
    names = candidates(machine)
    if not names:
        return HOME, HOME
    path, key = (folder or cache_dir()) / _FILE, machine_key(machine)
    verdict = _remembered(path, key)
    if verdict is None:
        loading.step("trying what is fastest here")
        verdict = _tried_in_child(names, loading)
        _remember(path, key, verdict)
    return verdict.networks, verdict.canvas


def candidates(machine: Machine) -> tuple[str, ...]:
    """Backends besides the CPU's that may be faster than it."""
    names = ("gpu",) if machine.may_be_fast else ()
    return tuple(name for name in (*names, "cuda", "mps") if offer(name, machine).there)


def machine_key(machine: Machine) -> str:
    """Changes with whatever may change the verdict: processor, system, drivers, versions."""
    facts = [version(), cpu_name(), platform.version(), *map(str, machine.cards)]
    facts += [f"{driver} {driver.stat().st_mtime_ns}" for driver in machine.vulkan_drivers if driver.exists()]
    with suppress(OSError):
        facts.append(Path("/proc/driver/nvidia/version").read_text(encoding="utf-8"))
    for name in _LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            facts.append(f"{name} {metadata.version(name)}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def try_all(names: tuple[str, ...]) -> Verdict:
    """Run every candidate on the same frames, in this process."""
    from app.backends.build import make_device, make_networks, parts_of
    from app.backends.effects import full_effects
    from app.backends.rehearsal import WARM_FRAMES, prepared, run_canvas, run_networks, stage_frames
    from effects.devices.cpu import CpuDevice
    from effects.registry import specs
    from models.errors import FacetError

    loading, frames = Loading(), stage_frames(WARM_FRAMES + _TIMED_FRAMES)
    networks_ms: dict[str, float] = {}
    canvas_ms: dict[str, float] = {}
    reasons: dict[str, str] = {}
    home = make_networks(HOME, CpuDevice())
    seen, networks_ms[HOME] = run_networks(home.model, frames, loading)
    on = dict(full_effects())
    effects = prepared([(spec, on[spec.id]) for spec in specs() if spec.id in on], home.model)
    for networks in dict.fromkeys(parts_of(name)[0] for name in names):
        pair = make_networks(networks, CpuDevice())
        try:
            networks_ms[networks] = run_networks(pair.model, frames, loading)[1]
        except FacetError as error:
            reasons[f"networks {networks}"] = str(error)
        finally:
            pair.close()
    for canvas in dict.fromkeys([HOME, *(parts_of(name)[1] for name in names)]):
        try:
            device = make_device(canvas)
            canvas_ms[canvas] = run_canvas(device, frames, seen, effects, loading)
            device.close()
        except FacetError as error:
            reasons[f"canvas {canvas}"] = str(error)
    home.close()
    return Verdict(networks_ms, canvas_ms, reasons)


def _fastest(spent_ms: Mapping[str, float]) -> str:
    known = {name: ms for name, ms in spent_ms.items() if math.isfinite(ms)}
    best = min(known, key=lambda name: known[name], default=HOME)
    return best if known and known[best] * _GAIN < known.get(HOME, math.inf) else HOME


def _tried_in_child(names: tuple[str, ...], loading: Loading) -> Verdict:
    """The verdict of a trial in another process; one that crashes or hangs speaks for the CPU."""
    command = [sys.executable, "-m", "app.backends.probe", *names]
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))}
    child = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        waited_s = 0.0
        while waited_s < _LIMIT_S:
            loading.step("trying what is fastest here")
            try:
                answer, _ = child.communicate(timeout=_POLL_S)
            except subprocess.TimeoutExpired:
                waited_s += _POLL_S
                continue
            return _read(answer.decode(errors="replace"), child.returncode)
        return Verdict(reasons={"trial": f"it took longer than {_LIMIT_S:.0f} s"})
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def _read(answer: str, exit_code: int) -> Verdict:
    try:
        return _verdict(json.loads(answer))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Verdict(reasons={"trial": f"it broke down (exit code {exit_code})"})


def _verdict(table: Mapping[str, Mapping[str, object]]) -> Verdict:
    times = [{str(k): float(str(v)) for k, v in table[name].items()} for name in ("networks_ms", "canvas_ms")]
    return Verdict(times[0], times[1], {str(k): str(v) for k, v in table["reasons"].items()})


def _remembered(path: Path, key: str) -> Verdict | None:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return _verdict(table["verdict"]) if table["key"] == key else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _remember(path: Path, key: str, verdict: Verdict) -> None:
    """Best effort: without it the next start tries again."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps({"key": key, "verdict": asdict(verdict)}), encoding="utf-8")
        temporary.replace(path)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_POLITE)
    sys.stdout.write(json.dumps(asdict(try_all(tuple(sys.argv[1:])))) + "\n")
