"""The canonical face as a mesh of 478 landmarks in frame pixels: any pose, place and size, lids and mouth at will."""

import numpy as np

from models.rotations import angles_deg_to_rotation
from models.topology import (
    LEFT_IRIS,
    LEFT_LOWER_LID,
    LEFT_UPPER_LID,
    MOUTH_GAP,
    RIGHT_IRIS,
    RIGHT_LOWER_LID,
    RIGHT_UPPER_LID,
    canonical_face,
)
from models.types import F32

_IRIS_RIM_CM = np.array([[0, 0], [0.55, 0], [0, 0.55], [-0.55, 0], [0, -0.55]])
_EYE_FORWARD_CM = 0.6


def posed_mesh(
    angles_deg: tuple[float, float, float] = (0, 0, 0),
    centre_xy: tuple[float, float] = (640, 360),
    px_per_cm: float = 12.0,
    *,
    lids: tuple[float, float] = (0.0, 0.0),
    mouth_cm: float = 0.0,
    iris_cm: tuple[float, float] = (0.0, 0.0),
) -> F32:
    """(478, 3) landmarks.

    Args:
        angles_deg: yaw, pitch, roll.
        centre_xy: where the canonical origin comes to lie.
        px_per_cm: size.
        lids: closure of own right and left eye, 0 open .. 1 shut.
        mouth_cm: how far the lower lip's middle sinks.
        iris_cm: shift of both irises from the middle of the eye, in the picture's plane, x right, y up.
    """
    face = canonical_face().vertices_cm.astype(np.float64)
    for closure, upper, lower in zip(
        lids, (RIGHT_UPPER_LID, LEFT_UPPER_LID), (RIGHT_LOWER_LID, LEFT_LOWER_LID), strict=True
    ):
        face[upper[1:-1]] += closure * (face[lower[1:-1]] - face[upper[1:-1]])
    face[MOUTH_GAP[1], 1] -= mouth_cm
    rotation = angles_deg_to_rotation(*angles_deg)
    turned = np.zeros((478, 3))
    turned[:468] = face @ rotation.T
    for iris, corners in ((RIGHT_IRIS, (33, 133)), (LEFT_IRIS, (263, 362))):
        socket = canonical_face().vertices_cm[list(corners)].mean(axis=0) + [0, 0, _EYE_FORWARD_CM]
        turned[iris] = rotation @ socket
        turned[iris, :2] += _IRIS_RIM_CM + iris_cm
    flipped = turned * px_per_cm * [1, -1, -1]
    flipped[:, :2] += centre_xy
    return flipped.astype(np.float32)
