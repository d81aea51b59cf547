"""Check cameras, graphics, networks, codecs, sound and display; each line says what to do about what is missing."""

import argparse
import json
import sys

from app.checks.finding import Answer, Situation
from app.checks.groups import TITLES, examine_all
from app.checks.report import group_text, report_values, summary
from app.cli.files import output_path, whole_file
from app.machine import machine
from app.version import version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet doctor`."""
    parser.add_argument("--json", type=output_path, metavar="OUT", help="also write the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print every group as soon as it and those before it are ready; always 0, because a report was made."""
    if arguments.json is None:
        _examine()
        return 0
    with whole_file(arguments.json) as handle:
        values = report_values(_examine()) | {"machine": machine() | {"facet": version()}}
        json.dump(values, handle, indent=2)
    return 0


def _examine() -> list[Answer]:
    ready: dict[str, Answer] = {}
    printed: list[Answer] = []

    def said(answer: Answer) -> None:
        ready[answer.title] = answer
        while len(printed) < len(TITLES) and TITLES[len(printed)] in ready:
            printed.append(ready[TITLES[len(printed)]])
            sys.stdout.write(group_text(printed[-1]) + "\n")
            sys.stdout.flush()

    examine_all(Situation(), said)
    sys.stdout.write(summary(printed) + "\n")
    return printed
