"""Named groups of the 478 landmarks and the canonical face: the only place where landmark numbers are written down.

The numbering is MediaPipe's Face Mesh V2 (Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular
Video on Mobile GPUs"): 468 points of the mesh, then five of each iris. "Right" is the person's own right, at the
left of an unmirrored picture. Loops are ordered, each point once, the last one joins the first.
"""

from dataclasses import dataclass
from functools import lru_cache
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelUnavailable
from models.networks import network_path
from models.types import F32

Indices = NDArray[np.intp]

MESH_POINTS = 468
_CANONICAL_FILE = "canonical_face.npz"


def _group(*indices: int) -> Indices:
    group = np.array(indices, dtype=np.intp)
    group.setflags(write=False)
    return group


def _join(*groups: Indices) -> Indices:
    return _group(*(int(i) for group in groups for i in group))


# Every loop starts at the person's right or at the top and runs clockwise in the unmirrored picture.
# fmt: off
FACE_OVAL = _group(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
                   152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
RIGHT_EYE = _group(33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE = _group(362, 398, 384, 385, 386, 387, 388, 466, 263, 249, 390, 373, 374, 380, 381, 382)
LIPS_OUTER = _group(61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
LIPS_INNER = _group(78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
RIGHT_BROW = _group(46, 70, 63, 105, 66, 107, 55, 65, 52, 53)
LEFT_BROW = _group(285, 336, 296, 334, 293, 300, 276, 283, 282, 295)
# fmt: on

# Upper and lower lid from corner to corner, both in the picture's left-to-right order.
RIGHT_UPPER_LID = _group(33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER_LID = _group(33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER_LID = _group(362, 398, 384, 385, 386, 387, 388, 466, 263)
LEFT_LOWER_LID = _group(362, 382, 381, 380, 374, 373, 390, 249, 263)

# Centre first, then the four rim points.
RIGHT_IRIS = _group(468, 469, 470, 471, 472)
LEFT_IRIS = _group(473, 474, 475, 476, 477)
IRISES = _join(RIGHT_IRIS, LEFT_IRIS)

# Eye corners: outer then inner.
RIGHT_EYE_CORNERS = _group(33, 133)
LEFT_EYE_CORNERS = _group(263, 362)
OUTER_EYE_CORNERS = _group(33, 263)
"""Their distance is the outer inter-ocular distance, the unit of every relative error."""

# p1..p6 of the eye aspect ratio (Soukupova & Cech 2016): corner, two on the upper lid, corner, two on the lower lid.
RIGHT_EAR_POINTS = _group(33, 160, 158, 133, 153, 144)
LEFT_EAR_POINTS = _group(362, 385, 387, 263, 373, 380)

MOUTH_GAP = _group(13, 14)
"""Middle of the upper and of the lower lip's inner edge."""
MOUTH_INNER_CORNERS = _group(78, 308)
MOUTH_OUTER_CORNERS = _group(61, 291)

NOSE_TIP = 1
CHIN = 152
FOREHEAD = 10

# fmt: off
RIGID = _group(4, 6, 10, 33, 54, 67, 117, 119, 121, 127, 129, 133, 143, 198,
               263, 284, 297, 346, 348, 350, 356, 358, 362, 372, 420)
"""MediaPipe's Procrustes basis without the eight points that jaw and cheeks carry: what expressions move least."""

LIPS = _group(
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407)
"""All 80 points that the lip head of the attention mesh refines."""

RIGHT_LIDS = _group(33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
                    130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190)
LEFT_LIDS = _group(263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
                   359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414)
"""The lid edge and the ring of skin around it that a blink moves."""

JAW = _group(18, 32, 43, 57, 58, 83, 106, 135, 136, 138, 140, 148, 149, 150, 152, 169, 170, 171, 172, 175, 176, 182,
             194, 199, 200, 201, 202, 204, 208, 210, 211, 212, 214, 262, 273, 287, 288, 313, 335, 364, 365, 367, 369,
             377, 378, 379, 394, 395, 396, 397, 400, 406, 418, 421, 422, 424, 428, 430, 431, 432, 434)
"""What the lower jaw carries: all points below the mouth that are not lips."""
# fmt: on

QUICK = _join(RIGHT_LIDS, LEFT_LIDS, LIPS, IRISES, JAW)
"""Points that blinks, glances and speech move by themselves: smoothed less than the rest of the face."""


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalFace:
    """The metric average face of MediaPipe's face geometry module (Apache-2.0).

    Attributes:
        vertices_cm: (468, 3) float32; x to the picture's right, y up, z towards the camera.
        uv: (468, 2) float32 in 0..1, v downward.
        triangles: (898, 3) indices that cover the face with eyes and mouth closed by triangles.
        edges: (1365, 2) indices, every edge of the triangles once.
        mirror: (478,) index of each landmark's partner on the other half of the face; itself on the middle line.
    """

    vertices_cm: F32
    uv: F32
    triangles: Indices
    edges: Indices
    mirror: Indices


@lru_cache(maxsize=1)
def canonical_face() -> CanonicalFace:
    """Load the canonical face once; its arrays are write-protected.

    Raises:
        ModelUnavailable: the file that the build lays beside the networks is missing or damaged.
    """
    path = network_path(_CANONICAL_FILE)
    try:
        with path.open("rb") as file, np.load(file) as stored:
            vertices_cm = stored["vertices_cm"].astype(np.float32)
            uv = stored["uv"].astype(np.float32)
            triangles = stored["triangles"].astype(np.intp)
    except (OSError, EOFError, KeyError, TypeError, ValueError, BadZipFile) as error:
        raise ModelUnavailable(
            f"the canonical face {path} is damaged: in a checkout run `python -m models.networks.build`, "
            "elsewhere reinstall facet"
        ) from error
    face = CanonicalFace(vertices_cm, uv, triangles, _edges(triangles), _mirror(vertices_cm))
    for array in (face.vertices_cm, face.uv, face.triangles, face.edges, face.mirror):
        array.setflags(write=False)
    return face


def _edges(triangles: Indices) -> Indices:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    # Not numpy.unique: it imports numpy.ma, which costs the start-up 0.1 s.
    pairs = np.sort(pairs, axis=1)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    first = np.ones(len(pairs), bool)
    first[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return pairs[first]


def _mirror(vertices_cm: F32) -> Indices:
    flipped = vertices_cm * np.array([-1.0, 1.0, 1.0], np.float32)
    distance_sq = ((vertices_cm[:, None, :] - flipped[None, :, :]) ** 2).sum(axis=2)
    # Iris rims run right, top, left, bottom: mirrored, right and left change places.
    irises = np.array([473, 476, 475, 474, 477, 468, 471, 470, 469, 472], np.intp)
    return np.concatenate([distance_sq.argmin(axis=0).astype(np.intp), irises])
