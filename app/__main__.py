"""The `facet` command: picks the sub-command, turns errors into plain messages and exit codes.

Sub-commands live in `app/cli/`, one file each, and are imported only when called, so that `facet --help` is instant.
"""

import argparse
import difflib
import errno
import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from app.cli.settings_list import spread_sets
from app.interrupts import Stopped, stop_on_signals
from app.streams import complain, give_up_output, open_missing_streams
from models.errors import FacetError, UsageError

_COMMANDS = {
    "run": "open the window on a camera, a video, a picture or the demo (the default)",
    "render": "write INPUT with effects to a video or picture",
    "perceive": "write what the face model sees as JSON lines",
    "drowsiness": "watch a driver in a video, camera or table of signals and log what happened",
    "bench": "measure the latency of every stage on this machine",
    "doctor": "check cameras, graphics, networks, codecs, sound and display, with the mend for each",
    "effects": "list the effects and their parameters",
    "presets": "list the presets",
    "models": "list the networks with source and licence",
}
_INPUT_LIKE = re.compile(r"^(demo$|camera:|[a-z][a-z0-9+.-]*://)|[/\\.]")


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage as UsageError instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See: {self.prog} --help")


def _overview() -> str:
    width = max(map(len, _COMMANDS)) + 2
    rows = "\n".join(f"  {name:<{width}}{text}" for name, text in _COMMANDS.items())
    return (
        "usage: facet [COMMAND] [INPUT] [options]\n\n"
        "Live face effects and a driver-fatigue warning from one shared face model.\n\n"
        f"{rows}\n\n"
        "INPUT is demo, camera:N, a video, a picture, a folder of pictures or a URL.\n"
        "facet COMMAND --help says more."
    )


def _split_command(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The sub-command and its arguments; without one, `run`."""
    if arguments and arguments[0] in _COMMANDS:
        return arguments[0], list(arguments[1:])
    if arguments and not arguments[0].startswith("-"):
        word = arguments[0]
        if not _INPUT_LIKE.search(word) and not os.path.exists(word):
            near = difflib.get_close_matches(word, [*_COMMANDS, "demo"], n=1, cutoff=0.5)
            hint = f"Did you mean '{near[0]}'?" if near else f"Commands: {', '.join(_COMMANDS)}."
            raise UsageError(f"'{word}' is neither a command nor a file. {hint}")
    return "run", list(arguments)


def _dispatch(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview() + "\n")
        return 0
    if arguments and arguments[0] in ("-V", "--version"):
        from app.version import version

        sys.stdout.write(f"facet {version()}\n")
        return 0
    name, rest = _split_command(arguments)
    command = importlib.import_module(f"app.cli.{name}")
    parser = _Parser(prog=f"facet {name}", description=command.__doc__, allow_abbrev=False)
    command.add_arguments(parser)
    return int(command.run(parser.parse_args(spread_sets(rest))))


def _printing_failed(error: Exception) -> bool:
    """Files report a full disk themselves: what is left is standard output."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 1 failed, 2 wrong usage, 130 / 143 interrupted)."""
    open_missing_streams()
    try:
        with stop_on_signals():
            code = _dispatch(sys.argv[1:] if argv is None else argv)
            sys.stdout.flush()
            return code
    except FacetError as error:
        complain(str(error))
        return error.exit_code
    except Stopped as stopped:
        return 128 + stopped.signal_number
    except BrokenPipeError:
        give_up_output()
        return 1
    except Exception as error:  # noqa: BLE001 - the top of the main thread: a user sees a sentence, not a traceback
        if _printing_failed(error):
            give_up_output()
            complain("the result cannot be printed: no space is left where the output goes.")
            return 1
        complain(
            f"an error inside Facet stopped this: {type(error).__name__}: {error}\n"
            "Please report it; FACET_DEBUG=1 in the environment shows the details."
        )
        if os.environ.get("FACET_DEBUG"):
            traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.exit(main())
