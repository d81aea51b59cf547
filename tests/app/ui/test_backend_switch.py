"""The CPU / GPU switch: what it shows, what it asks for, how it is reached by mouse and keys."""

from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.backends.offer import Offer
from app.pipeline.types import BackendState, RunnerEvent
from app.settings import Settings
from app.ui.backend_menu import BackendMenu
from app.ui.window import MainWindow
from tests.app.ui.conftest import MakeWindow
from tests.app.ui.window_fakes import FakeSession, make_output

OFFERS = (
    Offer("auto", "Automatic", "Keeps the fastest"),
    Offer("cpu", "CPU", "On the processor"),
    Offer("gpu", "GPU", "On the graphics card"),
    Offer("cuda", "NVIDIA CUDA", "On CUDA", False, "PyTorch is not installed.", "Install it with: pip install x"),
)
GPU = BackendState("gpu", "gpu", "gpu", "gpu", "Iris")
LEFT, RIGHT, CARET = QPoint(20, 16), QPoint(70, 16), QPoint(112, 16)


def _session(window: MainWindow) -> FakeSession:
    return cast(FakeSession, window._parts.session)


def _state(window: MainWindow, state: BackendState, *events: RunnerEvent) -> None:
    _session(window).backends = state
    _session(window).play(RunnerEvent("backend"), *events)
    QApplication.processEvents()


def _asked(window: MainWindow) -> list[str]:
    return [value for kind, value in _session(window).told if kind == "backend"]


def _menu(window: MainWindow) -> BackendMenu:
    assert window.backend._menu is not None
    return window.backend._menu


def _window(make_window: MakeWindow) -> MainWindow:
    window = make_window(list_backends=lambda: OFFERS)
    _session(window).play(make_output())
    QApplication.processEvents()
    return window


def test_it_shows_what_runs(make_window: MakeWindow) -> None:
    window = _window(make_window)
    assert window.bar.backend.lit == 0
    _state(window, GPU)
    assert window.bar.backend.lit == 1
    assert "Running on Iris" in window.bar.backend.toolTip()
    assert "G" in window.bar.backend.toolTip()
    _state(window, replace(GPU, running="cpu+gpu", networks="cpu"))
    assert window.bar.backend.lit == 1
    assert "cpu, picture on gpu" in window.bar.backend.accessibleDescription()


@pytest.mark.parametrize(("at", "asked"), [(LEFT, "cpu"), (RIGHT, "gpu")])
def test_a_click_chooses(make_window: MakeWindow, at: QPoint, asked: str) -> None:
    window = _window(make_window)
    QTest.mouseClick(window.bar.backend, Qt.MouseButton.LeftButton, pos=at)
    assert _asked(window) == [asked]
    assert window.model.settings.backend == asked


def test_the_key_flips_and_flips_back(make_window: MakeWindow) -> None:
    window = _window(make_window)
    QTest.keyClick(window, Qt.Key.Key_G)
    _state(window, BackendState("gpu", loading="gpu"))
    QTest.keyClick(window, Qt.Key.Key_G)
    _state(window, BackendState())
    QTest.keyClick(window, Qt.Key.Key_G)
    _state(window, GPU)
    QTest.keyClick(window, Qt.Key.Key_G)
    assert _asked(window) == ["gpu", "cpu", "gpu", "cpu"]


def test_the_key_comes_back_to_what_was_chosen_in_the_menu(make_window: MakeWindow) -> None:
    window = _window(make_window)
    _state(window, BackendState("torch-cpu", "torch-cpu", "torch-cpu", "cpu"))
    _state(window, BackendState())
    QTest.keyClick(window, Qt.Key.Key_G)
    assert _asked(window) == ["torch-cpu"]
    assert window.bar.backend.other == "torch-cpu"


def test_the_choice_is_saved_and_undo_leaves_it_alone(make_window: MakeWindow) -> None:
    saved: list[Settings] = []
    window = make_window(list_backends=lambda: OFFERS, save_settings=saved.append)
    window.commands.do("preset:2")
    window.backend.choose("gpu")
    assert _session(window).last("adopt").backend == "gpu"
    window.commands.do("undo")
    assert window.model.settings.backend == "gpu"
    assert window.model.settings.effects == ()
    window.close()
    assert saved[-1].backend == "gpu"


def test_left_right_and_down_work_with_the_keyboard_alone(make_window: MakeWindow) -> None:
    window = _window(make_window)
    window.bar.backend.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.bar.backend, Qt.Key.Key_Right)
    QTest.keyClick(window.bar.backend, Qt.Key.Key_Left)
    assert _asked(window) == ["gpu", "cpu"]
    QTest.keyClick(window.bar.backend, Qt.Key.Key_Down)
    menu = _menu(window)
    assert menu.isVisible()
    assert menu.rows[0].hasFocus() or menu.rows[1].hasFocus()
    while not menu.rows[2].hasFocus():
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu.rows[2], Qt.Key.Key_Return)
    assert not menu.isVisible()
    assert _asked(window) == ["gpu", "cpu", "gpu"]
    QTest.keyClick(window.bar.backend, Qt.Key.Key_Return)
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()


def test_the_menu_says_what_is_lacking_and_how_to_add_it(make_window: MakeWindow) -> None:
    window = _window(make_window)
    _state(window, replace(GPU, reasons={"auto": "No driver."}))
    QTest.mouseClick(window.bar.backend, Qt.MouseButton.LeftButton, pos=CARET)
    rows = {row.offer.name: row for row in _menu(window).rows}
    assert rows["cuda"].trouble == "PyTorch is not installed. Install it with: pip install x"
    assert rows["auto"].trouble == "No driver."
    assert (rows["gpu"].mark, rows["cuda"].mark, rows["cpu"].mark) == ("Running", "Not here", "")
    _state(window, replace(GPU, asked="cuda", loading="cuda", step="loading the networks"))
    assert {row.offer.name: row.mark for row in _menu(window).rows}["cuda"] == "Loading…"
    assert "CUDA: loading the networks" in window.bar.backend.toolTip()
    QTest.keyClick(_menu(window), Qt.Key.Key_Escape)


def test_a_failure_stays_on_a_banner_until_it_is_tried_again(make_window: MakeWindow) -> None:
    window = _window(make_window)
    failed = BackendState("gpu", "cpu", reasons={"gpu": "The driver is gone."})
    _state(window, failed, RunnerEvent("backend_failed", "The GPU cannot be used: The driver is gone."))
    (notice,) = window.stage.toasts.notices
    assert (notice.lasting, notice.tone) == (True, "warning")
    assert "driver is gone" in notice.text
    window.commands.do(notice.actions[0][0])
    assert window.stage.toasts.notices == []
    assert _asked(window) == ["gpu"]


def test_while_it_loads_a_light_runs_unless_motion_is_reduced(make_window: MakeWindow) -> None:
    from app.ui import motion

    window = _window(make_window)
    _state(window, BackendState("gpu", loading="gpu"))
    assert not window.bar.backend._timer.isActive()
    motion.set_reduced(False)
    _state(window, BackendState("gpu", loading="gpu"))
    assert window.bar.backend._timer.isActive()
    window.bar.backend.grab()
    _state(window, GPU)
    assert not window.bar.backend._timer.isActive()
