"""What the monitor reports: one event for each line of the log."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "blink",
    "long_blink",
    "yawn",
    "nod",
    "prolonged",
    "microsleep",
    "sleep",
    "unresponsive",
    "level",
    "gaze",
    "face",
    "sensor",
    "calibration",
    "ack",
    "false_alarm",
]
Region = Literal["closure", "blink", "mouth", "head", "level", "gaze", "face", "sensor", "calibration", "warning"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        t_s: media time at which it was reported.
        cause: a short plain word, None where the event says it all.
        onset_s: media time at which it began.
        end_s: media time at which it was over; None while it lasts.
        due_s: media time at which it could have been known at the earliest; None where that has no meaning.
    """

    kind: Kind
    region: Region
    t_s: float
    state_from: str | None = None
    state_to: str | None = None
    cause: str | None = None
    onset_s: float | None = None
    end_s: float | None = None
    due_s: float | None = None
