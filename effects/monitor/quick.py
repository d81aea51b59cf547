"""The quick calibration: ten seconds looking ahead, then the eyes shut for two. Progress is visible all along."""

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from effects.monitor import policy
from effects.monitor.calibration import Calibration, Seat
from effects.monitor.regions import mean_ear
from effects.monitor.windows import middle, quantile
from models.types import Signals

Phase = Literal["ahead", "close", "done", "failed"]

AHEAD_S, CLOSE_S = 10.0, 2.0
_PATIENCE_S = 15.0
_SHUT_SHARE = 0.6
_STEADY_DEG = 15.0
_LOW, _HIGH = 0.25, 0.75


@dataclass(slots=True)
class QuickCalibration:
    """Feed it every frame while `phase` is "ahead" or "close"; then read `result` or `reason`."""

    phase: Phase = "ahead"
    reason: str = ""
    result: Calibration | None = None
    _phase_s: float = 0.0
    _waited_s: float = 0.0
    _last_s: float | None = None
    _ears: list[float] = field(default_factory=list)
    _shut: list[float] = field(default_factory=list)
    _poses: list[tuple[float, float, float]] = field(default_factory=list)
    _gazes: list[float] = field(default_factory=list)
    _seats: list[Seat] = field(default_factory=list)

    @property
    def progress(self) -> float:
        """0..1 of the phase."""
        return min(self._phase_s / (AHEAD_S if self.phase == "ahead" else CLOSE_S), 1.0)

    def step(self, t_s: float, signals: Signals | None, seat: Seat | None) -> None:
        """Take a frame; `seat` is the place of the driver's face."""
        dt_s = 0.0 if self._last_s is None else min(max(t_s - self._last_s, 0.0), policy.WHOLE_INTERVAL_S)
        self._last_s = t_s
        ear = mean_ear(signals) if signals is not None else math.nan
        self._waited_s += dt_s
        if self.phase == "ahead":
            self._look_ahead(dt_s, ear, signals, seat)
        elif self.phase == "close":
            self._close(dt_s, ear)
        if self.phase in ("ahead", "close") and self._waited_s > (AHEAD_S + CLOSE_S + _PATIENCE_S):
            seen = "the eyes were not seen to close" if self.phase == "close" else "the face could not be read"
            self._fail(f"{seen}. Sit so that the camera sees both eyes, and try again.")

    def _look_ahead(self, dt_s: float, ear: float, signals: Signals | None, seat: Seat | None) -> None:
        if signals is None or math.isnan(ear) or any(map(math.isnan, signals.pose_deg)):
            return
        self._phase_s += dt_s
        self._ears.append(ear)
        self._poses.append(signals.pose_deg)
        if not math.isnan(signals.gaze_deg[0]):
            self._gazes.append(signals.gaze_deg[0])
        if seat is not None:
            self._seats.append(seat)
        if self._phase_s >= AHEAD_S:
            yaws = sorted(pose[0] for pose in self._poses)
            if quantile(yaws, _HIGH) - quantile(yaws, _LOW) > _STEADY_DEG:
                self._fail("the head turned too much. Look straight ahead and try again.")
                return
            self.phase, self._phase_s = "close", 0.0

    def _close(self, dt_s: float, ear: float) -> None:
        if math.isnan(ear) or ear > _SHUT_SHARE * middle(self._ears):
            return
        self._phase_s += dt_s
        self._shut.append(ear)
        if self._phase_s >= CLOSE_S:
            self._finish()

    def _finish(self) -> None:
        usual = middle(self._ears)
        open_ear = middle([ear for ear in self._ears if ear > usual * _HIGH])
        closed_ear = quantile(sorted(self._shut), policy.BOTTOM_QUANTILE)
        if closed_ear > policy.RESIDUAL_SHARE * open_ear:
            self._fail("open and shut eyes look too much alike. More light, or glasses without reflections, help.")
            return
        yaws, pitches, rolls = zip(*self._poses, strict=True)
        seat = None
        if self._seats:
            xs, ys, heights = zip(*self._seats, strict=True)
            seat = (middle(xs), middle(ys), middle(heights))
        self.phase = "done"
        self.result = replace(
            Calibration(),
            id="quick",
            source="quick",
            open_ear=open_ear,
            closed_ear=closed_ear,
            neutral_deg=(middle(yaws), middle(pitches), middle(rolls)),
            gaze_yaw_deg=middle(self._gazes) if self._gazes else 0.0,
            seat=seat,
        )

    def _fail(self, reason: str) -> None:
        self.phase, self.reason = "failed", reason
