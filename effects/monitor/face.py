"""Whether the driver's face and eyes can be read at all: a silent monitor must say that it is silent."""

from dataclasses import dataclass

from effects.monitor import policy
from effects.monitor.events import Event

TRACKED, SEARCH, SUSPECTED, HEAD_ONLY = "TRACKED", "SEARCH", "SUSPECTED", "HEAD_ONLY"
NEVER = float("-inf")


@dataclass(slots=True)
class FaceState:
    """Since when the face, and since when the eyes cannot be read."""

    state: str = TRACKED
    lost_since_s: float | None = None
    suspected_since_s: float | None = None
    """Onset of the closure during which the face was lost."""
    _seen_s: float = NEVER
    _back_s: float | None = None
    _eyes_s: float | None = None

    def step(self, t_s: float, face: bool, eyes: bool, closed_since_s: float | None) -> list[Event]:
        """Take a frame.

        Args:
            t_s: media time.
            face: whether the driver's face is seen.
            eyes: whether at least one eye is readable.
            closed_since_s: onset of a closure that ran until the frame before.
        """
        if face:
            return self._seen(t_s, eyes)
        self._back_s = None
        if self.lost_since_s is None:
            self.lost_since_s = t_s if self._seen_s == NEVER else self._seen_s
            was_closed = closed_since_s is not None and self._seen_s - closed_since_s >= policy.SUSPECTED_FROM_S
            self.suspected_since_s = closed_since_s if was_closed else None
        return self._missing(t_s)

    def _missing(self, t_s: float) -> list[Event]:
        since_s = self.lost_since_s if self.lost_since_s is not None else t_s
        closed_s = self.suspected_since_s
        if closed_s is not None and t_s - closed_s >= policy.SUSPECTED_S - 1e-6:
            return self._go(t_s, SUSPECTED, "lost_while_closed", closed_s, closed_s + policy.SUSPECTED_S)
        if t_s - since_s >= policy.FACE_LOST_S - 1e-6 and self.state != SUSPECTED:
            return self._go(t_s, SEARCH, "lost", since_s, since_s + policy.FACE_LOST_S)
        return []

    def _seen(self, t_s: float, eyes: bool) -> list[Event]:
        if self._back_s is None or t_s - self._seen_s > policy.FACE_LOST_S:
            self._back_s = t_s
        self._seen_s = t_s
        lost = self.state in (SEARCH, SUSPECTED)
        if lost and t_s - self._back_s < policy.FACE_BACK_S - 1e-6:
            return []
        lost_since_s, self.lost_since_s, self.suspected_since_s = self.lost_since_s, None, None
        if eyes:
            self._eyes_s = t_s
            onset_s = lost_since_s if lost else None
            return self._go(t_s, TRACKED, "back", onset_s, None, None if onset_s is None else self._back_s)
        if self._eyes_s is None or lost:
            self._eyes_s = t_s
        if t_s - self._eyes_s >= policy.EYES_UNREADABLE_S - 1e-6:
            return self._go(t_s, HEAD_ONLY, "eyes_unreadable", self._eyes_s, self._eyes_s + policy.EYES_UNREADABLE_S)
        return self._go(t_s, TRACKED, "back", lost_since_s, None, self._back_s) if lost else []

    def _go(
        self, t_s: float, state: str, cause: str, onset_s: float | None, due_s: float | None, end_s: float | None = None
    ) -> list[Event]:
        if state == self.state:
            return []
        before, self.state = self.state, state
        return [Event("face", "face", t_s, before, state, cause, onset_s=onset_s, end_s=end_s, due_s=due_s)]
