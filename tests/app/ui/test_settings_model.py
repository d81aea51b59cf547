"""Editing settings: order, memory, undo."""

from app.settings import Settings
from app.ui.settings_model import SettingsModel
from tests.app.ui.window_fakes import Hide, Shape, make_specs


def _model(settings: Settings | None = None) -> tuple[SettingsModel, list[Settings]]:
    seen: list[Settings] = []
    return SettingsModel(settings or Settings(), make_specs(), seen.append), seen


def test_effects_come_in_drawing_order() -> None:
    model, seen = _model()
    model.switch("hide", True)
    model.switch("shape", True)
    assert [name for name, _ in model.settings.effects] == ["shape", "hide"]
    assert seen[-1] is model.settings


def test_switching_off_keeps_the_parameters() -> None:
    model, _ = _model()
    model.switch("shape", True)
    model.set_param("shape", "slim", 0.4)
    model.switch("shape", False)
    assert model.settings.effects == ()
    model.switch("shape", True)
    assert model.params("shape") == Shape(slim=0.4)


def test_a_parameter_of_an_effect_that_is_off_changes_nothing_yet() -> None:
    model, seen = _model()
    model.set_param("hide", "strength", 0.2)
    assert seen == []
    model.switch("hide", True)
    assert model.settings.effects == (("hide", Hide(strength=0.2)),)


def test_undo_takes_a_drag_back_at_once_and_redo_brings_it_again() -> None:
    model, _ = _model(Settings(effects=(("hide", Hide()),)))
    for value in (0.6, 0.5, 0.4):
        model.set_param("hide", "strength", value)
    model.settle()
    model.set_param("hide", "strength", 0.1)
    model.undo()
    assert model.params("hide").strength == 0.4
    model.undo()
    assert model.params("hide").strength == 0.7
    assert not model.can_undo
    model.redo()
    assert model.params("hide").strength == 0.4
    model.edit(reach="far")
    assert not model.can_redo


def test_a_preset_replaces_all_and_can_be_taken_back() -> None:
    mine = (("shape", Shape(slim=0.9)),)
    model, _ = _model(Settings(effects=mine, reach="far"))
    model.use_preset((("hide", Hide()),))
    assert model.settings == Settings(effects=(("hide", Hide()),), reach="far")
    model.undo()
    assert model.settings.effects == mine


def test_the_same_value_is_no_change() -> None:
    model, seen = _model()
    model.edit(reach="auto")
    model.use_preset(())
    model.switch("hide", False)
    assert seen == []
    assert not model.can_undo
