"""Averaged cells."""

import numpy as np
import pytest

from effects.canvas import Canvas
from effects.devices.cpu import CpuDevice
from effects.devices.gpu import GpuDevice
from effects.ops.dispatch import cpu_pixels
from effects.ops.masks import Mask, Oval, map_mask, oval_mask
from effects.ops.mosaic import grid_over_mask, grid_over_oval, mosaic
from models.types import U8, Frame
from tests.effects.both_devices import draw_on_both, soft_frame
from tests.pipeline_fakes import make_frame

OVAL = Oval((160.0, 90.0), (50.0, 70.0), 20.0)


def draw(frame: Frame, smooth: bool, cells: float = 5.0, oval: Oval = OVAL) -> tuple[U8, Mask]:
    device = CpuDevice()
    canvas = Canvas(device.upload(frame), frame, device)
    mask = oval_mask(oval, 0.2, frame.size_wh)
    assert mask is not None
    mosaic(canvas, mask, grid_over_oval(oval, cells), smooth=smooth)
    return cpu_pixels(canvas), mask


@pytest.mark.parametrize("smooth", [True, False])
def test_detail_goes_and_the_mean_stays(smooth: bool) -> None:
    frame = make_frame(size_wh=(320, 180))
    after, mask = draw(frame, smooth)
    height, width = mask.alpha.shape
    solid = mask.alpha == 255
    inside = after[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width][solid][:, :3].astype(float)
    before = frame.pixels[mask.y0 : mask.y0 + height, mask.x0 : mask.x0 + width][solid].astype(float)
    assert inside.std() < 0.15 * before.std()
    assert np.abs(inside.mean(axis=0) - before.mean(axis=0)).max() < 6


@pytest.mark.parametrize("smooth", [True, False])
def test_nothing_outside_the_mask_changes(smooth: bool) -> None:
    frame = make_frame(size_wh=(320, 180))
    after, mask = draw(frame, smooth)
    touched = np.zeros(after.shape[:2], bool)
    touched[mask.y0 : mask.y0 + mask.alpha.shape[0], mask.x0 : mask.x0 + mask.alpha.shape[1]] = mask.alpha > 0
    assert np.array_equal(after[~touched][:, :3], frame.pixels[~touched])


def test_pictures_with_the_same_cell_means_look_the_same() -> None:
    """What does not survive cannot be brought back: only the means do."""
    flat = np.full((180, 320, 3), 120, np.uint8)
    checks = flat.copy()
    checks[::2, ::2] += 40
    checks[1::2, 1::2] += 40
    checks[::2, 1::2] -= 40
    checks[1::2, ::2] -= 40
    results = [draw(Frame(0, 0.0, 0, pixels), smooth=False)[0] for pixels in (flat, checks)]
    mask = draw(Frame(0, 0.0, 0, flat), smooth=False)[1]
    window = (slice(mask.y0, mask.y0 + mask.alpha.shape[0]), slice(mask.x0, mask.x0 + mask.alpha.shape[1]))
    solid = mask.alpha == 255
    difference = results[0][window][solid].astype(int) - results[1][window][solid]
    assert np.abs(difference).max() <= 4


def test_the_grid_moves_with_what_it_covers() -> None:
    """The same face elsewhere gives the same cells: frames together show no more than one."""
    patch = np.random.default_rng(3).integers(0, 256, (180, 160, 3)).astype(np.uint8)
    results = []
    for shift in (0, 7):
        pixels = np.full((180, 320, 3), 90, np.uint8)
        pixels[:, 70 + shift : 230 + shift] = patch
        oval = Oval((150.0 + shift, 90.0), (50.0, 60.0), 0.0)
        results.append(draw(Frame(0, 0.0, 0, pixels), smooth=False, oval=oval)[0][:, 100 + shift : 200 + shift])
    difference = np.abs(results[0].astype(int) - results[1])
    assert np.percentile(difference[40:140], 95) <= 3


def test_cells_are_square_and_cover_the_oval() -> None:
    grid = grid_over_oval(OVAL, 5.0)
    assert grid.cells_wh == (5, 7)
    across, down = grid.to_frame[:, 0], grid.to_frame[:, 1]
    assert np.hypot(*across) == pytest.approx(20.0)
    assert np.hypot(*down) == pytest.approx(20.0)
    middle = grid.to_frame @ np.array([2.5, 3.5, 1.0])
    assert middle == pytest.approx(OVAL.centre_xy)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("size_wh", [(3, 2), (33, 21)])
def test_tiny_pictures(size_wh: tuple[int, int], smooth: bool) -> None:
    frame = make_frame(size_wh=size_wh)
    device = CpuDevice()
    canvas = Canvas(device.upload(frame), frame, device)
    mask = Mask(0, 0, np.full((size_wh[1], size_wh[0]), 255, np.uint8))
    mosaic(canvas, mask, grid_over_mask(mask, 8.0), smooth=smooth)
    assert cpu_pixels(canvas).shape == (size_wh[1], size_wh[0], 4)


def test_a_mask_larger_than_its_oval_repeats_the_edge() -> None:
    frame = make_frame(size_wh=(320, 180))
    after, _mask = draw(frame, smooth=False, oval=Oval((0.0, 0.0), (60.0, 60.0), 0.0))
    assert np.isfinite(after).all()


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("cells", [3.0, 9.0])
def test_the_gpu_averages_alike(gpu: GpuDevice, smooth: bool, cells: float) -> None:
    frame = soft_frame((640, 360))
    oval = Oval((300.0, 170.0), (100.0, 140.0), 20.0)
    mask = oval_mask(oval, 0.2, frame.size_wh)
    assert mask is not None
    grid = grid_over_oval(oval, cells)
    pictures = draw_on_both(gpu, frame, lambda canvas: mosaic(canvas, mask, grid, smooth=smooth))
    pictures.assert_alike()
    assert np.abs(pictures.gpu[..., :3].astype(int) - frame.pixels).max() > 20


def test_the_gpu_averages_regions_alike(gpu: GpuDevice) -> None:
    frame = soft_frame((640, 360))
    mask = map_mask(np.pad(np.ones((30, 40), np.float32), ((24, 0), (0, 56))), frame.size_wh)
    assert mask is not None
    pictures = draw_on_both(gpu, frame, lambda canvas: mosaic(canvas, mask, grid_over_mask(mask, 40.0), smooth=True))
    pictures.assert_alike()


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("size_wh", [(1, 1), (3, 2), (33, 21)])
def test_tiny_pictures_on_the_gpu(gpu: GpuDevice, size_wh: tuple[int, int], smooth: bool) -> None:
    mask = Mask(0, 0, np.full((size_wh[1], size_wh[0]), 255, np.uint8))
    frame = soft_frame(size_wh)
    grid = grid_over_mask(mask, 8.0)
    pictures = draw_on_both(gpu, frame, lambda canvas: mosaic(canvas, mask, grid, smooth=smooth))
    assert np.abs(pictures.cpu.astype(int) - pictures.gpu).max() <= 3
