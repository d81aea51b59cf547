"""Where the lids of a head lie, and how its eyes look when they are shut.

Nobody can see from the portrait what is behind an open lid, so the shut lid is made: the eye with its lashes is
filled smoothly from the skin around it, then shaded as a lid over a ball. The lash line is drawn at run time.
"""

import cv2
import numpy as np

from assets.demo.source.mesh import F32, U8

UPPER = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
LOWER = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
WING, TEAR = 0.20, 0.08
"""How far lashes and tear duct reach beyond the lids' corners, as shares of the eye's width."""


def lid_curves(mesh: F32, side: int) -> F32:
    """(4, n): x, and for each column the y of lid top, lash line and lower lid. `side` 0 = own right, 1 = own left."""
    first, last = mesh[UPPER[side][0], :2], mesh[UPPER[side][-1], :2]
    span = float(last[0] - first[0])
    left, right = (WING, TEAR) if side == 0 else (TEAR, WING)
    x = np.arange(np.floor(first[0] - left * span), np.ceil(last[0] + right * span) + 1, dtype=np.float32)
    u = np.clip((x - first[0]) / span, 0, 1)
    chord = first[1] + (x - first[0]) / span * (last[1] - first[1])

    def curve(ids: tuple[int, ...]) -> F32:
        points = mesh[list(ids), :2]
        t = (points[:, 0] - first[0]) / span
        lift = points[:, 1] - (first[1] + t * (last[1] - first[1]))
        weights = np.linalg.lstsq(_arch(t).T, lift, rcond=None)[0]
        return np.asarray(weights @ _arch(u), np.float32)

    upper, lower = curve(UPPER[side]), curve(LOWER[side])
    top = chord - span * (0.15 + 0.33 * np.sin(np.pi * np.linspace(0, 1, len(x))) ** 0.7)
    return np.stack([x, top, chord + upper, chord + lower]).astype(np.float32)


def shut_lids(head: U8, mesh: F32) -> U8:
    """The head with both eyes covered by lid skin, without a lash line."""
    out = head.copy()
    for side in (0, 1):
        out = _shut(out, lid_curves(mesh, side))
    return out


def _arch(t: F32) -> F32:
    return np.stack([t * (1 - t), t * t * (1 - t), t * (1 - t) ** 3])


def _shut(head: U8, curves: F32) -> U8:
    x, top, lash, lower = curves
    span = float(np.ptp(x)) / (1 + WING + TEAR)
    below = lower + 0.16 * span
    outline = np.concatenate([np.stack([x, top + 0.05 * span], -1), np.stack([x, below], -1)[::-1]])
    hole = cv2.fillPoly(np.zeros(head.shape[:2], np.uint8), [np.round(outline).astype(np.int32)], 1)
    x0, x1, y0, y1 = int(x[0]) - 8, int(x[-1]) + 9, int(top.min()) - 8, int(below.max()) + 9
    patch, inside = head[y0:y1, x0:x1].astype(np.float32), hole[y0:y1, x0:x1].astype(np.float32)
    rim = cv2.GaussianBlur(patch, (0, 0), 2.5)
    filled = _membrane(rim, inside)
    rows, columns = np.mgrid[y0:y1, x0:x1].astype(np.float32)
    t = np.interp(columns, x, top)
    v = (rows - t) / (np.interp(columns, x, lower) - t)
    u = (columns - x[0]) / (x[-1] - x[0])
    middle = np.clip(np.sin(np.pi * np.clip(u * 1.1 - 0.05, 0, 1)), 0, 1) ** 0.7
    crease = np.exp(-(((v - 0.30) / 0.055) ** 2)) * 0.10 + np.exp(-(((v - 0.22) / 0.14) ** 2)) * 0.05
    ball = 0.025 + 0.06 * np.exp(-(((v - 0.62) / 0.20) ** 2)) - 0.12 * np.clip(v - 0.72, 0, 0.35) / 0.35
    shade = 1 + (ball - crease) * middle
    grain = cv2.GaussianBlur(np.random.default_rng(11).normal(0, 1, v.shape).astype(np.float32), (0, 0), 1.1) * 4.0
    warm = np.array([0.985, 0.99, 1.0], np.float32)
    lid = filled * shade[..., None] * np.where(v[..., None] < 1, warm, 1) + grain[..., None]
    weight = cv2.GaussianBlur(cv2.erode(inside, np.ones((3, 3), np.uint8)), (0, 0), 2.0)[..., None]
    out = head.copy()
    out[y0:y1, x0:x1] = np.clip(patch + (lid - patch) * weight, 0, 255).astype(np.uint8)
    return out


def _membrane(patch: F32, inside: F32) -> F32:
    """Laplace's equation inside, the picture's colours around it."""
    out = cv2.inpaint(np.clip(patch, 0, 255).astype(np.uint8), inside.astype(np.uint8), 5, cv2.INPAINT_TELEA)
    out = out.astype(np.float32)
    fixed = 1 - inside[..., None]
    for _ in range(1500):
        out = patch * fixed + cv2.blur(out, (3, 3)) * (1 - fixed)
    return out
