"""Pictures on the CPU."""

import numpy as np
import pytest

from effects.devices.cpu import KEPT_IMAGES, CpuDevice
from models.errors import BackendFailed
from tests.pipeline_fakes import make_frame


@pytest.mark.parametrize("size_wh", [(1, 1), (7, 5), (640, 360)])
def test_up_and_down_changes_nothing(size_wh: tuple[int, int]) -> None:
    device = CpuDevice()
    frame = make_frame(size_wh=size_wh)
    image = device.upload(frame)
    assert image.size_wh == size_wh
    bgra = device.download(image)
    assert np.array_equal(bgra[..., :3], frame.pixels)
    assert (bgra[..., 3] == 255).all()


def test_every_upload_is_fresh() -> None:
    device = CpuDevice()
    frame = make_frame()
    first, second = device.download(device.upload(frame)), device.download(device.upload(frame))
    assert not np.shares_memory(first, second)


def test_kept_images_are_uploaded_once_and_never_written() -> None:
    device = CpuDevice()
    pixels = np.zeros((4, 4, 4), np.uint8)
    image = device.keep("a", pixels)
    pixels[:] = 9
    assert device.keep("a", pixels) is image
    assert image.pixels.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0] = 1
    assert device.download(image).flags.writeable


def test_the_least_recently_used_goes() -> None:
    device = CpuDevice()
    pixels = np.zeros((1, 1, 4), np.uint8)
    first, second = device.keep("first", pixels), device.keep("second", pixels)
    for number in range(KEPT_IMAGES - 1):
        device.keep("first", pixels)
        device.keep(number, pixels)
    assert device.keep("first", pixels) is first
    assert device.keep("second", pixels) is not second


def test_another_devices_picture_is_refused() -> None:
    class Foreign:
        size_wh = (1, 1)

    with pytest.raises(BackendFailed, match="another device"):
        CpuDevice().download(Foreign())
