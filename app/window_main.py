"""The window's run: session and window put together, signals of the system answered, the exit code found."""

import signal
import socket
from types import FrameType

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

from app.backends.catalogue import offers
from app.checks.finding import Doctor
from app.config import presets
from app.interrupts import stopping_signals
from app.live import compare
from app.paths import pictures_dir
from app.pipeline.runner import Runner
from app.settings import Settings
from app.settings_file import load_view, save_settings, save_view
from app.sources.devices import list_cameras
from app.ui.bridge import Bridge
from app.ui.parts import PresetEntry, WindowParts
from app.ui.window import MainWindow
from effects.params import fields_of
from effects.registry import specs


class WindowRun:
    """Builds everything in its constructor; `run` shows the window and stays until it is closed.

    Args:
        session: what the window drives (see `app.live`).
        text: what to open first; None = the first camera, else the demo.
        settings: to begin with.
        messages: plain sentences to show at the start.
    """

    def __init__(self, session: Runner, text: str | None, settings: Settings, messages: tuple[str, ...] = ()) -> None:
        self._signal_number = 0
        self.application = QApplication.instance() or QApplication(["facet"])
        bridge = Bridge()
        self.session = session
        session.on_wake = bridge.wake
        self.window = MainWindow(
            WindowParts(
                session=self.session,
                bridge=bridge,
                specs=specs(),
                fields_of=fields_of,
                presets=tuple(PresetEntry(each.id, each.title, each.settings.effects) for each in presets()),
                settings=settings,
                save_settings=save_settings,
                list_cameras=lambda: [(camera.index, camera.name) for camera in list_cameras()],
                initial_input=text or _first_input(),
                pictures_dir=pictures_dir(),
                view_options=load_view(),
                save_view_options=save_view,
                messages=messages,
                list_backends=offers,
                compare=compare,
                find_doctor=_find_doctor,
            )
        )

    def run(self) -> int:
        """Show the window; 0 when it is closed, 128 + the signal's number when the system ends it."""
        notifier = self._close_on_signals()
        self.window.start()
        self.application.exec()
        notifier.setEnabled(False)
        return 128 + self._signal_number if self._signal_number else 0

    def _close_on_signals(self) -> QSocketNotifier:
        """Python's signal handlers run only when Python code runs; a socket wakes Qt so that they do."""
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read, self.window)
        notifier.activated.connect(lambda: reader.recv(64))
        self._sockets = (reader, writer)
        for number in stopping_signals():
            signal.signal(number, self._close)
        return notifier

    def _close(self, number: int, _frame: FrameType | None) -> None:
        self._signal_number = number
        self.window.close()


def _find_doctor() -> Doctor:
    from app.checks.groups import DOCTOR

    return DOCTOR


def _first_input() -> str:
    cameras = list_cameras()
    return f"camera:{cameras[0].index}" if cameras else "demo"
