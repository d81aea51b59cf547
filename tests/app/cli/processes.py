"""Runs the command as other programs do: in a process of its own, from any folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GIVE_UP_S = 60
"""Nothing that is tested takes this long, on however busy a machine."""


def start(arguments: list[str], folder: Path, **options: object) -> "subprocess.Popen[bytes]":
    """`facet ARGUMENTS` in `folder`; `options` as of Popen."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=folder,
        env=environment,
        **{"stdin": subprocess.DEVNULL, **options},
    )  # type: ignore[call-overload,no-any-return]


def ended(arguments: list[str], folder: Path, **options: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a whole run."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with start(arguments, folder, **pipes) as process:
        out, error = process.communicate(timeout=GIVE_UP_S)
    return process.returncode, (out or b"").decode(), (error or b"").decode()
