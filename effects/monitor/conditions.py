"""What warns at this moment, from the states of the regions."""

from dataclasses import dataclass

from effects.monitor import face as face_region
from effects.monitor import policy
from effects.monitor import sensor as sensor_region
from effects.monitor.level import ADVISORY, DROWSY, SEVERE
from effects.monitor.regions import Regions
from effects.monitor.warning import Condition, Rank

CLOSURE_RANKS: dict[str, Rank] = {"SOFT": "L1", "MICROSLEEP": "L2", "SLEEP": "L3", "UNRESPONSIVE": "L3"}
LEVEL_RANKS: dict[int, Rank] = {ADVISORY: "NOTE", DROWSY: "L1", SEVERE: "L2"}
GAZE_RANKS: tuple[Rank, ...] = ("NOTE", "L1", "L2", "L3")
_BREAK_S = 60.0
_ANNOUNCED_S = 10.0


@dataclass(slots=True)
class Standing:
    """Whether the car stands still, where its speed is known."""

    still: bool = False
    _since_s: float | None = None

    def step(self, t_s: float, speed_kmh: float | None) -> None:
        """Take a speed; None = not known, so driving is assumed."""
        if speed_kmh is None or speed_kmh != speed_kmh or speed_kmh >= policy.STANDING_KMH:
            self.still, self._since_s = False, None
            return
        if self._since_s is None:
            self._since_s = t_s
        self.still = t_s - self._since_s >= policy.STANDING_S


def conditions(regions: Regions, t_s: float, parked: bool, restarted_s: float | None) -> list[Condition]:
    """All that warns now; while parked only sleep does, as a chime, and what keeps the monitor from seeing."""
    found: list[Condition] = []
    closure = regions.dwell.state
    rank = CLOSURE_RANKS.get(closure)
    onset_s = regions.dwell.onset_s
    if rank is not None and onset_s is not None:
        if not parked:
            found.append(Condition("closure", rank, closure.lower(), onset_s))
        elif rank == "L3":
            found.append(Condition("closure", "L1", "parked_asleep", onset_s))
    if not parked:
        level = regions.level.level
        if level in LEVEL_RANKS:
            cause = "take_a_break" if level == SEVERE else "drowsy"
            repeat_s = None if level == ADVISORY else _BREAK_S
            found.append(Condition("level", LEVEL_RANKS[level], cause, float(level), repeat_s))
        gaze = regions.gaze
        if gaze.state:
            found.append(Condition("gaze", GAZE_RANKS[gaze.state], gaze.cause, gaze.onset_s))
    found += _unseen(regions, t_s, parked)
    if restarted_s is not None and t_s - restarted_s < _ANNOUNCED_S:
        found.append(Condition("restart", "BANNER", "restarted_after_suspend", restarted_s))
    return found


def _unseen(regions: Regions, t_s: float, parked: bool) -> list[Condition]:
    """The monitor cannot see: never silent about that."""
    found: list[Condition] = []
    sensor, face = regions.sensor, regions.face
    if sensor.state != sensor_region.OK:
        found.append(Condition("sensor", "BANNER", sensor.cause, 0.0))
    if face.state == face_region.SUSPECTED and not parked and face.suspected_since_s is not None:
        found.append(Condition("face.suspected", "L2", "lost_while_closed", face.suspected_since_s))
    if face.state == face_region.HEAD_ONLY:
        found.append(Condition("face.eyes", "NOTE", "eyes_unreadable", 0.0))
    if face.lost_since_s is None:
        return found
    lost_s = t_s - face.lost_since_s
    if lost_s >= policy.FACE_VISUAL_S:
        found.append(Condition("face", "NOTE", "face_lost", face.lost_since_s))
    for chime_s in policy.FACE_CHIMES_S:
        if lost_s >= chime_s and not parked:
            found.append(Condition(f"face.{chime_s:g}", "L1", "face_lost", face.lost_since_s))
    return found
