"""Whether a window can be shown. Qt aborts the process without a usable display, so another process asks first."""

import os
import subprocess
import sys

_PROBE = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
_TIMEOUT_S = 10.0


class DisplayProbe:
    """Asks Qt's platform plugin in a short subprocess, while this process goes on importing."""

    def __init__(self) -> None:
        self._answer: bool | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal", "vnc"):
            self._answer = True
        elif not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
            self._answer = False
        else:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _PROBE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def answer(self) -> bool:
        """True when a window can be shown; waits for the subprocess."""
        if self._answer is None and self._process is not None:
            try:
                self._answer = self._process.wait(_TIMEOUT_S) == 0
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                self._answer = False
        return bool(self._answer)


def has_display() -> bool:
    """True when a window can be shown."""
    return DisplayProbe().answer()
