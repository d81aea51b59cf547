"""A progress bar on a terminal, nothing in a pipe."""

import os
import sys
from typing import NoReturn

from tqdm import tqdm

_USUAL_COLUMNS, _USUAL_LINES = 80, 24


def progress(total: int | None, unit: str = "frame") -> "tqdm[NoReturn]":
    """A bar on stderr; `total` None = unknown length."""
    if not sys.stderr.isatty():
        return tqdm(disable=True)
    if _knows_its_size():
        return tqdm(total=total or None, unit=unit, leave=False, dynamic_ncols=True)
    return tqdm(total=total or None, unit=unit, leave=False, ncols=_USUAL_COLUMNS, nrows=_USUAL_LINES)


def _knows_its_size() -> bool:
    """A terminal that a program made (a recorder, a container) often says 0 by 0; tqdm then draws nothing."""
    try:
        return min(os.get_terminal_size(sys.stderr.fileno())) > 0
    except (OSError, ValueError):
        return False
