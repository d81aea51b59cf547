import struct
import sys

import pytest

from app.sources import v4l2

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="V4L2 is Linux's")


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bytes]]:
    """/dev/null stands in for the device; ioctls are noted and answered by `answers`."""
    import fcntl

    asked: list[tuple[int, bytes]] = []

    def ioctl(_handle: int, request: int, argument: bytes) -> bytes:
        asked.append((request, argument))
        if request not in answers:
            raise OSError(25, "not a typewriter")
        return answers[request] or argument

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    monkeypatch.setattr(v4l2, "device_path", lambda _index: "/dev/null")
    answers.clear()
    return asked


answers: dict[int, bytes] = {}


def _capabilities(device_caps: int) -> bytes:
    return struct.pack("=16s32s32sIII12x", b"uvcvideo", b"HD Webcam", b"usb", 0x060000, 0x84A00001, device_caps)


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize(("caps", "captures"), [(0x04200001, True), (0x04A00000, False), (0x1000, True), (0x2, False)])
def test_tells_cameras_from_nodes_for_metadata(caps: int, captures: bool) -> None:
    answers[0x80685600] = _capabilities(caps)
    assert len(answers[0x80685600]) == 104
    assert v4l2.captures(0) is captures


@pytest.mark.usefixtures("driver")
def test_a_node_that_does_not_answer_is_unknown() -> None:
    assert v4l2.captures(0) is None
    assert not v4l2.offers_mains(0)
    assert not v4l2.set_mains(0, 50)


def test_a_missing_node_is_unknown() -> None:
    assert v4l2.captures(987) is None


@pytest.mark.parametrize(("mains_hz", "menu"), [(50, 1), (60, 2), (0, 3)])
def test_sets_the_mains_frequency(driver: list[tuple[int, bytes]], mains_hz: int, menu: int) -> None:
    answers[0xC0445624] = b""
    answers[0xC008561C] = b""
    assert v4l2.offers_mains(0)
    assert driver[-1][1] == struct.pack("=I64x", 0x00980918)
    assert v4l2.set_mains(0, mains_hz)
    assert driver[-1] == (0xC008561C, struct.pack("=Ii", 0x00980918, menu))


def test_request_numbers_are_those_of_the_kernel_headers() -> None:
    def number(direction: int, size: int, command: int) -> int:
        return direction << 30 | size << 16 | ord("V") << 8 | command

    assert number(2, 104, 0) == v4l2._VIDIOC_QUERYCAP
    assert number(3, 68, 36) == v4l2._VIDIOC_QUERYCTRL
    assert number(3, 8, 28) == v4l2._VIDIOC_S_CTRL
