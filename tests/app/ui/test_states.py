"""From the session's events to what the window says."""

from typing import get_args

import pytest
from PySide6.QtWidgets import QApplication

from app.pipeline.types import EventKind, RunnerEvent
from app.sources.base import Reason
from app.ui import icons, states
from app.ui.state_panel import StatePanel
from tests.app.ui.conftest import MakeWindow


def _failed(reason: str, input_text: str, platform: str = "linux") -> states.PictureState:
    return states.failed(RunnerEvent("failed", "What happened.", reason), input_text, platform)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "input_text", "title"),
    [
        ("missing", "camera:0", "No camera found"),
        ("busy", "camera:0", "The camera is in use"),
        ("permission", "camera:0", "Facet may not use the camera"),
        ("broken", "camera:3", "The camera gives no picture"),
        ("", "camera:0", "There is no picture"),
        ("missing", "holiday.mp4", "There is nothing to show"),
        ("permission", "/root/x.png", "Facet may not read this file"),
        ("broken", "holiday.mp4", "This file cannot be shown"),
        ("", "holiday.mp4", "There is no picture"),
        ("unreachable", "rtsp://10.0.0.1/live", "The stream does not answer"),
        ("permission", "rtsp://10.0.0.1/live", "The stream is locked"),
    ],
)
def test_titles(reason: str, input_text: str, title: str) -> None:
    assert _failed(reason, input_text).title == title


@pytest.mark.parametrize("reason", get_args(Reason))
@pytest.mark.parametrize("input_text", ["camera:0", "film.mp4", "http://x.invalid/a"])
def test_every_failure_says_what_happened_and_offers_a_way_out(reason: str, input_text: str) -> None:
    state = _failed(reason, input_text)
    assert "What happened." in (state.text, state.detail)
    assert len(state.actions) >= 2
    assert "demo" in dict(state.actions)
    assert state.text


@pytest.mark.parametrize(
    ("platform", "word"), [("linux", "usermod"), ("darwin", "System Settings"), ("win32", "Settings")]
)
def test_how_to_allow_the_camera_depends_on_the_system(platform: str, word: str) -> None:
    assert word in _failed("permission", "camera:0", platform).text


def test_a_camera_that_is_not_there_offers_the_demo_first() -> None:
    assert _failed("missing", "camera:0").actions[0][0] == "demo"


@pytest.mark.parametrize(
    ("kind", "tone", "lasting"),
    [("lost", "warning", True), ("stalled", "warning", True), ("ended", "calm", True), ("recovered", "good", False)],
)
def test_notices(kind: EventKind, tone: str, lasting: bool) -> None:
    notice = states.notice(RunnerEvent(kind, "The camera"))
    assert notice is not None
    assert (notice.tone, notice.lasting, notice.key) == (tone, lasting, "source")


@pytest.mark.parametrize("kind", ["opening", "opened", "failed", "effects_ready"])
def test_quiet_events(kind: EventKind) -> None:
    assert states.notice(RunnerEvent(kind)) is None


def test_an_effect_that_hides_faces_is_never_switched_off_to_mend_it() -> None:
    hiding = states.effect_failed("hide", "Privacy", "No memory.", hides=True)
    assert hiding.text == "Privacy stopped: No memory."
    assert [action for action, _ in hiding.actions] == ["retry"]
    assert [action for action, _ in states.effect_failed("mesh", "Mesh", "No", hides=False).actions] == ["again:mesh"]


def test_every_icon_exists_and_every_action_is_known(make_window: MakeWindow) -> None:
    everything = [states.welcome(), *(states.opening(text) for text in ("demo", "camera:0", "a.mp4", "http://x"))]
    everything += [_failed(reason, text) for reason in get_args(Reason) for text in ("camera:0", "a.mp4", "http://x")]
    known = make_window().commands.names
    for state in everything:
        assert icons.glyph(state.icon)
        assert known.issuperset(dict(state.actions))


def test_the_panel_shows_a_state_and_passes_its_buttons_on(qapp: QApplication) -> None:
    panel = StatePanel()
    acted: list[str] = []
    panel.acted.connect(acted.append)
    panel.resize(900, 600)
    panel.show_state(_failed("busy", "camera:0"))
    panel.show_state(_failed("missing", "camera:0"))
    from app.ui.button import Button

    buttons = [button for button in panel.findChildren(Button) if button.isVisibleTo(panel) and button.text()]
    live = [button for button in buttons if button.text() in dict(_failed("missing", "camera:0").actions).values()]
    live[-1].click()
    assert acted
    assert panel.accessibleName() == "No camera found"
    assert not panel.grab().toImage().isNull()
    panel.close()
