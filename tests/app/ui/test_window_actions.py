"""What keys, clicks and drops do to the window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.pipeline.types import RunnerEvent
from app.settings import Settings
from app.ui.window import MainWindow
from tests.app.ui.conftest import MakeWindow
from tests.app.ui.window_driver import notices, play, press, session_of
from tests.app.ui.window_fakes import Hide, make_output


@pytest.mark.parametrize(
    ("key", "check"),
    [
        (Qt.Key.Key_O, lambda window: window.overlay.on),
        (Qt.Key.Key_P, lambda window: window.perception.on),
        (Qt.Key.Key_E, lambda window: not window.panel.isVisible()),
        (Qt.Key.Key_Space, lambda window: session_of(window).last("freeze") is True and window.stage.frozen.on),
        (Qt.Key.Key_M, lambda window: not window.view.options.mirror),
        (Qt.Key.Key_2, lambda window: window.model.settings.effects == (("hide", Hide()),)),
        (Qt.Key.Key_F1, lambda window: window.commands._help.isVisible()),
        (Qt.Key.Key_Question, lambda window: window.commands._help.isVisible()),
        (Qt.Key.Key_F11, lambda window: window.isFullScreen() and not window.bar.isVisible()),
        (Qt.Key.Key_S, lambda window: session_of(window).last("snapshot").suffix == ".png"),
        (Qt.Key.Key_R, lambda window: session_of(window).last("record").suffix == ".mp4"),
    ],
)
def test_keys(make_window: MakeWindow, key: Qt.Key, check: Callable[[MainWindow], bool]) -> None:
    window = make_window()
    play(window, make_output())
    press(window, key)
    assert check(window)


@pytest.mark.parametrize("key", [Qt.Key.Key_O, Qt.Key.Key_P, Qt.Key.Key_E, Qt.Key.Key_M, Qt.Key.Key_Space])
def test_keys_that_toggle(make_window: MakeWindow, key: Qt.Key) -> None:
    window = make_window()
    play(window, make_output())
    before = (window.view.options, window.link.frozen)
    press(window, key)
    assert (window.view.options, window.link.frozen) != before
    press(window, key)
    assert (window.view.options, window.link.frozen) == before


def test_before_is_shown_only_while_b_is_held(make_window: MakeWindow) -> None:
    window = make_window()
    play(window, make_output())
    QTest.keyPress(window, Qt.Key.Key_B)
    assert window.stage.picture.split.held
    QTest.keyRelease(window, Qt.Key.Key_B)
    assert not window.stage.picture.split.held
    press(window, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert window.stage.picture.split.on
    assert window.bar.split.isChecked()
    press(window, Qt.Key.Key_Escape)
    assert not window.stage.picture.split.on


def test_space_presses_a_focused_button_and_freezes_otherwise(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    play(window, make_output())
    window.bar.overlay.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(window.bar.overlay.hasFocus)
    QTest.keyClick(window.bar.overlay, Qt.Key.Key_Space)
    assert window.overlay.on
    assert not window.link.frozen
    QTest.keyClick(window.stage.picture, Qt.Key.Key_Space)
    assert window.link.frozen


def test_a_mouse_click_on_a_button_leaves_the_focus(make_window: MakeWindow) -> None:
    window = make_window()
    play(window, make_output())
    window.stage.picture.setFocus()
    QTest.mouseClick(window.bar.overlay, Qt.MouseButton.LeftButton)
    assert window.overlay.on
    assert not window.bar.overlay.hasFocus()


def test_a_face_is_chosen_by_a_click(make_window: MakeWindow) -> None:
    window = make_window(settings=Settings(effects=(("hide", Hide()),)))
    play(window, make_output())
    window.commands.pick_face("hide", "keep")
    window.stage.picture.clicked.emit(600.0, 20.0)
    assert window.face_picker.asking
    window.stage.picture.clicked.emit(160.0, 180.0)
    assert not window.face_picker.asking
    assert window.model.params("hide").keep == 7
    assert notices(window) == []


def test_escape_gives_up_choosing_a_face(make_window: MakeWindow) -> None:
    window = make_window()
    play(window, make_output())
    window.commands.pick_face("hide", "keep")
    assert len(notices(window)) == 1
    press(window, Qt.Key.Key_Escape)
    assert not window.face_picker.asking
    assert notices(window) == []


def test_the_snapshot_is_told_when_it_is_there(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    press(window, Qt.Key.Key_S)
    assert not [told for told, _ in session_of(window).told if told == "snapshot"]
    play(window, make_output())
    press(window, Qt.Key.Key_S)
    path: Path = session_of(window).last("snapshot")
    assert notices(window) == []
    path.write_bytes(b"png")
    qtbot.waitUntil(lambda: notices(window) == [f"Snapshot saved: {path}"], timeout=2000)
    press(window, Qt.Key.Key_S)
    assert session_of(window).last("snapshot") != path


def test_a_recording_runs_and_is_finished_by_closing(make_window: MakeWindow) -> None:
    window = make_window()
    play(window, make_output())
    press(window, Qt.Key.Key_R)
    assert window.bar.record.text() == "0:00"
    assert window.bar.record.accessibleName() == "Stop recording"
    window.close()
    assert session_of(window).last("record") is None


def test_a_recording_that_failed_ends_in_the_bar_too(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    play(window, make_output())
    press(window, Qt.Key.Key_R)
    session_of(window).path = None
    play(window, RunnerEvent("fault", "The disk is full."))
    qtbot.waitUntil(lambda: window.bar.record.text() == "REC", timeout=2000)
    assert "The disk is full." in notices(window)


def test_a_file_that_is_dropped_is_opened(make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "film.mp4"))])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    assert session_of(window).last("start") == str(tmp_path / "film.mp4")
    assert window.view.options.recent == (str(tmp_path / "film.mp4"),)
    assert window.picker.text() == "film.mp4"


def test_the_tray_marks_the_preset_in_use(make_window: MakeWindow) -> None:
    window = make_window()
    marked = [chip.isChecked() for chip in window.tray.chips]
    assert marked == [True, False]
    QTest.mouseClick(window.tray.chips[1], Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert [chip.isChecked() for chip in window.tray.chips] == [False, True]
    window.model.set_param("hide", "strength", 0.2)
    assert [chip.isChecked() for chip in window.tray.chips] == [False, False]
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [chip.isChecked() for chip in window.tray.chips] == [False, True]
    press(window, Qt.Key.Key_9)
    assert window.model.settings.effects == (("hide", Hide()),)


def test_view_and_faces_sections(make_window: MakeWindow) -> None:
    window = make_window()
    window.view_section._rows["perception"].switch.click()
    assert window.perception.on
    window.view_section._layers["matte"].switch.click()
    assert "matte" in window.perception.shown
    window.faces_section._rows["reach"].changed.emit("crowd")
    window.faces_section._rows["max_faces"].changed.emit(12)
    assert (window.model.settings.reach, window.model.settings.max_faces) == ("crowd", 12)
    assert "fail_secure" in window.faces_section._rows


def test_full_screen_and_back(make_window: MakeWindow) -> None:
    window = make_window()
    play(window, make_output())
    press(window, Qt.Key.Key_F11)
    assert not window.panel.isVisible()
    assert not window.tray.isVisible()
    assert window.stage.picture.margin == 0
    press(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.panel.isVisible()
    assert window.stage.picture.margin > 0


def test_every_shortcut_is_an_action(make_window: MakeWindow) -> None:
    from app.ui.shortcuts import SHORTCUTS

    assert {item.action for item in SHORTCUTS} <= make_window().commands.names
    assert len({item.key for item in SHORTCUTS}) == len(SHORTCUTS)


def test_no_button_for_what_does_not_exist(make_window: MakeWindow) -> None:
    from app.ui.button import Button

    for button in make_window().findChildren(Button):
        words = f"{button.text()} {button.accessibleName()} {button.toolTip()}".lower()
        assert not any(word in words for word in ("gpu", "cpu", "sticker", "driver", "virtual"))
        assert button.accessibleName()
