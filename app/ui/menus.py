"""Pop-up menus in the window's look, with rounded corners on every desktop."""

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainterPath, QRegion, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.ui import tokens


class Menu(QMenu):
    """Opened once and thrown away. The corners are cut by a mask, which needs no compositor."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlag(Qt.WindowType.NoDropShadowWindowHint)
        self.setFont(tokens.font())
        self.setToolTipsVisible(True)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), tokens.RADIUS, tokens.RADIUS)
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    def below(self, widget: QWidget, right_aligned: bool = False) -> None:
        """Open under `widget`; returns at once."""
        self.setMinimumWidth(min(widget.width(), 320))
        corner = widget.mapToGlobal(QPoint(0, widget.height() + tokens.GAP_S))
        if right_aligned:
            corner.setX(corner.x() + widget.width() - self.sizeHint().width())
        self.popup(corner)
