"""Where figures stand in pictures of any size: one place for renderer and ground truth.

The stage is 720 units high, or 500 wide in upright pictures; its floor is the picture's lower edge.
"""

from dataclasses import dataclass
from math import copysign, cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from app.sources import demo_script as script

F64 = NDArray[np.float64]

PHOTO_SCALE = 1.87
"""Stage units per photograph pixel: faces about 200 units high."""

FACE_ABOVE_FLOOR = 446.0
WINGS = 575.0
"""Stage units from a face to the far edge of its figure (the helmet)."""

ON_STAGE, ON_STAGE_REACH = 0.45, 1.9
"""Up to this |x| a place is a share of the picture's half width times the second figure, so that two actors fit into
any picture; beyond it, it runs to just outside."""

HAND_SCALE = 1.5
"""Pixels of the hand's stored picture per stage unit."""

HAND_MIDDLE_XY = (240.0, 250.0)
"""Middle of the hand in its stored picture."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Photograph to frame: x' = x_px + scale (x - face_x), y' = y_px + scale (y - face_y)."""

    x_px: float
    y_px: float
    scale: float
    face_xy: tuple[float, float]

    def matrix(self, plate_to_photo: tuple[float, float, float]) -> F64:
        """(2, 3) from a plate's points to the frame's; a plate's scale and origin are given in photograph pixels."""
        scale, left, top = plate_to_photo
        x = self.x_px + self.scale * (left - self.face_xy[0])
        y = self.y_px + self.scale * (top - self.face_xy[1])
        return np.array([[scale * self.scale, 0, x], [0, scale * self.scale, y]])


def unit_px(size_wh: tuple[int, int]) -> float:
    """Pixels per stage unit in pictures of that size."""
    return min(size_wh[1] / 720, size_wh[0] / 500)


def place(act: script.Performance, size_wh: tuple[int, int], face_xy: tuple[float, float]) -> Placement:
    """Where an actor's figure stands; `face_xy` is the middle of its face in its photograph."""
    width, height = size_wh
    unit = unit_px(size_wh)
    inner = ON_STAGE_REACH * width / 2 * act.x
    outer = (abs(act.x) - ON_STAGE) / (1 - ON_STAGE)
    outside = width / 2 + WINGS * unit
    edge = ON_STAGE_REACH * width / 2 * ON_STAGE
    offset = inner if outer <= 0 else copysign(edge + (outside - edge) * outer, act.x)
    return Placement(
        x_px=width / 2 + offset,
        y_px=height - FACE_ABOVE_FLOOR * unit + act.y * 720 * unit,
        scale=PHOTO_SCALE * act.zoom * unit,
        face_xy=face_xy,
    )


def hand_placement(t_s: float, size_wh: tuple[int, int]) -> F64:
    """(2, 3) from the points of the hand's stored picture to the frame. It passes in front of A, who stands still."""
    width, height = size_wh
    unit = unit_px(size_wh)
    angle, scale = radians(script.HAND_ROLL_DEG.at(t_s)), unit / HAND_SCALE
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]]) * scale
    at = np.array(
        [
            width / 2 + 200 * unit * script.HAND_X.at(t_s),
            height - FACE_ABOVE_FLOOR * unit + 200 * unit * script.HAND_Y.at(t_s),
        ]
    )
    return np.hstack([turn, (at - turn @ np.array(HAND_MIDDLE_XY))[:, None]])
