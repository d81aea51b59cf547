"""Plane and space geometry of faces: similarity fits, head pose, boxes, polygons. Pure functions over numpy arrays.

Plane points are (n, 2) pixels, x right, y down. A similarity of the plane is one complex multiplication and one
addition, z' = a z + b with z = x + iy, which is why `Similarity` holds two complex numbers.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.rotations import nearest_rotation, rotation_to_angles_deg
from models.topology import OUTER_EYE_CORNERS, RIGID, Indices, canonical_face
from models.types import F32

F64 = NDArray[np.float64]
Points = F32 | F64
Weights = F32 | F64

_OUTLIER_SIGMAS = 3.0
"""Residual at which a point keeps a quarter of its weight."""
_MAD_TO_SIGMA = 1.4826 / 1.5096
"""The median length of a plane residual to the sigma of one coordinate: Rayleigh's median is 1.1774 sigma."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Similarity:
    """Turn, scale and shift of the plane: z' = a z + b."""

    a: complex = 1 + 0j
    b: complex = 0j

    @property
    def scale(self) -> float:
        """Length factor, > 0 unless degenerate."""
        return abs(self.a)

    @property
    def angle_rad(self) -> float:
        """Turn in (-pi, pi], clockwise as seen because y points down."""
        return math.atan2(self.a.imag, self.a.real)

    def apply(self, points_xy: Points) -> F64:
        """Move (n, 2) points."""
        return points_xy @ self.matrix[:, :2].T + self.matrix[:, 2]

    def inverse(self) -> "Similarity":
        """The similarity that undoes this one; ZeroDivisionError where the scale is 0."""
        a = 1 / self.a
        return Similarity(a, -a * self.b)

    def after(self, first: "Similarity") -> "Similarity":
        """This one applied to the result of `first`."""
        return Similarity(self.a * first.a, self.a * first.b + self.b)

    @property
    def matrix(self) -> F64:
        """The (2, 3) matrix that OpenCV's warps take."""
        a, b = self.a, self.b
        return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def fit_similarity(source_xy: Points, target_xy: Points, weights: Weights | None = None) -> Similarity:
    """The least-squares similarity that moves `source_xy` onto `target_xy`, both (n, 2).

    Closed form (Umeyama 1991 for the plane, without reflection). Points that all coincide give a pure shift, no points
    give the identity.

    Args:
        source_xy: (n, 2).
        target_xy: (n, 2).
        weights: (n,) >= 0, or None for equal weights.
    """
    if len(source_xy) == 0:
        return Similarity()
    source, target = _as_complex(source_xy), _as_complex(target_xy)
    if weights is None:
        source_mean, target_mean = complex(source.mean()), complex(target.mean())
        moved = source - source_mean
        spread = float(np.vdot(moved, moved).real)
        cross = complex(np.vdot(moved, target))
    else:
        total = float(weights.sum())
        if total <= _TINY:
            return Similarity()
        source_mean, target_mean = complex(weights @ source) / total, complex(weights @ target) / total
        moved = source - source_mean
        weighted = weights * moved
        spread = float(np.vdot(moved, weighted).real)
        cross = complex(np.vdot(weighted, target))
    if spread <= _TINY * max(1.0, abs(source_mean) ** 2):
        return Similarity(1 + 0j, target_mean - source_mean)
    a = cross / spread
    return Similarity(a, target_mean - a * source_mean)


def fit_similarity_robust(source_xy: Points, target_xy: Points, rounds: int = 6, floor_px: float = 1e-3) -> Similarity:
    """A similarity that a minority of wrong points does not pull: least squares re-weighted (Geman & McClure 1987).

    Args:
        source_xy: (n, 2).
        target_xy: (n, 2).
        rounds: re-weightings after the plain fit.
        floor_px: the smallest noise that is believed, so that an exact fit does not divide by zero.
    """
    fit = fit_similarity(source_xy, target_xy)
    if len(source_xy) < 3:
        return fit
    source, target = _as_complex(source_xy), _as_complex(target_xy)
    for _ in range(rounds):
        residual = np.abs(fit.a * source + fit.b - target)
        sigma = max(float(median(residual)) * _MAD_TO_SIGMA, floor_px)
        weights = (1.0 + (residual / (_OUTLIER_SIGMAS * sigma)) ** 2) ** -2
        fit = fit_similarity(source_xy, target_xy, weights)
    return fit


def _as_complex(points_xy: Points) -> NDArray[np.complex128]:
    flat = np.ascontiguousarray(points_xy[:, :2], dtype=np.float64)
    return flat.view(np.complex128)[:, 0]


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """Where the canonical face stands in the picture.

    `flip(mesh) = scale_px_per_cm * rotation @ canonical + shift`, where flip turns y and z so that both frames have
    x right, y up, z towards the camera.

    Attributes:
        rotation: (3, 3) proper rotation, canonical face to picture.
        scale_px_per_cm: pixels per centimetre of the canonical face.
        shift: (3,) pixels, in the flipped frame.
    """

    rotation: F64
    scale_px_per_cm: float
    shift: F64

    @property
    def angles_deg(self) -> tuple[float, float, float]:
        """Yaw positive to the person's own left, pitch negative downward, roll positive clockwise as seen."""
        return rotation_to_angles_deg(self.rotation)

    def to_head(self, mesh: F32) -> F64:
        """Mesh points (n, 3) in frame pixels to centimetres of the canonical face."""
        head_cm: F64 = ((mesh * _FLIP - self.shift) @ self.rotation) / self.scale_px_per_cm
        return head_cm

    def to_picture(self, head_cm: Points) -> F64:
        """Points (n, 3) of the canonical face in centimetres to mesh coordinates in frame pixels."""
        flipped: F64 = (head_cm @ self.rotation.T * self.scale_px_per_cm + self.shift) * _FLIP
        return flipped


_FLIP = np.array([1.0, -1.0, -1.0])


def head_pose(mesh: F32, points: Indices = RIGID) -> HeadPose:
    """Least-squares pose of the canonical face in a mesh of (478, 3) or (468, 3) frame pixels.

    Ordinary Procrustes analysis in space (Umeyama 1991) over `points`, using the mesh's own depth.
    """
    source = _source(points.tobytes())
    # The canonical points are centred, so that the mesh's need not be.
    moments = (mesh[points].T @ source.weights) * _FLIP[:, None]
    rotation, strength = nearest_rotation(moments[:, :3])
    scale = max(strength / source.spread, _TINY)
    return HeadPose(rotation, scale, moments[:, 3] - scale * rotation @ source.mean)


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """Some points of the canonical face: (n, 4) themselves, centred, and the mean's weights; their mean and spread."""

    weights: F64
    mean: F64
    spread: float


@lru_cache(maxsize=8)
def _source(points: bytes) -> _Source:
    vertices = canonical_face().vertices_cm[np.frombuffer(points, np.intp)].astype(np.float64)
    mean = vertices.mean(axis=0)
    centred = vertices - mean
    weights = np.column_stack([centred, np.full(len(centred), 1 / len(centred))])
    return _Source(weights, mean, float((centred**2).sum()))


def median(values: F64) -> F64:
    """Medians down the columns of (n, ...), n >= 1. Not numpy.median: it is slow and imports numpy.ma, 0.1 s."""
    ordered = np.sort(values, axis=0)
    middle: F64 = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return middle


def box_around(points: Points) -> F32:
    """(4,) x0, y0, x1, y1 around points (n >= 1, 2 or more)."""
    # Along contiguous rows: seven times faster than down the columns.
    rows = np.ascontiguousarray(points[:, :2].T)
    return np.concatenate([rows.min(axis=1), rows.max(axis=1)]).astype(np.float32)


def grow_box(box_xyxy: Points, factor: float) -> F32:
    """Scale a (4,) box about its centre."""
    centre = (box_xyxy[:2] + box_xyxy[2:]) / 2
    half = (box_xyxy[2:] - box_xyxy[:2]) / 2 * factor
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def box_iou(first_xyxy: Points, second_xyxy: Points) -> F32:
    """Intersection over union of every pair of (n, 4) and (m, 4) boxes: (n, m), 0..1. Empty boxes overlap nothing."""
    low = np.maximum(first_xyxy[:, None, :2], second_xyxy[None, :, :2])
    high = np.minimum(first_xyxy[:, None, 2:], second_xyxy[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    union = box_area(first_xyxy)[:, None] + box_area(second_xyxy)[None, :] - common
    iou: F32 = np.where(union > 0, common / np.where(union > 0, union, 1), 0).astype(np.float32)
    return iou


def box_area(boxes_xyxy: Points) -> F32:
    """(n,) areas of (n, 4) boxes; 0 where a box is turned inside out."""
    area: F32 = np.clip(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0, None).prod(axis=1).astype(np.float32)
    return area


def polygon_area(points_xy: Points) -> float:
    """Signed area of a simple polygon (n, 2): positive when it runs clockwise as seen (y down). Under 3 points: 0."""
    if len(points_xy) < 3:
        return 0.0
    points = np.asarray(points_xy[:, :2], np.float64)
    x, y = (points - points[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def polygon_contains(points_xy: Points, polygon_xy: Points) -> NDArray[np.bool_]:
    """(n,) whether each of (n, 2) points lies inside a simple polygon (m, 2), by the even-odd rule."""
    if len(polygon_xy) < 3:
        return np.zeros(len(points_xy), bool)
    start = polygon_xy[None, :, :2]
    end = np.roll(polygon_xy, -1, axis=0)[None, :, :2]
    x, y = points_xy[:, None, 0], points_xy[:, None, 1]
    spans = (start[..., 1] > y) != (end[..., 1] > y)
    rise = np.where(spans, end[..., 1] - start[..., 1], 1)
    crossing_x = start[..., 0] + (y - start[..., 1]) * (end[..., 0] - start[..., 0]) / rise
    inside: NDArray[np.bool_] = (spans & (x < crossing_x)).sum(axis=1) % 2 == 1
    return inside


def inter_ocular_px(mesh: F32) -> float:
    """The outer inter-ocular distance in the picture: between the outer eye corners."""
    across = mesh[OUTER_EYE_CORNERS[1], :2] - mesh[OUTER_EYE_CORNERS[0], :2]
    return math.hypot(float(across[0]), float(across[1]))
