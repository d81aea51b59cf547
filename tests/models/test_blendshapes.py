"""The expression network reads expressions, and tells own left from own right."""

import numpy as np
import pytest
from skimage import data

from models.blendshapes import NAMES, Blendshapes
from models.detector import Detector
from models.landmarks import FaceMesh, region_from_keypoints
from models.runtime.litert_cpu import LiteRtCpu
from models.types import F32

RIGHT_LIDS = {159: 145, 158: 153, 160: 144, 161: 163, 157: 154, 246: 7, 173: 155}
"""Upper lid point -> the lower one below it, own right eye."""


@pytest.fixture(scope="module")
def net() -> Blendshapes:
    return Blendshapes(LiteRtCpu(1))


@pytest.fixture(scope="module")
def smiling() -> F32:
    runtime = LiteRtCpu(1)
    pixels = np.ascontiguousarray(data.astronaut()[..., ::-1])
    found = Detector(runtime).detect(pixels, "far")
    return FaceMesh(runtime)(pixels, [region_from_keypoints(found.boxes_xyxy[0], found.keypoints_xy[0])])[0].mesh


def named(net: Blendshapes, mesh: F32) -> dict[str, float]:
    coefficients = net(mesh)
    assert coefficients.shape == (52,)
    return dict(zip(NAMES, coefficients.tolist(), strict=True))


def test_a_smile_reads_as_a_smile(net: Blendshapes, smiling: F32) -> None:
    found = named(net, smiling)
    assert found["mouthSmileLeft"] > 0.5
    assert found["mouthSmileRight"] > 0.5
    assert found["eyeBlinkLeft"] < 0.4
    assert found["mouthFunnel"] < 0.2


def test_a_closed_own_right_eye_reads_as_right(net: Blendshapes, smiling: F32) -> None:
    winking = smiling.copy()
    for upper, lower in RIGHT_LIDS.items():
        winking[upper] = winking[lower]
    before, after = named(net, smiling), named(net, winking)
    assert after["eyeBlinkRight"] > before["eyeBlinkRight"] + 0.2
    assert after["eyeBlinkLeft"] < after["eyeBlinkRight"]


def test_place_and_size_of_the_face_do_not_matter(net: Blendshapes, smiling: F32) -> None:
    moved = (smiling * 2.5 + np.array([300, 40, 0])).astype(np.float32)
    assert np.abs(net(moved) - net(smiling)).max() < 0.02
