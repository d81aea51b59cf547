"""The bar above the picture: source, measured facts, the name, and what is done with the picture."""

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui import tokens
from app.ui.backend_switch import BackendSwitch
from app.ui.button import Button
from app.ui.labels import Label
from app.ui.shortcuts import tip
from app.ui.source_picker import SourcePicker

_ROOM_FOR_NAME = 1080


class _Wordmark(QWidget):
    """The name with a small cut stone before it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._font = tokens.font(tokens.TEXT_L, QFont.Weight.DemiBold)
        self.setFixedSize(84, 28)
        self.setAccessibleName("Facet")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top, left, right, girdle_l, girdle_r, point = (
            QPointF(10, 6), QPointF(5, 6), QPointF(15, 6), QPointF(1, 11.5), QPointF(19, 11.5), QPointF(10, 23)
        )  # fmt: skip
        inner_l, inner_r = QPointF(6.5, 11.5), QPointF(13.5, 11.5)
        for corners, alpha in (
            ((left, top, inner_l, girdle_l), 0.75),
            ((top, right, girdle_r, inner_r), 0.55),
            ((top, inner_l, inner_r), 0.95),
            ((girdle_l, inner_l, point), 0.5),
            ((inner_l, inner_r, point), 0.85),
            ((inner_r, girdle_r, point), 0.35),
        ):
            painter.setBrush(tokens.faint(theme.accent, alpha))
            painter.drawPolygon(QPolygonF(list(corners)))
        painter.setFont(self._font)
        painter.setPen(QColor(theme.text))
        painter.drawText(QRect(28, 0, 56, 28), Qt.AlignmentFlag.AlignVCenter, "Facet")
        painter.end()


class TopBar(QWidget):
    """Holds the buttons; the window connects them."""

    def __init__(self, picker: SourcePicker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(tokens.BAR_HEIGHT)
        self.picker = picker
        self.facts = Label("", tokens.TEXT, muted=True)
        self.freeze = self._toggle("pause", "freeze")
        self.split = self._toggle("square-half", "split")
        self.perception = self._toggle("user-focus", "perception")
        self.overlay = self._toggle("gauge", "overlay")
        self.panel = self._toggle("faders-horizontal", "panel")
        self.snapshot = Button("", "camera", "ghost", name="Snapshot", tip=tip("snapshot"))
        self.record = Button("REC", kind="ghost", name="Record", tip=tip("record"))
        self.record.set_icon("record-fill", tokens.DARK.danger)
        self.backend = BackendSwitch()
        self.menu = Button("", "list", "ghost", name="Menu", tip="Menu")
        left, right = QHBoxLayout(), QHBoxLayout()
        for side in (left, right):
            side.setSpacing(tokens.GAP_S)
        left.addWidget(picker)
        left.addSpacing(tokens.GAP)
        left.addWidget(self.facts)
        left.addStretch(1)
        right.addStretch(1)
        right.addWidget(self.backend)
        right.addSpacing(tokens.GAP)
        for button in (self.freeze, self.split, self.perception, self.overlay):
            right.addWidget(button)
        right.addSpacing(tokens.GAP)
        for button in (self.record, self.snapshot):
            right.addWidget(button)
        right.addSpacing(tokens.GAP)
        for button in (self.panel, self.menu):
            right.addWidget(button)
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.GAP_L, 0, tokens.GAP_L, 0)
        row.addLayout(left, 1)
        self._wordmark = _Wordmark(self)
        row.addWidget(self._wordmark, 0)
        row.addLayout(right, 1)

    def show_picture(self, there: bool) -> None:
        """Without a picture there is nothing to freeze, compare, look into or keep."""
        for button in (self.freeze, self.split, self.snapshot):
            button.setEnabled(there)
        self.record.setEnabled(there or self.record.alert)

    def show_recording(self, running: bool, elapsed: str = "") -> None:
        """The running time while recording."""
        self.record.alert = running
        self.record.setText(elapsed if running else "REC")
        self.record.set_icon("stop-fill" if running else "record-fill", "" if running else tokens.DARK.danger)
        self.record.setAccessibleName("Stop recording" if running else "Record")
        self.record.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102, N802
        super().resizeEvent(event)
        self._wordmark.setVisible(self.width() >= _ROOM_FOR_NAME)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.surface))
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), QColor(theme.line))
        painter.end()

    def _toggle(self, icon: str, action: str) -> Button:
        words = tip(action)
        button = Button("", icon, "ghost", name=words.rsplit("  ", 1)[0], tip=words)
        button.setCheckable(True)
        return button
