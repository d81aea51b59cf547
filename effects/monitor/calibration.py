"""What is normal for this driver: eyes open and shut, head and gaze ahead, place of the seat."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from effects.monitor import policy
from effects.monitor.windows import QuantileWindow, middle, quantile

Source = Literal["prior", "self", "quick"]
Seat = tuple[float, float, float]
"""Centre x, y and height of the driver's face, as shares of the picture's width, height and height."""

LABELS = {
    "prior": "average person, not calibrated",
    "self": "learnt while driving",
    "quick": "calibrated for this driver",
}

_SAMPLE_S, _RELEARN_S = 0.1, 1.0
_TRACK_S, _TRACK_SAMPLE_S = 120.0, 0.25
_REMEMBERED_BOTTOMS = 40
_STUCK_S = 60.0
_SLOWEST_OWN_BLINK_S = 0.35
"""Who starts the drive with slow blinks is drowsy already: that is not the norm."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """One driver's normal state.

    Attributes:
        id: written into every line of the log.
        source: where it comes from; `LABELS` says it for people.
        open_ear, closed_ear: eye aspect ratio of open and shut eyes.
        neutral_deg: yaw, pitch, roll of the head while looking ahead.
        gaze_yaw_deg: of the irises while looking ahead, in the camera's frame.
        frozen_open: the open eye that later learning may not undercut by more than a tenth; None = not frozen yet.
        blink_s: usual duration of the driver's own blinks; None = not known.
        seat: where the driver's face is; None = not learnt.
        yawn_mar: own usual mouth opening, which sets the threshold of a yawn; None = the population's.
    """

    id: str = "prior"
    source: Source = "prior"
    open_ear: float = policy.PRIOR_OPEN
    closed_ear: float = policy.PRIOR_CLOSED
    neutral_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze_yaw_deg: float = 0.0
    frozen_open: float | None = None
    blink_s: float | None = None
    seat: Seat | None = None
    yawn_mar: float | None = None

    def openness(self, ear: float) -> float:
        """0 shut .. 1 open, not clipped."""
        return (ear - self.closed_ear) / max(self.open_ear - self.closed_ear, 1e-3)

    @property
    def residual_high(self) -> bool:
        """The eye hardly seems to close: the quick calibration is needed."""
        return self.closed_ear > policy.RESIDUAL_SHARE * self.open_ear

    @property
    def perclos_acts(self) -> bool:
        """PERCLOS may raise levels: not while the open eye is still being learnt from scratch."""
        return self.frozen_open is not None or self.source == "quick"


@dataclass(slots=True)
class Learner:
    """Learns the calibration while the monitor runs, from open eyes only."""

    calibration: Calibration = field(default_factory=Calibration)
    counted_s: float = 0.0
    """Seconds of open eyes so far."""
    valid_s: float = 0.0
    stuck: bool = False
    """The eyes never look open enough to learn from: the quick calibration is needed."""
    _fixed_closed: bool = False
    _ears: list[float] = field(default_factory=list)
    _poses: list[tuple[float, float, float]] = field(default_factory=list)
    _gazes: list[float] = field(default_factory=list)
    _bottoms: list[float] = field(default_factory=list)
    _blinks_s: list[float] = field(default_factory=list)
    _recent: QuantileWindow = field(default_factory=lambda: QuantileWindow(_TRACK_S))
    _sampled_s: float = -math.inf
    _learnt_s: float = -math.inf

    def __post_init__(self) -> None:
        self._fixed_closed = self.calibration.source == "quick"

    @property
    def progress(self) -> float:
        """0..1 towards the frozen calibration."""
        if self.calibration.frozen_open is not None:
            return 1.0
        return min(self.counted_s / policy.FREEZE_S, 1.0)

    def step(
        self,
        t_s: float,
        dt_s: float,
        ear: float,
        openness: float,
        pose_deg: tuple[float, float, float],
        gaze_yaw_deg: float,
    ) -> None:
        """Take a valid sample; only open eyes teach, so that closed or lowered ones never become the norm."""
        self.valid_s += dt_s
        if openness <= policy.HALF:
            self.stuck = self.valid_s > _STUCK_S and self.counted_s < policy.LEARN_S
            return
        self.counted_s += dt_s
        self.stuck = self.stuck and self.counted_s < policy.LEARN_S
        if self.calibration.frozen_open is not None:
            self._follow(t_s, ear)
            return
        if t_s - self._sampled_s < _SAMPLE_S - 1e-3:
            return
        self._sampled_s = t_s
        self._ears.append(ear)
        if not any(map(math.isnan, pose_deg)):
            self._poses.append(pose_deg)
        if not math.isnan(gaze_yaw_deg):
            self._gazes.append(gaze_yaw_deg)
        if t_s - self._learnt_s >= _RELEARN_S - 1e-3:
            self._learnt_s = t_s
            self._learn()

    def own_blink(self, duration_s: float) -> None:
        """A blink was reported: how long the driver's own ones are is learnt from the first of them."""
        if self.calibration.blink_s is None and duration_s <= policy.PROLONGED_S:
            self._blinks_s.append(duration_s)
            if len(self._blinks_s) >= policy.FEWEST_BLINKS and self.calibration.frozen_open is not None:
                self._own_blinks()

    def dip(self, duration_s: float, bottom: float, yaw_pitch_deg: tuple[float, float]) -> None:
        """The blink detector saw a dip.

        Args:
            duration_s: its length.
            bottom: the eye aspect ratio at its deepest.
            yaw_pitch_deg: of the head, against neutral.
        """
        ahead = max(map(abs, yaw_pitch_deg)) <= policy.BOTTOM_POSE_DEG
        if self._fixed_closed or not ahead or duration_s < policy.BOTTOM_BLINK_S:
            return
        settled = self.calibration.frozen_open is not None and len(self._bottoms) >= policy.BOTTOM_BLINKS
        if not settled and len(self._bottoms) < _REMEMBERED_BOTTOMS:
            self._bottoms.append(bottom)
            self._set_closed()

    def _learn(self) -> None:
        """The median so far; from ten seconds on it replaces the prior, after sixty it is frozen."""
        changes: dict[str, object] = {}
        if len(self._poses) * _SAMPLE_S >= 2.0 and self.calibration.source != "quick":
            yaws, pitches, rolls = zip(*self._poses, strict=True)
            changes["neutral_deg"] = (middle(yaws), middle(pitches), middle(rolls))
        if len(self._gazes) * _SAMPLE_S >= 2.0 and self.calibration.source != "quick":
            changes["gaze_yaw_deg"] = middle(self._gazes)
        if self.counted_s >= policy.LEARN_S:
            open_ear = middle(self._ears)
            changes["open_ear"] = open_ear
            if self.calibration.source == "prior":
                changes["source"], changes["id"] = "self", "self"
            if self.counted_s >= policy.FREEZE_S:
                changes["frozen_open"] = open_ear
        self.calibration = replace(self.calibration, **changes)  # type: ignore[arg-type]
        if self.calibration.source == "self":
            self._set_closed()
        if self.calibration.frozen_open is not None and len(self._blinks_s) >= policy.FEWEST_BLINKS:
            self._own_blinks()

    def _follow(self, t_s: float, ear: float) -> None:
        """After the freeze the open eye may rise freely and fall by a tenth: drowsiness is not learnt away."""
        if t_s - self._sampled_s < _TRACK_SAMPLE_S - 1e-3:
            return
        self._sampled_s = t_s
        self._recent.add(t_s, ear)
        frozen = self.calibration.frozen_open
        if frozen is None or self._recent.covers_s() < policy.FREEZE_S or t_s - self._learnt_s < _RELEARN_S:
            return
        self._learnt_s = t_s
        open_ear = max(self._recent.quantile(0.5), policy.LOWEST_OPEN_SHARE * frozen)
        self.calibration = replace(self.calibration, open_ear=open_ear)

    def _own_blinks(self) -> None:
        if self.calibration.blink_s is None:
            own_s = min(middle(self._blinks_s), _SLOWEST_OWN_BLINK_S)
            self.calibration = replace(self.calibration, blink_s=own_s)

    def _set_closed(self) -> None:
        calibration = self.calibration
        if calibration.source == "prior" or self._fixed_closed:
            return
        open_ear = calibration.frozen_open or calibration.open_ear
        self.calibration = replace(calibration, closed_ear=closed_from(open_ear, self._bottoms))


def closed_from(open_ear: float, bottoms: Sequence[float]) -> float:
    """The shut eye's aspect ratio from the bottoms of enough blinks, else a share of the open eye's."""
    if len(bottoms) < policy.BOTTOM_BLINKS:
        return policy.CLOSED_SHARE * open_ear
    low, high = policy.CLOSED_SHARES
    return min(max(quantile(sorted(bottoms), policy.BOTTOM_QUANTILE), low * open_ear), high * open_ear)
