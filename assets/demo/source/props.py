"""Draws what is not in the portrait: a softly lit room out of focus, and a hand with a sleeve."""

import cv2
import numpy as np

from assets.demo.source.mesh import F32, U8

ROOM_WH = (960, 540)
HAND_WH = (480, 1260)
SKIN = np.array([128, 160, 208], np.float32)
SLEEVE = np.array([104, 86, 74], np.float32)

FINGERS = (
    ((150, 250), (132, 165), (126, 92), 25),
    ((196, 230), (190, 130), (188, 48), 27),
    ((243, 230), (248, 125), (252, 36), 28),
    ((290, 245), (306, 150), (316, 68), 26),
    ((312, 340), (372, 272), (404, 208), 29),
)
"""Base, middle joint and tip of little finger .. thumb, and the radius at the base."""

PALM = (((172, 268), 42), ((215, 262), 46), ((262, 266), 44), ((292, 300), 42), ((230, 340), 84), ((240, 400), 74))


def room() -> U8:
    """(540, 960, 3): a warm wall, a window's light from the left, shelf, plant and lamp, all far out of focus."""
    width, height = ROOM_WH
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(0, 1, height))
    wall = np.array([148, 158, 164], np.float32)
    light = 1.12 - 0.34 * np.clip(x + 0.55, 0, 2) ** 1.2 * 0.55 - 0.30 * y**1.6
    glow = np.exp(-(((x + 0.95) / 0.75) ** 2) - ((y - 0.25) / 0.6) ** 2)
    picture = wall * light[..., None] + glow[..., None] * np.array([34, 40, 44], np.float32)
    things = np.ascontiguousarray(picture.astype(np.float32))
    cv2.rectangle(things, (0, 40), (150, 330), (226, 232, 232), -1)
    cv2.rectangle(things, (70, 40), (78, 330), (150, 160, 168), -1)
    cv2.rectangle(things, (0, 180), (150, 187), (150, 160, 168), -1)
    cv2.rectangle(things, (690, 120), (960, 134), (70, 92, 120), -1)
    cv2.rectangle(things, (690, 290), (960, 304), (66, 86, 112), -1)
    rng = np.random.default_rng(5)
    left = 700
    colours = ((96, 84, 70), (92, 110, 128), (70, 78, 118), (120, 116, 96), (84, 104, 92), (132, 140, 150))
    while left < 900:
        wide, tall = int(rng.integers(14, 30)), int(rng.integers(70, 120))
        cv2.rectangle(things, (left, 290 - tall), (left + wide, 290), colours[int(rng.integers(6))], -1)
        left += wide + 2
    for _ in range(46):
        angle, length = rng.uniform(-2.7, -0.45), rng.uniform(40, 120)
        tip = (int(800 + length * np.cos(angle)), int(100 + length * np.sin(angle) * 0.8 + 18))
        green = (int(rng.integers(60, 84)), int(rng.integers(96, 130)), int(rng.integers(72, 96)))
        cv2.ellipse(things, tip, (24, 9), np.degrees(angle), 0, 360, green, -1, cv2.LINE_AA)
    cv2.rectangle(things, (778, 84), (822, 122), (98, 120, 150), -1)
    cv2.rectangle(things, (0, 455), (960, 540), (92, 104, 118), -1)
    soft = cv2.GaussianBlur(things, (0, 0), 11)
    lamp = np.exp(-(((x - 0.36) / 0.10) ** 2) - ((y - 0.2) / 0.14) ** 2)
    soft = soft + lamp[..., None] * np.array([40, 62, 80], np.float32)
    vignette = 1 - 0.20 * np.clip((x**2 * 0.8 + (2 * y - 1) ** 2 * 0.6) - 0.3, 0, 1)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 0.7) * 1.6
    return np.clip(soft * vignette[..., None] * 0.94 + grain[..., None], 0, 255).astype(np.uint8)


def hand() -> tuple[U8, F32]:
    """BGRA (1260, 480, 4) of a raised right hand's back with forearm and sleeve, and its outline (N, 2)."""
    width, height = HAND_WH
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    parts = [_capsule(x, y, a, b, r, r * 0.92) for a, b, _, r in FINGERS]
    parts += [_capsule(x, y, b, c, r * 0.92, r * 0.78) for _, b, c, r in FINGERS]
    fingers = [_blend(parts[i], parts[i + 5], 6) for i in range(5)]
    palm = _capsule(x, y, PALM[0][0], PALM[4][0], PALM[0][1], PALM[4][1])
    for (start, r), (end, q) in ((PALM[1], PALM[4]), (PALM[2], PALM[4]), (PALM[3], PALM[5]), (PALM[4], PALM[5])):
        palm = _blend(palm, _capsule(x, y, start, end, r, q), 14)
    arm = _capsule(x, y, (240, 420), (240, 700), 62, 74)
    flesh = _blend(palm, arm, 40)
    for finger in fingers:
        flesh = _blend(flesh, finger, 9)
    sleeve = _capsule(x, y, (240, 690), (240, 1400), 104, 124)
    cuff = np.maximum(sleeve, 610 - y)
    colour = _skin(flesh, x, y)
    cloth = _shade(cuff, 40, SLEEVE) * (1 + 0.05 * np.sin(y / 37 + 0.6 * np.sin(x / 50)))[..., None]
    cloth *= (1 - 0.25 * np.exp(-(((y - 622) / 7) ** 2)))[..., None]
    over = np.clip(0.5 - cuff, 0, 1)[..., None]
    shadow = 1 - 0.35 * np.exp(-np.clip(610 - y, 0, None) / 26)[..., None] * (flesh < 0)[..., None]
    picture = colour * shadow * (1 - over) + cloth * over
    alpha = np.clip(0.7 - np.minimum(flesh, cuff) / 1.6, 0, 1)
    solid = (alpha > 0.5).astype(np.uint8)
    outline = max(cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
    outline = cv2.approxPolyDP(outline, 1.2, True)[:, 0].astype(np.float32) + 0.5
    return np.dstack([np.clip(picture, 0, 255), alpha * 255]).astype(np.uint8), outline


def _skin(flesh: F32, x: F32, y: F32) -> F32:
    """Skin with rosy finger tips and knuckles, fine creases at the joints, nails."""
    colour = _shade(flesh, 26, SKIN)
    for base, joint, tip, radius in FINGERS:
        for (jx, jy), strength in ((joint, 0.10), (base, 0.06)):
            d = ((x - jx) ** 2 + ((y - jy) * 1.6) ** 2) / (radius * 0.8) ** 2
            colour *= 1 - strength * np.exp(-d)[..., None] * np.array([1.6, 1.0, 0.3], np.float32)
        along = np.array([tip[0] - joint[0], tip[1] - joint[1]], np.float32)
        along /= np.linalg.norm(along)
        u = (x - tip[0]) * along[0] + (y - tip[1]) * along[1]
        v = -(x - tip[0]) * along[1] + (y - tip[1]) * along[0]
        nail = np.clip(1.2 - ((u - 2) / (radius * 0.62)) ** 2 - (v / (radius * 0.50)) ** 2, 0, 0.25)[..., None] * 4
        colour += nail * (np.array([150, 168, 226], np.float32) - colour) * 0.5
        for shift in (-5, 0, 5):
            w = (x - joint[0]) * along[0] + (y - joint[1]) * along[1] - shift
            off = np.abs(-(x - joint[0]) * along[1] + (y - joint[1]) * along[0])
            colour *= 1 - 0.09 * (np.exp(-((w / 1.4) ** 2)) * np.clip(1 - off / (radius * 0.6), 0, 1))[..., None]
    rng = np.random.default_rng(3)
    mottled = cv2.GaussianBlur(rng.normal(0, 1, x.shape).astype(np.float32), (0, 0), 14) * 40
    return np.asarray(colour * (1 + 0.012 * mottled)[..., None], np.float32)


def _shade(distance: F32, roundness: float, colour: np.ndarray) -> F32:
    """Light from the upper left on a rounded solid whose signed distance (negative inside) is given."""
    inside = np.clip(-distance / roundness, 0, 1)
    bulge = cv2.GaussianBlur(np.sqrt(1 - (1 - inside) ** 2).astype(np.float32) * roundness, (0, 0), 3)
    gx, gy = cv2.Sobel(bulge, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(bulge, cv2.CV_32F, 0, 1, scale=0.125)
    light = (0.45 * gx + 0.55 * gy + 0.9) / np.sqrt(gx**2 + gy**2 + 1)
    shade = np.clip(0.50 + 0.56 * light, 0.30, 1.2)[..., None]
    warm = np.array([1.25, 1.0, 0.85], np.float32)
    return np.asarray(colour * shade ** (warm * 0.9), np.float32)


def _capsule(x: F32, y: F32, a: tuple[float, float], b: tuple[float, float], ra: float, rb: float) -> F32:
    """Signed distance to a tapered capsule."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.asarray(np.hypot(x - a[0] - t * dx, y - a[1] - t * dy) - (ra + (rb - ra) * t), np.float32)


def _blend(a: F32, b: F32, k: float) -> F32:
    """Smooth minimum of two distances (Quilez)."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return np.asarray(b + (a - b) * h - k * h * (1 - h), np.float32)
