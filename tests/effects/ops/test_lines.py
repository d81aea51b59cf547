"""Thin lines."""

import numpy as np
import pytest

from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.devices.gpu import GpuDevice
from effects.ops.dispatch import cpu_pixels
from effects.ops.lines import Lines, draw_lines
from models.types import U8, Frame
from tests.effects.both_devices import draw_on_both, soft_frame

RED, BLUE = (0, 0, 255), (255, 0, 0)
AA = 30
"""OpenCV's smoothed lines reach 90 % and more of their colour in the middle."""


def draw(*layers: Lines, size_wh: tuple[int, int] = (60, 40)) -> U8:
    device = CpuDevice()
    frame = Frame(0, 0.0, 0, np.full((size_wh[1], size_wh[0], 3), 100, np.uint8))
    canvas = Canvas(device.upload(frame), frame, device)
    draw_lines(canvas, layers)
    return cpu_pixels(canvas)


def one(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[[x0, y0], [x1, y1]]], np.float32)


@pytest.mark.parametrize("layers", [(), (Lines(np.zeros((0, 2, 2), np.float32), RED, 1.0),)])
def test_no_lines_change_nothing(layers: tuple[Lines, ...]) -> None:
    assert (draw(*layers)[..., :3] == 100).all()


def test_zero_opacity_changes_nothing() -> None:
    assert (draw(Lines(one(5, 20.5, 50, 20.5), RED, 0.0))[..., :3] == 100).all()


def test_a_line_lies_on_its_pixels() -> None:
    drawn = draw(Lines(one(5, 20.5, 50, 20.5), RED, 1.0))
    assert np.abs(drawn[20, 25, :3].astype(int) - RED).max() <= AA
    assert (drawn[:18, :, :3] == 100).all()
    assert (drawn[24:, :, :3] == 100).all()
    assert (drawn[..., 3] == 255).all()


def test_half_a_pixel_matters() -> None:
    between = draw(Lines(one(5, 20.0, 50, 20.0), RED, 1.0))[18:22, 25, 2].astype(int)
    assert abs(between[1] - between[2]) < 30


def test_opacity_mixes() -> None:
    drawn = draw(Lines(one(5, 20.5, 50, 20.5), RED, 0.5))[20, 25, :3].astype(int)
    assert np.abs(drawn - [50, 50, 178]).max() <= AA // 2


def test_later_layers_lie_over_earlier_ones() -> None:
    cross = Lines(one(5, 20.5, 50, 20.5), RED, 1.0), Lines(one(25.5, 5, 25.5, 35), BLUE, 1.0)
    assert np.abs(draw(*cross)[20, 25, :3].astype(int) - BLUE).max() <= AA
    assert np.abs(draw(*cross[::-1])[20, 25, :3].astype(int) - RED).max() <= AA


@pytest.mark.parametrize("ends", [(-30, 10, 90, 30), (-30, -30, -10, -10), (70, 50, 90, 60), (59.9, 39.9, 200, 200)])
def test_lines_beyond_the_picture_are_cut(ends: tuple[float, float, float, float]) -> None:
    assert draw(Lines(one(*ends), RED, 1.0)).shape == (40, 60, 4)


@pytest.mark.parametrize("width_px", [1, 2, 3, 5])
def test_the_gpu_draws_lines_alike(gpu: GpuDevice, width_px: int) -> None:
    """Of every slope and length, across one another and beyond the picture, in two layers."""
    generator = np.random.default_rng(width_px)
    starts = generator.uniform((-20, -20), (660, 380), (60, 2))
    ends = np.stack([starts, starts + generator.normal(0, 60, starts.shape)], axis=1).astype(np.float32)
    layers = (Lines(ends[:40], RED, 0.7, width_px), Lines(ends[40:], BLUE, 1.0, width_px))
    pictures = draw_on_both(gpu, soft_frame((640, 360)), lambda canvas: draw_lines(canvas, layers))
    pictures.assert_alike(mean=0.3)
    touched = (pictures.cpu != pictures.cpu[0, 0]).any(axis=2)
    assert np.count_nonzero(pictures.delta_e()[touched] > 10) < 0.01 * touched.size


@pytest.mark.parametrize("ends", [(5, 20.5, 50, 20.5), (20.5, 5, 20.5, 35), (5.3, 5.8, 48.2, 36.1), (20, 20, 20, 20)])
def test_one_thin_line_is_the_same_on_the_gpu(gpu: GpuDevice, ends: tuple[float, float, float, float]) -> None:
    frame = Frame(0, 0.0, 0, np.full((40, 60, 3), 100, np.uint8))
    lines = [Lines(one(*ends), RED, 1.0)]
    pictures = draw_on_both(gpu, frame, lambda canvas: draw_lines(canvas, lines))
    assert np.abs(pictures.cpu.astype(int) - pictures.gpu).max() <= 6
