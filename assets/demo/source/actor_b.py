"""Makes actor B from actor A: mirrored, other proportions, dark hair, deeper skin, a mark on the forehead."""

import cv2
import numpy as np

from assets.demo.source.mesh import F32, FACE_OVAL, U8, pixel_grid, sample, thin_plate

MARK_BGR = np.array([70, 24, 140], np.float32)

FRINGE_GREY = 148
"""Above the brows, what is darker than this is fringe and not forehead."""

NOSE_SIDES = (64, 294, 98, 327, 129, 358, 48, 278)
EYE_RINGS = (
    (33, 133, 159, 145, 160, 158, 153, 144, 468),
    (263, 362, 386, 374, 387, 385, 380, 373, 473),
)
BROWS = ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336))
LIPS_UP, LIPS_LOW = (37, 0, 267, 40, 270), (17, 84, 314, 91, 321)


def reshape(mesh: F32, size_wh: tuple[int, int]) -> F32:
    """(H, W, 2) map that gives the head other proportions: narrower, broader nose, fuller lips, low brows."""
    centre, width = mesh[168, :2], float(mesh[454, 0] - mesh[234, 0])
    target = mesh[:468, :2].copy()
    oval = list(FACE_OVAL)
    ids: list[int] = list(oval)
    target[oval] = centre + (target[oval] - centre) * (0.935, 1.01)
    nose = list(NOSE_SIDES)
    target[nose] = mesh[4, :2] + (mesh[nose, :2] - mesh[4, :2]) * (1.16, 1.0)
    ids += nose
    for ring, sign in zip(EYE_RINGS, (-1, 1), strict=True):
        middle = mesh[list(ring[:-1]), :2].mean(0)
        keep = list(ring[:-1])
        target[keep] = middle + (mesh[keep, :2] - middle) * (0.97, 1.0) + (sign * 0.008 * width, 0.006 * width)
        ids += keep
    for brow in BROWS:
        target[list(brow)] = mesh[list(brow), :2] + (0, 0.012 * width)
        ids += brow
    target[list(LIPS_UP)] = mesh[list(LIPS_UP), :2] + (0, -0.014 * width)
    target[list(LIPS_LOW)] = mesh[list(LIPS_LOW), :2] + (0, 0.018 * width)
    ids += (*LIPS_UP, *LIPS_LOW, 13, 61, 291, 4, 6, 168)
    w, h = size_wh
    frame = np.array([(x, y) for x in (0, w / 2, w) for y in (0, h * 0.6, h) if x in (0, w) or y in (0, h)], np.float32)
    ids = list(dict.fromkeys(ids))
    goal, source = np.concatenate([target[ids], frame]), np.concatenate([mesh[ids, :2], frame])
    return thin_plate(goal.astype(np.float32), source.astype(np.float32), size_wh, 2e-4)


def skin_share(head: U8, mesh: F32, collar_y: float) -> F32:
    """(H, W) 0..1: skin against hair and cloth, by colour, started from the face's oval."""
    height, width = head.shape[:2]
    labels = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    oval = np.round(mesh[list(FACE_OVAL), :2]).astype(np.int32)
    face = cv2.fillPoly(np.zeros((height, width), np.uint8), [oval], 1)
    labels[face == 1] = cv2.GC_PR_FGD
    y = pixel_grid((width, height))[..., 1]
    low = y > mesh[70, 1]
    sure = cv2.erode(face, np.ones((3, 3), np.uint8), iterations=16) * (y > mesh[105, 1] + 4)
    labels[(labels == cv2.GC_PR_BGD) & low & (y > mesh[172, 1])] = cv2.GC_PR_FGD
    labels[sure == 1] = cv2.GC_FGD
    labels[y < mesh[10, 1] - 6] = cv2.GC_BGD
    labels[y > collar_y + 14] = cv2.GC_BGD
    cv2.grabCut(head, labels, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    skin: U8 = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    skin = np.maximum(skin, sure)
    bright = cv2.GaussianBlur(cv2.cvtColor(head, cv2.COLOR_BGR2GRAY), (0, 0), 2.5)
    skin[(y < mesh[[105, 334], 1].mean() + 4) & (bright < FRINGE_GREY)] = 0
    skin = cv2.morphologyEx(skin, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    return cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 3.0)


def recolour(head: U8, mesh: F32, collar_y: float) -> U8:
    """Deep brown skin, near-black hair, and the mark between and above the brows."""
    skin = skin_share(head, mesh, collar_y)[..., None]
    linear = (head.astype(np.float32) / 255) ** 2.2
    grey = linear @ np.array([0.08, 0.62, 0.30], np.float32)
    brown = linear * np.array([0.30, 0.36, 0.46], np.float32)
    hair = (0.0035 + 0.30 * grey[..., None] ** 1.6) * np.array([0.92, 0.90, 1.0], np.float32)
    brows = _brows(head.shape, mesh)[..., None]
    brown = brown * (1 - brows) + 0.022 * brows
    mixed = brown * skin + hair * (1 - skin)
    out = mixed ** (1 / 2.2) * 255
    grid = pixel_grid((head.shape[1], head.shape[0]))
    radius = 0.030 * float(mesh[454, 0] - mesh[234, 0])
    middle = mesh[9, :2] * 0.55 + mesh[151, :2] * 0.45
    d = np.hypot(grid[..., 0] - middle[0], grid[..., 1] - middle[1])
    mark = (np.clip(radius - d + 0.5, 0, 1) * 0.94)[..., None]
    out = out * (1 - mark) + (MARK_BGR * (1.1 - 0.25 * d / radius)[..., None]) * mark
    return np.clip(out, 0, 255).astype(np.uint8)


def _brows(shape: tuple[int, ...], mesh: F32) -> F32:
    """(H, W) 0..1: brows fuller than A's, drawn along hers."""
    out = np.zeros(shape[:2], np.float32)
    for brow in BROWS:
        points = mesh[list(brow), :2]
        points = points[np.argsort(points[:, 0])] + (0, 5)
        thickness = 0.026 * float(mesh[454, 0] - mesh[234, 0])
        line = np.zeros(shape[:2], np.uint8)
        dense = np.stack([np.interp(np.linspace(0, 4, 41), np.arange(5), points[:, k]) for k in (0, 1)], -1)
        cv2.polylines(line, [np.round(dense * 16).astype(np.int32)], False, 255, round(thickness), cv2.LINE_AA, 4)
        out = np.maximum(out, cv2.GaussianBlur(line.astype(np.float32) / 255, (0, 0), 2.0))
    return out * 0.72


def recolour_suit(body: U8) -> U8:
    """Orange cloth to a calm blue; black, white and purple parts stay."""
    hsv = cv2.cvtColor(body[..., :3], cv2.COLOR_BGR2HSV).astype(np.float32)
    hue = hsv[..., 0]
    orange = np.clip(1 - np.abs(((hue - 7 + 90) % 180) - 90) / 14, 0, 1) * np.clip((hsv[..., 1] - 80) / 60, 0, 1)
    orange = cv2.GaussianBlur(np.clip(orange * 2, 0, 1), (0, 0), 1.2)[..., None]
    grey = cv2.cvtColor(body[..., :3], cv2.COLOR_BGR2GRAY).astype(np.float32)[..., None] / 255
    blue = np.clip(grey * np.array([1.22, 0.88, 0.58], np.float32) * 255, 0, 255)
    out = body.copy()
    out[..., :3] = np.clip(body[..., :3] * (1 - orange) + blue * orange, 0, 255).astype(np.uint8)
    return out


def mirror(picture: U8 | F32) -> U8 | F32:
    """Left and right exchanged."""
    return np.ascontiguousarray(picture[:, ::-1])


def warp(picture: U8, at_xy: F32) -> U8:
    """The picture under `reshape`'s map."""
    return sample(picture, at_xy)
