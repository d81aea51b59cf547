"""Keep what C++ libraries write to the process's standard error off the user's terminal, while they load."""

import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_one_at_a_time = threading.RLock()


@contextmanager
def hushed(is_chatter: Callable[[str], bool]) -> Iterator[list[str]]:
    """Catch file descriptor 2 for a moment: lines that are chatter are kept back, all others are passed on afterwards.

    Gives a list that holds the chatter once the block has ended: the reason of a failure is often only said there.
    Where no temporary file can be made nothing is caught.
    """
    chatter: list[str] = []
    with _one_at_a_time:
        try:
            caught_file = tempfile.TemporaryFile()  # noqa: SIM115 - entered below, once it is known to exist
            real = os.dup(2)
        except OSError:
            yield chatter
            return
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
        with caught_file as caught:
            os.dup2(caught.fileno(), 2)
            try:
                yield chatter
            finally:
                os.dup2(real, 2)
                caught.seek(0)
                for line in caught:
                    text = line.decode(errors="replace").rstrip()
                    if is_chatter(text):
                        chatter.append(text)
                    else:
                        os.write(real, line)
                os.close(real)
