"""What the doctor's page shows: a group with its lines, each with its sign, what was found, and the mend."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QSizePolicy, QVBoxLayout, QWidget

from app.checks.finding import Answer, Finding, State
from app.ui import icons, tokens
from app.ui.labels import Card, Label

_SIGN = 18
_TITLE_WIDTH = 208
_SIGNS: dict[State, str] = {"good": "check-circle", "warning": "warning", "bad": "x-circle"}
_INKS: dict[State, str] = {"good": "good", "warning": "warning", "bad": "danger"}
_SPOKEN: dict[State, str] = {"good": "Good", "warning": "Warning", "bad": "Bad"}
_WAITING = "circle-dashed"
_MEND = "wrench"


class Sign(QWidget):
    """One small icon in a colour of the theme ("good", "accent", ...); what it means is said by its row."""

    def __init__(self, icon: str, ink: str = "muted", size_px: int = _SIGN) -> None:
        super().__init__()
        self._icon, self._ink, self._size_px = icon, ink, size_px
        self.setFixedSize(QSize(size_px + 2, size_px + 2))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        painter = QPainter(self)
        icons.draw(painter, self.rect(), self._icon, self._size_px, getattr(tokens.colours(self), self._ink))
        painter.end()


class FindingRow(QWidget):
    """One finding: its title at the left, what was found and the mend beside it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        spoken = f"{_SPOKEN[finding.state]}: {finding.title}. {finding.detail}"
        self.setAccessibleName(f"{spoken}. {finding.mend}" if finding.mend else spoken)
        title = _wrapped(Label(finding.title, weight=QFont.Weight.Medium, wrap=True))
        title.setFixedWidth(_TITLE_WIDTH)
        said = QVBoxLayout()
        said.setSpacing(tokens.GAP_S)
        said.addWidget(_selectable(Label(finding.detail, muted=True, wrap=True)))
        if finding.mend:
            mend = QHBoxLayout()
            mend.setSpacing(6)
            mend.addWidget(Sign(_MEND, "accent", 14), 0, Qt.AlignmentFlag.AlignTop)
            mend.addWidget(_selectable(Label(finding.mend, wrap=True)), 1)
            said.addLayout(mend)
        row = _row(self)
        row.addWidget(Sign(_SIGNS[finding.state], _INKS[finding.state]), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(said, 1)


class WaitingRow(QWidget):
    """Stands in for findings that have not come yet."""

    def __init__(self) -> None:
        super().__init__()
        row = _row(self)
        row.addWidget(Sign(_WAITING), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label("Looking…", muted=True), 1)


class GroupCard(QWidget):
    """A heading over a card with its rows; `show_answer` replaces what it waits for."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.rows: list[FindingRow] = []
        self.setAccessibleName(title)
        heading = Label(title, tokens.TEXT_S, QFont.Weight.DemiBold, muted=True)
        heading.setContentsMargins(tokens.GAP_S, 0, 0, 0)
        self._card = _Lines()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading)
        column.addWidget(self._card)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.wait()

    def wait(self) -> None:
        """Nothing is known yet."""
        self.rows = []
        self._fill([WaitingRow()])

    def show_answer(self, answer: Answer) -> None:
        """Show what was found."""
        self.rows = [FindingRow(finding) for finding in answer.findings]
        self._fill(list(self.rows))

    def _fill(self, rows: list[QWidget]) -> None:
        _empty(self._card.column)
        for row in rows:
            self._card.column.addWidget(row)
        self._card.update()


class _Lines(Card):
    """A card whose rows are parted by hairlines."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        super().paintEvent(event)
        line = QColor(tokens.colours(self).line)
        painter = QPainter(self)
        for place in range(1, self.column.count()):
            item = self.column.itemAt(place)
            if item is not None:
                box = item.geometry()
                painter.fillRect(QRect(box.left() + _SIGN + 12, box.top(), box.width() - _SIGN - 12, 1), line)
        painter.end()


def _row(widget: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, tokens.GAP, 0, tokens.GAP)
    row.setSpacing(10)
    return row


def _selectable(label: Label) -> Label:
    """Commands are there to be copied."""
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return _wrapped(label)


def _wrapped(label: Label) -> Label:
    """As high as its lines need; a label's own idea of its least height is that of a narrow one."""
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def _empty(layout: QLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
