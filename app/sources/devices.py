"""Which cameras there are, by their own names, and why one does not open: asked from the system, as OpenCV cannot."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.sources import v4l2
from app.sources.base import BadInput

_SYSFS = Path("/sys/class/video4linux")
_DEV = Path("/dev")
_PROC = Path("/proc")
_ASK_S = 5.0


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """`index` is the N of `camera:N`; `name` is the camera's own."""

    index: int
    name: str


def list_cameras() -> tuple[CameraDevice, ...]:
    """All cameras, by index; empty where there is none or the system does not say. Never opens one for pictures."""
    if sys.platform == "linux":
        return linux_cameras(_SYSFS, _DEV)
    if sys.platform == "darwin":
        return mac_cameras(_output_of(["system_profiler", "SPCameraDataType", "-json"]))
    command = (
        "Get-CimInstance Win32_PnPEntity | Where-Object { $_.PNPClass -in 'Camera','Image' } | ForEach-Object Name"
    )
    return windows_cameras(_output_of(["powershell", "-NoProfile", "-Command", command]))


def linux_cameras(sysfs: Path, dev: Path) -> tuple[CameraDevice, ...]:
    """From /sys/class/video4linux, or /dev where that is hidden; nodes without pictures (metadata) are left out."""
    indices = {_index(entry.name) for folder in (sysfs, dev) if folder.is_dir() for entry in folder.glob("video*")}
    found = []
    for index in sorted(index for index in indices if index is not None):
        node = sysfs / f"video{index}"
        captures = v4l2.captures(index)
        if captures is False or (captures is None and _text(node / "index") not in ("", "0")):
            continue
        found.append(CameraDevice(index, _text(node / "name") or f"Camera {index}"))
    return tuple(found)


def mac_cameras(profile: str) -> tuple[CameraDevice, ...]:
    """From `system_profiler SPCameraDataType -json`, in OpenCV's order (by unique id)."""
    try:
        cameras = json.loads(profile)["SPCameraDataType"]
        ordered = sorted(cameras, key=lambda camera: str(camera.get("spcamera_unique-id", "")))
        return tuple(CameraDevice(index, str(camera["_name"])) for index, camera in enumerate(ordered))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def windows_cameras(names: str) -> tuple[CameraDevice, ...]:
    """From one name a line; the order is the system's and need not be DirectShow's where there are several."""
    lines = [line.strip() for line in names.splitlines() if line.strip()]
    return tuple(CameraDevice(index, line) for index, line in enumerate(lines))


def refusal(index: int, cameras: tuple[CameraDevice, ...], proc: Path = _PROC) -> BadInput:
    """Why camera `index` does not give pictures, as far as the system tells: missing, no permission, or busy."""
    known = {camera.index: camera.name for camera in cameras}
    if not known and sys.platform == "linux":
        return BadInput("No camera was found. Plug one in, or use demo, a video or a picture as the input.", "missing")
    if known and index not in known:
        list_ = ", ".join(f"camera:{number} ({name})" for number, name in known.items())
        return BadInput(f"There is no camera {index}. Found: {list_}.", "missing")
    name = f"camera {index} ({known[index]})" if index in known else f"camera {index}"
    if sys.platform == "linux" and not os.access(v4l2.device_path(index), os.R_OK | os.W_OK):
        return BadInput(
            f"You may not use {name}. Join the group 'video' (sudo usermod -aG video $USER) and log in again.",
            "permission",
        )
    if sys.platform == "darwin":
        return BadInput(
            f"{name.capitalize()} gives no picture. Allow this program to use the camera in System Settings, Privacy & "
            "Security, Camera; or close the program that is using it.",
            "permission",
        )
    user = _who_uses(v4l2.device_path(index), proc)
    by_whom = f"by {user}" if user else "by another program"
    return BadInput(
        f"{name.capitalize()} gives no picture: it is probably in use {by_whom}. Close that program, or unplug the "
        "camera and plug it in again.",
        "busy",
    )


def _who_uses(device: str, proc: Path) -> str:
    """Name and number of a process of this user that has `device` open; empty when none is seen."""
    for entry in proc.glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        try:
            if any(os.readlink(handle) == device for handle in (entry / "fd").iterdir()):
                return f"{_text(entry / 'comm')} (process {entry.name})"
        except OSError:
            continue
    return ""


def _index(name: str) -> int | None:
    digits = name.removeprefix("video")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _output_of(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
