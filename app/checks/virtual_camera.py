"""Whether this system has a virtual camera, through which other programs can be given a picture."""

import os
import platform
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from app.checks.finding import Finding, Situation
from app.checks.privacy import plain_device_name

_TITLE = "Virtual camera"
_VIRTUAL = Path("/sys/devices/virtual/video4linux")
_MODULES = Path("/lib/modules")
_DEV = Path("/dev")
_LOAD = "sudo modprobe v4l2loopback exclusive_caps=1 card_label=Facet"
_ADD = f"Only for other programs' sake. Debian, Ubuntu: sudo apt install v4l2loopback-dkms, then {_LOAD}"
_JOIN = "Join the group 'video' (sudo usermod -aG video $USER) and log in again."
_ADD_OBS = "Only for other programs' sake. Install OBS Studio (obsproject.com) and start its virtual camera once."
_WINDOWS_CLASSES = {
    "OBS Virtual Camera": "{A3FCE0F5-3493-419F-958A-ABA1250EC20B}",
    "Unity Video Capture": "{5C2CD55C-92AD-4999-8666-912BD3E70010}",
}
"""DirectShow filters, by their class ids."""
_MAC_PLACES = {
    "OBS": "/Applications/OBS.app",
    "OBS (old plug-in)": "/Library/CoreMediaIO/Plug-Ins/DAL/obs-mac-virtualcam.plugin",
}


def examine(_situation: Situation, _stop: threading.Event) -> Iterator[Finding]:
    """One line a virtual camera, or one that says how to get one."""
    if sys.platform == "linux":
        yield from linux(_VIRTUAL, _DEV, _MODULES / platform.release())
        return
    found = _mac() if sys.platform == "darwin" else _windows()
    if found:
        yield Finding("good", _TITLE, ", ".join(found))
    else:
        yield Finding("warning", _TITLE, "none is installed", _ADD_OBS)


def linux(virtual: Path, dev: Path, modules: Path) -> Iterator[Finding]:
    """The nodes of v4l2loopback, else whether its module only needs loading."""
    nodes = sorted(virtual.glob("video*")) if virtual.is_dir() else []
    for node in nodes:
        device = dev / node.name
        words = f"{_name(node)} (v4l2loopback, {node.name})"
        if os.access(device, os.W_OK):
            yield Finding("good", _TITLE, words)
        else:
            yield Finding("warning", _TITLE, f"{words} cannot be written to", _JOIN)
    if nodes:
        return
    if _is_installed(modules):
        yield Finding("warning", _TITLE, "v4l2loopback is installed, but not loaded", _LOAD)
    else:
        yield Finding("warning", _TITLE, "none is installed", _ADD)


def _is_installed(modules: Path) -> bool:
    try:
        return "/v4l2loopback.ko" in (modules / "modules.dep").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _name(node: Path) -> str:
    try:
        return plain_device_name((node / "name").read_text(errors="replace").strip())
    except OSError:
        return "unnamed"


def _mac() -> tuple[str, ...]:
    return tuple(name for name, place in _MAC_PLACES.items() if Path(place).exists())


def _windows() -> tuple[str, ...]:
    if sys.platform != "win32":
        return ()
    import winreg

    found = []
    for name, class_id in _WINDOWS_CLASSES.items():
        try:
            winreg.CloseKey(winreg.OpenKey(winreg.HKEY_CLASSES_ROOT, rf"CLSID\{class_id}"))
        except OSError:
            continue
        found.append(name)
    return tuple(found)
