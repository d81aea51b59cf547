"""Pop-up menus in the window's look, with rounded corners on every desktop."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QAction, QPainterPath, QRegion, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.ui import icons, tokens


class Menu(QMenu):
    """Kept by its owner and filled anew each time; the corners are cut by a mask, which needs no compositor.

    It is never thrown away by `deleteLater`: where Python collects the owner first, PySide deletes the menu twice.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        self.setFont(tokens.font())
        self.setToolTipsVisible(True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), tokens.RADIUS, tokens.RADIUS)
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    def add(
        self, text: str, run: Callable[[], object], icon: str = "", colour: str = "", keys: str = "", tip: str = ""
    ) -> QAction:
        """One entry; `keys` are shown at the right."""
        action = QAction(f"{text}\t{keys}" if keys else text, self)
        if icon:
            action.setIcon(icons.menu_icon(icon, colour or tokens.colours(self).muted))
        action.setToolTip(tip or text)
        action.triggered.connect(lambda: run())
        self.addAction(action)
        return action

    def below(self, widget: QWidget, right_aligned: bool = False) -> None:
        """Open under `widget`; returns at once."""
        self.setMinimumWidth(min(widget.width(), 320))
        corner = widget.mapToGlobal(QPoint(0, widget.height() + tokens.GAP_S))
        if right_aligned:
            corner.setX(corner.x() + widget.width() - self.sizeHint().width())
        self.popup(corner)
