"""Privacy as an effect; what it covers is tested in test_hiding."""

from threading import Event

import numpy as np
import pytest

from effects.base import Scene
from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.library.privacy import SPEC, Privacy
from models.types import U8
from tests.pipeline_fakes import FakeModel, make_face, make_frame

FACES = (make_face(1, (150, 180), 120.0), make_face(2, (480, 180), 120.0))


def drawn(params: Privacy) -> tuple[U8, U8]:
    frame, device, effect = make_frame(), CpuDevice(), SPEC.make()
    assets = effect.prepare(params, FakeModel(), Event())
    canvas = Canvas(device.upload(frame), frame, device)
    scene = Scene(0.0, 0.0, frame.size_wh, FACES, None)
    effect.apply(canvas, scene, params, assets, effect.initial())
    return frame.pixels, device.download(canvas.image)[..., :3]


@pytest.mark.parametrize("strength", [0.05, 0.7, 1.0])
@pytest.mark.parametrize("style", ["blur", "pixelate", "block"])
def test_every_style_changes_both_faces(style: str, strength: float) -> None:
    before, after = drawn(Privacy(style=style, strength=strength))
    assert (before[180, 150] != after[180, 150]).any()
    assert (before[180, 480] != after[180, 480]).any()


def test_only_zero_strength_is_off() -> None:
    before, after = drawn(Privacy(strength=0.0))
    assert np.array_equal(before, after)


def test_a_block_has_its_colour() -> None:
    _before, after = drawn(Privacy(style="block", colour="#0A141E"))
    assert after[180, 150].tolist() == [30, 20, 10]


def test_the_chosen_face_is_left_alone() -> None:
    before, after = drawn(Privacy(keep=2))
    assert (before[180, 150] != after[180, 150]).any()
    assert np.array_equal(before[130:230, 430:530], after[130:230, 430:530])


def test_styles_differ() -> None:
    pictures = [drawn(Privacy(style=style))[1] for style in ("blur", "pixelate", "block")]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])
