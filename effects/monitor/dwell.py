"""What a closure becomes as it lasts: prolonged, soft, microsleep, sleep, unresponsive; or a look down."""

from dataclasses import dataclass

from effects.monitor import policy
from effects.monitor.closure import Closure
from effects.monitor.events import Event, Kind
from effects.monitor.glance import PitchHistory

OPEN = "OPEN"
STEPS: tuple[tuple[float, Kind, str], ...] = (
    (policy.PROLONGED_S, "prolonged", "PROLONGED"),
    (policy.SOFT_S, "prolonged", "SOFT"),
    (policy.MICROSLEEP_S, "microsleep", "MICROSLEEP"),
    (policy.SLEEP_S, "sleep", "SLEEP"),
    (policy.UNRESPONSIVE_S, "unresponsive", "UNRESPONSIVE"),
)
_SHORTEST_BLINK_S = 0.05


@dataclass(slots=True)
class DwellState:
    """How far the running closure has come, and whether it is a look down (None = not decided yet)."""

    reached: int = 0
    glance: bool | None = None
    onset_s: float | None = None

    @property
    def state(self) -> str:
        """Name of the closure region's state."""
        return STEPS[self.reached - 1][2] if self.reached else OPEN

    def begin(self, onset_s: float) -> None:
        """Another closure runs."""
        self.reached, self.glance, self.onset_s = 0, None, onset_s

    def step(
        self,
        t_s: float,
        until_s: float,
        deep: bool,
        pitches: PitchHistory,
        neutral_deg: float,
        end_s: float | None = None,
    ) -> list[Event]:
        """The events of the dwell times that the running closure has passed by `until_s`."""
        onset_s = self.onset_s
        if onset_s is None or self.glance or self.reached == len(STEPS):
            return []
        if until_s - onset_s < STEPS[self.reached][0] - 1e-6:
            return []
        if self.glance is None:
            self.glance = pitches.is_glance(onset_s, neutral_deg)
            if self.glance:
                return []
        events: list[Event] = []
        for dwell_s, kind, state in STEPS[self.reached :]:
            if until_s - onset_s < dwell_s - 1e-6 or (dwell_s >= policy.SOFT_S and not deep):
                break
            cause = None if self.reached else ("deep" if deep else "shallow")
            before, self.reached = self.state, self.reached + 1
            events.append(Event(kind, "closure", t_s, before, state, cause, onset_s, end_s, onset_s + dwell_s))
        return events

    def finish(self, t_s: float, closure: Closure, pitches: PitchHistory, neutral_deg: float) -> list[Event]:
        """The closure is over: what is still to be said of it, and its one blink or long blink."""
        events = self.step(t_s, closure.end_s, closure.deep, pitches, neutral_deg, closure.end_s)
        before, glance = self.state, self.glance
        self.reached, self.glance, self.onset_s = 0, None, None
        if glance or closure.duration_s < _SHORTEST_BLINK_S:
            return events
        onset_s, end_s = closure.onset_s, closure.end_s
        if closure.duration_s <= policy.PROLONGED_S:
            return [*events, Event("blink", "blink", t_s, onset_s=onset_s, end_s=end_s)]
        return [*events, Event("long_blink", "closure", t_s, before, OPEN, None, onset_s, end_s)]
