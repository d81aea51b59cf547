"""The lines of the event log and of the 1 Hz table (both are a contract with other programs)."""

import math
from collections.abc import Mapping
from typing import Any

from effects.monitor.events import Event
from effects.monitor.reading import Reading

SCHEMA = 1
KEYS = (
    *("schema", "t_mono", "t_utc", "session", "event", "region", "state_from", "state_to", "cause"),
    *("t_onset", "t_end", "latency_ms", "fps", "o", "ear_left", "ear_right", "p60", "p180", "valid60"),
    *("pitch", "yaw", "mar", "calib_id", "ack"),
)
SECOND_KEYS = ("t", "o", "p60", "p180", "level", "valid60")


def event_row(event: Event, reading: Reading, session: str, t_utc: str | None) -> dict[str, Any]:
    """One event with the signals at the time of its report; every key is there, None where it does not apply."""
    yaw_deg, pitch_deg, _ = reading.pose_deg
    latency_ms = None if event.due_s is None else max(0.0, (event.t_s - event.due_s) * 1e3)
    values: Mapping[str, Any] = {
        "schema": SCHEMA,
        "t_mono": _number(event.t_s, 4),
        "t_utc": t_utc,
        "session": session,
        "event": event.kind,
        "region": event.region,
        "state_from": event.state_from,
        "state_to": event.state_to,
        "cause": event.cause,
        "t_onset": _number(event.onset_s, 4),
        "t_end": _number(event.end_s, 4),
        "latency_ms": _number(latency_ms, 1),
        "fps": _number(reading.fps, 2),
        "o": _number(reading.openness, 4),
        "ear_left": _number(reading.ear_left, 4),
        "ear_right": _number(reading.ear_right, 4),
        "p60": _number(reading.p60, 5),
        "p180": _number(reading.p180, 5),
        "valid60": _number(reading.valid60, 4),
        "pitch": _number(pitch_deg, 2),
        "yaw": _number(yaw_deg, 2),
        "mar": _number(reading.mar, 4),
        "calib_id": reading.calibration.id,
        "ack": True if event.kind == "ack" else None,
    }
    return {key: values[key] for key in KEYS}


def second_row(second: int, reading: Reading) -> list[str]:
    """The columns of `SECOND_KEYS` as text; empty where not known."""
    numbers = (reading.openness, reading.p60, reading.p180)
    openness, p60, p180 = ("" if (value := _number(each, 5)) is None else f"{value:g}" for each in numbers)
    return [str(second), openness, p60, p180, reading.level, f"{reading.valid60:.4f}"]


def _number(value: float | None, digits: int) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), digits)
