"""Open the window on INPUT: the camera, or the demo where there is none. Without a display, render the demo."""

import argparse
import sys
from pathlib import Path

from app.cli import options
from app.display import DisplayProbe
from app.streams import complain

_DEMO_FILE = Path("facet-demo.mp4")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet run`."""
    parser.add_argument("input", metavar="INPUT", nargs="?", help="default: the first camera, else the demo")
    parser.add_argument("--size", type=options.size_wh, metavar="WxH", help="of the camera or the demo")
    parser.add_argument("--fps", type=options.frames_per_second, metavar="N", help="of the camera or the demo")
    options.add_effects(parser)
    options.add_backend(parser, default=None)


def run(arguments: argparse.Namespace) -> int:
    """Open the window, or say that there is no display and render the demo to a file."""
    probe = DisplayProbe()
    from app import bootstrap

    settings, messages = bootstrap.window_settings(arguments.preset, arguments.sets, arguments.backend)
    if arguments.input is not None:
        bootstrap.check_input(arguments.input)
    if not probe.answer():
        return _render_demo(arguments)
    from app.live import live_session

    if arguments.backend is not None:
        bootstrap.check_backend(arguments.backend)
    session = live_session(settings, arguments.size, arguments.fps)
    from app.window_main import WindowRun

    return WindowRun(session, arguments.input, settings, messages).run()


def _render_demo(arguments: argparse.Namespace) -> int:
    from app.cli import render

    complain(
        f"no display to open a window on. Rendering the demo to ./{_DEMO_FILE} instead; "
        "facet render, perceive and bench work without a display."
    )
    sets = arguments.sets if arguments.preset or arguments.sets else ["mesh.on=1"]
    backend = arguments.backend or "auto"
    values = {"input": "demo", "output": _DEMO_FILE, "frames": None, "sets": sets, "backend": backend}
    missing = render.render(argparse.Namespace(**(vars(arguments) | values)))
    if missing is None:
        sys.stdout.write(f"{_DEMO_FILE.resolve()}\n")
    return 0 if missing is None else 1
