"""Which of the faces is the driver's: only one is monitored, and it is not handed over lightly.

Before the seat is learnt the largest face (clearly larger, for a second); then the one nearest the seat. Kept by its
track; another face takes over
only when the driver's has been lost for two seconds and the other sits in the driver's place. A passenger's closed eyes
are never an alarm; left- and right-hand drive both work because the place is learnt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from effects.monitor.calibration import Seat
from effects.monitor.windows import middle
from models.types import Face

_LOST_S = 2.0
_IN_PLACE = 0.6
"""Of the seat's own face heights: a face whose centre is nearer sits in the driver's place."""
_SIZE_RATIO = 1.6
_CLEARLY_LARGER, _LARGER_S = 1.25, 1.0
_LEARN_S, _SAMPLE_S = 10.0, 0.25


@dataclass(slots=True)
class DriverState:
    """The driver's track and place."""

    track_id: int | None = None
    seat: Seat | None = None
    changed: bool = False
    """At this frame another face was taken for the driver's."""
    _seen_s: float = float("-inf")
    _larger_since_s: float | None = None
    _sampled_s: float = float("-inf")
    _places: list[Seat] = field(default_factory=list)

    def choose(self, t_s: float, faces: Sequence[Face], size_wh: tuple[int, int]) -> Face | None:
        """The driver's face among those of a frame; None where it is not seen."""
        self.changed = False
        seen = [face for face in faces if not face.coasting and face.signals is not None]
        driver = next((face for face in seen if face.track_id == self.track_id), None)
        if driver is None and (self.track_id is None or t_s - self._seen_s >= _LOST_S):
            driver = self._candidate(seen, size_wh)
            if driver is not None:
                self.changed = self.track_id is not None
                self.track_id = driver.track_id
        elif driver is not None and self.seat is None:
            driver = self._larger(t_s, driver, seen, size_wh)
        if driver is not None:
            self._seen_s = t_s
            self._learn_place(t_s, place_of(driver, size_wh))
        return driver

    def _larger(self, t_s: float, driver: Face, faces: Sequence[Face], size_wh: tuple[int, int]) -> Face:
        """Before the seat is learnt: whoever has been clearly larger for a second is the driver."""
        largest = max(faces, key=lambda face: place_of(face, size_wh)[2])
        if place_of(largest, size_wh)[2] < _CLEARLY_LARGER * place_of(driver, size_wh)[2]:
            self._larger_since_s = None
        elif self._larger_since_s is None:
            self._larger_since_s = t_s
        elif t_s - self._larger_since_s >= _LARGER_S:
            self.track_id, self.changed, self._larger_since_s = largest.track_id, True, None
            self._places.clear()
            return largest
        return driver

    def _candidate(self, faces: Sequence[Face], size_wh: tuple[int, int]) -> Face | None:
        if not faces:
            return None
        seat = self.seat or (_median_place(self._places) if self._places else None)
        if seat is None:
            return max(faces, key=lambda face: place_of(face, size_wh)[2])
        nearest = min(faces, key=lambda face: distance(place_of(face, size_wh), seat, size_wh))
        return nearest if in_place(place_of(nearest, size_wh), seat, size_wh) else None

    def _learn_place(self, t_s: float, place: Seat) -> None:
        if self.seat is not None or t_s - self._sampled_s < _SAMPLE_S:
            return
        self._sampled_s = t_s
        self._places.append(place)
        if len(self._places) * _SAMPLE_S >= _LEARN_S:
            self.seat = _median_place(self._places)


def place_of(face: Face, size_wh: tuple[int, int]) -> Seat:
    """Centre and height of a face as shares of the picture."""
    x0, y0, x1, y1 = (float(value) for value in face.box_xyxy)
    width, height = size_wh
    return (x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (y1 - y0) / height


def distance(place: Seat, seat: Seat, size_wh: tuple[int, int]) -> float:
    """Between a face and the seat, in face heights."""
    aspect = size_wh[0] / size_wh[1]
    across, along = (place[0] - seat[0]) * aspect, place[1] - seat[1]
    return float((across * across + along * along) ** 0.5) / max(seat[2], 1e-3)


def in_place(place: Seat, seat: Seat, size_wh: tuple[int, int]) -> bool:
    """Whether a face sits where the driver sits."""
    ratio = place[2] / max(seat[2], 1e-3)
    return distance(place, seat, size_wh) <= _IN_PLACE and 1 / _SIZE_RATIO <= ratio <= _SIZE_RATIO


def _median_place(places: Sequence[Seat]) -> Seat:
    xs, ys, heights = zip(*places, strict=True)
    return middle(xs), middle(ys), middle(heights)
