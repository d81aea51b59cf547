"""Closes the smiling mouth of the portrait: both actors need a neutral face with closed lips to start from.

Two thin-plate warps (one for all that hangs on the upper lip, one for the lower) bring the lips together without
the teeth; they meet at a drawn lip line. The folds beside a smile are softened.
"""

import cv2
import numpy as np

from assets.demo.source.mesh import (
    F32,
    LOWER_INNER,
    LOWER_OUTER,
    U8,
    UPPER_INNER,
    UPPER_OUTER,
    pixel_grid,
    sample,
    thin_plate,
)

WIDTH = 0.84
"""Mouth width at rest against the smile's."""

UPPER_HEIGHT = ((0.0, 0.085), (0.2, 0.104), (0.45, 0.083), (0.72, 0.046), (1.0, 0.0))
LOWER_HEIGHT = ((0.0, 0.138), (0.25, 0.134), (0.5, 0.104), (0.75, 0.058), (1.0, 0.0))
"""Lip heights at rest over |t| (0 middle, 1 corner), as shares of the smile's mouth width."""

WARM = np.array([0.94, 0.98, 1.0], np.float32)

LIP_BGR = np.array([112, 114, 200], np.float32)

STEADY = (
    33, 133, 159, 145, 263, 362, 386, 374, 70, 105, 107, 336, 334, 300, 6, 195, 4, 1, 2, 98, 327, 129, 358, 64, 294,
    117, 346, 123, 352, 234, 454, 93, 323, 132, 361, 58, 288, 172, 397, 136, 365, 10, 109, 338, 21, 251,
)  # fmt: skip
CHIN = (150, 149, 176, 148, 152, 377, 400, 378, 379, 200, 199, 175)
CHEEK = (205, 425, 50, 280, 207, 427)
FOLDS = ((129, 203, 206, 216, 212), (358, 423, 426, 436, 432))


def lip_line(t: F32, half: float) -> F32:
    """Offset of the closed lips' line below the smile's corners, over t = -1..1, in pixels."""
    return ((0.245 - 0.05 * t**2 + 0.02 * np.cos(3 * np.pi * t) * (1 - t**2)) * half).astype(np.float32)


def close_mouth(head: U8, mesh: F32) -> tuple[U8, U8]:
    """The head with closed lips, and what shows when they open; `mesh` (478, 3) of the smiling head, in its pixels."""
    right, left = mesh[61, :2], mesh[291, :2]
    half = float(np.linalg.norm(left - right)) / 2
    axis = (left - right) / (2 * half)
    down = np.array([-axis[1], axis[0]], np.float32)
    centre = (left + right) / 2

    def place(t: F32, v: F32) -> F32:
        return (centre + np.outer(t * half * WIDTH, axis) + np.outer(v, down)).astype(np.float32)

    def warp(inner: tuple[int, ...], outer: tuple[int, ...], heights: tuple[tuple[float, float], ...], sign: int) -> U8:
        t_outer, t_inner = ((mesh[list(ids), :2] - centre) @ axis / half for ids in (outer, inner))
        table_t, table_h = np.array(heights).T
        edge = lip_line(t_outer, half) + sign * 2 * half * np.interp(np.abs(t_outer), table_t, table_h)
        source_inner = mesh[list(inner), :2] + np.outer((6.0 if sign > 0 else -3.0) * (1 - t_inner**2), down)
        lift = np.array([1.0 - 0.65 * (i in (150, 379)) for i in CHIN])
        to = [place(t_outer, edge), place(t_inner, lip_line(t_inner, half)), mesh[list(STEADY), :2]]
        source = [mesh[list(outer), :2], source_inner, mesh[list(STEADY), :2]]
        to += [mesh[list(CHIN), :2] - np.outer(lift * 0.07 * half, down), mesh[list(CHEEK), :2] + 0.05 * half * down]
        source += [mesh[list(CHIN), :2], mesh[list(CHEEK), :2]]
        corner = slice(1, -1) if sign > 0 else slice(None)
        to[1], source[1] = to[1][corner], source[1][corner]
        height, width = head.shape[:2]
        return sample(head, thin_plate(np.concatenate(to), np.concatenate(source), (width, height), 1e-4))

    upper = warp(UPPER_INNER, UPPER_OUTER, UPPER_HEIGHT, -1)
    lower = warp(LOWER_INNER, LOWER_OUTER, LOWER_HEIGHT, 1)
    grid = pixel_grid((head.shape[1], head.shape[0])) - centre
    t = grid @ axis / (half * WIDTH)
    below = grid @ down - lip_line(np.clip(t, -1.15, 1.15), half)
    share = np.clip(below / 1.6 + 0.5, 0, 1)[..., None]
    closed = upper * (1 - share) + lower * share
    painted = _paint_lips(soften_folds(closed, mesh), t, below, half)
    return _draw_line(painted, t, below, half), _inside(upper, t, below, half)


def _inside(upper: U8, t: F32, below: F32, half: float) -> U8:
    """The mouth's inside: her own upper teeth under the upper lip, the dark, a tongue."""
    teeth_end = half * (0.37 - 0.16 * t**2)
    teeth = np.clip((teeth_end - below) / 3 + 0.5, 0, 1) * np.clip((0.82 - np.abs(t)) * 4.5, 0, 1)
    shade = np.clip(0.74 + 0.35 * below / (0.25 * half), 0.6, 1.0) * np.clip(1.15 - 0.85 * t**2, 0, 1)
    dark = np.array([24, 18, 46], np.float32) * np.clip(1.2 - 0.6 * t**2, 0.3, 1.2)[..., None]
    tongue = np.exp(-((t / 0.62) ** 4) - ((below - 1.18 * half) / (0.42 * half)) ** 4)[..., None]
    lit = np.array([74, 70, 150], np.float32) * (0.75 + 0.25 * np.exp(-((t / 0.12) ** 2)) * -0.5)[..., None]
    out = dark * (1 - tongue) + lit * tongue
    out = out * (1 - teeth[..., None]) + upper * WARM * shade[..., None] * teeth[..., None]
    return np.clip(cv2.GaussianBlur(out, (0, 0), 0.8), 0, 255).astype(np.uint8)


def _paint_lips(picture: F32, t: F32, below: F32, half: float) -> F32:
    """Even out the stretched lips: their mean colour, lit from above as two soft rolls, with some of their texture."""
    out = picture
    for sign, heights in ((-1, UPPER_HEIGHT), (1, LOWER_HEIGHT)):
        height = 2 * half * np.interp(np.abs(t), *np.array(heights).T)
        v = sign * below / np.maximum(height, 1.0)
        lip = np.clip((1.02 - v) / 0.22, 0, 1) * np.clip(v * 6 + 1, 0, 1) * np.clip((height - 2) / 5, 0, 1)
        mean = (picture * lip[..., None]).sum((0, 1)) / lip.sum()
        base = 0.55 * mean + 0.45 * LIP_BGR
        if sign < 0:
            shade = 0.97 - 0.16 * np.clip(1 - v, 0, 1) + 0.07 * np.exp(-(((v - 0.9) / 0.2) ** 2))
        else:
            shine = np.exp(-(((v - 0.38) / 0.24) ** 2) - (np.abs(t) / 0.52) ** 2.5)
            shade = 0.95 + 0.20 * shine - 0.20 * np.clip(v - 0.72, 0, 0.4) - 0.10 * np.exp(-((v / 0.12) ** 2))
        fine = picture - cv2.GaussianBlur(picture, (0, 0), 5)
        painted = base * shade[..., None] * (1 - 0.10 * t[..., None] ** 2) + 0.35 * fine
        out = out + (painted - out) * (0.80 * lip)[..., None]
    return np.asarray(out, np.float32)


def _draw_line(picture: F32, t: F32, below: F32, half: float) -> U8:
    """The shadow between the lips: dark and thin, thinner still towards the corners, with soft flanks."""
    inside = np.clip((1.06 - np.abs(t)) * 9, 0, 1)
    core = np.exp(-((below / (0.022 * half + 0.012 * half * (1 - t**2).clip(0))) ** 2)) * inside
    flank = np.exp(-((below / (0.085 * half)) ** 2)) * np.clip((1.03 - np.abs(t)) * 5, 0, 1)
    dark = np.array([46, 44, 92], np.float32)
    out = picture * (1 - 0.22 * flank[..., None])
    out = out * (1 - 0.72 * core[..., None]) + dark * (0.72 * core[..., None])
    return np.clip(out, 0, 255).astype(np.uint8)


def soften_folds(picture: F32, mesh: F32) -> F32:
    """Lift the dark lines from nose to mouth corners towards the skin beside them."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    for fold in FOLDS:
        cv2.polylines(mask, [np.round(mesh[list(fold), :2]).astype(np.int32)], False, 255, 26, cv2.LINE_AA)
    weight = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 7)[..., None]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (27, 27))
    lit = cv2.GaussianBlur(cv2.morphologyEx(picture, cv2.MORPH_CLOSE, disc), (0, 0), 6)
    fine = picture - cv2.GaussianBlur(picture, (0, 0), 3)
    return (picture + np.maximum(lit + fine - picture, 0) * 0.7 * weight).astype(np.float32)
