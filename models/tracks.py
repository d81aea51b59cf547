"""One face through time: where it was seen, where it should be now, what it looks like, how far it has faded in."""

import math
from dataclasses import dataclass, field

import numpy as np

from models.appearance import LOOK_SHAPE, VIEWS, difference, view_of
from models.croplock import CropState
from models.geometry import box_iou
from models.signals import GazeState
from models.smoothing import SmoothingState
from models.types import F32, Signals

COAST_S = 0.5
LONGEST_DOUBT_S = 3.0
_EASE_S = 0.2
_GROWTH_PER_S = 1.0
"""A box that coasts spreads to each side by this share of its size in a second."""
_VELOCITY_S, _CROWDED_VELOCITY_S = 0.12, 1.0
"""Time over which the velocity is averaged: alone, and where a face that passes in front drags the mesh along."""
_MOMENTUM_S = 0.8
"""Time in which an unseen face is expected to lose its speed."""
_LOOK_GAIN = 0.2


@dataclass(slots=True, eq=False)
class Track:
    """One face; numpy and scalars only.

    Attributes:
        track_id: from 1, never used again; 0 = remembered but never given out.
        seen_s: media time at which it was last seen for certain.
        held_xyxy: (4,) its box then: the mesh's extent or the detector's box.
        keypoints_xy: (5, 2) its eyes, nose and mouth corners then, in the detector's order.
        box_xyxy: (4,) as it is given out: the held one, or one grown while coasting.
        score: 0..1, the mesh's presence or the detector's score.
        coasting: not seen for certain on the latest frame.
        progress: 0..1, linear fade; `weight` is its eased form.
        doubt_s: since when somebody stands uncovered in its place who may be somebody else; NaN = no doubt.
        doubt_xyxy: (4,) where that is.
        velocity: x, y in px/s of its centre and relative growth per second.
        looks: (VIEWS, 3, 12, 12) what it looks like, NaN where unknown.
        looked_s: when that was last refreshed.
        sure_s: when nothing but this face could be meant: it was alone, or the detector confirmed it.
        mesh: (478, 3) smoothed; while coasting the last one, carried along. None = too small or not asked for.
        mesh_raw, signals: of the latest frame; None while coasting.
        mesh_s: media time of the last mesh.
        crop, smoothing, gaze: what the filters remember.
    """

    track_id: int
    seen_s: float
    held_xyxy: F32
    keypoints_xy: F32
    box_xyxy: F32
    score: float
    coasting: bool = False
    progress: float = 0.0
    doubt_s: float = math.nan
    doubt_xyxy: F32 | None = None
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    looks: F32 = field(default_factory=lambda: np.full((VIEWS, *LOOK_SHAPE), np.nan, np.float32))
    looked_s: float = -math.inf
    sure_s: float = -math.inf
    mesh: F32 | None = None
    mesh_raw: F32 | None = None
    signals: Signals | None = None
    mesh_s: float = -math.inf
    crop: CropState | None = None
    smoothing: SmoothingState | None = None
    gaze: GazeState | None = None

    @property
    def weight(self) -> float:
        """0..1, eased."""
        return self.progress * self.progress * (3 - 2 * self.progress)

    @property
    def size_px(self) -> float:
        """Size of the face when it was last seen."""
        return face_size_px(self.held_xyxy)

    def drift_xy(self, t_s: float) -> tuple[float, float]:
        """How far in px its centre has moved since it was last seen, if it goes on as it went."""
        reach_s = self._reach_s(t_s)
        x_speed, y_speed, _ = self.velocity
        return x_speed * reach_s, y_speed * reach_s

    def expect(self, t_s: float) -> tuple[F32, F32]:
        """Box (4,) and key points (5, 2) at `t_s`, if the face goes on as it went."""
        shift = np.array(self.drift_xy(t_s), np.float32)
        zoom = np.float32(math.exp(min(max(self.velocity[2] * self._reach_s(t_s), -0.3), 0.3)))
        centre = np.asarray((self.held_xyxy[:2] + self.held_xyxy[2:]) / 2, np.float32)
        box = np.asarray((self.held_xyxy.reshape(2, 2) - centre) * zoom + centre + shift, np.float32).reshape(4)
        keypoints: F32 = (self.keypoints_xy - centre) * zoom + centre + shift
        return box, keypoints

    def _reach_s(self, t_s: float) -> float:
        """Time for which it would have kept its speed to come as far as it has while losing it."""
        return _MOMENTUM_S * (1 - math.exp(-max(t_s - self.seen_s, 0.0) / _MOMENTUM_S))

    def see(self, box_xyxy: F32, keypoints_xy: F32, score: float, t_s: float, *, crowded: bool = False) -> None:
        """The face was found, for certain, in (4,) box with (5, 2) key points; `crowded`: beside another one."""
        dt_s = t_s - self.seen_s
        if dt_s > 0:
            x0, y0, x1, y1 = (box_xyxy - self.held_xyxy).tolist()
            growth = math.log(face_size_px(box_xyxy) / self.size_px)
            gain = 1 - math.exp(-dt_s / (_CROWDED_VELOCITY_S if crowded else _VELOCITY_S))
            x_speed, y_speed, zoom_speed = self.velocity
            self.velocity = (
                x_speed + gain * ((x0 + x1) / 2 / dt_s - x_speed),
                y_speed + gain * ((y0 + y1) / 2 / dt_s - y_speed),
                zoom_speed + gain * (growth / dt_s - zoom_speed),
            )
        self.seen_s, self.held_xyxy, self.keypoints_xy = t_s, box_xyxy, keypoints_xy
        self.box_xyxy, self.score = box_xyxy, score
        self.coasting, self.doubt_s, self.doubt_xyxy = False, math.nan, None

    def coast(self, t_s: float, before_s: float) -> None:
        """The face was not found at `t_s`, the last frame having been at `before_s`.

        Its box spreads over where it was, where it should be and where somebody doubtful stands; its mesh drifts along.
        """
        expected, _ = self.expect(t_s)
        if self.mesh is not None:
            self.mesh = _carried(self.mesh, self.expect(max(before_s, self.seen_s))[0], expected)
        places = np.stack([self.held_xyxy, expected, expected if self.doubt_xyxy is None else self.doubt_xyxy])
        # One held in doubt is no farther off for having been lost long ago.
        unseen_s = min(t_s - self.seen_s, COAST_S)
        spread = _GROWTH_PER_S * unseen_s * (self.held_xyxy[2:] - self.held_xyxy[:2])
        low, high = places[:, :2].min(axis=0) - spread, places[:, 2:].max(axis=0) + spread
        self.box_xyxy = np.concatenate([low, high]).astype(np.float32)
        self.coasting, self.mesh_raw, self.signals = True, None, None

    def has_gone(self, t_s: float) -> bool:
        """Lost for longer than a track coasts, and nobody doubtful in its place."""
        return self.coasting and t_s - self.seen_s > COAST_S and not self.is_in_doubt(t_s)

    def is_in_doubt(self, t_s: float) -> bool:
        """Whether somebody stands in its place who may still prove to be this face."""
        return t_s - self.doubt_s <= COAST_S and t_s - self.seen_s <= LONGEST_DOUBT_S

    def ease(self, dt_s: float) -> None:
        """Fade in while seen, out while coasting."""
        step = dt_s / _EASE_S
        self.progress = min(max(self.progress + (-step if self.coasting else step), 0.0), 1.0)

    def unlike(self, look: F32, keypoints_xy: F32) -> float:
        """How different a look is from what is known of that view of the face; NaN where the view is unknown."""
        return difference(look, self.looks[view_of(keypoints_xy)])

    def learn(self, look: F32, keypoints_xy: F32, t_s: float) -> None:
        """Take a certain look at the face into what is known of it."""
        view = view_of(keypoints_xy)
        known = self.looks[view]
        looks = self.looks.copy()
        looks[view] = look if np.isnan(known[0, 0, 0]) else known + np.float32(_LOOK_GAIN) * (look - known)
        self.looks, self.looked_s = looks, t_s


def face_size_px(box_xyxy: F32) -> float:
    """The longer side of a (4,) box, at least a pixel."""
    x0, y0, x1, y1 = box_xyxy.tolist()
    size_px: float = max(x1 - x0, y1 - y0, 1.0)
    return size_px


def apart(one_xy: F32, other_xy: F32) -> float:
    """Mean distance in px of two sets of (5, 2) key points."""
    away = one_xy - other_xy
    return float(np.hypot(away[:, 0], away[:, 1]).mean())


def overlap(one_xyxy: F32, other_xyxy: F32) -> float:
    """Intersection over union of two (4,) boxes."""
    return float(box_iou(one_xyxy[None], other_xyxy[None])[0, 0])


def _carried(mesh: F32, from_xyxy: F32, to_xyxy: F32) -> F32:
    """A mesh moved and scaled as its box is."""
    zoom = face_size_px(to_xyxy) / face_size_px(from_xyxy)
    moved = mesh * np.float32(zoom)
    moved[:, :2] += (to_xyxy[:2] + to_xyxy[2:]) / 2 - (from_xyxy[:2] + from_xyxy[2:]) / 2 * np.float32(zoom)
    return moved
