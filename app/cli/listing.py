"""What the listing commands (`effects`, `presets`, `models`) share."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any


def add_json_flag(parser: argparse.ArgumentParser) -> None:
    """`--json`: print a list of objects instead of text."""
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def show(rows: Sequence[dict[str, Any]], as_json: bool, details: Sequence[Sequence[str]]) -> int:
    """Print `rows` (each with "id" and "title"); `details` are further lines of text per row. Returns the exit code."""
    if as_json:
        json.dump(list(rows), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        return 0
    width = max((len(row["id"]) for row in rows), default=0) + 2
    for row, lines in zip(rows, details, strict=True):
        sys.stdout.write(f"{row['id']:<{width}}{row['title']}\n")
        for line in lines:
            sys.stdout.write(f"{'':<{width}}{line}\n")
    return 0
