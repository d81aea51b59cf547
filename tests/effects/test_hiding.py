"""That covered means covered: in pixels, on every frame."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from effects.base import Scene
from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.hiding import Hidden, Look, Style, cover
from models.topology import FACE_OVAL
from models.types import F32, U8, Face
from tests.pipeline_fakes import make_face, make_frame, person_matte

SIZE_WH = (640, 360)
STYLES: tuple[Style, ...] = ("blur", "pixelate", "block")


def covered(
    faces: Sequence[Face],
    look: Look | None = None,
    before: Hidden | None = None,
    keep: int = 0,
    matte: F32 | None = None,
    dt_s: float = 1 / 30,
) -> tuple[U8, U8, Hidden]:
    """Source pixels, covered pixels and what was remembered."""
    frame = make_frame(size_wh=SIZE_WH)
    device = CpuDevice()
    canvas = Canvas(device.upload(frame), frame, device)
    scene = Scene(0.0, dt_s, SIZE_WH, tuple(faces), matte)
    hidden = cover(canvas, scene, look or Look(), before or Hidden(), keep)
    return frame.pixels, device.download(canvas.image)[..., :3], hidden


def face_area(face: Face) -> np.ndarray:
    area = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.uint8)
    if face.mesh is None:
        x0, y0, x1, y1 = face.box_xyxy.round().astype(int)
        cv2.ellipse(area, ((x0 + x1) // 2, (y0 + y1) // 2), ((x1 - x0) // 2, (y1 - y0) // 2), 0, 0, 360, 1, -1)
    else:
        cv2.fillPoly(area, [face.mesh[FACE_OVAL, :2].round().astype(np.int32)], 1)
    return area.astype(bool)


def bare_share(before: U8, after: U8, area: np.ndarray) -> float:
    """Share of an area of noise whose pixels are still nearly what they were."""
    near = np.abs(before.astype(int) - after).max(axis=2) < 8
    return float(near[area].mean())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("strength", [0.05, 0.5, 1.0])
def test_every_face_is_gone_at_any_strength(style: Style, strength: float) -> None:
    faces = (
        make_face(1, (130, 150), 150.0, (30.0, 0, 20)),
        make_face(2, (480, 200), 40.0, with_mesh=False),
        make_face(3, (330, 100), 120.0, coasting=True, weight=0.0),
        make_face(4, (639, 300), 120.0),
    )
    before, after, _hidden = covered(faces, Look(style, strength))
    for face in faces:
        assert bare_share(before, after, face_area(face)) < 0.01


def test_what_lies_away_from_heads_stays_bit_by_bit() -> None:
    before, after, _hidden = covered([make_face(1, (150, 150), 120.0)])
    assert np.array_equal(before[:, 400:], after[:, 400:])


def test_the_kept_face_stays_and_the_others_go() -> None:
    kept, other = make_face(7, (150, 180), 120.0), make_face(8, (480, 180), 120.0)
    before, after, _hidden = covered([kept, other], keep=7)
    area = face_area(kept)
    assert np.array_equal(before[area], after[area])
    assert bare_share(before, after, face_area(other)) < 0.01


def test_a_kept_face_that_is_gone_is_not_kept_for_whoever_comes() -> None:
    kept = make_face(7, (320, 180), 120.0)
    _before, _after, hidden = covered([kept], keep=7)
    before, after, _hidden = covered([], before=hidden, keep=7)
    assert bare_share(before, after, face_area(kept)) < 0.01
    before, after, _hidden = covered([make_face(8, (320, 180), 120.0)], before=hidden, keep=7)
    assert bare_share(before, after, face_area(kept)) < 0.01


def test_a_lost_face_stays_covered() -> None:
    face = make_face(1, (320, 180), 120.0)
    _before, _after, hidden = covered([face])
    for _ in range(20):
        before, after, hidden = covered([], before=hidden)
        assert bare_share(before, after, face_area(face)) < 0.01


@pytest.mark.parametrize("style", STYLES)
def test_a_person_without_face_is_gone(style: Style) -> None:
    box = (200.0, 60.0, 440.0, 360.0)
    before, after, _hidden = covered([], Look(style), matte=person_matte(SIZE_WH, box))
    area = np.zeros((360, 640), bool)
    area[60:, 200:440] = True
    assert bare_share(before, after, area) < 0.01
    assert np.array_equal(before[:, :120], after[:, :120])


def test_whoever_went_behind_a_kept_face_is_covered_and_the_kept_face_is_not() -> None:
    kept, other = make_face(7, (260, 180), 120.0), make_face(8, (350, 180), 120.0)
    _before, _after, hidden = covered([kept, other], keep=7)
    before, after, _hidden = covered([kept], before=hidden, keep=7)
    area = cv2.erode(face_area(kept).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    assert np.array_equal(before[area], after[area])
    assert bare_share(before, after, face_area(make_face(9, (350, 180), 120.0)) & ~face_area(kept)) < 0.01
    beside = np.zeros_like(area)
    beside[150:210, 355:365] = True
    assert bare_share(before, after, beside) < 0.01


def test_strength_never_goes_finer_than_the_weakest() -> None:
    assert Look(strength=0.0).cells_across <= 9.0
    assert Look(strength=1.0).cells_across >= 2.0
