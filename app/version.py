"""The version of the installed program."""

from importlib import metadata


def version() -> str:
    """As in pyproject.toml; "unknown" when run from a folder that was never installed."""
    try:
        return metadata.version("facet")
    except metadata.PackageNotFoundError:
        return "unknown"
