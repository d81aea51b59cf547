"""Where the lids of a head lie: per eye, the curves between which lid skin is stretched over the eye."""

import numpy as np

from assets.demo.source.mesh import F32

UPPER = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
LOWER = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
ABOVE = ((33, 130, 247, 30, 29, 27, 28, 56, 190, 133), (362, 414, 286, 258, 257, 259, 260, 467, 359, 263))


def lid_curves(mesh: F32, side: int) -> F32:
    """(4, n): x, and for each column the y of lid top, lash line and lower lid. `side` 0 = own right, 1 = own left."""
    ends = mesh[[UPPER[side][0], UPPER[side][-1]], 0]
    x0, x1 = np.floor(ends.min()) - 7, np.ceil(ends.max()) + 7
    x = np.arange(x0, x1 + 1, dtype=np.float32)
    inside = np.clip((x - ends.min()) / (ends.max() - ends.min()), 0, 1)
    chord = np.interp(x, np.sort(ends), mesh[[UPPER[side][0], UPPER[side][-1]], 1][np.argsort(ends)])

    def curve(ids: tuple[int, ...]) -> F32:
        points = mesh[list(ids), :2]
        t = (points[:, 0] - ends.min()) / (ends.max() - ends.min())
        lift = points[:, 1] - np.interp(points[:, 0], x, chord)
        basis = [t * (1 - t), t * t * (1 - t), t * (1 - t) ** 3]
        weights = np.linalg.lstsq(np.stack(basis, -1), lift, rcond=None)[0]
        u = inside
        return (chord + weights @ np.stack([u * (1 - u), u * u * (1 - u), u * (1 - u) ** 3])).astype(np.float32)

    lash, lower, above = curve(UPPER[side]), curve(LOWER[side]), curve(ABOVE[side])
    span = float(ends.max() - ends.min())
    top = np.minimum(above, lash - 0.1 * span)
    return np.stack([x, top, lash, lower]).astype(np.float32)
