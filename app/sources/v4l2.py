"""The few questions to Linux camera drivers that OpenCV cannot ask: is it a camera, and the mains frequency.

Numbers and layouts: linux/videodev2.h and linux/v4l2-controls.h.
"""

import os
import struct
import sys

_VIDIOC_QUERYCAP = 0x80685600
_VIDIOC_QUERYCTRL = 0xC0445624
_VIDIOC_S_CTRL = 0xC008561C
_CAP_SIZE = 104
_CAP_DEVICE_CAPS_AT = 88
_CAP_VIDEO_CAPTURE = 0x1
_CAP_VIDEO_CAPTURE_MPLANE = 0x1000
_QUERYCTRL_SIZE = 68
_POWER_LINE_FREQUENCY = 0x00980918
_MENU_OF_HZ = {0: 3, 50: 1, 60: 2}
"""V4L2_CID_POWER_LINE_FREQUENCY: 1 = 50 Hz, 2 = 60 Hz, 3 = automatic (not every camera has it)."""
_MENU_OFF = 0


def device_path(index: int) -> str:
    """Of camera `index`."""
    return f"/dev/video{index}"


def captures(index: int) -> bool | None:
    """Whether the node gives pictures (cameras also have nodes for metadata); None when it cannot be asked."""
    answer = _ask(index, _VIDIOC_QUERYCAP, bytes(_CAP_SIZE))
    if answer is None:
        return None
    (device_caps,) = struct.unpack_from("=I", answer, _CAP_DEVICE_CAPS_AT)
    return bool(device_caps & (_CAP_VIDEO_CAPTURE | _CAP_VIDEO_CAPTURE_MPLANE))


def offers_mains(index: int) -> bool:
    """Whether the camera can avoid flicker under lamps."""
    return (
        _ask(index, _VIDIOC_QUERYCTRL, struct.pack("=I", _POWER_LINE_FREQUENCY).ljust(_QUERYCTRL_SIZE, b"\0"))
        is not None
    )


def set_mains(index: int, mains_hz: int) -> bool:
    """Set 50 or 60 Hz, or 0 for automatic (off where the camera has no automatic); False when it was refused."""
    wishes = [_MENU_OF_HZ[mains_hz]] + ([_MENU_OFF] if mains_hz == 0 else [])
    return any(
        _ask(index, _VIDIOC_S_CTRL, struct.pack("=Ii", _POWER_LINE_FREQUENCY, wish)) is not None for wish in wishes
    )


def _ask(index: int, request: int, argument: bytes) -> bytes | None:
    """One ioctl; None where it is refused or there is no such device."""
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        handle = os.open(device_path(index), os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return fcntl.ioctl(handle, request, argument)
    except OSError:
        return None
    finally:
        os.close(handle)
