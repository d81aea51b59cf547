"""The camera's controls: only what it offers, told to the session, forgotten with the camera."""

from typing import Any

from pytestqt.qtbot import QtBot

from app.pipeline.types import RunnerEvent
from app.sources.base import SourceInfo
from app.sources.tuning import Tuning
from app.ui.camera_section import CameraSection


def _info(name: str, *controls: Any) -> SourceInfo:
    return SourceInfo("camera", name, (1280, 720), 30.0, live=True, controls=frozenset(controls))


def test_only_what_the_camera_offers_is_shown(qtbot: QtBot) -> None:
    section = CameraSection()
    qtbot.addWidget(section)
    assert not section.show_source(None)
    assert not section.show_source(_info("Plain"))
    assert section.show_source(_info("Good", "exposure", "mains"))
    shown = {name for name, row in section._rows.items() if row.isVisibleTo(section)}
    assert shown == {"exposure", "mains"}


def test_another_camera_begins_with_its_own_automatics(qtbot: QtBot) -> None:
    section = CameraSection()
    qtbot.addWidget(section)
    told: list[Tuning] = []
    section.changed.connect(told.append)
    section.show_source(_info("One", "exposure", "white_balance", "mains"))
    section._rows["exposure"].changed.emit(True)
    section._rows["mains"].changed.emit("50")
    assert told == [Tuning(lock_exposure=True), Tuning(lock_exposure=True, mains_hz=50)]
    section.show_source(_info("Two", "exposure", "white_balance", "mains"))
    section._rows["white_balance"].changed.emit(True)
    assert told[-1] == Tuning(lock_white_balance=True)


def test_the_window_shows_it_for_a_camera_with_controls_and_tells_the_session(qtbot: QtBot, make_window: Any) -> None:
    window = make_window()
    session = window._parts.session
    assert not window.camera_section.isVisible()
    session.info = _info("Webcam", "exposure")
    session.play(RunnerEvent("opened", "Webcam"))
    qtbot.waitUntil(window.camera_section.isVisible)
    window.camera_section._rows["exposure"].changed.emit(True)
    assert session.last("tune") == Tuning(lock_exposure=True)
    session.info = SourceInfo("demo", "Demo", (1280, 720), 30.0, live=True)
    session.play(RunnerEvent("opened", "Demo"))
    qtbot.waitUntil(lambda: not window.camera_section.isVisible())
