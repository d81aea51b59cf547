"""Write INPUT with effects to a video or picture. Without --preset and --set it changes nothing."""

import argparse
from contextlib import ExitStack

from app.cli import options
from app.cli.files import output_path
from app.cli.frames import check_ends, frames_of, shortfall
from app.cli.progress import progress
from app.pipeline.types import Output
from app.sources.base import STILL_KINDS, BadInput, Source
from app.streams import complain
from effects.base import EffectFailed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet render`."""
    parser.add_argument("input", metavar="INPUT")
    parser.add_argument("-o", "--output", required=True, type=output_path, metavar="OUT.mp4|OUT.png|FOLDER")
    parser.add_argument("--frames", type=options.frame_count, metavar="N", help="stop after N frames")
    parser.add_argument("--size", type=options.size_wh, metavar="WxH", help="of the demo or a camera")
    parser.add_argument("--fps", type=options.frames_per_second, metavar="N", help="of the demo or a camera")
    options.add_effects(parser)
    options.add_backend(parser)


def run(arguments: argparse.Namespace) -> int:
    """Render every frame; see the module's docstring."""
    missing = render(arguments)
    if missing:
        complain(missing)
        return 1
    return 0


def render(arguments: argparse.Namespace) -> str | None:
    """Do it; returns a sentence when the input was damaged, else None."""
    from app import bootstrap

    settings = bootstrap.command_settings(arguments.preset, arguments.sets, arguments.backend)
    with ExitStack() as stack:
        source = bootstrap.open_source(arguments.input, live=False, size_wh=arguments.size, fps=arguments.fps)
        stack.callback(source.close)
        sink = bootstrap.open_sink(arguments.output, source, arguments.input)
        stack.push(lambda kind, _value, _trace: sink.finish(ok=kind is None))
        one_picture = source.info.kind not in STILL_KINDS and bootstrap.is_still_name(arguments.output)
        limit = _limit(source, arguments.frames, one_picture)
        engine = bootstrap.make_engine(arguments.backend)
        stack.callback(engine.close)
        engine.wait_ready(settings)
        step = engine.still if source.info.kind in STILL_KINDS else engine.step
        bar = stack.enter_context(progress(limit or source.info.frame_count))
        count = 0
        output: Output | None = None
        for frame in frames_of(source, limit):
            output = _checked(step(frame, settings))
            if not one_picture:
                sink.put(output)
            count += 1
            bar.update()
        if output is None:
            raise BadInput(f"{source.info.name} holds no picture. Choose another input.")
        if one_picture:
            sink.put(output)
        return shortfall(source, count, limit)


def _limit(source: Source, frames: int | None, one_picture: bool) -> int | None:
    """How many frames to read: all of a file, the first for a picture of a moving input, as many as asked for else."""
    if frames is None and one_picture:
        return 1
    check_ends(source, frames)
    return frames


def _checked(output: Output) -> Output:
    """A file with an effect missing is worse than none: raises EffectFailed."""
    for fault in output.faults:
        raise EffectFailed(f"{fault.where} failed on frame {output.frame.index}: {fault.message}")
    return output
