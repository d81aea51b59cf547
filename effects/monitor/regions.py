"""All regions of the state machine side by side: one step takes one frame's signals through each of them, in order.

Everything is explicit state in plain data classes; nothing here knows a clock, a picture or a frame rate.
"""

import math
from dataclasses import dataclass, field

from effects.monitor import face as face_region
from effects.monitor import perclos, policy
from effects.monitor.blink import BlinkDetector, Dip
from effects.monitor.blinks import BlinkLog, BlinkStatistics
from effects.monitor.calibration import Learner
from effects.monitor.closure import Closure, ClosureTracker
from effects.monitor.dwell import STEPS, DwellState
from effects.monitor.events import Event
from effects.monitor.face import FaceState
from effects.monitor.gaze import GazeState, Look
from effects.monitor.glance import PitchHistory
from effects.monitor.level import Evidence, LevelState
from effects.monitor.mouth import MouthState
from effects.monitor.nod import NodState
from effects.monitor.perclos import Perclos
from effects.monitor.sensor import SensorState
from effects.monitor.windows import MedianFilter
from models.types import Signals

_NAN = math.nan
NEVER = -math.inf
LEVEL_EVERY_S, STATISTICS_EVERY_S = 0.1, 1.0
_SLEEP_STEP = [state for _, _, state in STEPS].index("SLEEP") + 1
NOTHING = Signals(_NAN, _NAN, _NAN, _NAN, _NAN, (_NAN, _NAN, _NAN), (_NAN, _NAN))
Luma = tuple[float, float, float]


@dataclass(slots=True)
class Regions:
    """The whole state of a running session; `frame` and `tick` move it on and return what happened."""

    learner: Learner = field(default_factory=Learner)
    closure: ClosureTracker = field(default_factory=ClosureTracker)
    dwell: DwellState = field(default_factory=DwellState)
    pitches: PitchHistory = field(default_factory=PitchHistory)
    detector: BlinkDetector = field(default_factory=BlinkDetector)
    blinks: BlinkLog = field(default_factory=BlinkLog)
    perclos: Perclos = field(default_factory=Perclos)
    level: LevelState = field(default_factory=LevelState)
    gaze: GazeState = field(default_factory=GazeState)
    face: FaceState = field(default_factory=FaceState)
    sensor: SensorState = field(default_factory=SensorState)
    mouth: MouthState = field(default_factory=MouthState)
    nod: NodState = field(default_factory=NodState)

    signals: Signals = NOTHING
    openness: float = _NAN
    t_s: float = NEVER
    p60: float | None = None
    p180: float | None = None
    valid60: float = 0.0
    statistics: BlinkStatistics = field(default_factory=lambda: BlinkStatistics(0.0, None, None))
    iris_s: float = NEVER
    open_since_s: float | None = None
    _eyes_s: float = NEVER
    """The latest valid sample, if the one before now was valid."""
    _measured_s: float = NEVER
    _counted_s: float = NEVER
    _pitch: MedianFilter = field(default_factory=lambda: MedianFilter(policy.GAZE_MEDIAN_S))
    _slept: bool = False

    def frame(self, t_s: float, signals: Signals | None, luma: Luma | None) -> list[Event]:
        """Take one frame; `signals` None = the driver's face is not seen."""
        self.t_s = max(self.t_s, t_s)
        events = self.sensor.frame(t_s, luma)
        if self.sensor.blind:
            signals = None
        self.signals = signals or NOTHING
        ear = mean_ear(self.signals)
        yaw_deg, pitch_deg, _ = self.signals.pose_deg
        if abs(yaw_deg) > policy.STEEPEST_YAW_DEG:
            ear = _NAN
        readable = not math.isnan(ear)
        if not math.isnan(pitch_deg):
            pitch_deg = self._pitch.step(t_s, pitch_deg)
        closed_since_s = self.closure.onset_s if self.closure.closed and not self.dwell.glance else None
        events += self.face.step(t_s, signals is not None, readable, closed_since_s)
        if readable:
            self._open_or_closed(t_s, ear, pitch_deg, events)
        else:
            self._eyes_s, self.openness, self.open_since_s = NEVER, _NAN, None
            self._lapse(t_s, events)
        self._dwell(t_s, events)
        self._head_and_mouth(t_s, signals is not None, pitch_deg, events)
        self._measure(t_s, events)
        return events

    def tick(self, t_s: float) -> list[Event]:
        """Time passes without a frame."""
        self.t_s = max(self.t_s, t_s)
        events = self.sensor.tick(t_s)
        self._lapse(t_s, events)
        self._dwell(t_s, events)
        self._measure(t_s, events)
        return events

    def finish(self) -> list[Event]:
        """The session ends: what still waited for its future, and a closure that still runs."""
        events: list[Event] = []
        self._dips(self.t_s, self.detector.flush(), events)
        if self.closure.closed:
            ended = self.closure.end(self.closure.lasted_until_s(self.t_s))
            self._ended(self.t_s, ended, events)
        return events

    @property
    def closed_s(self) -> float:
        """How long the eyes have been closed."""
        return self.closure.lasted_until_s(self.t_s) - self.closure.onset_s if self.closure.closed else 0.0

    def _open_or_closed(self, t_s: float, ear: float, pitch_deg: float, events: list[Event]) -> None:
        calibration = self.learner.calibration
        openness = self.openness = calibration.openness(ear)
        dt_s = t_s - self._eyes_s
        if dt_s <= policy.WHOLE_INTERVAL_S + 1e-6:
            self.perclos.add_interval(self._eyes_s, t_s)
        else:
            dt_s = 0.0
        self._eyes_s = t_s
        is_open = openness >= policy.HALF
        if not is_open:
            self.open_since_s = None
        elif self.open_since_s is None:
            self.open_since_s = t_s
        if not math.isnan(pitch_deg):
            self.pitches.step(t_s, pitch_deg, is_open)
        was_closed = self.closure.closed
        ended = self.closure.step(t_s, openness)
        if ended is not None:
            self._ended(t_s, ended, events)
        if self.closure.closed and (ended is not None or not was_closed):
            self.dwell.begin(self.closure.onset_s)
        apart = abs(self.signals.ear_left - self.signals.ear_right)
        self._dips(t_s, self.detector.step(t_s, ear, apart if apart == apart else 0.0), events)
        self._learn(t_s, dt_s, ear, events)

    def _learn(self, t_s: float, dt_s: float, ear: float, events: list[Event]) -> None:
        learner = self.learner
        before, was_stuck = learner.calibration, learner.stuck
        learner.step(t_s, dt_s, ear, self.openness, self.signals.pose_deg, self.signals.gaze_deg[0])
        after = learner.calibration
        if after is before and learner.stuck == was_stuck:
            return
        old, new = state_of(before.source, before.frozen_open), state_of(after.source, after.frozen_open)
        if old != new:
            events.append(Event("calibration", "calibration", t_s, old, new, "learnt"))
        if (after.residual_high and not before.residual_high) or (learner.stuck and not was_stuck):
            cause = "quick_calibration_needed"
            events.append(Event("calibration", "calibration", t_s, new, new, cause))

    def _lapse(self, t_s: float, events: list[Event]) -> None:
        ended = self.closure.lapse(t_s)
        if ended is not None:
            self._ended(t_s, ended, events)

    def _ended(self, t_s: float, ended: Closure, events: list[Event]) -> None:
        neutral_deg = self.learner.calibration.neutral_deg[1]
        reported = self.dwell.finish(t_s, ended, self.pitches, neutral_deg)
        self._note(t_s, reported)
        if not any(event.kind in ("blink", "long_blink") for event in reported):
            if ended.duration_s > policy.PROLONGED_S:
                self.blinks.glance(ended.onset_s, ended.end_s)
            return
        events += reported
        self.perclos.add_closure(ended)
        self.blinks.closure(t_s, ended.onset_s, ended.end_s)
        self.learner.own_blink(ended.duration_s)

    def _dips(self, t_s: float, dips: list[Dip], events: list[Event]) -> None:
        for dip in dips:
            yaw_deg, pitch_deg, _ = self.signals.pose_deg
            neutral = self.learner.calibration.neutral_deg
            self.learner.dip(dip.duration_s, dip.bottom, (yaw_deg - neutral[0], pitch_deg - neutral[1]))
            event = self.blinks.dip(t_s, dip, self.closure.onset_s if self.closure.closed else None)
            if event is not None:
                events.append(event)
                self.learner.own_blink(dip.duration_s)

    def _dwell(self, t_s: float, events: list[Event]) -> None:
        closure = self.closure
        if not closure.closed:
            return
        neutral_deg = self.learner.calibration.neutral_deg[1]
        until_s = closure.lasted_until_s(t_s)
        reported = self.dwell.step(t_s, until_s, closure.counts.mostly_deep, self.pitches, neutral_deg)
        self._note(t_s, reported)
        events += reported

    def _note(self, t_s: float, reported: list[Event]) -> None:
        for event in reported:
            if event.kind == "microsleep":
                self.level.microsleep(t_s)
            elif event.kind == "sleep":
                self._slept = True
            if event.kind in ("microsleep", "sleep"):
                self._measured_s = NEVER

    def _head_and_mouth(self, t_s: float, face: bool, pitch_deg: float, events: list[Event]) -> None:
        signals = self.signals
        yaw_deg = signals.pose_deg[0]
        if not face or math.isnan(yaw_deg) or math.isnan(pitch_deg):
            events += self.gaze.step(t_s, None, None)
            self.nod.lost()
            self.mouth.lost()
            return
        calibration = self.learner.calibration
        neutral_yaw_deg, neutral_pitch_deg, _ = calibration.neutral_deg
        iris_deg = signals.gaze_deg[0] - calibration.gaze_yaw_deg
        if math.isnan(signals.ear_left) or math.isnan(signals.ear_right):
            iris_deg = _NAN
        if not math.isnan(iris_deg):
            self.iris_s = t_s
        glance_since_s = self.closure.onset_s if self.closure.closed and self.dwell.glance else None
        look = Look(yaw_deg - neutral_yaw_deg, pitch_deg - neutral_pitch_deg, iris_deg)
        events += self.gaze.step(t_s, look, glance_since_s)
        nod = self.nod.step(t_s, pitch_deg, self.closed_s)
        if nod is not None:
            events.append(nod)
        if math.isnan(signals.mar):
            self.mouth.lost()
            return
        yawn = self.mouth.step(t_s, signals.mar)
        if yawn is not None:
            events.append(yawn)

    def _measure(self, t_s: float, events: list[Event]) -> None:
        if t_s - self._measured_s < LEVEL_EVERY_S - 1e-6:
            return
        self._measured_s = t_s
        closure = self.closure
        running_s = closure.onset_s
        lasted_s = self.closed_s
        counts = closure.closed and not self.dwell.glance
        if not (counts and perclos.counts(lasted_s, closure.span_s, closure.counts.mostly_deep)):
            self.p60, self.p180, self.valid60 = self.perclos.measure(t_s, None)
        else:
            self.p60, self.p180, self.valid60 = self.perclos.measure(t_s, running_s)
        if t_s - self._counted_s >= STATISTICS_EVERY_S:
            self._counted_s = t_s
            seen = self.perclos.seen
            seen_s = seen.until(t_s) - seen.until(t_s - policy.BLINKS_WINDOW_S)
            self.statistics = self.blinks.statistics(t_s, seen_s)
        calibration = self.learner.calibration
        mean_s, own_s = self.statistics.mean_s, calibration.blink_s
        slow = mean_s is not None and own_s is not None and mean_s >= policy.SLOW_BLINK_RATIO * own_s
        asleep = self._slept or self.dwell.reached >= _SLEEP_STEP
        self._slept = False
        event = self.level.step(t_s, Evidence(self.p60, self.p180, calibration.perclos_acts, slow, asleep))
        if event is not None:
            events.append(event)

    @property
    def gaze_from_head(self) -> bool:
        """Whether head pose alone judges the gaze at present."""
        return self.t_s - self.iris_s > 1.0

    @property
    def suspected(self) -> bool:
        """Whether the face went missing while the eyes were closed, long enough to alarm."""
        return self.face.state == face_region.SUSPECTED


def mean_ear(signals: Signals) -> float:
    """One readable eye, or the mean of two; NaN without any."""
    left, right = signals.ear_left, signals.ear_right
    if left != left:
        return right
    return left if right != right else 0.5 * (left + right)


def state_of(source: str, frozen_open: float | None) -> str:
    """Name of the calibration region's state."""
    if source == "self":
        return "FROZEN" if frozen_open is not None else "LEARNING"
    return "PRIOR" if source == "prior" else "PROFILE"
