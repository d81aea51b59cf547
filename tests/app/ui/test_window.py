"""The whole window with a session that is played by the test."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.pipeline.types import Fault, RunnerEvent
from app.settings import Settings
from app.sources.base import SourceInfo
from models.errors import FacetError
from models.types import Wants
from tests.app.ui.conftest import MakeWindow
from tests.app.ui.window_driver import CAMERA, notices, play, press, session_of
from tests.app.ui.window_fakes import Hide, make_output


def test_it_starts_the_session_and_shows_the_first_picture(make_window: MakeWindow) -> None:
    window = make_window()
    session = session_of(window)
    assert session.last("start") == "demo"
    assert session.last("adopt") == Settings()
    assert window.stage.panel.isVisible()
    play(window, make_output())
    assert not window.stage.panel.isVisible()
    assert len(session.paints) == 1
    assert window.picker.text() == "Demo"


def test_many_frames_are_painted_without_a_queue(make_window: MakeWindow) -> None:
    window = make_window()
    session = session_of(window)
    for index in range(700):
        session.play(make_output(index, (64, 36)))
        if index % 3 == 0:
            QApplication.processEvents()
    QApplication.processEvents()
    assert 200 < len(session.paints) < 300
    assert session.paints[-1][0].frame.index == 699


def test_without_an_input_it_welcomes(make_window: MakeWindow) -> None:
    window = make_window(initial_input="")
    assert window.stage.panel.state is not None
    assert window.stage.panel.state.id == "empty"
    assert not [told for told, _ in session_of(window).told if told == "start"]
    assert not window.bar.snapshot.isEnabled()


def test_a_failure_takes_the_pictures_place_and_can_be_mended(make_window: MakeWindow) -> None:
    window = make_window(initial_input="camera:0")
    play(window, make_output())
    play(window, RunnerEvent("failed", "In use by zoom.", "busy"))
    assert window.stage.panel.isVisible()
    assert window.stage.panel.state is not None
    assert window.stage.panel.state.title == "The camera is in use"
    assert window.stage.picture.output is None
    window.stage.panel.acted.emit("demo")
    assert session_of(window).last("start") == "demo"
    assert not window.stage.panel.isVisible()


def test_a_lost_camera_dims_the_picture_and_comes_back(make_window: MakeWindow) -> None:
    window = make_window(initial_input="camera:0")
    play(window, RunnerEvent("opened", "Front"), make_output())
    play(window, RunnerEvent("lost", "Front was unplugged."))
    assert window.stage.picture.dimmed
    assert notices(window) == ["Front was unplugged."]
    play(window, RunnerEvent("effects_ready"))
    assert window.stage.picture.dimmed
    play(window, RunnerEvent("recovered", "Front"), make_output(1))
    assert not window.stage.picture.dimmed
    assert notices(window) == ["The picture is back."]


def test_a_video_that_ended_can_be_played_again(make_window: MakeWindow) -> None:
    window = make_window(initial_input="/films/walk.mp4")
    play(window, make_output(), RunnerEvent("ended", "walk.mp4"))
    assert notices(window) == ["That was the end of walk.mp4."]
    window.commands.do("replay")
    assert [value for told, value in session_of(window).told if told == "start"] == ["/films/walk.mp4"] * 2
    assert notices(window) == []


def test_only_live_cameras_are_mirrored(make_window: MakeWindow) -> None:
    window = make_window()
    session = session_of(window)
    session.info = SourceInfo("video", "a.mp4", (640, 360), 30.0, False)
    play(window, RunnerEvent("opened"), make_output())
    assert not window.stage.picture._mirrored
    session.info = CAMERA
    play(window, RunnerEvent("opened"), make_output(1))
    assert window.stage.picture._mirrored
    press(window, Qt.Key.Key_M)
    assert not window.stage.picture._mirrored


def test_facts_and_hints_of_the_source(make_window: MakeWindow) -> None:
    window = make_window(initial_input="camera:0")
    session_of(window).info = CAMERA
    play(window, RunnerEvent("opened"), make_output())
    assert window.picker.text() == "Front"
    assert window.bar.facts.text().split() == ["640", "×", "360", "30.0", "fps", "MJPG"]
    assert notices(window) == ["It is dark."]


def test_the_perception_view_asks_for_no_more_than_it_shows(make_window: MakeWindow) -> None:
    window = make_window()
    session = session_of(window)
    assert session.last("watch") == Wants(landmarks=False)
    press(window, Qt.Key.Key_P)
    assert session.last("watch") == Wants()
    window.view.set_layer("matte", True)
    assert session.last("watch") == Wants(matte=True)
    window.view.set_layer("visibility", True)
    assert session.last("watch") == Wants(matte=True, visibility=True)


def test_changes_are_adopted_at_once_and_saved_a_little_later(make_window: MakeWindow, qtbot: QtBot) -> None:
    saved: list[Settings] = []
    window = make_window(save_settings=saved.append)
    for value in (0.1, 0.2, 0.3):
        window.model.switch("hide", True)
        window.model.set_param("hide", "strength", value)
        assert session_of(window).last("adopt").effects == (("hide", Hide(strength=value)),)
    assert saved == []
    qtbot.waitUntil(lambda: len(saved) == 1, timeout=2000)
    assert saved[0] == window.model.settings


def test_closing_saves_what_is_not_saved_yet_and_stops(make_window: MakeWindow) -> None:
    saved: list[Settings] = []
    views: list[dict[str, Any]] = []
    window = make_window(save_settings=saved.append, save_view_options=views.append)
    window.model.edit(reach="far")
    window.close()
    assert saved[-1].reach == "far"
    assert views[-1]["geometry"]
    assert session_of(window).last("stop") == 2.0


def test_it_comes_back_as_it_was_left(make_window: MakeWindow) -> None:
    views: list[dict[str, Any]] = []
    first = make_window(save_view_options=views.append)
    first.resize(1111, 666)
    press(first, Qt.Key.Key_O)
    press(first, Qt.Key.Key_E)
    first.commands.do("theme")
    first.close()
    second = make_window(view_options=views[-1])
    assert second.overlay.on
    assert not second.panel.isVisible()
    assert second.view.options.theme == "light"
    assert bytes(second.saveGeometry().data()) != b""


def test_settings_that_cannot_be_saved_are_told(make_window: MakeWindow) -> None:
    def refuse(_settings: Settings) -> None:
        raise FacetError("The settings cannot be saved: the disk is full.")

    window = make_window(save_settings=refuse)
    window.model.edit(reach="far")
    window._saving.flush()
    assert notices(window) == ["The settings cannot be saved: the disk is full."]


def test_messages_of_the_start_are_shown(make_window: MakeWindow) -> None:
    assert notices(make_window(messages=("The settings were damaged.",))) == ["The settings were damaged."]


def test_an_effect_that_failed_is_told_with_a_mend(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window(settings=Settings(effects=(("hide", Hide()),)))
    output = make_output(faults=(Fault("hide", "no memory"),))
    play(window, output)
    assert notices(window) == ["Privacy stopped: no memory."]
    assert window.panel.cards["hide"].trouble_text == "failed"
    play(window, make_output(1))
    assert notices(window) == []
    assert window.panel.cards["hide"].trouble_text == ""


def test_switching_on_again_lets_the_effect_be_seen_off(make_window: MakeWindow, qtbot: QtBot) -> None:
    from tests.app.ui.window_fakes import Shape

    window = make_window(settings=Settings(effects=(("shape", Shape(slim=0.5)),)))
    window.commands.do("again:shape")
    assert session_of(window).last("adopt").effects == ()
    qtbot.waitUntil(lambda: session_of(window).last("adopt").effects == (("shape", Shape(slim=0.5)),), timeout=2000)
