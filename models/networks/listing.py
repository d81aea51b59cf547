"""What networks there are and whether their files are intact: for `facet models` and `facet doctor`."""

import hashlib
import json
import tomllib
from typing import Any

from models.networks import FOLDER

_MEND = "In a checkout run `python -m models.networks.build`, elsewhere install Facet again."


def manifest() -> list[dict[str, Any]]:
    """One entry a file: id, title, file, source (package, version), licence, copyright, sha256 of its origin."""
    content = tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))
    packages = {package["name"]: package for package in content["packages"]}
    return [
        {
            "id": entry["name"],
            "title": entry["title"],
            "file": entry["file"],
            "source": f"{entry['package']} {packages[entry['package']]['version']}: {entry['path']}",
            "licence": packages[entry["package"]]["licence"],
            "copyright": packages[entry["package"]]["copyright"],
            "sha256": entry["sha256"],
        }
        for entry in content["networks"]
        if entry.get("in_wheel", True)
    ]


def problems() -> list[tuple[str, str]]:
    """(file, what is wrong and what to do, "" when intact) of every network."""
    digests = built_digests()
    return [(entry["file"], _problem(entry["file"], digests.get(entry["file"]))) for entry in manifest()]


def built_digests() -> dict[str, str]:
    """SHA-256 of each file when it was built; empty where that is not known."""
    try:
        digests: dict[str, str] = json.loads((FOLDER / "built.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return {}
    return digests


def _problem(file: str, digest: str | None) -> str:
    try:
        found = hashlib.sha256((FOLDER / file).read_bytes()).hexdigest()
    except OSError:
        return f"The file is missing. {_MEND}"
    return "" if found == digest else f"The file is not the one that was built. {_MEND}"
