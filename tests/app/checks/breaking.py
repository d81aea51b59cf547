"""What checks in a process of their own may do to it."""

import os
import signal
import sys
import time
from collections.abc import Iterator

from app.checks.finding import Finding

SEEN = Finding("good", "Before", "said before it went wrong")


def fine() -> Iterator[Finding]:
    print("a library's chatter on standard output")  # noqa: T201
    yield SEEN
    os.write(1, b"more of it\n")
    yield Finding("bad", "Broken", "é ü 好", "Mend it.")


def crash() -> Iterator[Finding]:
    yield SEEN
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> Iterator[Finding]:
    yield SEEN
    sys.stdout.flush()
    os._exit(3)


def fail() -> Iterator[Finding]:
    yield SEEN
    raise ValueError("no such thing")


def hang() -> Iterator[Finding]:
    yield SEEN
    time.sleep(600)


def niceness() -> Iterator[Finding]:
    yield Finding("good", "Niceness", str(os.nice(0)))
