"""What the monitor publishes after every frame and tick; the window, the log and the sounds read only this."""

from dataclasses import dataclass

from effects.monitor.blinks import BlinkStatistics
from effects.monitor.calibration import Calibration
from effects.monitor.events import Event
from effects.monitor.warning import Warned


@dataclass(frozen=True, slots=True)
class Reading:
    """The monitor at one moment. NaN and None = not known.

    Attributes:
        t_s: media time.
        events: what happened since the reading before.
        warnings: those that are on, the most urgent first.
        openness: 0 shut .. 1 the driver's own open eye.
        p60, p180: PERCLOS as shares 0..1.
        valid60: share of the last minute in which the eyes were seen.
        level, closure, gaze, face, sensor: names of the regions' states.
        closed_s: how long the eyes have been closed, 0 while open.
        off_road_s: seconds of looking away that count.
        gaze_from_head: irises are not readable: head pose alone judges.
        progress: 0..1 of the calibration.
        needs_calibration: the eyes cannot be learnt by themselves.
        parked: warnings are calmed.
    """

    t_s: float
    events: tuple[Event, ...]
    warnings: tuple[Warned, ...]
    openness: float
    ear_left: float
    ear_right: float
    pose_deg: tuple[float, float, float]
    gaze_yaw_deg: float
    mar: float
    p60: float | None
    p180: float | None
    valid60: float
    level: str
    closure: str
    gaze: str
    face: str
    sensor: str
    sensor_cause: str
    closed_s: float
    off_road_s: float
    gaze_from_head: bool
    blinks: BlinkStatistics
    fps: float
    calibration: Calibration
    progress: float
    needs_calibration: bool
    parked: bool
