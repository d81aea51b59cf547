"""Standard output and error that may be closed, full or a pipe whose reader has gone."""

import contextlib
import io
import os
import sys


def open_missing_streams() -> None:
    """Give a process that was started without standard streams empty ones, and print any file name.

    Else the first file that it opens becomes its standard error, and the chatter of libraries lands in that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for the process's life
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def complain(text: str) -> None:
    """One message to standard error, as far as anybody listens."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"facet: {text}\n")


def give_up_output() -> None:
    """After a failed write: what is still buffered goes nowhere, so that the end of the process is quiet."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
