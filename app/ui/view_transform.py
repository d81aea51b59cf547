"""Where the picture lies in its widget: pure geometry, so that clicks and drags go through its exact inverse."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ENLARGE_FROM = 1.18
"""Below this factor a picture is shown 1:1 with a little more margin: crisper, and the cheapest paint."""


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """A frame shown at `x, y, width, height` (widget pixels), mirrored or not.

    Mirroring exists here only: frames, perception and everything handed to the session stay as the camera saw them.
    """

    frame_wh: tuple[int, int]
    x: float
    y: float
    width: float
    height: float
    mirrored: bool

    @property
    def scale(self) -> float:
        """Widget pixels per frame pixel."""
        return self.width / self.frame_wh[0]

    @property
    def _scale_xy(self) -> NDArray[np.float32]:
        """Both sides are rounded to whole device pixels, so the two differ a little on narrow pictures."""
        return np.array([self.width / self.frame_wh[0], self.height / self.frame_wh[1]], np.float32)

    def to_view(self, points_xy: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 2) frame pixels to widget pixels."""
        result = points_xy * self._scale_xy
        if self.mirrored:
            result[:, 0] = np.float32(self.width) - result[:, 0]
        result += np.array([self.x, self.y], np.float32)
        return result

    def to_frame(self, x: float, y: float) -> tuple[float, float] | None:
        """Widget pixels to frame pixels; None beside the picture."""
        across, down = x - self.x, y - self.y
        if not (0 <= across < self.width and 0 <= down < self.height):
            return None
        if self.mirrored:
            across = self.width - across
        return across / self.scale, down * self.frame_wh[1] / self.height

    def split_to_view(self, split: float) -> float:
        """A vertical line at `split` 0..1 of the frame's width, as a widget x."""
        return self.x + self.width * (1.0 - split if self.mirrored else split)

    def split_to_frame(self, x: float) -> float:
        """The inverse of `split_to_view`, held inside the picture."""
        share = min(max((x - self.x) / self.width, 0.0), 1.0)
        return 1.0 - share if self.mirrored else share


def fit(
    frame_wh: tuple[int, int], area_wh: tuple[int, int], margin: int, pixel_ratio: float, mirrored: bool
) -> ViewTransform:
    """The largest place with the frame's proportions inside the area, on whole device pixels.

    Args:
        frame_wh: frame pixels.
        area_wh: widget pixels.
        margin: widget pixels left free on every side.
        pixel_ratio: device pixels per widget pixel.
        mirrored: show left as right.
    """
    room_w = max(1.0, (area_wh[0] - 2 * margin) * pixel_ratio)
    room_h = max(1.0, (area_wh[1] - 2 * margin) * pixel_ratio)
    scale = min(room_w / frame_wh[0], room_h / frame_wh[1])
    if 1.0 <= scale < _ENLARGE_FROM:
        scale = 1.0
    width, height = max(1, round(frame_wh[0] * scale)), max(1, round(frame_wh[1] * scale))
    x = (area_wh[0] * pixel_ratio - width) // 2
    y = (area_wh[1] * pixel_ratio - height) // 2
    return ViewTransform(
        frame_wh, x / pixel_ratio, y / pixel_ratio, width / pixel_ratio, height / pixel_ratio, mirrored
    )
