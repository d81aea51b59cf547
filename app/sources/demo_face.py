"""Lids and mouth of a demo actor, drawn into the head plate before the head is turned.

Lids: only the skin between the lid's top and the lash line is stretched, down to the moving edge, and a dark lash line
is drawn on that edge. Mouth: everything below the lip line follows the jaw; teeth and the dark inside show in the gap.
"""

import cv2
import numpy as np

from app.sources.demo_actor import Actor, bilinear
from models.types import F32, U8

LASH_BGR = np.array([22, 30, 44], np.float32)

UPPER_LID = ((246, 161, 160, 159, 158, 157, 173), (398, 384, 385, 386, 387, 388, 466))
LOWER_LID = ((7, 163, 144, 145, 153, 154, 155), (382, 381, 380, 374, 373, 390, 249))
LIP_LINE = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (95, 88, 178, 87, 14, 317, 402, 318, 324)
JAW_OVAL = (
    93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323,
)  # fmt: skip
LOWER_LIP = (
    146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307,
    96, 89, 179, 86, 15, 316, 403, 319, 325, *LOWER_INNER,
)  # fmt: skip


def close_lid(plate: U8, rest: U8, lids: F32, closure: float) -> None:
    """Draw one eye's lid into `plate` at `closure` 0..1, taking the skin from `rest`."""
    columns, top, lash, lower = lids
    span = float(columns[-1] - columns[0])
    x0, x1 = int(columns[0]), int(columns[-1]) + 1
    y0, y1 = int(top.min()) - 3, int(lower.max()) + 6
    patch = rest[y0:y1, x0:x1]
    if closure < 0.01:
        plate[y0:y1, x0:x1] = patch
        return
    x = np.arange(x0, x1, dtype=np.float32) + 0.5
    top, lash, lower = (np.interp(x, columns, row).astype(np.float32) for row in (top, lash, lower))
    edge = lash + closure * (lower - lash + 0.01 * span)
    y = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
    skin = lash - 0.07 * span
    top = np.minimum(top, skin - 1)
    from_y = np.where(y < top, y, top + (y - top) * (skin - top) / (edge - top))
    grid_x = np.broadcast_to(x - 0.5 - x0, from_y.shape).astype(np.float32)
    lid = cv2.remap(
        patch, grid_x, from_y.astype(np.float32) - 0.5 - y0, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    u = (x - columns[0]) / span
    ends = np.clip(np.minimum(u, 1 - u) * 9 - 0.4, 0, 1)
    cover = np.clip(edge - y + 0.5, 0, 1)
    shown = patch + (lid.astype(np.float32) - patch) * cover[..., None]
    depth = (edge - y) / (0.030 * span)
    line = np.exp(-(np.where(depth > 0, depth * 0.75, depth * 1.3) ** 2)) * ends * min(1.0, closure * 5) * 0.88
    shade = 1 - 0.13 * closure * np.clip(1 - np.abs(edge - y) / (0.3 * span), 0, 1) * ends
    shown[..., :3] = shown[..., :3] * shade[..., None] * (1 - line[..., None]) + LASH_BGR * line[..., None]
    plate[y0:y1, x0:x1] = np.clip(shown, 0, 255).astype(np.uint8)


def move_lids(points: F32, mesh: F32, lids: tuple[F32, F32], closures: tuple[float, float]) -> None:
    """Carry the lid landmarks in `points` (478, 2) along, as `close_lid` carries the pixels."""
    for upper, curve, closure in zip(UPPER_LID, lids, closures, strict=True):
        if closure < 0.01:
            continue
        x = mesh[list(upper), 0]
        lash, lower = np.interp(x, curve[0], curve[2]), np.interp(x, curve[0], curve[3])
        points[list(upper), 1] += closure * (lower - lash)


class Mouth:
    """The opening mouth of one actor; what does not depend on the opening is made once."""

    def __init__(self, actor: Actor) -> None:
        mesh = actor.mesh
        height, width = actor.head.shape[:2]
        corners = mesh[[78, 308]]
        self.half = float(corners[1, 0] - corners[0, 0]) / 2
        x0, x1 = max(0, int(mesh[234, 0]) - 4), min(width, int(mesh[454, 0]) + 4)
        y0, y1 = int(mesh[0, 1]), min(height, int(mesh[152, 1] + actor.drop) + 12)
        self.box = (slice(y0, y1), slice(x0, x1))
        self.x = np.arange(x0, x1, dtype=np.float32) + 0.5
        self.y = np.arange(y0, y1, dtype=np.float32)[:, None] + 0.5
        middle = float(corners[:, 0].mean())
        self.across = (self.x - middle) / self.half
        ids = list(LIP_LINE)
        self.line = np.interp(self.x, mesh[ids, 0], (mesh[ids, 1] + mesh[[78, *LOWER_INNER, 308], 1]) / 2).astype(
            np.float32
        )
        self.jaw = actor.jaw[self.box]
        self.lower_mask = self._lower_mask(mesh)
        self.inside = np.ascontiguousarray(actor.mouth[self.box])
        under = np.flatnonzero(mesh[:468, 1] > np.interp(mesh[:468, 0], self.x, self.line) + 1)
        self.followers = np.array(sorted({*under.tolist(), *LOWER_LIP, *JAW_OVAL} - set(LIP_LINE)))
        self.follow_share = bilinear(actor.jaw[..., None], mesh[self.followers] - 0.5)[:, 0]
        self.edge_share = self.jaw[np.clip((self.line - y0).astype(int), 0, y1 - y0 - 1), np.arange(x1 - x0)]

    def _lower_mask(self, mesh: F32) -> F32:
        """1 on the part of the face that follows the jaw: within the oval, below the line of the lips."""
        oval = mesh[list(JAW_OVAL)] - (self.x[0] - 0.5, self.y[0, 0] - 0.5)
        mask = np.zeros(self.jaw.shape, np.uint8)
        cv2.fillPoly(mask, [np.round(oval * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(mask, (0, 0), 0.02 * self.half * 2).astype(np.float32) / 255
        return np.asarray(soft * np.clip(self.y - self.line + 0.5, 0, 1), np.float32)

    def draw(self, plate: U8, rest: U8, drop: float) -> None:
        """Open by `drop` plate pixels in the middle."""
        patch = rest[self.box]
        if drop < 0.2:
            plate[self.box] = patch
            return
        from_y = np.broadcast_to(self.y, self.jaw.shape).astype(np.float32)
        grid_x = np.broadcast_to(self.x - self.x[0], self.jaw.shape).astype(np.float32)
        first = self.y[0, 0]
        share = self.jaw
        for _ in range(4):
            at = from_y - drop * share - first
            moved = cv2.remap(self.jaw, grid_x, at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            share = np.asarray(moved, np.float32)
        from_y = from_y - drop * share - first
        low = cv2.remap(patch, grid_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.remap(self.lower_mask, grid_x, from_y, cv2.INTER_LINEAR)[..., None]
        gap = np.clip(self.y - self.line + 0.5, 0, 1) * np.clip(self.line + drop * self.edge_share + 3 - self.y, 0, 1)
        gap = (gap * np.clip((1 - np.abs(self.across)) * self.half, 0, 1))[..., None]
        shown = patch.astype(np.float32)
        shown[..., :3] += (self.inside - shown[..., :3]) * gap
        shown += (low - shown) * cover
        plate[self.box] = np.clip(shown + 0.5, 0, 255).astype(np.uint8)

    def move(self, points: F32, drop: float) -> None:
        """Carry the landmarks below the lip line along, in `points` (478, 2)."""
        if drop >= 0.2:
            points[self.followers, 1] += drop * self.follow_share
