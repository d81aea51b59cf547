"""List the presets."""

import argparse

from app.cli.listing import add_json_flag, show
from app.config import presets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet presets`."""
    add_json_flag(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    found = presets()
    rows = [
        {"id": preset.id, "title": preset.title, "effects": [effect_id for effect_id, _ in preset.settings.effects]}
        for preset in found
    ]
    details = [[", ".join(row["effects"]) or "no effects"] for row in rows]
    return show(rows, arguments.json, details)
