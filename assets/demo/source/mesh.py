"""Landmarks of a still picture and thin-plate warps between two sets of points: the tools of the making script."""

from typing import Any, TypeAlias

import cv2
import numpy as np

F32: TypeAlias = Any
U8: TypeAlias = Any
"""Float and 8-bit arrays. Names for the reader: OpenCV and SciPy return arrays that no checker can follow."""

UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip


def landmarks(picture: U8) -> F32:
    """(478, 3) of the only face, in pixels of `picture`: the mean over four framings, to quieten the network."""
    import mediapipe as mp

    found = []
    with mp.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True) as network:
        for pad in (60, 90, 130, 170):
            canvas = cv2.copyMakeBorder(picture, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
            height, width = canvas.shape[:2]
            result = network.process(np.ascontiguousarray(canvas[..., ::-1]))
            if not result.multi_face_landmarks:
                raise RuntimeError("no face found in the picture that should show one")
            points = np.array([(p.x, p.y, p.z) for p in result.multi_face_landmarks[0].landmark])
            found.append(points * (width, height, width) - (pad, pad, 0))
    return np.mean(found, axis=0).astype(np.float32)


def thin_plate(from_xy: F32, to_xy: F32, size_wh: tuple[int, int], stiffness: float = 0.0) -> F32:
    """(H, W, 2): for every pixel near `from_xy`, where it lies among `to_xy` (Bookstein 1989)."""
    n = len(from_xy)
    scale = float(np.abs(from_xy - from_xy.mean(0)).max())
    centre = from_xy.mean(0)
    p = (from_xy - centre).astype(np.float64) / scale
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _radial(p[:, None] - p[None]) + stiffness * np.eye(n)
    system[:n, n:] = np.c_[np.ones(n), p]
    system[n:, :n] = system[:n, n:].T
    weights = np.linalg.solve(system, np.r_[(to_xy - from_xy).astype(np.float64), np.zeros((3, 2))])
    step = 4
    grid_x, grid_y = np.meshgrid(np.arange(0, size_wh[0] + step, step), np.arange(0, size_wh[1] + step, step))
    q = (np.stack([grid_x, grid_y], -1) - centre) / scale
    moved = _radial(q[:, :, None] - p) @ weights[:n] + weights[n] + q @ weights[n + 1 :]
    full = cv2.resize(moved.astype(np.float32), None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
    shift = np.array([[1, 0, (1 - step) / 2], [0, 1, (1 - step) / 2]], np.float32)
    full = cv2.warpAffine(full, shift, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return full + pixel_grid(size_wh)


def pixel_grid(size_wh: tuple[int, int]) -> F32:
    """(H, W, 2) of x, y."""
    x, y = np.meshgrid(np.arange(size_wh[0]), np.arange(size_wh[1]))
    return np.stack([x, y], -1).astype(np.float32)


def sample(picture: U8, at_xy: F32) -> U8:
    """Cubic look-up of `picture` at every (x, y) of the map."""
    return cv2.remap(picture, at_xy[..., 0], at_xy[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _radial(d: F32) -> F32:
    square = (d * d).sum(-1)
    return square * np.log(np.maximum(square, 1e-12)) * 0.5
