"""How drowsy the driver is: rises at once, falls one step a minute."""

from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.events import Event

LEVELS = ("NORMAL", "ADVISORY", "DROWSY", "SEVERE")
NORMAL, ADVISORY, DROWSY, SEVERE = range(4)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for drowsiness at one moment; None = not known."""

    p60: float | None
    p180: float | None
    perclos_acts: bool
    """False before the calibration is frozen: then only closures count."""
    slow_blinks: bool
    """Blinks last 1.4 times as long as the driver's own."""
    asleep: bool
    """A closure of 3 s or more is running."""


@dataclass(slots=True)
class LevelState:
    """The level, and how long it has been calm enough to step down."""

    level: int = NORMAL
    microsleeps_s: deque[float] = field(default_factory=deque)
    slept_s: float = float("-inf")
    calm_since_s: float | None = None

    def microsleep(self, t_s: float) -> None:
        """A closure became a microsleep."""
        self.microsleeps_s.append(t_s)

    def step(self, t_s: float, evidence: Evidence) -> Event | None:
        """The event of a change, if any."""
        while self.microsleeps_s and self.microsleeps_s[0] < t_s - policy.MICROSLEEPS_S:
            self.microsleeps_s.popleft()
        if evidence.asleep:
            self.slept_s = t_s
        cause_level, cause = self._wanted(t_s, evidence)
        if cause_level > self.level:
            return self._change(t_s, cause_level, cause)
        if cause_level == self.level != NORMAL or not self._calm(evidence):
            self.calm_since_s = None
            return None
        if self.calm_since_s is None:
            self.calm_since_s = t_s
        if t_s - self.calm_since_s >= policy.STEP_DOWN_S - 1e-6:
            return self._change(t_s, self.level - 1, "recovered")
        return None

    def _wanted(self, t_s: float, evidence: Evidence) -> tuple[int, str]:
        p60, p180 = (evidence.p60, evidence.p180) if evidence.perclos_acts else (None, None)
        p60, p180 = p60 or 0.0, p180 or 0.0
        if t_s - self.slept_s < policy.SEVERE_AFTER_SLEEP_S:
            return SEVERE, "sleep"
        if p60 >= policy.SEVERE_P60:
            return SEVERE, "perclos"
        if len(self.microsleeps_s) >= policy.MICROSLEEPS:
            return DROWSY, "microsleeps"
        if p60 >= policy.DROWSY_P60 and p180 >= policy.DROWSY_P180:
            return DROWSY, "perclos"
        if p60 >= policy.SLOW_BLINK_P60 and evidence.slow_blinks:
            return DROWSY, "slow_blinks"
        if p60 >= policy.ADVISORY_P60:
            return ADVISORY, "perclos"
        return NORMAL, ""

    def _calm(self, evidence: Evidence) -> bool:
        if self.level == NORMAL or evidence.p60 is None or evidence.p180 is None:
            return False
        highest = policy.CALM_P60 if self.level == ADVISORY else policy.STEP_DOWN_P60
        return evidence.p60 < highest and evidence.p180 < policy.STEP_DOWN_P180

    def _change(self, t_s: float, level: int, cause: str) -> Event:
        before, self.level, self.calm_since_s = self.level, level, None
        return Event("level", "level", t_s, LEVELS[before], LEVELS[level], cause, onset_s=t_s)
