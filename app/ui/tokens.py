"""Every colour, distance and text size of the window, once: dark by default, light from the same names.

Widgets ask `colours(widget)`: a change of theme reaches them through Qt's own palette, with no list of listeners.
"""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QWidget

GRID = 4
GAP_S, GAP, GAP_L, GAP_XL = 4, 8, 12, 16
RADIUS = 8
BAR_HEIGHT = 52
TRAY_HEIGHT = 52
PANEL_WIDTH = 304
CONTROL_HEIGHT = 32

TEXT_S, TEXT, TEXT_L, TEXT_XL, TEXT_HERO = 12, 13, 15, 20, 32

_CJK_FALLBACK = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei UI",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
)


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme as #RRGGBB; every text colour stands at 4.5:1 or better on every surface.

    Attributes:
        stage: around the picture.
        surface: of the window. raised: of panels and cards. control: of buttons, boxes and grooves.
        hover: a control under the pointer.
        line: hairlines between surfaces. edge: outline of a control (3:1 against its surface when it matters).
        on_accent: text on `accent`.
    """

    name: str
    stage: str
    surface: str
    raised: str
    control: str
    hover: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    warning: str
    danger: str


DARK = Palette(
    name="dark",
    stage="#0A0B0E",
    surface="#0F1115",
    raised="#171A21",
    control="#20242D",
    hover="#2A2F3A",
    line="#2C313C",
    edge="#5E6676",
    text="#E8EAF0",
    muted="#9AA3B2",
    accent="#5B8CFF",
    on_accent="#0B0D12",
    good="#3DDC97",
    warning="#FFB020",
    danger="#FF4D5E",
)

LIGHT = Palette(
    name="light",
    stage="#DDE1E8",
    surface="#F3F5F8",
    raised="#FFFFFF",
    control="#EAEDF2",
    hover="#DEE3EA",
    line="#D3D8E0",
    edge="#7D8696",
    text="#151820",
    muted="#525B6B",
    accent="#2456D6",
    on_accent="#FFFFFF",
    good="#0A6B41",
    warning="#7A4D00",
    danger="#B3202F",
)

THEMES = {"dark": DARK, "light": LIGHT}


def colours(widget: QWidget) -> Palette:
    """The theme that `widget` is drawn in."""
    return DARK if widget.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def qpalette(theme: Palette) -> QPalette:
    """The theme as Qt's palette, for the widgets that Qt itself draws and for `colours`."""
    role = QPalette.ColorRole
    palette = QPalette()
    for target, colour in (
        (role.Window, theme.surface),
        (role.Base, theme.control),
        (role.AlternateBase, theme.raised),
        (role.Button, theme.control),
        (role.ToolTipBase, theme.control),
        (role.Mid, theme.line),
        (role.WindowText, theme.text),
        (role.Text, theme.text),
        (role.ButtonText, theme.text),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.Light, theme.hover),
        (role.Dark, theme.line),
        (role.Shadow, theme.stage),
    ):
        palette.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, mix(theme.muted, theme.raised, 0.45))
    return palette


def mix(first: str, second: str, share: float) -> QColor:
    """`share` of `second` laid over `first`."""
    a, b = QColor(first), QColor(second)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )


def faint(colour: str, alpha: float) -> QColor:
    """The colour at `alpha` 0..1."""
    result = QColor(colour)
    result.setAlphaF(alpha)
    return result


def font(size_px: int = TEXT, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's font with a CJK fallback and tabular figures, so that live numbers do not dance."""
    result = QFont(QApplication.font())
    # "Sans Serif" and the like are no families: named in a list, they would lose to the first fallback.
    result.setFamilies([QFontInfo(result).family(), *_CJK_FALLBACK])
    result.setPixelSize(size_px)
    result.setWeight(weight)
    if hasattr(result, "setFeature"):
        result.setFeature(QFont.Tag("tnum"), 1)
    return result
