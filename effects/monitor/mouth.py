"""Yawns, from the mouth's aspect ratio. They only corroborate."""

from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.events import Event
from effects.monitor.windows import MedianFilter


@dataclass(slots=True)
class MouthState:
    """The running yawn, if any."""

    opens_at_mar: float = policy.YAWN_MAR
    _filter: MedianFilter = field(default_factory=lambda: MedianFilter(policy.GAZE_MEDIAN_S))
    _onset_s: float | None = None
    _wide_s: float = 0.0

    def step(self, t_s: float, mar: float) -> Event | None:
        """Take a sample whose mouth is readable; returns the yawn that ends with it."""
        mar = self._filter.step(t_s, mar)
        if mar > self.opens_at_mar:
            if self._onset_s is None:
                self._onset_s = t_s
            self._wide_s = t_s
        elif mar < policy.YAWN_END_MAR and self._onset_s is not None:
            onset_s, self._onset_s = self._onset_s, None
            shortest_s, longest_s = policy.YAWN_S
            if shortest_s <= self._wide_s - onset_s <= longest_s:
                return Event("yawn", "mouth", t_s, onset_s=onset_s, end_s=t_s)
        return None

    def lost(self) -> None:
        """The mouth is not seen: a running yawn is not believed."""
        self._onset_s = None
        self._filter.clear()
