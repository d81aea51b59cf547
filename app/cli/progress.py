"""A progress bar on a terminal, nothing in a pipe."""

import os
import sys
from typing import NoReturn

from tqdm import tqdm

_USUAL_COLUMNS = 80


def progress(total: int | None, unit: str = "frame") -> "tqdm[NoReturn]":
    """A bar on stderr; `total` None = unknown length."""
    if not sys.stderr.isatty():
        return tqdm(disable=True)
    sized = _knows_its_width()
    return tqdm(
        total=total or None, unit=unit, leave=False, ncols=None if sized else _USUAL_COLUMNS, dynamic_ncols=sized
    )


def _knows_its_width() -> bool:
    """A terminal that a program made (a recorder, a container) often says 0 columns; tqdm then draws nothing."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):
        return False
