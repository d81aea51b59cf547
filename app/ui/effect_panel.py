"""The panel beside the picture, generated from the effects and their parameters."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.ui import icons, tokens
from app.ui.button import Button, Switch
from app.ui.field_rows import FieldRow
from app.ui.labels import Card, Label
from app.ui.motion import Ease
from app.ui.picked_rows import FaceRow, build_row
from app.ui.settings_model import SettingsModel
from effects.base import EffectSpec, Field, Stage

_SCROLL_BAR = 10

_ICONS = {
    Stage.SWAP: "users",
    Stage.RESHAPE: "smiley",
    Stage.SKIN: "sparkle",
    Stage.MAKEUP: "paint-brush",
    Stage.BACKGROUND: "image",
    Stage.COLOUR: "drop-half",
    Stage.STICKER: "sticker",
    Stage.PRIVACY: "shield",
    Stage.BADGE: "polygon",
}


class _Header(QWidget):
    """Icon, title and switch of an effect; a click anywhere flips the switch."""

    def __init__(self, icon: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = icon
        self.switch = Switch(title)
        row = QHBoxLayout(self)
        row.setContentsMargins(28, 0, 0, 0)
        self.trouble = Label("", tokens.TEXT_S, muted=True)
        row.addWidget(Label(title, tokens.TEXT, QFont.Weight.DemiBold), 1)
        row.addWidget(self.trouble)
        row.addWidget(self.switch)
        self.setFixedHeight(36)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102, N802
        if self.rect().contains(event.position().toPoint()):
            self.switch.click()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        colour = theme.accent if self.switch.isChecked() else theme.muted
        if self.trouble.text():
            colour = theme.warning
        icons.draw(painter, QRect(0, 0, 18, self.height()), self._icon, 18, QColor(colour))
        painter.end()


class _Body(QWidget):
    """Opens and closes smoothly below its header."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 4)
        self.column.setSpacing(0)
        self._ease = Ease(self, 0.0, self._open_to)
        self.setMaximumHeight(0)
        self.hide()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the rows."""
        if is_open:
            self.show()
        self._ease.to(1.0 if is_open else 0.0)

    def _open_to(self, share: float) -> None:
        self.setMaximumHeight(16777215 if share >= 1.0 else round(self.sizeHint().height() * share))
        self.setVisible(share > 0.0)


class EffectCard(Card):
    """One effect: its switch, and its parameters while it is on."""

    face_asked = Signal(str, str)

    def __init__(self, spec: EffectSpec[Any], title: str, fields: tuple[Field, ...], model: SettingsModel) -> None:
        super().__init__()
        self._id = spec.id
        self._model = model
        self._header = _Header(_ICONS[spec.stage], title, self)
        self._body = _Body(self)
        self.switch = self._header.switch
        self.rows: dict[str, FieldRow] = {}
        for field in fields:
            self._add_row(field)
        self.column.addWidget(self._header)
        self.column.addWidget(self._body)
        self.switch.clicked.connect(lambda on: self._model.switch(self._id, on))
        self.refresh()

    def refresh(self) -> None:
        """Show the model's values."""
        on = self._model.is_on(self._id)
        params = self._model.params(self._id)
        for name, row in self.rows.items():
            row.show_value(getattr(params, name))
        self.switch.setChecked(on)
        self._body.set_open(on and bool(self.rows))
        self._header.update()

    @property
    def trouble_text(self) -> str:
        """The word of trouble beside the title, "" when all is well."""
        return self._header.trouble.text()

    def show_trouble(self, fault: str, shed: bool) -> None:
        """Say that the effect failed, or that it is left out because time is short."""
        self._header.trouble.setText("failed" if fault else "left out" if shed else "")
        self._header.trouble.setToolTip(fault or ("There is no time for it on this machine." if shed else ""))
        self._header.update()

    def _add_row(self, field: Field) -> None:
        row = build_row(field)
        row.changed.connect(lambda value, name=field.name: self._model.set_param(self._id, name, value))
        if isinstance(row, FaceRow):
            row.asked.connect(lambda name=field.name: self.face_asked.emit(self._id, name))
        self.rows[field.name] = row
        self._body.column.addWidget(row)


class EffectPanel(QWidget):
    """Undo on top, then one card for each effect, then whatever sections the window adds."""

    face_asked = Signal(str, str)

    def __init__(
        self,
        specs: tuple[EffectSpec[Any], ...],
        title_of: Callable[[EffectSpec[Any]], str],
        fields_of: Callable[[type], tuple[Field, ...]],
        model: SettingsModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.setFixedWidth(tokens.PANEL_WIDTH)
        self.setAccessibleName("Effects")
        self.undo = Button("", "arrow-counter-clockwise", "ghost", name="Undo", tip="Undo  Ctrl+Z")
        self.redo = Button("", "arrow-clockwise", "ghost", name="Redo", tip="Redo  Ctrl+Shift+Z")
        self.undo.clicked.connect(model.undo)
        self.redo.clicked.connect(model.redo)
        head = QHBoxLayout()
        head.setContentsMargins(tokens.GAP_L + 4, tokens.GAP, tokens.GAP, 0)
        head.setSpacing(0)
        head.addWidget(Label("Effects", tokens.TEXT_L, QFont.Weight.DemiBold), 1)
        head.addWidget(self.undo)
        head.addWidget(self.redo)
        self.cards = {spec.id: EffectCard(spec, title_of(spec), fields_of(spec.params), model) for spec in specs}
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(tokens.GAP_L, tokens.GAP, tokens.GAP_L, tokens.GAP_L)
        self._column.setSpacing(tokens.GAP)
        for card in self.cards.values():
            card.face_asked.connect(self.face_asked)
            self._column.addWidget(card)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setWidget(content)
        content.setAutoFillBackground(False)
        scroll.verticalScrollBar().rangeChanged.connect(self._make_room)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        self.refresh()

    def add_section(self, title: str, section: QWidget) -> QWidget:
        """Another card below the effects, under its own heading; returns the heading."""
        heading = Label(title, tokens.TEXT_L, QFont.Weight.DemiBold)
        heading.setContentsMargins(4, tokens.GAP_L, 0, 0)
        self._column.insertWidget(self._column.count() - 1, heading)
        self._column.insertWidget(self._column.count() - 1, section)
        return heading

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.surface))
        painter.fillRect(QRect(0, 0, 1, self.height()), QColor(theme.line))
        painter.end()

    def _make_room(self, _lowest: int, highest: int) -> None:
        """Let the scroll bar take the margin's place, so that the cards keep their width."""
        right = tokens.GAP_L - _SCROLL_BAR if highest > 0 else tokens.GAP_L
        self._column.setContentsMargins(tokens.GAP_L, tokens.GAP, right, tokens.GAP_L)

    def refresh(self) -> None:
        """Show the model's values everywhere."""
        self.undo.setEnabled(self._model.can_undo)
        self.redo.setEnabled(self._model.can_redo)
        for card in self.cards.values():
            card.refresh()
