"""Where Facet's own files lie."""

from pathlib import Path

import platformdirs

ASSETS_DIR = Path(__file__).resolve().parents[1] / "assets"


def config_dir() -> Path:
    """The user's settings and presets."""
    return Path(platformdirs.user_config_dir("facet", appauthor=False))


def cache_dir() -> Path:
    """What can be made again."""
    return Path(platformdirs.user_cache_dir("facet", appauthor=False))


def pictures_dir() -> Path:
    """Where snapshots and recordings go by default."""
    return Path(platformdirs.user_pictures_dir()) / "Facet"
