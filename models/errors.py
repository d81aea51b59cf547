"""Errors a user may meet. Each message says what is wrong and what to do about it."""

from collections.abc import Iterable
from difflib import get_close_matches


class FacetError(Exception):
    """Base of every error shown to a user; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(FacetError):
    """The command was called wrongly: an unknown name, a value out of range."""

    exit_code = 2


class ModelUnavailable(FacetError):
    """A network is missing, damaged or refused by a runtime."""


class BackendFailed(FacetError):
    """A runtime or a device failed while loading or running."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist: it names the nearest one that does, or all of them."""
    names = list(known)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names) or 'none'}."
    return UsageError(f"unknown {kind} '{name}'. {hint}")
