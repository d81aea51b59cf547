"""The table of states is current and complete."""

from pathlib import Path

from effects.monitor import dwell, face, gaze, level, sensor
from effects.monitor.states import markdown, transitions

TABLE = Path(__file__).resolve().parents[3] / "docs" / "drowsiness-states.md"


def test_the_committed_table_is_what_the_code_says() -> None:
    assert TABLE.read_text(encoding="utf-8") == markdown(), "run: python -m effects.monitor.states > docs/..."


def test_every_state_is_reached() -> None:
    reached = {(each.region, each.after) for each in transitions()}

    for region, states in (
        ("closure", [dwell.OPEN, *(state for _, _, state in dwell.STEPS)]),
        ("level", level.LEVELS[1:]),
        ("gaze", gaze.STATES),
        ("face", [face.TRACKED, face.SEARCH, face.SUSPECTED, face.HEAD_ONLY]),
        ("sensor", [sensor.OK, sensor.STALLED, sensor.LOW_RATE, sensor.FAULT]),
    ):
        assert {state for where, state in reached if where == region} >= set(states)
