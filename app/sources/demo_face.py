"""Lids and mouth of a demo actor, drawn into the head plate before the head is turned.

Lids: the skin of the lid is stretched from the lid's top down to its moving edge, and a dark lash line is drawn on
that edge; the eye itself never moves. Mouth: all below the line of the lips follows the jaw, chin and jaw line in
front of the neck; teeth and the dark inside show in the gap. Landmarks are moved by the same formulas.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import F32, U8

LASH_BGR = np.array([20, 26, 38], np.float32)

UPPER_LID = ((246, 161, 160, 159, 158, 157, 173), (398, 384, 385, 386, 387, 388, 466))
LIP_LINE = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
JAW_LINE = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
LOWER_LIP = (
    *(146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307),
    *(96, 89, 179, 86, 15, 316, 403, 319, 325, *LOWER_INNER),
)


class Lid:
    """One eye. `curves` (4, n): columns x and the y of lid top, lash line and lower lid, in plate pixels."""

    def __init__(self, rest: U8, shut: U8, curves: F32) -> None:
        x0, x1 = int(np.ceil(curves[0, 0])), int(curves[0, -1])
        y0, y1 = int(curves[1].min()) - 2, int(curves[3].max()) + 6
        self._box = (slice(y0, y1), slice(x0, x1))
        self._rest, self._shut = rest[self._box], shut[self._box]
        self._x = np.arange(x0, x1, dtype=np.float32) + 0.5
        self._y = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        self._top, self._lash, self._lower = (np.interp(self._x, curves[0], row) for row in curves[1:])
        self._span = float(curves[0, -1] - curves[0, 0])
        u = (self._x - curves[0, 0]) / self._span
        self._ends = np.clip(np.minimum(u, 1 - u) * 4, 0, 1)
        self._corner = np.clip((self._lash - self._lower + 1.5) / 1.5, 0, 1)
        self._grid_x = np.broadcast_to(self._x - self._x[0], (y1 - y0, x1 - x0)).astype(np.float32)

    def draw(self, plate: U8, closure: float) -> None:
        """Draw into `plate`; `closure` 0 open .. 1 shut."""
        if closure < 0.01:
            plate[self._box] = self._rest
            return
        edge = self.edge(closure)
        y, top = self._y, self._top
        stretch = (self._lower - top) / (edge - top)
        from_y = np.where(y < top, y, top + (y - top) * stretch) - self._y[0]
        lid = cv2.remap(
            self._shut, self._grid_x, from_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        cover = np.maximum(np.clip(edge - y + 0.5, 0, 1), self._corner)
        cover = cover * np.clip((y - top) / 3 + 0.5, 0, 1) * min(1.0, closure * 3)
        shown = self._rest.astype(np.float32)
        shown[..., :3] += (lid - shown[..., :3]) * cover[..., None]
        line = (self._line(edge - y) * min(1.0, closure * 4))[..., None]
        shown[..., :3] += (LASH_BGR - shown[..., :3]) * line
        plate[self._box] = np.clip(shown + 0.5, 0, 255).astype(np.uint8)

    def edge(self, closure: float) -> F32:
        """The y of the lid's edge in each column."""
        return np.asarray(self._lash + closure * (self._lower - self._lash), np.float32)

    def _line(self, above: F32) -> F32:
        """Opacity of the lash line: crisp above the edge, lashes fading out below it."""
        d = above / self._span
        core = np.exp(-(np.where(d > 0, d / 0.024, d / 0.012) ** 2))
        lashes = 0.30 * np.exp(-((d + 0.03) ** 2) / 0.0011) * (d < 0)
        return np.asarray(np.minimum(0.9 * core + lashes, 0.92) * self._ends, np.float32)


def move_lids(points: F32, mesh: F32, lids: tuple[F32, F32], closures: tuple[float, float]) -> None:
    """Carry the upper lids' landmarks in `points` (478, 2) along, as `Lid` carries the pixels."""
    for upper, curve, closure in zip(UPPER_LID, lids, closures, strict=True):
        x = mesh[list(upper), 0]
        lash, lower = np.interp(x, curve[0], curve[2]), np.interp(x, curve[0], curve[3])
        points[list(upper), 1] += closure * (lower - lash)


class Mouth:
    """The opening mouth of one actor, in plate pixels. `mesh` (478, 2) at rest; `inside` (H, W, 3) what shows.

    In each column the lower lip falls by `gap` and the jaw line by `fall` (shares of the drop); what lies between
    them is moved in proportion, so that nothing tears or folds. Jaw and chin then cover neck and collar.
    """

    def __init__(self, rest: U8, inside: U8, mesh: F32, max_drop: float) -> None:
        height, width = rest.shape[:2]
        jaw = mesh[list(JAW_LINE)]
        x0, x1 = max(0, int(jaw[0, 0])), min(width, int(jaw[-1, 0]) + 1)
        y0, y1 = int(mesh[0, 1]), min(height, int(jaw[:, 1].max() + max_drop) + 8)
        self._box = (slice(y0, y1), slice(x0, x1))
        self._rest, self._inside = rest[self._box], inside[self._box]
        self._x = np.arange(x0, x1, dtype=np.float32) + 0.5
        self._y = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        self._grid_x = np.broadcast_to(self._x - self._x[0], (y1 - y0, x1 - x0)).astype(np.float32)
        line = (mesh[list(LIP_LINE)] + mesh[[78, *LOWER_INNER, 308]]) / 2
        self._line_xy, self._jaw_xy = line, jaw
        self._line, self._jaw, self._gap, self._fall = self._profiles(self._x)
        within = np.clip((self._jaw - self._y) / 5 + 0.5, 0, 1) * np.clip(self._y - self._line + 0.5, 0, 1)
        self._moving = np.asarray(within, np.float32)
        under = mesh[:468, 1] > np.interp(mesh[:468, 0], line[:, 0], line[:, 1]) + 1
        under &= (mesh[:468, 0] > x0) & (mesh[:468, 0] < x1)
        self._followers = np.array(sorted({*np.flatnonzero(under).tolist(), *LOWER_LIP} - {*LIP_LINE}))
        self._at_rest = mesh[self._followers]

    def _profiles(self, x: NDArray[np.floating]) -> tuple[F32, F32, F32, F32]:
        """For columns `x`: line of the lips, jaw line, and how far each of the two falls at full drop."""
        line, jaw = self._line_xy, self._jaw_xy
        t = (x - (line[0, 0] + line[-1, 0]) / 2) / ((line[-1, 0] - line[0, 0]) / 2)
        gap = np.sqrt(np.clip(1 - np.abs(t) ** 2.2, 0, 1))
        s = (x - (jaw[0, 0] + jaw[-1, 0]) / 2) / ((jaw[-1, 0] - jaw[0, 0]) / 2)
        fall = 0.35 + 0.35 * np.cos(np.pi * np.clip((np.abs(s) - 0.42) / 0.58, 0, 1))
        y_line = np.interp(x, line[:, 0], line[:, 1])
        y_jaw = np.maximum(np.interp(x, jaw[:, 0], jaw[:, 1]), y_line + 4)
        return tuple(np.asarray(v, np.float32) for v in (y_line, y_jaw, gap, fall))  # type: ignore[return-value]

    def draw(self, plate: U8, drop: float) -> None:
        """Open by `drop` plate pixels in the middle."""
        if drop < 0.2:
            plate[self._box] = self._rest
            return
        lip = self._line + drop * self._gap
        squeeze = (self._jaw - self._line) / (self._jaw + drop * self._fall - lip)
        below_jaw = self._y - self._jaw - drop * self._fall
        from_y = np.where(below_jaw > 0, self._jaw + below_jaw, self._line + (self._y - lip) * squeeze) - self._y[0]
        from_y = from_y.astype(np.float32)
        low = cv2.remap(self._rest, self._grid_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.remap(self._moving, self._grid_x, from_y, cv2.INTER_LINEAR)[..., None]
        gap = np.clip(self._y - self._line + 0.5, 0, 1) * np.clip(lip + 3 - self._y, 0, 1)
        gap = (gap * np.clip(drop * self._gap / 3, 0, 1))[..., None]
        shown = self._rest.astype(np.float32)
        shown[..., :3] += (self._inside - shown[..., :3]) * gap
        shown += (low - shown) * cover
        plate[self._box] = np.clip(shown + 0.5, 0, 255).astype(np.uint8)

    def move(self, points: F32, drop: float) -> None:
        """Carry the landmarks below the line of the lips along, in `points` (478, 2)."""
        x, y = self._at_rest.T
        line, jaw, gap, fall = self._profiles(x)
        share = np.clip((y - line) / (jaw - line), 0, 1)
        points[self._followers, 1] += drop * (gap + (fall - gap) * share)
