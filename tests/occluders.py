"""Things that pass in front of a face, drawn by hand so that their exact mask is known.

Used by every test and benchmark that asks what an effect does when something covers the face: cups, microphones and
hands, shaded, with soft edges, composited over a frame at any place, angle and size.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import cv2
import numpy as np

from models.types import F32, U8

_DRAWN_PX = 420
"""Side of the drawn square; `place` scales it down to the wanted size, which also smooths the edges."""
_MARGIN = 0.06
_CHEEKS = (50, 280, 205, 425, 101, 330)


@dataclass(frozen=True, slots=True, eq=False)
class Occluder:
    """A drawn thing. bgra (S, S, 4) straight alpha; its length is the square's side, less a margin of 6 %."""

    name: str
    bgra: U8


def cup(bgr: tuple[int, int, int] = (70, 120, 190), stripe_bgr: tuple[int, int, int] = (235, 235, 235)) -> Occluder:
    """A mug with a handle, a stripe and a rim, lit from the left."""
    x, y = _grid()
    half = 0.30 - 0.04 * (y - 0.5)
    across = (x - 0.42) / half
    body = (np.abs(across) < 1) & (y > 0.12) & (y < 0.90 - 0.05 * across**2)
    rim = ((x - 0.42) / 0.315) ** 2 + ((y - 0.12) / 0.055) ** 2 < 1
    opening = ((x - 0.42) / 0.28) ** 2 + ((y - 0.12) / 0.040) ** 2 < 1
    ring = np.hypot((x - 0.74) / 0.17, (y - 0.50) / 0.22)
    handle = (ring < 1) & (ring > 0.62) & (x > 0.66)
    shade = 0.45 + 0.6 * np.sqrt(np.clip(1 - (across + 0.35) ** 2 / 1.9, 0, 1))
    shade += 0.5 * np.exp(-(((across + 0.55) / 0.10) ** 2))
    colour = np.where(((y > 0.42) & (y < 0.58))[..., None], _colour(stripe_bgr), _colour(bgr))
    pixels = colour * shade[..., None]
    pixels[handle & ~body] = _colour(bgr) * 0.8
    pixels[rim] = _colour(bgr) * 1.15
    pixels[opening] = _colour(bgr) * 0.35
    return _finish("cup", pixels, body | rim | handle)


def microphone(bgr: tuple[int, int, int] = (48, 46, 44)) -> Occluder:
    """A hand-held microphone, its grille up: a ball with a mesh, a collar and a tapering handle."""
    x, y = _grid()
    dx, dy = (x - 0.5) / 0.20, (y - 0.25) / 0.21
    height = np.sqrt(np.clip(1 - dx**2 - dy**2, 0, 1))
    ball = height > 0
    grille = 0.75 + 0.35 * np.sin(x * 190) * np.sin(y * 190)
    light = np.clip(0.5 * height - 0.45 * dx - 0.5 * dy, 0, None) + 0.35
    half = np.interp(y, [0.40, 0.95], [0.115, 0.075])
    across = (x - 0.5) / half
    handle = (np.abs(across) < 1) & (y > 0.40) & (y < 0.95)
    collar = (np.abs(x - 0.5) < 0.16) & (y > 0.40) & (y < 0.46)
    round_light = 0.4 + 0.8 * np.sqrt(np.clip(1 - (across + 0.3) ** 2 / 1.7, 0, 1))
    pixels = _colour(bgr) * round_light[..., None]
    pixels[ball] = (_colour((125, 125, 128)) * (grille * light)[..., None])[ball]
    pixels[collar] = _colour((90, 90, 92)) * round_light[collar][:, None].clip(0.5, 1.2)
    return _finish("microphone", pixels, ball | handle | collar)


def hand(skin_bgr: tuple[float, float, float] = (140, 165, 210), spread_deg: float = 8.0, seed: int = 0) -> Occluder:
    """The back of a hand, fingers up, thumb to the left: a height field of capsules, shaded, with knuckles and nails.

    Args:
        skin_bgr: colour where the light falls straight; give the face's own (`skin_colour`) for the hard case.
        spread_deg: angle between neighbouring fingers.
        seed: of the skin's fine mottling.
    """
    x, y = _grid()
    height, nails, knuckles = np.zeros_like(x), np.zeros(x.shape, bool), np.zeros_like(x)
    height = np.maximum(height, _palm(x, y))
    lengths, radii = (0.36, 0.40, 0.375, 0.29), (0.050, 0.052, 0.050, 0.043)
    for k, (length, radius) in enumerate(zip(lengths, radii, strict=True)):
        angle = radians((k - 1.5) * spread_deg)
        root = np.array([0.405 + 0.092 * k, 0.50 + 0.018 * abs(k - 1.2)])
        tip = root + (length - radius) * np.array([sin(angle), -cos(angle)])
        height = np.maximum(height, _capsule(x, y, root, tip, radius))
        nail_at = tip + 0.2 * radius * np.array([sin(angle), -cos(angle)])
        nails |= np.hypot((x - nail_at[0]) / (0.6 * radius), (y - nail_at[1]) / (0.85 * radius)) < 1
        for share in (0.0, 0.47, 0.78):
            at = root + share * (tip - root)
            knuckles += np.exp(-(((x - at[0]) / radius) ** 2 + ((y - at[1]) / (0.35 * radius)) ** 2))
    height = np.maximum(height, _capsule(x, y, np.array([0.44, 0.80]), np.array([0.23, 0.53]), 0.066))
    mask = height > 0
    pixels = _colour(skin_bgr) * _relief_light(height, mask)[..., None]
    rng = np.random.default_rng(seed)
    mottling = cv2.GaussianBlur(rng.standard_normal(x.shape).astype(np.float32), (0, 0), 9)
    pixels *= (1 + 0.25 * mottling)[..., None]
    pixels *= 1 - _colour((0.16, 0.14, 0.03)) * np.clip(knuckles, 0, 1)[..., None]
    pixels[nails & mask] = pixels[nails & mask] * 0.65 + _colour((175, 180, 225)) * 0.35
    return _finish("hand", pixels, mask)


def skin_colour(pixels: U8, mesh: F32) -> tuple[float, float, float]:
    """The face's own skin colour (BGR): small patches on both cheeks. mesh (478, 3) frame pixels."""
    radius = max(2, round(0.02 * float(np.ptp(mesh[:468, 0]))))
    patches = []
    for x, y in mesh[list(_CHEEKS), :2]:
        column, row = int(x), int(y)
        patch = pixels[max(row - radius, 0) : row + radius + 1, max(column - radius, 0) : column + radius + 1]
        if patch.size:
            patches.append(patch.reshape(-1, 3))
    blue, green, red = np.percentile(np.concatenate(patches), 60, axis=0)
    return float(blue), float(green), float(red)


def place(
    pixels: U8, occluder: Occluder, centre_xy: tuple[float, float], length_px: float, angle_deg: float = 0.0
) -> tuple[U8, F32]:
    """Composite an occluder over a frame.

    Args:
        pixels: (H, W, 3) BGR; left as it is.
        occluder: what to draw.
        centre_xy: where its middle comes to lie, frame pixels; may lie outside.
        length_px: side of its square in the frame.
        angle_deg: turned clockwise as seen.

    Returns:
        The new frame, and the mask (H, W) 0..1 of what the occluder covers.
    """
    height, width = pixels.shape[:2]
    side = occluder.bgra.shape[0]
    scale = length_px / side
    sprite = cv2.resize(occluder.bgra, None, fx=min(scale, 1), fy=min(scale, 1), interpolation=cv2.INTER_AREA)
    rest = scale / min(scale, 1)
    along, across = cos(radians(angle_deg)), sin(radians(angle_deg))
    turn = np.array([[along, -across], [across, along]])
    middle = np.array([sprite.shape[1], sprite.shape[0]]) / 2 - 0.5
    reach = int(0.75 * length_px) + 2
    left, right = (int(np.clip(centre_xy[0] + r, 0, width)) for r in (-reach, reach))
    top, bottom = (int(np.clip(centre_xy[1] + r, 0, height)) for r in (-reach, reach))
    covered, mask = pixels.copy(), np.zeros((height, width), np.float32)
    if right <= left or bottom <= top:
        return covered, mask
    shift = np.array(centre_xy) - (left, top) - 0.5 - rest * turn @ middle
    matrix = np.column_stack([rest * turn, shift]).astype(np.float32)
    premultiplied = sprite.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    warped = cv2.warpAffine(premultiplied, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    part = warped[..., 3] / np.float32(255)
    mask[top:bottom, left:right] = part
    below = covered[top:bottom, left:right]
    below[:] = np.clip(below * (1 - part[..., None]) + warped[..., :3] + 0.5, 0, 255)
    return covered, mask


def _colour(bgr: tuple[float, float, float]) -> F32:
    return np.array(bgr, np.float32)


def _grid() -> tuple[F32, F32]:
    """x and y of the drawing square's pixel centres, 0..1."""
    axis = (np.arange(_DRAWN_PX, dtype=np.float32) + 0.5) / _DRAWN_PX
    square: F32 = np.broadcast_to(axis, (_DRAWN_PX, _DRAWN_PX))
    return square, square.T


def _capsule(x: F32, y: F32, start: np.ndarray, end: np.ndarray, radius: float) -> F32:
    """Height over the plane of a round stick between two points; 0 outside."""
    along = end - start
    share = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / float(along @ along), 0, 1)
    distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
    local = radius * (1 - 0.18 * share)
    return np.asarray(np.sqrt(np.clip(local**2 - distance**2, 0, None)), np.float32)


def _palm(x: F32, y: F32) -> F32:
    """Height of the back of the hand and the wrist: a flattened box with round sides."""
    half_x = np.interp(y, [0.45, 0.62, 0.80, 0.94], [0.19, 0.20, 0.165, 0.12])
    inside = 1 - np.abs((x - 0.535) / half_x) ** 3 - np.clip(np.abs((y - 0.70) / 0.25), 0, None) ** 8
    return np.asarray(0.065 * np.sqrt(np.clip(inside, 0, 1)), np.float32)


def _relief_light(height: F32, mask: np.ndarray) -> F32:
    """Lambert light from the upper left on a height field, darker in the creases and towards the silhouette."""
    smooth = cv2.GaussianBlur(height, (0, 0), 2.0) * _DRAWN_PX
    slope_y, slope_x = np.gradient(smooth)
    normal_z = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    lambert = (0.35 * slope_x + 0.45 * slope_y + 0.82) * normal_z
    crease = cv2.GaussianBlur(smooth, (0, 0), 10) - smooth
    light = 0.45 + 0.55 * np.clip(lambert / 0.82, 0, 1.2) - 0.012 * np.clip(crease, 0, None)
    light[~mask] = 1
    return np.asarray(light, np.float32)


def _finish(name: str, pixels: np.ndarray, mask: np.ndarray) -> Occluder:
    """Round to bytes and soften the alpha by one drawn pixel."""
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0)
    bgra = np.dstack([np.clip(pixels, 0, 255), 255 * alpha])
    return Occluder(name, np.clip(bgra + 0.5, 0, 255).astype(np.uint8))
