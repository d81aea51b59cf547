"""Which person-like parts of the matte belong to nobody whose face is known.

A face that no network sees (turned away, behind a hand, half in the picture) still belongs to a person that the matte
sees. What hides faces also hides these people as a whole.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.types import F32, Face

Region = NDArray[np.bool_]
Labels = NDArray[np.int32]

_MAP_WIDTH = 128
_PERSON = 0.35
"""Matte above this counts as person: low, because a missed person is worse than a blurred chair."""
_LEAST_SHARE = 0.003
"""Smaller regions, as a share of the picture, are noise."""
_OWNER_SHARE = 0.05
"""A region belongs to a face when it fills this share of the window around face and neck."""
_SLAB = 2.2
"""In a region with a face, what lies farther to the side than this many face heights is another person, or an arm."""
_STRAY_FACES = 0.6
"""...and counts from this area on, in squared face heights."""


def people_without_face(matte: F32, faces: Sequence[Face], size_wh: tuple[int, int]) -> F32 | None:
    """Map (h, w) float32 0..1 of person regions without a tracked face, grown, soft outwards; None when there are none.

    Args:
        matte: (h, w) 0..1, stretched over the picture.
        faces: all tracked faces, coasting ones included.
        size_wh: of the picture.
    """
    scale = _MAP_WIDTH / size_wh[0]
    person = cv2.resize(matte, (_MAP_WIDTH, max(8, round(scale * size_wh[1]))), interpolation=cv2.INTER_AREA) > _PERSON
    if int(person.sum()) < _LEAST_SHARE * person.size:
        return None
    strangers = _without_owner(person, [face.box_xyxy * np.float32(scale) for face in faces])
    return _grown(strangers) if strangers.any() else None


def _without_owner(person: Region, boxes_xyxy: Sequence[F32]) -> Region:
    """The parts of `person` that none of the face boxes (in map cells) accounts for."""
    labels, areas = _regions(person)
    owned = np.zeros(areas.size, np.bool_)
    beside_a_face = np.zeros(person.shape, np.bool_)
    least_stray = _LEAST_SHARE * person.size
    for box in boxes_xyxy:
        x0, y0, x1, y1 = (float(v) for v in box)
        middle, face_w, face_h = (x0 + x1) / 2, max(x1 - x0, 1.0), max(y1 - y0, 1.0)
        neck = labels[
            _span(y0, y1 + 0.6 * face_h, 0, person), _span(middle - 0.4 * face_w, middle + 0.4 * face_w, 1, person)
        ]
        owned |= np.bincount(neck.ravel(), minlength=areas.size) > _OWNER_SHARE * neck.size
        beside_a_face[:, _span(middle - _SLAB * face_h, middle + _SLAB * face_h, 1, person)] = True
        least_stray = max(least_stray, _STRAY_FACES * face_h * face_h)
    owned[0] = False
    unowned = ~owned & (areas >= _LEAST_SHARE * person.size)
    unowned[0] = False
    strangers = np.asarray(unowned[labels], np.bool_)
    far = owned[labels] & ~beside_a_face
    if far.any():
        far_labels, far_areas = _regions(far)
        large = far_areas >= least_stray
        large[0] = False
        strangers |= large[far_labels]
    return strangers


def _regions(area: Region) -> tuple[Labels, NDArray[np.int32]]:
    """Connected regions: label per cell (0 = outside) and cells per label."""
    _count, labels, stats, _centres = cv2.connectedComponentsWithStatsWithAlgorithm(
        area.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S, ccltype=cv2.CCL_BBDT
    )
    return np.asarray(labels, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)


def _span(low: float, high: float, axis: int, area: Region) -> slice:
    """The cells from `low` to `high`, at least one, cut to the map."""
    last = area.shape[axis] - 1
    first = int(min(max(low, 0.0), last))
    return slice(first, max(first, int(min(max(high, 0.0), last))) + 1)


def _grown(strangers: Region) -> F32:
    """Two cells larger all around, then four cells of soft edge."""
    wide = cv2.dilate(strangers.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    return np.asarray(cv2.blur(wide.astype(np.float32), (5, 5), borderType=cv2.BORDER_REPLICATE), np.float32)
