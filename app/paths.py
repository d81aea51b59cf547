"""Where Facet's own files lie, and where a path that a user typed leads."""

from pathlib import Path

import platformdirs

ASSETS_DIR = Path(__file__).resolve().parents[1] / "assets"


def path_of(text: str) -> Path:
    """The path a user typed, with ~ for the home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def config_dir() -> Path:
    """The user's settings and presets."""
    return Path(platformdirs.user_config_dir("facet", appauthor=False))


def cache_dir() -> Path:
    """What can be made again."""
    return Path(platformdirs.user_cache_dir("facet", appauthor=False))


def pictures_dir() -> Path:
    """Where snapshots and recordings go by default."""
    return Path(platformdirs.user_pictures_dir()) / "Facet"
