"""The source menu: cameras by name, looked up beside the window, recent inputs, words."""

import pytest
from pytestqt.qtbot import QtBot

from app.ui.bridge import Bridge
from app.ui.source_picker import SourcePicker, icon_of, short_name
from app.ui.view_options import RECENT, ViewOptions
from models.errors import FacetError


@pytest.mark.parametrize(
    ("text", "name", "icon"),
    [
        ("demo", "Demo", "monitor-play"),
        ("camera:0", "Camera 0", "video-camera"),
        ("camera:2", "Side", "video-camera"),
        ("/films/walk & talk.mp4", "walk & talk.mp4", "film-strip"),
        ("rtsp://10.0.0.1/live", "rtsp://10.0.0.1/live", "broadcast"),
        ("/", "/", "film-strip"),
    ],
)
def test_names(text: str, name: str, icon: str) -> None:
    assert short_name(text, [(2, "Side")]) == name
    assert icon_of(text) == icon


def _entries(picker: SourcePicker) -> list[str]:
    assert picker._sources is not None
    return [action.text().split("\t")[0].strip() for action in picker._sources.actions() if action.text()]


def test_the_menu_opens_at_once_and_fills_with_cameras(qtbot: QtBot) -> None:
    bridge = Bridge()
    picker = SourcePicker(lambda: [(0, "Front"), (2, "Side")], bridge)
    qtbot.addWidget(picker)
    picker.recent = ("/films/walk.mp4",)
    picker.show_source("demo")
    picker.show()
    bridge.listen(lambda: None)
    picker.open_menu()
    assert "Looking for cameras…" in _entries(picker)
    qtbot.waitUntil(lambda: "Side" in _entries(picker))
    entries = _entries(picker)
    assert entries[:3] == ["Cameras", "Front", "Side"]
    assert {"Demo", "Open a file…", "Open a folder of pictures…", "Open a stream…", "Recent", "walk.mp4"} <= set(
        entries
    )
    assert picker._sources is not None
    picked: list[str] = []
    picker.picked.connect(picked.append)
    next(action for action in picker._sources.actions() if action.text() == "Side").trigger()
    assert picked == ["camera:2"]
    picker._sources.close()
    bridge.close()


def test_a_failing_look_up_means_no_camera(qtbot: QtBot) -> None:
    def fail() -> list[tuple[int, str]]:
        raise FacetError("no")

    bridge = Bridge()
    picker = SourcePicker(fail, bridge)
    qtbot.addWidget(picker)
    bridge.listen(lambda: None)
    picker.show()
    picker.open_menu()
    qtbot.waitUntil(lambda: "No camera found" in _entries(picker))
    assert picker._sources is not None
    picker._sources.close()
    bridge.close()


def test_long_names_do_not_push_the_bar_apart(qtbot: QtBot) -> None:
    picker = SourcePicker(list, Bridge())
    qtbot.addWidget(picker)
    picker.show_source("camera:0", "A camera with a very long name " * 4)
    assert picker.maximumWidth() <= 260
    assert picker.minimumSizeHint().width() <= 96
    assert picker.accessibleDescription().startswith("A camera")


def test_recent_inputs_are_few_and_newest_first() -> None:
    options = ViewOptions()
    for number in range(12):
        options = options.opened(f"/films/{number}.mp4")
    options = options.opened("/films/9.mp4").opened("demo").opened("camera:0")
    assert options.recent[:2] == ("/films/9.mp4", "/films/11.mp4")
    assert len(options.recent) == RECENT


def test_view_options_survive_being_saved() -> None:
    options = ViewOptions(geometry="00ff", theme="light", overlay=True, layers=("matte",), recent=("a", "b"))
    assert ViewOptions.from_dict(options.to_dict()) == options


@pytest.mark.parametrize(
    "values",
    [{}, {"theme": "pink"}, {"overlay": "yes"}, {"layers": "mesh"}, {"layers": [1]}, {"recent": None}, {"geometry": 3}],
)
def test_damaged_view_options_take_their_defaults(values: dict[str, object]) -> None:
    assert ViewOptions.from_dict(values) == ViewOptions()
