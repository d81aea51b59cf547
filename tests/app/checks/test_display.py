import threading

import pytest

from app.checks import display
from app.checks.finding import Finding, Situation


def found(situation: Situation | None = None) -> Finding:
    (finding,) = display.examine(situation or Situation(), threading.Event())
    return finding


def test_a_window_that_is_shown_proves_it() -> None:
    assert found(Situation(display="1920x1080 (xcb)")) == Finding("good", "Display", "1920x1080 (xcb)")


@pytest.mark.parametrize(
    ("environment", "system", "asked"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"WAYLAND_DISPLAY": "w"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_when_there_is_something_to_ask(environment: dict[str, str], system: str, asked: bool) -> None:
    assert display.announced(environment, system) is asked


def test_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "announced", lambda _environment, _system: False)
    assert found().state == "warning"
    assert "desktop session" in found().mend


@pytest.mark.parametrize(("platform", "words"), [("offscreen", "nobody sees"), ("no-such-platform", "no window")])
def test_qt_is_asked_in_another_process(monkeypatch: pytest.MonkeyPatch, platform: str, words: str) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert found().state == "warning"
    assert words in found().detail


def test_a_screen_that_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "announced", lambda _environment, _system: True)
    monkeypatch.setattr(display, "_ASK", "print('[\"xcb\", [[2560, 1440, 1.5, 59.95], [800, 600, 1, 0]]]')")
    assert found() == Finding("good", "Display", "2560x1440 at 1.5x, 60 Hz; 800x600 (xcb)")


def test_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "announced", lambda _environment, _system: True)
    monkeypatch.setattr(display, "_ASK", "import time; time.sleep(600)")
    monkeypatch.setattr(display, "_LIMIT_S", 0.2)
    assert "does not answer" in found().detail
