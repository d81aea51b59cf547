"""Blending through a mask."""

import numpy as np
import pytest

from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.devices.gpu import GpuDevice
from effects.ops.blend import blend_colour, blend_patch
from effects.ops.dispatch import cpu_pixels, gpu_image, pick
from effects.ops.masks import Mask
from models.errors import BackendFailed
from models.types import U8
from tests.effects.both_devices import draw_on_both, soft_frame
from tests.pipeline_fakes import make_frame


def new_canvas(size_wh: tuple[int, int] = (64, 48)) -> tuple[Canvas, U8]:
    device = CpuDevice()
    frame = make_frame(size_wh=size_wh)
    canvas = Canvas(device.upload(frame), frame, device)
    return canvas, cpu_pixels(canvas).copy()


def ramp(height: int, width: int) -> U8:
    return np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))


def test_a_patch_is_exact_at_both_ends_and_close_between() -> None:
    canvas, before = new_canvas()
    alpha = ramp(20, 30)
    patch = np.random.default_rng(1).integers(0, 256, (20, 30, 4)).astype(np.uint8)
    blend_patch(canvas, Mask(10, 5, alpha), patch.copy())
    after = cpu_pixels(canvas)
    outside = np.ones(after.shape[:2], bool)
    outside[5:25, 10:40] = False
    assert np.array_equal(after[outside], before[outside])
    inside = after[5:25, 10:40]
    assert np.array_equal(inside[alpha == 0], before[5:25, 10:40][alpha == 0])
    assert np.array_equal(inside[alpha == 255], patch[alpha == 255])
    share = alpha[..., None] / 255
    exact = before[5:25, 10:40] * (1 - share) + patch * share
    assert np.abs(inside - exact).max() <= 1.01


def test_a_colour_is_opaque_and_close_between() -> None:
    canvas, before = new_canvas()
    alpha = ramp(48, 64)
    blend_colour(canvas, Mask(0, 0, alpha), (10, 130, 250))
    share = alpha[..., None] / 255
    exact = before * (1 - share) + np.array([10, 130, 250, 255]) * share
    assert np.abs(cpu_pixels(canvas) - exact).max() <= 1.01
    assert np.array_equal(cpu_pixels(canvas)[alpha == 0], before[alpha == 0])


def test_a_device_without_code_is_named() -> None:
    canvas, _before = new_canvas()
    with pytest.raises(BackendFailed, match="'cpu'"):
        pick(canvas.device, gpu=new_canvas)


def test_the_gpu_blends_alike(gpu: GpuDevice) -> None:
    frame, alpha = soft_frame(), ramp(90, 200)
    patch = np.random.default_rng(2).integers(0, 256, (90, 200, 4)).astype(np.uint8)
    patch[..., 3] = 255
    mask = Mask(70, 40, alpha)
    for pictures in (
        draw_on_both(gpu, frame, lambda canvas: blend_patch(canvas, mask, patch.copy())),
        draw_on_both(gpu, frame, lambda canvas: blend_colour(canvas, mask, (10, 130, 250))),
    ):
        pictures.assert_alike()
        assert np.abs(pictures.cpu.astype(int) - pictures.gpu).max() <= 2
        inside = pictures.gpu[40:130, 70:270, :3]
        assert np.array_equal(inside[alpha == 0], frame.pixels[40:130, 70:270][alpha == 0])
        assert not np.array_equal(inside, frame.pixels[40:130, 70:270])


def test_operations_know_their_device(gpu: GpuDevice) -> None:
    canvas, _before = new_canvas()
    with pytest.raises(BackendFailed, match="lives on 'cpu'"):
        gpu_image(canvas)
    canvas.device = gpu
    with pytest.raises(BackendFailed, match="another device"):
        gpu_image(canvas)
