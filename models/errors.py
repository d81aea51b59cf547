"""Errors a user may meet. Each message says what is wrong and what to do about it."""


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
