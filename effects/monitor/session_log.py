"""Which lines a session writes: every event, and one row a second. Where they go is the caller's business."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from effects.monitor.log import csv_line, json_line
from effects.monitor.reading import Reading
from effects.monitor.rows import event_row, second_row

Writer = Callable[[str, bool], None]
"""Takes a line and whether it must survive a power cut."""
_URGENT = frozenset({"microsleep", "sleep", "unresponsive"})
_URGENT_STATES = frozenset({"SEVERE", "OFF_ROAD_L2", "OFF_ROAD_L3", "SUSPECTED"})


@dataclass(slots=True)
class SessionLog:
    """Turns readings into lines.

    Args:
        session: names the run in every line.
        utc: the present wall time as text.
        events: takes the JSON lines.
        seconds: takes the rows of the 1 Hz table; None = not wanted.
    """

    session: str
    utc: Callable[[], str]
    events: Writer
    seconds: Writer | None = None
    count: int = 0
    _latest_s: float = -math.inf
    _second: int | None = None

    def write(self, reading: Reading) -> None:
        """Write what a reading brings."""
        for event in reading.events:
            row = event_row(event, reading, self.session, self.utc())
            self._latest_s = max(self._latest_s, row["t_mono"])
            row["t_mono"] = self._latest_s
            urgent = event.kind in _URGENT or event.state_to in _URGENT_STATES
            self.events(json_line(row), urgent)
            self.count += 1
        if self.seconds is None or not math.isfinite(reading.t_s):
            return
        second = math.floor(reading.t_s + 1e-6)
        if self._second is None:
            self._second = second if reading.t_s - second < 1e-3 else second + 1
        if second >= self._second:
            self.seconds(csv_line(second_row(second, reading)), False)
            self._second = second + 1
