"""Text in the window's type scale, and the cards that hold it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.ui import paint, tokens


class Label(QLabel):
    """One text; `muted` for what explains."""

    def __init__(
        self,
        text: str = "",
        size_px: int = tokens.TEXT,
        weight: QFont.Weight = QFont.Weight.Normal,
        parent: QWidget | None = None,
        *,
        muted: bool = False,
        wrap: bool = False,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(tokens.font(size_px, weight))
        self.setWordWrap(wrap)
        if muted:
            self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        if wrap:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)


class Card(QWidget):
    """A raised rounded surface with its content in one column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(tokens.GAP_L, tokens.GAP, tokens.GAP_L, tokens.GAP)
        self.column.setSpacing(0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        paint.rounded(painter, self.rect(), tokens.RADIUS, theme.raised, theme.line)
        painter.end()
