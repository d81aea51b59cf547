"""Write what the face model sees in INPUT, one JSON object a frame."""

import argparse
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from app.cli import options
from app.cli.files import input_path, output_path, same_place, whole_file, whole_folder
from app.cli.frames import check_ends, frames_of, shortfall
from app.cli.progress import progress
from app.settings import Settings
from app.sources.base import STILL_KINDS, SourceInfo
from app.streams import complain
from models.errors import UsageError
from models.types import Frame, Perception, Wants

if TYPE_CHECKING:
    from app.pipeline.engine import Engine

_WANTS = Wants(landmarks=True, matte=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet perceive`."""
    parser.add_argument("input", metavar="INPUT")
    parser.add_argument("-o", "--output", required=True, type=output_path, metavar="OUT.jsonl")
    parser.add_argument("--mattes", type=output_path, metavar="DIR", help="also write each frame's person matte as PNG")
    parser.add_argument("--max-faces", type=options.max_faces, metavar="N", help="default 5, 20 for stills")
    parser.add_argument("--reach", type=options.reach_name, default="auto", metavar="|".join(options.REACHES))
    parser.add_argument("--independent", action="store_true", help="treat every frame as a new still")
    parser.add_argument("--frames", type=options.frame_count, metavar="N", help="stop after N frames")
    options.add_backend(parser)


def run(arguments: argparse.Namespace) -> int:
    """Perceive every frame; see the module's docstring."""
    from app import bootstrap
    from app.cli.rows import perception_row, source_name, write_matte

    if arguments.mattes is not None and same_place(arguments.mattes, arguments.output):
        raise UsageError(f"{arguments.output} cannot be the JSON lines and the folder of the mattes. Name two places.")
    with ExitStack() as stack:
        taken = input_path(arguments.input)
        mattes = stack.enter_context(whole_folder(arguments.mattes, taken)) if arguments.mattes else None
        rows = stack.enter_context(whole_file(arguments.output, taken))
        source = bootstrap.open_source(arguments.input, live=False)
        stack.callback(source.close)
        check_ends(source, arguments.frames)
        engine = bootstrap.make_engine(arguments.backend, _WANTS, draws=False)
        stack.callback(engine.close)
        look = _look(engine, source.info, arguments)
        bar = stack.enter_context(progress(arguments.frames or source.info.frame_count))
        count = 0
        for frame in frames_of(source, arguments.frames):
            perception = look(frame)
            row = perception_row(count, frame, source_name(source.info, frame), perception, engine.take_times())
            rows.write(json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n")
            if mattes is not None:
                write_matte(mattes / f"{count:06d}.png", frame, perception)
            count += 1
            bar.update()
        missing = shortfall(source, count, arguments.frames)
    if missing:
        complain(missing)
        return 1
    return 0


def _look(engine: "Engine", info: SourceInfo, arguments: argparse.Namespace) -> Callable[[Frame], Perception]:
    """How to look at this input's frames: pictures one by one, anything else as a stream unless told otherwise."""
    stills = info.kind in STILL_KINDS
    max_faces = arguments.max_faces or (options.MAX_FACES if stills else 5)
    settings = Settings(max_faces=max_faces, reach=options.resolve_reach(arguments.reach, stills))
    if stills or arguments.independent:
        return lambda frame: engine.perceive_still(frame, settings, max_faces)
    return lambda frame: engine.perceive(frame, settings)
