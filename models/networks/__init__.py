"""The network files, laid here by `build.py`; see manifest.toml for where they come from."""

from pathlib import Path

from models.errors import ModelUnavailable

FOLDER = Path(__file__).resolve().parent


def network_path(name: str) -> Path:
    """The file of a network: "yunet" or "yunet.tflite", "canonical_face.npz". Raises ModelUnavailable if missing."""
    path = FOLDER / (name if "." in name else f"{name}.tflite")
    if not path.is_file():
        raise ModelUnavailable(
            f"the network {path.name} is missing from {FOLDER}: in a checkout run `python -m models.networks.build` "
            "(needs pip, numpy and flatbuffers), elsewhere reinstall facet"
        )
    return path
