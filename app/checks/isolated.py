"""Runs what may crash or hang, a driver or a codec, in a process of its own that can be ended.

    facts = Isolated("app.checks.gpu_canvas:examine").findings("Picture on the GPU", mend, limit_s, stop)

In the child the function's findings leave one by one as JSON lines: those before a crash count.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from app.checks.finding import Finding

_POLL_S = 0.05
_NICE = 5
_ROOT = str(Path(__file__).resolve().parents[2])


class Isolated:
    """Starts the child at once; `findings` waits for it.

    Args:
        function: "module:name" of a function without arguments that yields findings.
        modest: a picture is running, which goes first.
    """

    def __init__(self, function: str, *, modest: bool = False) -> None:
        path = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH", "")]))
        self._started_s = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.checks.isolated", function, str(_NICE if modest else 0)],
            env=os.environ | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def findings(
        self, title: str, mend: str, limit_s: float, stop: threading.Event, late: Finding | None = None
    ) -> list[Finding]:
        """What the child said; ends with a bad finding called `title` where it crashed or went on after `limit_s`.

        `late` is said instead where going on so long is no sign of a fault.
        """
        in_time, said, chatter = True, b"", b""
        try:
            while True:
                try:
                    said, chatter = self._process.communicate(timeout=_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    in_time = time.monotonic() - self._started_s < limit_s
                    if stop.is_set() or not in_time:
                        self._process.kill()
                        said, chatter = self._process.communicate()
                        break
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.communicate()
        found = _read(said)
        if not in_time:
            found.append(late or Finding("bad", title, f"hangs: it gave no answer within {limit_s:g} s", mend))
        elif self._process.returncode and not stop.is_set():
            found.append(Finding("bad", title, _end(self._process.returncode, chatter), mend))
        return found


def _read(said: bytes) -> list[Finding]:
    found = []
    for line in said.decode(errors="replace").splitlines():
        with contextlib.suppress(ValueError, TypeError):
            found.append(Finding(**json.loads(line)))
    return found


def _end(code: int, chatter: bytes) -> str:
    """How the child ended, in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"crashes ({signal.Signals(-code).name})"
    lines = [line.strip() for line in chatter.decode(errors="replace").splitlines() if line.strip()]
    return f"breaks down: {lines[-1]}" if lines else f"breaks down (exit code {code})"


def main(function: str, nice: int) -> None:
    """The child's whole life. Libraries that print on standard output do not get in between."""
    if hasattr(os, "nice"):
        os.nice(nice)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    module, _, name = function.partition(":")
    for finding in getattr(importlib.import_module(module), name)():
        out.write(json.dumps(asdict(finding)) + "\n")
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
