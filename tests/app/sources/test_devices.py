import json
import os
import sys
from pathlib import Path

import pytest

from app.sources import devices, v4l2
from app.sources.devices import CameraDevice, linux_cameras, list_cameras, mac_cameras, refusal, windows_cameras


def _node(sysfs: Path, index: int, name: str, number: int = 0) -> None:
    folder = sysfs / f"video{index}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(name + "\n")
    (folder / "index").write_text(f"{number}\n")


@pytest.fixture(autouse=True)
def no_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v4l2, "captures", lambda _index: None)


def test_no_cameras(tmp_path: Path) -> None:
    assert linux_cameras(tmp_path / "none", tmp_path / "nor") == ()
    assert linux_cameras(tmp_path, tmp_path) == ()


def test_linux_names_in_order_without_metadata_nodes(tmp_path: Path) -> None:
    _node(tmp_path, 10, "Second")
    _node(tmp_path, 2, "First: First")
    _node(tmp_path, 3, "First: First", number=1)
    (tmp_path / "videodev").mkdir()
    assert linux_cameras(tmp_path, tmp_path / "none") == (CameraDevice(2, "First: First"), CameraDevice(10, "Second"))


def test_what_the_driver_says_counts_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _node(tmp_path, 0, "Codec")
    _node(tmp_path, 1, "Camera", number=1)
    monkeypatch.setattr(v4l2, "captures", lambda index: index == 1)
    assert linux_cameras(tmp_path, tmp_path / "none") == (CameraDevice(1, "Camera"),)


def test_linux_without_sysfs_still_finds_nodes(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert linux_cameras(tmp_path / "none", tmp_path) == (CameraDevice(0, "Camera 0"),)


def test_mac_names_in_opencvs_order() -> None:
    profile = {
        "SPCameraDataType": [
            {"_name": "Phone", "spcamera_unique-id": "B2"},
            {"_name": "FaceTime HD", "spcamera_unique-id": "A1"},
        ]
    }
    assert mac_cameras(json.dumps(profile)) == (CameraDevice(0, "FaceTime HD"), CameraDevice(1, "Phone"))


@pytest.mark.parametrize("profile", ["", "{}", "[]", "null", '{"SPCameraDataType": [{}]}', '{"SPCameraDataType": [1]}'])
def test_mac_without_an_answer(profile: str) -> None:
    assert mac_cameras(profile) == ()


def test_windows_names() -> None:
    assert windows_cameras("") == ()
    assert windows_cameras("Integrated Camera\r\n\r\n USB Video \r\n") == (
        CameraDevice(0, "Integrated Camera"),
        CameraDevice(1, "USB Video"),
    )


def test_the_system_can_be_asked() -> None:
    assert all(camera.name for camera in list_cameras())


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_system_that_does_not_say_has_no_cameras(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PATH", "")
    assert list_cameras() == ()


class TestRefusal:
    cameras = (CameraDevice(0, "HD Webcam"),)

    @pytest.fixture(autouse=True)
    def device(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        node = tmp_path / "video0"
        node.touch()
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(v4l2, "device_path", lambda index: str(tmp_path / f"video{index}"))
        return node

    def test_none_at_all(self) -> None:
        error = refusal(0, ())
        assert error.reason == "missing"
        assert "No camera was found" in str(error)

    def test_wrong_number(self) -> None:
        error = refusal(9, self.cameras)
        assert error.reason == "missing"
        assert "camera:0 (HD Webcam)" in str(error)

    def test_no_permission(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda *_: False)
        error = refusal(0, self.cameras)
        assert error.reason == "permission"
        assert "group 'video'" in str(error)

    def test_busy_names_the_program(self, tmp_path: Path, device: Path) -> None:
        handles = tmp_path / "proc" / "4242" / "fd"
        handles.mkdir(parents=True)
        (handles.parent / "comm").write_text("zoom\n")
        (handles / "7").symlink_to(device)
        (tmp_path / "proc" / "17").mkdir()
        error = refusal(0, self.cameras, tmp_path / "proc")
        assert error.reason == "busy"
        assert "zoom (process 4242)" in str(error)

    def test_busy_with_nobody_in_sight(self, tmp_path: Path) -> None:
        error = refusal(0, self.cameras, tmp_path / "proc")
        assert error.reason == "busy"
        assert "another program" in str(error)

    def test_macs_ask_for_permission(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        error = refusal(0, ())
        assert error.reason == "permission"
        assert "Privacy" in str(error)


def test_output_of_a_command_that_hangs_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_ASK_S", 0.1)
    assert devices._output_of([sys.executable, "-c", "import time; time.sleep(60)"]) == ""
