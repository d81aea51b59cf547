"""The panel is made from the parameters, and every control changes its parameter."""

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.settings import Settings
from app.ui.choice import Choice, Segments
from app.ui.effect_panel import EffectPanel
from app.ui.field_rows import ChoiceRow, FlagRow, NumberRow
from app.ui.parts import plain_title
from app.ui.picked_rows import ColourRow, FaceRow, PathRow, build_row
from app.ui.settings_model import SettingsModel
from effects.base import Field
from effects.params import fields_of
from tests.app.ui.window_fakes import Hide, Shape, make_specs


class Bench:
    """A panel, its model and what came of it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panel: EffectPanel | None = None
        settings = Settings(effects=(("shape", Shape()), ("hide", Hide())))
        self.model = SettingsModel(settings, make_specs(), self._changed)
        self.panel = EffectPanel(make_specs(), plain_title, fields_of, self.model)
        qtbot.addWidget(self.panel)
        self.panel.resize(304, 900)
        self.panel.show()
        qtbot.waitExposed(self.panel)

    def _changed(self, _settings: Settings) -> None:
        if self.panel is not None:
            self.panel.refresh()

    def row(self, effect_id: str, name: str) -> Any:
        assert self.panel is not None
        return self.panel.cards[effect_id].rows[name]

    def value(self, effect_id: str, name: str) -> Any:
        return getattr(self.model.params(effect_id), name)


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


def test_each_kind_has_its_row(bench: Bench) -> None:
    rows = {name: type(bench.row("shape", name)) for name in ("slim", "turn", "count", "soft", "ink", "tone")}
    assert rows == {
        "slim": NumberRow, "turn": NumberRow, "count": NumberRow, "soft": FlagRow, "ink": ColourRow, "tone": ChoiceRow,
    }  # fmt: skip
    assert isinstance(bench.row("hide", "keep"), FaceRow)
    assert isinstance(build_row(Field("p", "path", "Picture", "")), PathRow)
    with pytest.raises(ValueError, match="kind 'sound'"):
        build_row(Field("p", "sound", "Sound", ""))


def test_titles(bench: Bench) -> None:
    assert bench.panel is not None
    names = [card.switch.accessibleName() for card in bench.panel.cards.values()]
    assert names == ["Face shape", "Privacy"]


def test_everything_can_be_reached_by_tab_and_has_a_name(bench: Bench) -> None:
    assert bench.panel is not None
    controls = [
        widget
        for kind in (QAbstractButton, QAbstractSlider, QLineEdit, Segments)
        for widget in bench.panel.findChildren(kind)
        if widget.objectName() != "qt_scrollarea_vcontainer" and widget.parentWidget().objectName() == ""
    ]
    assert len(controls) > 12
    for control in controls:
        assert isinstance(control, QWidget)
        assert control.accessibleName(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, control.accessibleName()


def test_the_slider_sets_the_value(bench: Bench) -> None:
    row = bench.row("hide", "strength")
    QTest.keyClick(row.slider, Qt.Key.Key_Left)
    assert bench.value("hide", "strength") == pytest.approx(0.65)
    assert row.box.text() == "65"
    QTest.mouseClick(row.slider, Qt.MouseButton.LeftButton, pos=QPoint(row.slider.width() - 2, 12))
    assert bench.value("hide", "strength") == 1.0


def test_a_double_click_resets(bench: Bench) -> None:
    bench.model.set_param("hide", "strength", 0.1)
    QTest.mouseDClick(bench.row("hide", "strength").slider, Qt.MouseButton.LeftButton, pos=QPoint(30, 12))
    assert bench.value("hide", "strength") == 0.7


def test_the_wheel_fine_tunes_a_focused_slider(bench: Bench, qtbot: QtBot) -> None:
    slider = bench.row("hide", "strength").slider
    slider.setFocus()
    qtbot.waitUntil(slider.hasFocus)
    _wheel(slider, 120)
    assert bench.value("hide", "strength") == pytest.approx(0.75)
    _wheel(slider, -120)
    _wheel(slider, -120)
    assert bench.value("hide", "strength") == pytest.approx(0.65)


def test_the_wheel_scrolls_past_a_slider_that_just_came_under_the_pointer(bench: Bench) -> None:
    slider = bench.row("hide", "strength").slider
    slider.clearFocus()
    assert not _wheel(slider, 120)
    assert bench.value("hide", "strength") == 0.7


@pytest.mark.parametrize(("typed", "value"), [("40", 0.4), ("12.5", 0.125), ("900", 1.0), ("nonsense", 0.7)])
def test_numbers_can_be_typed(bench: Bench, typed: str, value: float) -> None:
    box = bench.row("hide", "strength").box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert bench.value("hide", "strength") == pytest.approx(value)
    assert box.text() == f"{value * 100:.0f}" or value == 0.125


def test_escape_forgets_what_was_typed(bench: Bench) -> None:
    box = bench.row("hide", "strength").box
    box.setFocus()
    QTest.keyClicks(box, "3")
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert box.text() == "70"
    assert bench.value("hide", "strength") == 0.7


def test_two_sided_and_whole_numbers(bench: Bench) -> None:
    assert bench.row("shape", "slim").box.text() == "0"
    assert bench.row("shape", "slim").slider.minimum() == -10
    QTest.keyClick(bench.row("shape", "count").slider, Qt.Key.Key_Right)
    assert bench.value("shape", "count") == 4
    assert isinstance(bench.value("shape", "count"), int)
    assert bench.row("shape", "count").box.text() == "4 lines"


def test_a_switch_a_choice_and_a_colour(bench: Bench) -> None:
    QTest.mouseClick(bench.row("shape", "soft").switch, Qt.MouseButton.LeftButton)
    assert bench.value("shape", "soft") is False
    segments = bench.row("hide", "style").choice.findChild(Segments)
    QTest.keyClick(segments, Qt.Key.Key_Right)
    assert bench.value("hide", "style") == "block"
    bench.row("shape", "ink")._take(QColor("#123456"))
    assert bench.value("shape", "ink") == "#123456"


def test_long_choices_become_a_menu(bench: Bench, qtbot: QtBot) -> None:
    choice = bench.row("shape", "tone").choice
    assert isinstance(choice, Choice)
    assert choice.findChild(Segments) is None or not choice.findChild(Segments).isVisible()
    with qtbot.waitSignal(choice.picked) as told:
        choice._take("d")
    assert told.args == ["d"]
    assert bench.value("shape", "tone") == "d"


def test_switching_an_effect_hides_its_rows(bench: Bench, qtbot: QtBot) -> None:
    assert bench.panel is not None
    card = bench.panel.cards["hide"]
    assert bench.row("hide", "strength").isVisible()
    QTest.mouseClick(card.switch, Qt.MouseButton.LeftButton)
    assert not bench.model.is_on("hide")
    assert not bench.row("hide", "strength").isVisible()
    QTest.keyClick(card.switch, Qt.Key.Key_Space)
    assert bench.model.is_on("hide")
    assert bench.row("hide", "strength").isVisible()


def test_the_face_row_asks_and_can_be_cleared(bench: Bench, qtbot: QtBot) -> None:
    assert bench.panel is not None
    row = bench.row("hide", "keep")
    with qtbot.waitSignal(bench.panel.face_asked) as told:
        QTest.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert told.args == ["hide", "keep"]
    bench.model.set_param("hide", "keep", 7)
    assert row.button.text() == "Face 7"
    QTest.mouseClick(row._clear, Qt.MouseButton.LeftButton)
    assert bench.value("hide", "keep") == 0


def test_undo_and_redo_buttons(bench: Bench) -> None:
    assert bench.panel is not None
    assert not bench.panel.undo.isEnabled()
    bench.model.set_param("hide", "strength", 0.1)
    assert bench.panel.undo.isEnabled()
    bench.panel.undo.click()
    assert bench.row("hide", "strength").box.text() == "70"
    assert bench.panel.redo.isEnabled()


def test_trouble_is_told_on_the_card(bench: Bench) -> None:
    assert bench.panel is not None
    card = bench.panel.cards["hide"]
    card.show_trouble("No memory", False)
    assert "failed" in card.trouble_text
    card.show_trouble("", True)
    assert "left out" in card.trouble_text
    card.show_trouble("", False)
    assert card.trouble_text == ""


def _wheel(widget: QWidget, delta: int) -> bool:
    spot = QPointF(20, 10)
    event = QWheelEvent(
        spot, QPointF(widget.mapToGlobal(spot.toPoint())), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    widget.wheelEvent(event)
    return event.isAccepted()
