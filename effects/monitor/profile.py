"""A calibration as a plain table, one for each driver, glasses and seat; files are read and written elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from effects.monitor.calibration import Calibration, Seat
from models.errors import UsageError

SCHEMA = 1
_ANGLES = (-90.0, 90.0)
_RANGES: dict[str, tuple[float, float]] = {
    "open_ear": (0.05, 1.0),
    "closed_ear": (0.0, 0.5),
    "neutral_yaw_deg": _ANGLES,
    "neutral_pitch_deg": _ANGLES,
    "neutral_roll_deg": _ANGLES,
    "gaze_yaw_deg": _ANGLES,
    "frozen_open": (0.05, 1.0),
    "blink_s": (0.02, 1.0),
    "yawn_mar": (0.05, 2.0),
}
_NEEDED = ("open_ear", "closed_ear")


@dataclass(frozen=True, slots=True)
class Profile:
    """A named calibration."""

    driver: str
    glasses: str
    seat_name: str
    calibration: Calibration

    @property
    def id(self) -> str:
        """For the log."""
        return self.calibration.id


def to_table(profile: Profile) -> dict[str, Any]:
    """What `from_table` turns back into the same profile; only plain values, unknown ones left out."""
    calibration = profile.calibration
    yaw_deg, pitch_deg, roll_deg = calibration.neutral_deg
    table: dict[str, Any] = {
        "schema": SCHEMA,
        "id": calibration.id,
        "driver": profile.driver,
        "glasses": profile.glasses,
        "seat_name": profile.seat_name,
        "open_ear": calibration.open_ear,
        "closed_ear": calibration.closed_ear,
        "neutral_yaw_deg": yaw_deg,
        "neutral_pitch_deg": pitch_deg,
        "neutral_roll_deg": roll_deg,
        "gaze_yaw_deg": calibration.gaze_yaw_deg,
    }
    for name in ("frozen_open", "blink_s", "yawn_mar"):
        value = getattr(calibration, name)
        if value is not None:
            table[name] = value
    if calibration.seat is not None:
        table["seat"] = list(calibration.seat)
    return table


def from_table(table: Mapping[str, Any]) -> Profile:
    """A profile from a parsed TOML table; raises UsageError that names the wrong entry."""
    if table.get("schema") != SCHEMA:
        raise UsageError(f"schema is {table.get('schema')!r}, this version of Facet reads schema {SCHEMA}.")
    values = {name: _number(table, name) for name in _RANGES if name in table or name in _NEEDED}
    if values["closed_ear"] >= 0.8 * values["open_ear"]:
        raise UsageError("closed_ear is not clearly under open_ear. Calibrate again.")
    base = Calibration()
    calibration = replace(
        base,
        id=str(table.get("id", "profile")),
        source="quick",
        open_ear=values["open_ear"],
        closed_ear=values["closed_ear"],
        neutral_deg=(
            values.get("neutral_yaw_deg", 0.0),
            values.get("neutral_pitch_deg", 0.0),
            values.get("neutral_roll_deg", 0.0),
        ),
        gaze_yaw_deg=values.get("gaze_yaw_deg", 0.0),
        frozen_open=values.get("frozen_open"),
        blink_s=values.get("blink_s"),
        yawn_mar=values.get("yawn_mar"),
        seat=_seat(table),
    )
    names = (str(table.get(name, "")) for name in ("driver", "glasses", "seat_name"))
    driver, glasses, seat_name = names
    return Profile(driver, glasses, seat_name, calibration)


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table.get(name)
    low, high = _RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        found = "is missing" if value is None else f"is {value!r}"
        raise UsageError(f"{name} {found}: it is a number from {low:g} to {high:g}.")
    return float(value)


def _seat(table: Mapping[str, Any]) -> Seat | None:
    value = table.get("seat")
    if value is None:
        return None
    numbers = isinstance(value, list) and all(isinstance(each, int | float) for each in value)
    if not numbers or len(value) != 3 or not all(0 <= each <= 2 for each in value):
        raise UsageError(f"seat is {value!r}: it is three numbers, centre x, centre y and height of the face.")
    x, y, height = map(float, value)
    return x, y, height
