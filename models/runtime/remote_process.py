"""The child process of a `Remote`, from the parent's side: starting it, asking it, ending it."""

import contextlib
import os
import signal
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from models.errors import BackendFailed

_ROOT = Path(__file__).resolve().parents[2]
"""Where the package `models` lies."""
_CHILD = (
    "import sys; sys.path[:0] = [] if {root!r} in sys.path else [{root!r}];"
    "from models.runtime.remote_child import main; main({handle})"
)
_KILL_S = 1.0


class Child:
    """The process and the pipe to it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pipe, theirs = Pipe()
        try:
            self._process = _launched(theirs)
        except OSError as error:
            self._pipe.close()
            raise BackendFailed(f"the process for the backend {name} cannot be started: {error.strerror}") from error
        finally:
            theirs.close()

    def ask(self, request: object, limit_s: float) -> object:
        """One request, one answer; raises BackendFailed where the child is gone or takes too long, and ends it."""
        try:
            self._pipe.send(request)
            if self._pipe.poll(limit_s):
                return self._pipe.recv()
        except (EOFError, OSError):
            self._wait(_KILL_S)
            self.kill()
            raise BackendFailed(f"{self._subject()} broke down ({self._ending()}). Use the CPU.") from None
        self.kill()
        raise BackendFailed(f"{self._subject()} did not answer within {limit_s:g} s. Use the CPU.")

    def tell(self, message: object) -> None:
        """Without an answer."""
        with contextlib.suppress(OSError):
            self._pipe.send(message)

    def kill(self) -> None:
        """At once."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._wait(_KILL_S)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def end(self, grace_s: float) -> None:
        """Let it end by itself, or kill it when that takes too long. To be called when nobody waits for an answer."""
        self._pipe.close()
        self._wait(grace_s)
        self.kill()

    def _wait(self, limit_s: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(limit_s)

    def _subject(self) -> str:
        return f"the process that runs the networks on {self._name}"

    def _ending(self) -> str:
        code = self._process.returncode
        if code is None:
            return "its pipe closed"
        if code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"


def _launched(pipe: "Connection[Any, Any]") -> "subprocess.Popen[bytes]":
    """The child, with its end of the pipe; its standard input is what ties its life to ours."""
    handle = pipe.fileno()
    code = _CHILD.format(root=str(_ROOT), handle=handle)
    is_windows = sys.platform == "win32"
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
    return subprocess.Popen(
        # -P: no module of the folder the user happens to be in takes the place of a library's.
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("FACET_DEBUG") else subprocess.DEVNULL,
        close_fds=not is_windows,
        pass_fds=() if is_windows else (handle,),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
