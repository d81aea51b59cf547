"""The doctor's page, with a doctor that says what the test wants, when it wants."""

import threading

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.checks.finding import Answer, Doctor, Finding, Said, Situation
from app.pipeline.types import BackendState
from app.sources.base import SourceInfo
from app.ui.doctor_page import DoctorPage
from app.ui.doctor_rows import WaitingRow
from app.ui.window import MainWindow
from tests.app.ui.conftest import MakeWindow

CAMERA = Answer("Cameras", (Finding("warning", "Camera", "none was found", "Plug one in."),))
DISK = Answer("Folders", (Finding("good", "Settings", "can be saved"), Finding("bad", "Cache", "full", "Make room.")))


class FakeDoctor:
    """Says the answers; after the first it waits until the test lets it go on, or nobody listens any more."""

    def __init__(self) -> None:
        self.situations: list[Situation] = []
        self.runs: list[threading.Event] = []
        self.go_on = threading.Event()
        self.doctor = Doctor(("Cameras", "Folders"), self.examine)

    def examine(self, situation: Situation, said: Said, cancelled: threading.Event) -> None:
        self.situations.append(situation)
        self.runs.append(cancelled)
        said(CAMERA)
        while not self.go_on.wait(0.01):
            if cancelled.is_set():
                return
        said(DISK)


@pytest.fixture
def fake() -> FakeDoctor:
    return FakeDoctor()


@pytest.fixture
def window(make_window: MakeWindow, fake: FakeDoctor) -> MainWindow:
    return make_window(find_doctor=lambda: fake.doctor)


def opened(qtbot: QtBot, window: MainWindow) -> DoctorPage:
    qtbot.keyClick(window, Qt.Key.Key_F2)
    page = window.findChild(DoctorPage)
    assert isinstance(page, DoctorPage)
    return page


def finished(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> DoctorPage:
    fake.go_on.set()
    page = opened(qtbot, window)
    qtbot.waitUntil(page.copy.isEnabled)
    return page


def test_it_is_made_when_asked_for(window: MainWindow, fake: FakeDoctor) -> None:
    assert window.findChild(DoctorPage) is None
    assert fake.situations == []


def test_the_menu_opens_it(qtbot: QtBot, window: MainWindow) -> None:
    window.bar.menu.click()
    menu = window._menu
    assert menu is not None
    (entry,) = [action for action in menu.actions() if action.text().startswith("Doctor")]
    menu.hide()
    entry.trigger()
    page = window.findChild(DoctorPage)
    assert isinstance(page, DoctorPage)
    assert page.isVisible()


def test_lines_appear_as_they_come(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> None:
    page = opened(qtbot, window)
    qtbot.waitUntil(lambda: bool(page.groups["Cameras"].rows))
    assert page.groups["Folders"].rows == []
    assert page.groups["Folders"].findChild(WaitingRow) is not None
    assert "1 of 2" in page.summary.text()
    assert not page.copy.isEnabled()
    fake.go_on.set()
    qtbot.waitUntil(page.copy.isEnabled)
    assert page.summary.text() == "1 thing broken, 1 warning."
    assert [row.accessibleName() for row in page.groups["Folders"].rows] == [
        "Good: Settings. can be saved",
        "Bad: Cache. full. Make room.",
    ]


def test_the_report_is_copied(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> None:
    page = finished(qtbot, window, fake)
    qtbot.mouseClick(page.copy, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert "warn  Camera: none was found\n      -> Plug one in." in text
    assert " BAD  Cache: full" in text
    assert page.copy.text() == "Copied"


def test_run_again_forgets_and_looks_again(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> None:
    page = finished(qtbot, window, fake)
    fake.go_on.clear()
    qtbot.mouseClick(page.again, Qt.MouseButton.LeftButton)
    assert page.groups["Folders"].rows == []
    qtbot.waitUntil(lambda: bool(page.groups["Cameras"].rows))
    assert page.groups["Folders"].rows == []
    fake.go_on.set()
    qtbot.waitUntil(page.copy.isEnabled)
    assert len(fake.runs) == 2


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F2])
def test_a_key_closes_it_and_ends_the_looking(qtbot: QtBot, window: MainWindow, fake: FakeDoctor, key: Qt.Key) -> None:
    page = opened(qtbot, window)
    qtbot.waitUntil(lambda: bool(fake.runs))
    qtbot.keyClick(page, key)
    assert not page.isVisible()
    assert fake.runs[0].is_set()
    page = opened(qtbot, window)
    qtbot.waitUntil(lambda: len(fake.runs) == 2)
    assert page.isVisible()


def test_a_click_beside_it_closes_it_and_one_on_it_does_not(qtbot: QtBot, window: MainWindow) -> None:
    page = opened(qtbot, window)
    qtbot.mouseClick(page, Qt.MouseButton.LeftButton, pos=page.rect().center())
    assert page.isVisible()
    qtbot.mouseClick(page, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert not page.isVisible()


def test_the_windows_keys_rest_while_it_is_open(qtbot: QtBot, window: MainWindow) -> None:
    page = opened(qtbot, window)
    panel = window.view.options.panel
    for key in (Qt.Key.Key_E, Qt.Key.Key_R, Qt.Key.Key_1):
        qtbot.keyClick(page, key)
    assert window.view.options.panel is panel


def test_tab_stays_inside(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> None:
    page = finished(qtbot, window, fake)
    window.activateWindow()
    if not page.area.hasFocus():
        pytest.skip("this platform gives the window no focus")
    seen = []
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert seen == [page.again, page.copy, page.leave, page.area]
    qtbot.keyClick(page.area, Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is page.leave


def test_it_follows_the_windows_size(qtbot: QtBot, window: MainWindow) -> None:
    page = opened(qtbot, window)
    window.resize(1000, 600)
    qtbot.waitUntil(lambda: page.size() == window.size())


def test_what_is_in_use_is_told_to_the_doctor(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> None:
    info = SourceInfo("camera", "Front", (1280, 720), 30.0, True, pixel_format="MJPG", measured_fps=29.9)
    window.commands.open("camera:0")
    window._parts.session.info = info  # type: ignore[attr-defined]
    window._parts.session.backends = BackendState(  # type: ignore[attr-defined]
        networks="gpu", canvas="cpu", hardware="Toy 3000", reasons={"cuda": "no card"}
    )
    opened(qtbot, window)
    qtbot.waitUntil(lambda: bool(fake.situations))
    situation = fake.situations[0]
    assert (situation.input, situation.source) == ("camera:0", info)
    assert "x" in situation.display
    assert situation.running == "GPU + CPU, Toy 3000"
    assert situation.failed == (("NVIDIA CUDA", "no card"),)


def test_closing_the_window_ends_the_looking(qtbot: QtBot, window: MainWindow, fake: FakeDoctor) -> None:
    opened(qtbot, window)
    qtbot.waitUntil(lambda: bool(fake.runs))
    window.close()
    assert fake.runs[0].is_set()
