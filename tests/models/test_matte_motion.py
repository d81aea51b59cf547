"""What changed between two frames, and where the person went."""

import cv2
import numpy as np
import pytest

from models import matte_motion as motion
from models.types import F32, U8


def texture(seed: int, size_wh: tuple[int, int] = (192, 108)) -> U8:
    noise = np.random.default_rng(seed).integers(0, 256, (size_wh[1] + 40, size_wh[0] + 40)).astype(np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.asarray(cv2.normalize(smooth, None, 20, 235, cv2.NORM_MINMAX)[20:-20, 20:-20], np.uint8)  # type: ignore[call-overload]


def disc(centre_x: float, size_wh: tuple[int, int]) -> F32:
    y, x = np.mgrid[: size_wh[1], : size_wh[0]] + 0.5
    radius = 0.3 * size_wh[1]
    return np.clip(radius - np.hypot(x - centre_x, y - size_wh[1] / 2) + 0.5, 0, 1).astype(np.float32)


def person_before(background: U8, person: U8, x: float) -> U8:
    alpha = disc(x, (background.shape[1], background.shape[0]))
    shifted = np.roll(person, round(x) - 96, axis=1)
    return np.rint(background + alpha * (shifted.astype(np.float32) - background)).astype(np.uint8)


@pytest.mark.parametrize(
    ("shape", "size_wh"),
    [
        ((720, 1280, 3), (192, 108)),
        ((2160, 3840, 3), (192, 108)),
        ((1364, 720, 3), (102, 192)),
        ((481, 637, 3), (192, 144)),
        ((1, 1, 3), (192, 192)),
        ((10, 2000, 3), (192, 16)),
    ],
)
def test_grey_has_the_frames_shape_at_192_px(shape: tuple[int, int, int], size_wh: tuple[int, int]) -> None:
    grey = motion.shrink(np.full(shape, 77, np.uint8))
    assert grey.shape == size_wh[::-1]
    assert grey.dtype == np.uint8
    assert (grey == 77).all()


def test_noise_is_no_motion_and_a_step_is() -> None:
    rng = np.random.default_rng(0)
    clean = texture(1)
    noisy = np.clip(clean + rng.normal(0, 3, clean.shape), 0, 255).astype(np.uint8)
    assert not motion.moves(motion.change(clean, noisy))
    assert motion.moves(motion.change(clean, np.roll(clean, 3, axis=1)))
    assert motion.share_above(motion.change(clean, clean), 0) == 0.0
    assert motion.share_above(np.zeros((0, 0), np.uint8), 0) == 0.0


@pytest.mark.parametrize("step_px", [1, 3, 5])
def test_the_matte_goes_where_the_person_goes(step_px: int) -> None:
    background, person = texture(2), texture(3)
    before, now = person_before(background, person, 90), person_before(background, person, 90 + step_px)
    to_matte = 256 / 192
    alpha, truth = disc(90 * to_matte, (256, 144)), disc((90 + step_px) * to_matte, (256, 144))
    carried = motion.carried(alpha, now, before, motion.make_flow())
    assert np.abs(carried - truth).sum() < 0.4 * np.abs(alpha - truth).sum()
    assert 0 <= carried.min() <= carried.max() <= 1


def test_without_a_person_nothing_is_carried() -> None:
    empty = np.zeros((144, 256), np.float32)
    assert motion.carried(empty, texture(4), texture(5), motion.make_flow()) is empty


@pytest.mark.parametrize("size_wh", [(192, 16), (16, 192), (192, 192), (192, 20)])
def test_odd_shapes_are_carried(size_wh: tuple[int, int]) -> None:
    matte_wh = motion.fitted((size_wh[1], size_wh[0]), 256)
    alpha = np.ones(matte_wh[::-1], np.float32)
    carried = motion.carried(alpha, texture(6, size_wh), texture(7, size_wh), motion.make_flow())
    assert carried.shape == alpha.shape
    np.testing.assert_allclose(carried, 1.0, atol=1e-5)
