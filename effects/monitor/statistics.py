"""What a session came to, from the lines of its log: for the report and the end of a drive."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from effects.monitor.level import LEVELS

_ALARMS = ("microsleep", "sleep", "unresponsive")


@dataclass(frozen=True, slots=True)
class SessionStatistics:
    """Totals of one session; shares 0..1, None = never known.

    Attributes:
        seconds: from the first to the last line.
        counts: events by kind.
        closed_longest_s: the longest closure.
        blink_mean_s: of blinks up to half a second.
        highest_level: name of the level.
        level_s: seconds in each level.
        p60_highest: the highest share that an event was logged with.
        unseen_s: seconds in which the face or a usable picture was missing.
        false_alarms: alarms that the driver marked as wrong.
    """

    seconds: float
    counts: Mapping[str, int]
    alarms: int
    closed_longest_s: float
    blink_mean_s: float | None
    highest_level: str
    level_s: Mapping[str, float]
    p60_highest: float | None
    unseen_s: float
    false_alarms: int


def session_statistics(rows: Iterable[Mapping[str, Any]]) -> SessionStatistics:
    """The totals of the rows of one session, in their order; no rows give zeros."""
    rows = list(rows)
    times = [float(row["t_mono"]) for row in rows]
    end_s = max(times, default=0.0)
    counts = Counter(str(row["event"]) for row in rows)
    closures = [_length(row) for row in rows if row["event"] in ("blink", "long_blink")]
    blinks = [_length(row) for row in rows if row["event"] == "blink"]
    levels = _stretches(rows, "level", LEVELS[0], end_s)
    level_s: Counter[str] = Counter()
    for state, lasted_s in levels:
        level_s[state] += lasted_s  # type: ignore[assignment]
    p60s = [float(row["p60"]) for row in rows if row["p60"] is not None]
    unseen = [
        lasted_s
        for region, seen in (("face", ("TRACKED", "HEAD_ONLY")), ("sensor", ("OK", "LOW_RATE")))
        for state, lasted_s in _stretches(rows, region, seen[0], end_s)
        if state not in seen
    ]
    return SessionStatistics(
        seconds=end_s - min(times, default=0.0),
        counts=dict(counts),
        alarms=sum(counts[kind] for kind in _ALARMS),
        closed_longest_s=max(closures, default=0.0),
        blink_mean_s=sum(blinks) / len(blinks) if blinks else None,
        highest_level=max((state for state, _ in levels), key=LEVELS.index, default=LEVELS[0]),
        level_s=dict(level_s),
        p60_highest=max(p60s, default=None),
        unseen_s=sum(unseen),
        false_alarms=counts["false_alarm"],
    )


def _length(row: Mapping[str, Any]) -> float:
    return float(row["t_end"]) - float(row["t_onset"])


def _stretches(rows: list[Mapping[str, Any]], event: str, first: str, end_s: float) -> list[tuple[str, float]]:
    """How long a region stayed in each of its states, in order."""
    state, since_s = first, float(rows[0]["t_mono"]) if rows else 0.0
    found: list[tuple[str, float]] = []
    for row in rows:
        if row["event"] == event:
            found.append((state, float(row["t_mono"]) - since_s))
            state, since_s = str(row["state_to"]), float(row["t_mono"])
    return [*found, (state, end_s - since_s)]
