"""List the effects and their parameters."""

import argparse
from typing import Any

from app.cli.listing import add_json_flag, show
from effects.base import Field
from effects.params import fields_of
from effects.registry import specs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet effects`."""
    add_json_flag(parser)


def _row(field: Field) -> dict[str, Any]:
    row: dict[str, Any] = {"name": field.name, "kind": field.kind, "title": field.title, "default": field.default}
    row |= {"min": field.minimum, "max": field.maximum, "step": field.step, "unit": field.unit}
    row["choices"] = [value for value, _title in field.choices]
    return row


def _line(effect_id: str, field: Field) -> str:
    if field.choices:
        values = "|".join(value for value, _title in field.choices)
    elif field.minimum is not None and field.maximum is not None:
        values = f"{field.minimum:g}..{field.maximum:g}{' ' + field.unit if field.unit else ''}"
    else:
        values = field.kind
    return f"{effect_id}.{field.name}={field.default}  ({values})  {field.title}"


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    found = specs()
    rows = [
        {
            "id": spec.id,
            "title": spec.title_key,
            "stage": spec.stage.name.lower(),
            "hides": spec.hides,
            "parameters": [_row(field) for field in fields_of(spec.params)],
        }
        for spec in found
    ]
    details = [[_line(spec.id, field) for field in fields_of(spec.params)] for spec in found]
    return show(rows, arguments.json, details)
