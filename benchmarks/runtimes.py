"""What each network costs on each runtime, and what a child process adds.

Runtimes take turns, sample by sample, so that a busy machine slows all of them. Runtimes that this machine lacks are
listed with their reason.

    python benchmarks/runtimes.py [--runs N]
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import psutil

from models.errors import FacetError
from models.networks import network_path
from models.runtime.base import Net, Runtime
from models.runtime.litert_cpu import LiteRtCpu
from models.runtime.remote import Remote, torch_remote
from models.types import F32

SHAPES = {
    "yunet": (1, 160, 256, 3),
    "face_mesh": (1, 192, 192, 3),
    "selfie_landscape": (1, 144, 256, 3),
    "selfie_square": (1, 256, 256, 3),
    "face_blendshapes": (1, 146, 2),
}
TICK_S = 0.001


def _remotes() -> list[Remote]:
    return [torch_remote("cpu"), torch_remote("cuda"), Remote("models.runtime.litert_gpu:LiteRtGpu", name="gpu")]


@contextmanager
def _longest_stall(what: str) -> Iterator[None]:
    """How long a thread of this process that wants to run every millisecond was kept waiting."""
    gaps_s: list[float] = []
    over = threading.Event()

    def tick() -> None:
        last_s = time.perf_counter()
        while not over.is_set():
            time.sleep(TICK_S)
            now_s = time.perf_counter()
            gaps_s.append(now_s - last_s)
            last_s = now_s

    thread = threading.Thread(target=tick)
    thread.start()
    began_s = time.perf_counter()
    try:
        yield
    finally:
        took_s = time.perf_counter() - began_s
        over.set()
        thread.join()
        print(f"{what}: {took_s:.2f} s; the longest stall of this process {max(gaps_s) * 1e3:.0f} ms")


def _started(remote: Remote) -> bool:
    try:
        with _longest_stall(f"{remote.name}: start"):
            remote.start()
    except FacetError as error:
        print(f"{remote.name}: not here: {error}")
        return False
    print(f"{remote.name}: runs on {remote.device_name}")
    return True


def _loaded(runtime: Runtime, name: str, sample: F32) -> Net | None:
    try:
        began_s = time.perf_counter()
        net = runtime.load(network_path(name))
        loaded_s = time.perf_counter()
        net(sample)
    except FacetError as error:
        print(f"{name} on {runtime.name}: {error}")
        return None
    ran_s = time.perf_counter()
    print(
        f"{name} on {runtime.name}: loaded in {(loaded_s - began_s) * 1e3:.0f} ms, "
        f"first run {(ran_s - loaded_s) * 1e3:.1f} ms"
    )
    return net


def _compare(name: str, runtimes: list[Runtime], runs: int) -> None:
    sample = np.random.default_rng(0).uniform(0, 1, SHAPES[name]).astype(np.float32)
    nets = {runtime.name: net for runtime in runtimes if (net := _loaded(runtime, name, sample)) is not None}
    times_ms: dict[str, list[float]] = {runtime: [] for runtime in nets}
    for _ in range(runs):
        for runtime, net in nets.items():
            began_s = time.perf_counter()
            net(sample)
            times_ms[runtime].append((time.perf_counter() - began_s) * 1e3)
    print(f"{name}: " + ", ".join(f"{runtime} {np.median(times):.2f} ms" for runtime, times in times_ms.items()))


def _round_trip(runs: int) -> None:
    """What the child adds: LiteRT's detector on a quarter of a picture, here and there."""
    sample = np.zeros((1, 192, 192, 3), np.float32)
    remote = Remote("models.runtime.litert_cpu:LiteRtCpu", (1,), name="cpu")
    runtimes: list[Runtime] = [LiteRtCpu(1), remote]
    here, there = (runtime.load(network_path("yunet"), input_shape=sample.shape) for runtime in runtimes)
    added_ms = []
    for _ in range(runs):
        began_s = time.perf_counter()
        here(sample)
        halfway_s = time.perf_counter()
        there(sample)
        added_ms.append((time.perf_counter() - halfway_s - (halfway_s - began_s)) * 1e3)
    remote.close()
    best, median = np.percentile(added_ms, (10, 50))
    print(f"a call through a child, 192x192x3 in: {best:.3f} ms more in the best tenth, {median:.3f} in the median")


def main() -> None:
    """Print everything."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=100)
    runs = options.parse_args().runs
    print(f"load of the machine: {psutil.getloadavg()[0]:.1f} on {psutil.cpu_count()} cores")
    with _longest_stall("nothing"):
        time.sleep(2)
    _round_trip(5 * runs)
    hosted = _remotes()
    here = [remote for remote in hosted if _started(remote)]
    with _longest_stall("all networks"):
        for name in SHAPES:
            _compare(name, [LiteRtCpu(1), *here], runs)
    for child in psutil.Process().children():
        print(f"a child takes {child.memory_info().rss / 1e6:.0f} MB")
    for remote in hosted:
        with _longest_stall(f"{remote.name}: close"):
            remote.close()


if __name__ == "__main__":
    main()
