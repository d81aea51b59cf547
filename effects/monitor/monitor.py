"""The monitor as the rest of the program sees it: frames and ticks in, readings out."""

import math
from collections import deque
from dataclasses import dataclass, field

from effects.monitor import policy
from effects.monitor.calibration import Calibration, Learner
from effects.monitor.conditions import Standing, conditions
from effects.monitor.driver import DriverState
from effects.monitor.events import Event
from effects.monitor.gaze import STATES as GAZE_STATES
from effects.monitor.level import LEVELS
from effects.monitor.reading import Reading
from effects.monitor.regions import Luma, Regions, state_of
from effects.monitor.signal_csv import SignalRow
from effects.monitor.warning import WarningState
from models.types import Perception, Signals

_ALARMS = ("microsleep", "sleep", "unresponsive", "level", "gaze")
_CALMING = ("back", "lost", "recovered")
KEPT_S, KEPT_AFTER_S = 30.0, 10.0
"""Signals kept around an alarm that may be marked as wrong, and how much of them comes after it."""


@dataclass(slots=True)
class DrowsinessMonitor:
    """The state machine over one driver's signals. Pure: `t_s` is media time, `wall_s` only notices a suspend.

    Args:
        calibration: of the driver, or the population's prior.
    """

    calibration: Calibration = field(default_factory=Calibration)
    parked: bool = False
    regions: Regions = field(default_factory=Regions)
    warnings: WarningState = field(default_factory=WarningState)
    driver: DriverState = field(default_factory=DriverState)
    rejected: int = 0
    """Frames with a time that is not later than the one before."""
    _last_frame_s: float = -math.inf
    _ahead_s: float | None = None
    _standing: Standing = field(default_factory=Standing)
    _kept: deque[SignalRow] = field(default_factory=deque)
    _alarm: Event | None = None
    _around: tuple[SignalRow, ...] | None = None
    """Signals around the last alarm, once enough has come after it."""
    _announced: bool = False
    _restarted_s: float | None = None

    def __post_init__(self) -> None:
        self._fresh()

    def see(self, t_s: float, wall_s: float | None, perception: Perception) -> Reading:
        """Take a perception: chooses the driver's face and reads its raw signals."""
        face = self.driver.choose(t_s, perception.faces, perception.frame_size_wh)
        if self.driver.changed:
            self.recalibrate(Calibration())
        return self.update(t_s, wall_s, face.signals if face is not None else None, perception.luma)

    def update(
        self,
        t_s: float,
        wall_s: float | None,
        signals: Signals | None,
        luma: Luma | None = None,
        speed_kmh: float | None = None,
    ) -> Reading:
        """Take one frame's signals; None = the driver's face is not seen. A time not after the last one is rejected."""
        if not math.isfinite(t_s) or t_s <= self._last_frame_s:
            self.rejected += 1
            return self._reading(self.regions.t_s, [])
        events = self._begin(t_s, wall_s)
        self._last_frame_s = t_s
        self._standing.step(t_s, speed_kmh)
        self._keep(SignalRow(t_s, signals, luma, speed_kmh))
        events += self.regions.frame(t_s, signals, luma)
        return self._reading(t_s, events)

    def update_row(self, row: SignalRow) -> Reading:
        """Take one recorded frame."""
        return self.update(row.t_s, None, row.signals, row.luma, row.speed_kmh)

    def tick(self, t_s: float, wall_s: float | None, ack: bool = False) -> Reading:
        """Time passes (10 Hz, also when no frame comes); `ack` = the driver acknowledged what is on."""
        t_s = max(t_s, self.regions.t_s)
        events = self._begin(t_s, wall_s)
        events += self.regions.tick(t_s)
        if ack:
            events.append(Event("ack", "warning", t_s))
        return self._reading(t_s, events, ack)

    def finish(self) -> Reading:
        """The session ends: events that waited for what came after them."""
        return self._reading(self.regions.t_s, self.regions.finish())

    def mark_false_alarm(self) -> tuple[Event, tuple[SignalRow, ...]] | None:
        """The event that says that the last alarm was wrong, and the signals around it; None without an alarm."""
        alarm = self._alarm
        if alarm is None:
            return None
        event = Event("false_alarm", "warning", self.regions.t_s, None, None, alarm.kind, alarm.onset_s, alarm.t_s)
        return event, self._around or tuple(self._kept)

    def recalibrate(self, calibration: Calibration) -> None:
        """Start again from another calibration: another driver, other glasses, another camera."""
        self.calibration = calibration
        self.regions.learner = self._learner()
        self._announced = False

    def _begin(self, t_s: float, wall_s: float | None) -> list[Event]:
        """Notice a suspend, and announce the calibration once."""
        events: list[Event] = []
        if wall_s is not None:
            before_s, self._ahead_s = self._ahead_s, wall_s - t_s
            if before_s is not None and self._ahead_s - before_s > policy.SUSPEND_S:
                before = self.regions.sensor.state
                self._fresh()
                self._restarted_s = t_s
                events.append(Event("sensor", "sensor", t_s, before, "OK", "suspend", onset_s=t_s))
        if not self._announced:
            self._announced = True
            calibration = self.calibration
            state = state_of(calibration.source, calibration.frozen_open)
            events.append(Event("calibration", "calibration", t_s, None, state, calibration.source))
        return events

    def _learner(self) -> Learner:
        return Learner(self.calibration)

    def _fresh(self) -> None:
        self.regions = Regions(learner=self._learner())
        if self.calibration.yawn_mar is not None:
            self.regions.mouth.opens_at_mar = max(
                policy.YAWN_OWN_RATIO * self.calibration.yawn_mar, policy.YAWN_END_MAR
            )
        self.warnings = WarningState()
        self.driver = DriverState(seat=self.calibration.seat)
        self._standing = Standing()
        self._kept.clear()
        self._alarm, self._around = None, None
        self._announced = False

    def _keep(self, kept: SignalRow) -> None:
        self._kept.append(kept)
        while self._kept[0].t_s < kept.t_s - KEPT_S:
            self._kept.popleft()
        if self._alarm is not None and self._around is None and kept.t_s >= self._alarm.t_s + KEPT_AFTER_S:
            self._around = tuple(self._kept)

    def _reading(self, t_s: float, events: list[Event], ack: bool = False) -> Reading:
        regions = self.regions
        parked = self.parked or self._standing.still
        for event in events:
            if event.kind in _ALARMS and event.cause not in _CALMING:
                self._alarm, self._around = event, None
        warned = self.warnings.step(t_s, conditions(regions, t_s, parked, self._restarted_s), ack)
        learner, signals = regions.learner, regions.signals
        return Reading(
            t_s=t_s,
            events=tuple(events),
            warnings=warned,
            openness=regions.openness,
            ear_left=signals.ear_left,
            ear_right=signals.ear_right,
            pose_deg=signals.pose_deg,
            gaze_yaw_deg=signals.gaze_deg[0],
            mar=signals.mar,
            p60=regions.p60,
            p180=regions.p180,
            valid60=regions.valid60,
            level=LEVELS[regions.level.level],
            closure=regions.dwell.state,
            gaze=GAZE_STATES[regions.gaze.state],
            face=regions.face.state,
            sensor=regions.sensor.state,
            sensor_cause=regions.sensor.cause,
            closed_s=regions.closed_s,
            off_road_s=regions.gaze.off_road_s,
            gaze_from_head=regions.gaze_from_head,
            blinks=regions.statistics,
            fps=regions.sensor.fps,
            calibration=learner.calibration,
            progress=learner.progress,
            needs_calibration=learner.stuck or learner.calibration.residual_high,
            parked=parked,
        )
