"""A progress bar on a terminal, nothing in a pipe."""

import sys
from typing import NoReturn

from tqdm import tqdm


def progress(total: int | None, unit: str = "frame") -> "tqdm[NoReturn]":
    """A bar on stderr; `total` None = unknown length."""
    return tqdm(total=total or None, unit=unit, disable=not sys.stderr.isatty(), leave=False, dynamic_ncols=True)
