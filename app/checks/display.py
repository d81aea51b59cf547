"""Whether a window can be shown, and on what: asked by another process, as Qt aborts where it cannot."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping

from app.checks.finding import Finding, Situation

_LIMIT_S = 8.0
_POLL_S = 0.05
_ASK = """
import json
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
sizes = [(s.size().width(), s.size().height(), s.devicePixelRatio(), s.refreshRate()) for s in application.screens()]
print(json.dumps([application.platformName(), sizes]))
"""
_NONE = "Start Facet in a desktop session. Without one, render, perceive, drowsiness and bench work."
_BROKEN = "Qt cannot use the display. On Linux install its libraries (Debian: sudo apt install libegl1 libxcb-cursor0)."


def examine(situation: Situation, stop: threading.Event) -> Iterator[Finding]:
    """One line."""
    if situation.display:
        yield Finding("good", "Display", situation.display)
    elif not announced(os.environ, sys.platform):
        yield Finding("warning", "Display", "no window can be shown here", _NONE)
    else:
        yield _asked(stop)


def announced(environment: Mapping[str, str], system: str) -> bool:
    """Whether there is anything to ask: Linux names its displays in the environment."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return system != "linux" or any(environment.get(name) for name in names)


def describe(platform: str, screens: list[tuple[int, int, float, float]]) -> str:
    """The platform, and size, scale and rate of each screen."""
    sizes = [
        f"{width}x{height}" + (f" at {scale:g}x" if scale != 1 else "") + (f", {rate:.0f} Hz" if rate > 0 else "")
        for width, height, scale, rate in screens
    ]
    return f"{'; '.join(sizes) or 'no screen'} ({platform})"


def _asked(stop: threading.Event) -> Finding:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _ASK],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    waited_s = 0.0
    while True:
        try:
            said, _ = process.communicate(timeout=_POLL_S)
            break
        except subprocess.TimeoutExpired:
            waited_s += _POLL_S
            if stop.is_set() or waited_s > _LIMIT_S:
                process.kill()
                process.communicate()
                return Finding("warning", "Display", f"does not answer within {_LIMIT_S:g} s", _NONE)
    if process.returncode:
        return Finding("warning", "Display", "a display is named, but no window can be shown on it", _BROKEN)
    platform, screens = json.loads(said)
    hidden = platform in ("offscreen", "minimal")
    if hidden:
        return Finding("warning", "Display", f"windows are drawn, but nobody sees them ({platform})", _NONE)
    return Finding("good", "Display", describe(platform, screens))
