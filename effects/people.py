"""Which person-like parts of the matte belong to a face, and which to nobody whose face is known.

A face that no network sees (turned away, behind a hand) still belongs to a person that the matte sees. What hides
faces also hides these people as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from effects.coarse import Region, map_scale, map_wh, regions, span
from models.types import F32, Face

_PERSON = 0.5
"""Matte above this counts as person."""
_LEAST_SHARE = 0.005
"""Smaller regions, as a share of the picture, are noise."""
_OWNER_SHARE = 0.05
"""A region belongs to a face when it fills this share of the window around face and neck."""
_SLAB = 2.2
"""In a region with a face, what lies farther to the side than this many face heights is another person, or an arm."""
_STRAY_FACES = 0.6
"""...and counts from this area on, in squared face heights."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Coarse maps of the matte's persons: `known` with a tracked face, `strangers` without."""

    known: Region
    strangers: Region


def sort_people(matte: F32, faces: Sequence[Face], size_wh: tuple[int, int]) -> People:
    """Tell persons with a tracked face from those without.

    Args:
        matte: (h, w) 0..1, stretched over the picture.
        faces: all tracked faces, coasting ones included.
        size_wh: of the picture.
    """
    scale = map_scale(size_wh)
    person = np.asarray(cv2.resize(matte, map_wh(size_wh), interpolation=cv2.INTER_LINEAR) > _PERSON, np.bool_)
    least_area = _LEAST_SHARE * person.size
    if np.count_nonzero(person) < least_area:
        return People(np.zeros_like(person), np.zeros_like(person))
    labels, stats = regions(person)
    owned = np.zeros(len(stats), np.bool_)
    beside_a_face = np.zeros_like(person)
    least_stray = least_area
    for face in faces:
        x0, y0, x1, y1 = (float(v) * scale for v in face.box_xyxy)
        middle, face_w, face_h = (x0 + x1) / 2, max(x1 - x0, 1.0), max(y1 - y0, 1.0)
        rows = span(y0, y1 + 0.6 * face_h, person.shape[0])
        neck = labels[rows, span(middle - 0.4 * face_w, middle + 0.4 * face_w, person.shape[1])]
        owned |= np.bincount(neck.ravel(), minlength=len(stats)) > _OWNER_SHARE * neck.size
        beside_a_face[:, span(middle - _SLAB * face_h, middle + _SLAB * face_h, person.shape[1])] = True
        least_stray = max(least_stray, _STRAY_FACES * face_h * face_h)
    owned[0] = False
    unowned = ~owned & (stats[:, cv2.CC_STAT_AREA] >= least_area)
    unowned[0] = False
    known, strangers = owned[labels], unowned[labels]
    far = known & ~beside_a_face
    if far.any():
        far_labels, far_stats = regions(far)
        large = far_stats[:, cv2.CC_STAT_AREA] >= least_stray
        large[0] = False
        strangers = strangers | large[far_labels]
    return People(known & ~strangers, strangers)
