"""How long the picture stands when the backend is switched: a paced live session, flipped while it runs.

    python benchmarks/live_switch.py [BACKEND ...]        (default: torch-cpu; VK_DRIVER_FILES for a software GPU)

For each backend: the longest gaps between two pictures while it loads, at the swap, and when flipping back and forth;
and those of ten seconds before, on the CPU alone, because the machine has its share in them. Engine and loading are
what the window uses; nothing is painted.
"""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.config import load_preset  # noqa: E402
from app.live import live_session  # noqa: E402
from app.pipeline.runner import Runner  # noqa: E402

_CALM_S = 10.0
_AROUND_S = 0.5
_PATIENCE_S = 120.0
_FLIPS = 10


class Watch:
    """Takes every picture as it comes and remembers when that was."""

    def __init__(self, session: Runner) -> None:
        self._session = session
        self._came_s: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def gaps_ms(self, from_s: float, to_s: float) -> list[int]:
        """Between pictures in that time, the longest first."""
        came = [at for at in self._came_s if from_s <= at <= to_s]
        return sorted((round(1e3 * (b - a)) for a, b in zip(came, came[1:], strict=False)), reverse=True)

    def stop(self) -> None:
        """Take no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._session.take_output() is not None:
                self._came_s.append(time.monotonic())
            time.sleep(0.001)


def _report(what: str, gaps_ms: list[int]) -> None:
    over = sum(gap > 100 for gap in gaps_ms)
    print(f"{what:<34} longest {gaps_ms[:4]} ms, {over} of {len(gaps_ms)} over 100 ms", flush=True)


def _go_to(session: Runner, name: str) -> bool:
    session.use_backend(name)
    until_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s:
        state = session.backend()
        if state.running == name:
            return True
        if name in state.reasons:
            print(f"{name}: {state.reasons[name]}")
            return False
        time.sleep(0.005)
    return False


def main(names: list[str]) -> None:
    """Measure each backend in turn."""
    settings = replace(load_preset("everything"), backend="cpu")
    session = live_session(settings, (1280, 720), 30.0)
    watch = Watch(session)
    session.start("demo")
    time.sleep(3.0)
    for name in names:
        began_s = time.monotonic()
        time.sleep(_CALM_S)
        asked_s = time.monotonic()
        _report(f"cpu, {_CALM_S:.0f} s before", watch.gaps_ms(began_s, asked_s))
        if not _go_to(session, name):
            continue
        swapped_s = time.monotonic()
        print(f"{name} on {session.backend().hardware}, ready after {swapped_s - asked_s:.1f} s")
        _report(f"while {name} loads", watch.gaps_ms(asked_s, swapped_s))
        time.sleep(_CALM_S)
        _report(f"around the swap, {2 * _AROUND_S:.0f} s", watch.gaps_ms(swapped_s - _AROUND_S, swapped_s + _AROUND_S))
        _report(f"on {name}", watch.gaps_ms(swapped_s + _AROUND_S, time.monotonic()))
        flipping_s = time.monotonic()
        for flip in range(_FLIPS):
            _go_to(session, name if flip % 2 else "cpu")
            time.sleep(0.4)
        _go_to(session, "cpu")
        time.sleep(0.4)
        _report(f"{_FLIPS} flips, {name} and cpu", watch.gaps_ms(flipping_s, time.monotonic()))
    watch.stop()
    session.stop()


if __name__ == "__main__":
    main(sys.argv[1:] or ["torch-cpu"])
