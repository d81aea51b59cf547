"""A window for each test that wants one, closed afterwards, with nothing left running."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui import motion
from app.ui.window import MainWindow
from tests.app.ui.window_fakes import make_parts

MakeWindow = Callable[..., MainWindow]


@pytest.fixture(autouse=True)
def _still(qapp: QApplication) -> Iterator[None]:
    """No motion in tests, and no thread left behind by any of them."""
    motion.set_reduced(True)
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not left, f"threads left running: {left}"


@pytest.fixture
def make_window(qtbot: QtBot, tmp_path: Path) -> Iterator[MakeWindow]:
    """Makes, shows and starts a window; closes it at the end and looks for timers that run on."""
    windows: list[MainWindow] = []

    def make(**changes: Any) -> MainWindow:
        options = {"reduced_motion": True, **changes.pop("view_options", {})}
        window = MainWindow(make_parts(tmp_path, view_options=options, **changes))
        window.resize(1280, 720)
        windows.append(window)
        window.start()
        qtbot.waitExposed(window)
        return window

    yield make
    for window in windows:
        window.close()
        running = [timer for timer in window.findChildren(QTimer) if timer.isActive() and timer.interval() < 5000]
        window.deleteLater()
        assert not running, f"timers left running: {running}"
    QApplication.processEvents()
