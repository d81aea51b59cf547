"""A window under test: its session, what it is told, the keys that are pressed, the notices it shows."""

from typing import Any, cast

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.sources.base import SourceInfo
from app.ui.window import MainWindow
from tests.app.ui.window_fakes import FakeSession

CAMERA = SourceInfo("camera", "Front", (640, 360), 30.0, True, pixel_format="MJPG", hints=("It is dark.",))


def session_of(window: MainWindow) -> FakeSession:
    return cast(FakeSession, window._parts.session)


def play(window: MainWindow, *items: Any) -> None:
    session_of(window).play(*items)
    QApplication.processEvents()


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window, key, modifiers)


def notices(window: MainWindow) -> list[str]:
    return [notice.text for notice in window.stage.toasts.notices]
