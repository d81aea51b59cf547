"""List the networks with source and licence."""

import argparse

from app.cli.listing import add_json_flag, show
from models.networks.listing import manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet models`."""
    add_json_flag(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    rows = manifest()
    details = [[f"{row['licence']}, from {row['source']}"] for row in rows]
    return show(rows, arguments.json, details)
