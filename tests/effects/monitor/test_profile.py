"""Profiles as tables: what is written is read again, what is wrong is named."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest
import tomli_w

from effects.monitor.calibration import Calibration
from effects.monitor.profile import Profile, from_table, to_table
from models.errors import UsageError
from tests.effects.monitor.synthetic import CALIBRATED

WHOLE = Profile(
    "Ada", "varifocals", "left", replace(CALIBRATED, blink_s=0.2, seat=(0.4, 0.5, 0.3), yawn_mar=0.5, gaze_yaw_deg=3.0)
)


@pytest.mark.parametrize("profile", [WHOLE, Profile("", "", "", replace(Calibration(), id="x", source="quick"))])
def test_what_is_written_is_read_again(profile: Profile) -> None:
    assert from_table(tomllib.loads(tomli_w.dumps(to_table(profile)))) == profile


def test_little_is_needed() -> None:
    profile = from_table({"schema": 1, "open_ear": 0.3, "closed_ear": 0.05})

    assert profile.calibration.perclos_acts
    assert profile.calibration.neutral_deg == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "schema is 2"),
        ({"open_ear": None}, "open_ear is missing"),
        ({"open_ear": "wide"}, "open_ear is 'wide'"),
        ({"open_ear": 9.0}, "open_ear is 9.0"),
        ({"open_ear": True}, "open_ear is True"),
        ({"closed_ear": 0.27}, "not clearly under"),
        ({"neutral_yaw_deg": 300.0}, "neutral_yaw_deg"),
        ({"seat": [1, 2]}, "seat is"),
        ({"seat": [1, 2, "x"]}, "seat is"),
        ({"seat": "left"}, "seat is"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], words: str) -> None:
    table = {name: value for name, value in (to_table(WHOLE) | change).items() if value is not None}

    with pytest.raises(UsageError, match=words):
        from_table(table)
