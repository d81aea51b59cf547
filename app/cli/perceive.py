"""Write what the face model sees in INPUT, one JSON object a frame."""

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from app.cli import options
from app.cli.files import whole_file, whole_folder
from app.cli.frames import frames_of, shortfall
from app.cli.progress import progress
from app.sources.base import STILL_KINDS, SourceInfo
from models.types import Frame, Perception, SharedModel, Wants

_WANTS = Wants(landmarks=True, matte=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet perceive`."""
    parser.add_argument("input", metavar="INPUT")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT.jsonl")
    parser.add_argument("--mattes", type=Path, metavar="DIR", help="also write the person matte of every frame as PNG")
    parser.add_argument("--max-faces", type=options.max_faces, metavar="N", help="default 5, 20 for stills")
    parser.add_argument("--reach", type=options.reach_name, default="auto", metavar="|".join(options.REACHES))
    parser.add_argument("--independent", action="store_true", help="treat every frame as a new still")
    parser.add_argument("--frames", type=options.frame_count, metavar="N", help="stop after N frames")
    options.add_backend(parser)


def run(arguments: argparse.Namespace) -> int:
    """Perceive every frame; see the module's docstring."""
    from app import bootstrap
    from app.cli.rows import perception_row, source_name, write_matte

    with ExitStack() as stack:
        rows = stack.enter_context(whole_file(arguments.output))
        mattes = stack.enter_context(whole_folder(arguments.mattes)) if arguments.mattes else None
        source = bootstrap.open_source(arguments.input, live=False)
        stack.callback(source.close)
        model = bootstrap.make_model(arguments.backend)
        stack.callback(model.close)
        look = _look(model, source.info, arguments)
        bar = stack.enter_context(progress(arguments.frames or source.info.frame_count))
        count = 0
        for frame in frames_of(source, arguments.frames):
            perception = look(frame)
            row = perception_row(count, frame, source_name(source.info, frame), perception, model.times())
            rows.write(json.dumps(row, separators=(",", ":"), allow_nan=False) + "\n")
            if mattes is not None:
                write_matte(mattes / f"{count:06d}.png", frame, perception)
            count += 1
            bar.update()
        missing = None if arguments.frames else shortfall(source, count)
    if missing:
        sys.stderr.write(f"facet: {missing}\n")
        return 1
    return 0


def _look(model: SharedModel, info: SourceInfo, arguments: argparse.Namespace) -> Callable[[Frame], Perception]:
    """How to look at this input's frames: pictures one by one, anything else as a stream unless told otherwise."""
    stills = info.kind in STILL_KINDS
    max_faces = arguments.max_faces or (options.MAX_FACES if stills else 5)
    reach = options.resolve_reach(arguments.reach, stills)
    if stills or arguments.independent:
        return lambda frame: model.still(frame.pixels, _WANTS, max_faces=max_faces, reach=reach)
    return lambda frame: model.track(frame, _WANTS, max_faces=max_faces, reach=reach)
