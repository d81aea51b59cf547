"""The numbers on the overlay, and that it works only while it is shown."""

import math

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.sources.base import SourceInfo
from app.ui.overlay import LatencyOverlay
from app.ui.overlay_text import NOTHING, overlay_text
from app.ui.picture import PictureView
from tests.app.ui.window_fakes import make_output, make_stats

_CAMERA = SourceInfo("camera", "Front", (1280, 720), 30.0, True, pixel_format="MJPG")


def test_stages_come_in_the_order_of_a_frame() -> None:
    text = overlay_text(make_stats(), None, {"hide": "Privacy"})
    assert [row.title for row in text.rows] == ["decode", "detect", "landmarks", "privacy", "composite", "paint"]


def test_the_totals_and_facts() -> None:
    text = overlay_text(make_stats(), _CAMERA, {})
    assert (text.p50, text.p95, text.p99) == ("18.2", "24.0", "31.0")
    facts = dict(text.facts)
    assert facts["camera"] == "30.0 of 30 fps"
    assert facts["frame age at paint"] == "17.5 ms"
    assert facts["dropped"] == "window 2"
    assert facts["networks, canvas"] == "cpu"


def test_devices_are_named_apart_when_they_differ() -> None:
    facts = dict(overlay_text(make_stats(networks="gpu", canvas="cpu"), _CAMERA, {}).facts)
    assert (facts["networks"], facts["canvas"]) == ("gpu", "cpu")


def test_what_was_not_measured_is_a_dash() -> None:
    text = overlay_text(make_stats(stages={}, capture_to_paint=None, frame_age_ms=math.nan, dropped={}), None, {})
    assert text.p50 == text.p99 == NOTHING
    assert text.rows == ()
    facts = dict(text.facts)
    assert facts["frame age at paint"] == f"{NOTHING} ms"
    assert facts["dropped"] == "none"
    assert "source" in facts


def test_numbers_are_fetched_only_while_it_is_on(qtbot: QtBot) -> None:
    fetched: list[int] = []

    def stats() -> object:
        fetched.append(1)
        return make_stats()

    parent = QObject()
    overlay = LatencyOverlay(stats, lambda: None, {}, parent)  # type: ignore[arg-type]
    assert fetched == []
    overlay.set_on(True)
    assert fetched == [1]
    qtbot.waitUntil(lambda: len(fetched) >= 2, timeout=3000)
    overlay.set_on(False)
    count = len(fetched)
    qtbot.wait(700)
    assert len(fetched) == count


def test_frames_between_two_refreshes_only_copy_the_pixmap(qtbot: QtBot) -> None:
    view = PictureView(lambda *_: None)
    qtbot.addWidget(view)
    view.resize(700, 420)
    overlay = LatencyOverlay(make_stats, lambda: None, {"hide": "Privacy"}, view)
    view.show_output(make_output())
    plain = view.grab().toImage()
    view.layers = [overlay]
    overlay.set_on(True)
    drawn = view.grab().toImage()
    assert drawn != plain
    pixmap = overlay._pixmap
    view.show_output(make_output(1))
    assert overlay._pixmap is pixmap
    overlay.set_on(False)
    assert view.grab().toImage() == plain
