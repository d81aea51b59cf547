"""Rotations in space: as three angles, and the one nearest to a 3x3 matrix."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

F64: TypeAlias = NDArray[np.float64]

_ROUNDS = 50
_CLOSE_ENOUGH = 1e-13
_AMBIGUOUS = 1e-9


def rotation_to_angles_deg(rotation: F64) -> tuple[float, float, float]:
    """Yaw, pitch, roll of a rotation in the frame x right, y up, z towards the camera.

    The order is roll first, then pitch, then yaw: R = Ry(yaw) Rx(-pitch) Rz(-roll).
    """
    (_, _, x), (sine, cosine, y), (_, _, z) = rotation.tolist()
    yaw = math.degrees(math.atan2(x, z))
    pitch = math.degrees(math.asin(min(1.0, max(-1.0, y))))
    roll = -math.degrees(math.atan2(sine, cosine))
    return yaw, pitch, roll


def angles_deg_to_rotation(yaw: float, pitch: float, roll: float) -> F64:
    """The inverse of `rotation_to_angles_deg`."""
    cy, sy = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    cp, sp = math.cos(math.radians(-pitch)), math.sin(math.radians(-pitch))
    cr, sr = math.cos(math.radians(-roll)), math.sin(math.radians(-roll))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    rotation: F64 = about_y @ about_x @ about_z
    return rotation


def nearest_rotation(covariance: F64) -> tuple[F64, float]:
    """The proper rotation R with the largest trace(R^T covariance), and that trace; for any (3, 3) matrix.

    Markley, "Attitude determination using vector observations: a fast optimal matrix algorithm" (1993): the trace is
    the largest root of a quartic, and the rotation follows from it without an eigenvector or a singular value. In plain
    floats it takes a fifth of the time of LAPACK's decomposition of so small a matrix.
    """
    size = math.sqrt(float(np.vdot(covariance, covariance)))
    if size == 0.0:
        return np.eye(3), 0.0
    b = covariance / size
    (b00, b01, b02), (b10, b11, b12), (b20, b21, b22) = b.tolist()
    cofactors = (
        (b11 * b22 - b12 * b21, b12 * b20 - b10 * b22, b10 * b21 - b11 * b20),
        (b02 * b21 - b01 * b22, b00 * b22 - b02 * b20, b01 * b20 - b00 * b21),
        (b01 * b12 - b02 * b11, b02 * b10 - b00 * b12, b00 * b11 - b01 * b10),
    )
    determinant = b00 * cofactors[0][0] + b01 * cofactors[0][1] + b02 * cofactors[0][2]
    spread = sum(value * value for row in cofactors for value in row)
    trace = _largest_root(determinant, spread)
    kappa = (trace * trace - 1) / 2
    zeta = kappa * trace - determinant
    if zeta < _AMBIGUOUS:
        return _by_decomposition(covariance)
    rotation: F64 = ((kappa + 1) * b + trace * np.array(cofactors) - b @ b.T @ b) / zeta
    return rotation, trace * size


def _largest_root(determinant: float, spread: float) -> float:
    """Of (x^2 - 1)^2 - 8 determinant x - 4 spread, by Newton's method from above, where it cannot miss it."""
    root = math.sqrt(3)
    for _ in range(_ROUNDS):
        over = root * root - 1
        slope = 4 * (root * over - 2 * determinant)
        if slope <= 0:
            break
        step = (over * over - 8 * determinant * root - 4 * spread) / slope
        root -= step
        if step < _CLOSE_ENOUGH:
            break
    return root


def _by_decomposition(covariance: F64) -> tuple[F64, float]:
    """The same by singular values (Kabsch 1976), for the matrices that do not tell one rotation from another."""
    left, singular, right = np.linalg.svd(covariance)
    if np.linalg.det(left @ right) < 0:
        left[:, 2] = -left[:, 2]
        singular[2] = -singular[2]
    return left @ right, float(singular.sum())
