"""Command-line options that several commands share, with their plain error messages."""

import argparse
import re
from typing import cast

from models.errors import UsageError
from models.types import Reach

BACKENDS = ("auto", "cpu", "gpu", "cuda", "mps", "torch-cpu")
REACHES = ("auto", "near", "far", "crowd")
MAX_FACES = 20


def backend_name(text: str) -> str:
    """A known backend name."""
    if text not in BACKENDS:
        raise UsageError(f"unknown backend '{text}'. Backends: {', '.join(BACKENDS)}.")
    return text


def backend_names(text: str) -> list[str]:
    """Backend names separated by commas."""
    return [backend_name(part.strip()) for part in text.split(",")]


def reach_name(text: str) -> str:
    """A known reach."""
    if text not in REACHES:
        raise UsageError(f"unknown reach '{text}'. Reaches: {', '.join(REACHES)}.")
    return text


def resolve_reach(text: str, stills: bool) -> Reach:
    """`auto` is near for videos and live pictures, crowd for stills."""
    if text == "auto":
        return "crowd" if stills else "near"
    return cast(Reach, text)


def size_wh(text: str) -> tuple[int, int]:
    """`WxH` in pixels, each 64 to 8192."""
    match = re.fullmatch(r"(\d{1,5})[xX](\d{1,5})", text)
    if match is None:
        raise UsageError(f"--size takes WIDTHxHEIGHT, like 1280x720, not '{text}'.")
    width, height = int(match[1]), int(match[2])
    if not (64 <= width <= 8192 and 64 <= height <= 8192):
        raise UsageError(f"--size {text} is out of range: width and height go from 64 to 8192 pixels.")
    return width, height


def whole_number(name: str, minimum: int, maximum: int, text: str) -> int:
    """A whole number within a range."""
    try:
        value = int(text)
    except ValueError:
        raise UsageError(f"{name} takes a whole number, not '{text}'.") from None
    if not minimum <= value <= maximum:
        raise UsageError(f"{name} {value} is out of range: {minimum} to {maximum}.")
    return value


def frame_count(text: str) -> int:
    """`--frames`."""
    return whole_number("--frames", 1, 10_000_000, text)


def max_faces(text: str) -> int:
    """`--max-faces`."""
    return whole_number("--max-faces", 1, MAX_FACES, text)


def frames_per_second(text: str) -> float:
    """`--fps`, 1 to 240."""
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"--fps takes a number, not '{text}'.") from None
    if not 1 <= value <= 240:
        raise UsageError(f"--fps {text} is out of range: 1 to 240.")
    return value


def add_backend(parser: argparse.ArgumentParser, default: str | None = "auto") -> None:
    """`--backend B`; `default` None: what the window was set to last."""
    parser.add_argument(
        "--backend", type=backend_name, default=default, metavar="B", help=f"one of {', '.join(BACKENDS)}"
    )


def add_effects(parser: argparse.ArgumentParser) -> None:
    """`--preset P` and `--set EFFECT.PARAM=V`."""
    parser.add_argument("--preset", metavar="P", help="a preset (see: facet presets)")
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="EFFECT.PARAM=V ...",
        help="set parameters and turn their effects on; may be repeated (see: facet effects)",
    )
