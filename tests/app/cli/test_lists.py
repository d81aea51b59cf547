import json

import pytest

from app.__main__ import main


@pytest.mark.parametrize("command", ["effects", "presets", "models"])
def test_lists_have_ids_and_titles(command, capsys):
    assert main([command, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    assert all(row["id"] and row["title"] for row in rows)
    assert main([command]) == 0
    text = capsys.readouterr().out
    assert all(row["id"] in text for row in rows)


def test_the_effects_that_ship_are_listed(capsys):
    assert main(["effects", "--json"]) == 0
    assert {"privacy", "mesh"} <= {row["id"] for row in json.loads(capsys.readouterr().out)}


def test_everything_is_a_preset_that_has_every_effect(capsys):
    assert main(["effects", "--json"]) == 0
    effects = {row["id"] for row in json.loads(capsys.readouterr().out)}
    assert main(["presets", "--json"]) == 0
    presets = {row["id"]: set(row["effects"]) for row in json.loads(capsys.readouterr().out)}
    assert presets["everything"] == effects
