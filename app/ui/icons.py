"""Phosphor icons, drawn as text.

The font file comes with qtawesome, but that package is not imported: it loads eleven icon fonts through a second Qt
binding layer (0.2 s of the start-up), while this window needs one.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPixmap


def draw(painter: QPainter, rect: QRect, name: str, size_px: int, colour: QColor | str) -> None:
    """Draw icon `name`, `size_px` large, in the middle of `rect`. The painter's font and pen are left changed."""
    painter.setFont(_font(size_px))
    painter.setPen(QColor(colour))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, glyph(name))


def menu_icon(name: str, colour: str) -> QIcon:
    """The icon for a menu entry."""
    icon = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(18 * scale, 18 * scale)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        draw(painter, pixmap.rect(), name, 18 * scale, colour)
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        icon.addPixmap(pixmap)
    return icon


def glyph(name: str) -> str:
    """The character of icon `name`; raises KeyError for a name that the set lacks."""
    return chr(int(_charmap()[name], 16))


@cache
def _folder() -> Path:
    spec = find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package qtawesome, which carries the icons, is not installed")
    return Path(spec.submodule_search_locations[0]) / "fonts"


@cache
def _charmap() -> dict[str, str]:
    path = next(_folder().glob("phosphor-charmap-*.json"))
    mapping: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return mapping


@cache
def _family() -> str:
    path = next(_folder().glob("phosphor-[0-9]*.ttf"))
    return QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))[0]


def _font(size_px: int) -> QFont:
    result = QFont(_family())
    result.setPixelSize(size_px)
    return result
