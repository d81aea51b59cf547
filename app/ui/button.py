"""Push buttons, toggles and switches in the window's own look."""

from typing import Literal

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.ui import icons, paint, tokens
from app.ui.motion import Ease

Kind = Literal["primary", "plain", "ghost"]

_ICON = 18


class _Drawn(QAbstractButton):
    """What buttons and switches share: hover, the keyboard's focus ring, focus by Tab only.

    A mouse click leaves the focus where it was, so that Space goes on meaning "freeze".
    """

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._ring = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        self._ring = paint.by_keyboard(event)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102, N802
        self._ring = False
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: D102, N802
        self.update()
        super().enterEvent(event)


class Button(_Drawn):
    """Icon, text or both. A checkable one tells its state by colour and by its accessible state."""

    def __init__(
        self,
        text: str = "",
        icon: str = "",
        kind: Kind = "plain",
        parent: QWidget | None = None,
        *,
        name: str = "",
        tip: str = "",
        menu: bool = False,
    ) -> None:
        super().__init__(parent)
        self._icon, self._kind, self._menu = icon, kind, menu
        self._icon_ink = ""
        self.alert = False
        self._text_font = tokens.font(tokens.TEXT, QFont.Weight.Medium)
        self.setText(text)
        self.setAccessibleName(name or text)
        self.setToolTip(tip)

    def set_icon(self, icon: str, ink: str = "") -> None:
        """Show another icon; in a colour of its own with `ink`."""
        self._icon, self._icon_ink = icon, ink
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        if not self.text():
            return QSize(tokens.CONTROL_HEIGHT + 4, tokens.CONTROL_HEIGHT)
        width = QFontMetrics(self._text_font).horizontalAdvance(self.text()) + 2 * tokens.GAP_L + 2
        width += (_ICON + tokens.GAP if self._icon else 0) + (14 if self._menu else 0)
        return QSize(width, tokens.CONTROL_HEIGHT)

    def minimumSizeHint(self) -> QSize:  # noqa: D102, N802
        width = self.sizeHint().width()
        return QSize(min(width, 96) if self._menu else width, tokens.CONTROL_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        ink, fill, line = self._inks(theme)
        if fill is not None or line is not None:
            paint.rounded(painter, self.rect(), tokens.RADIUS - 2, fill, line)
        self._draw_content(painter, ink)
        if self._ring and self.hasFocus():
            if self._kind == "primary":
                paint.ring(painter, self.rect().adjusted(2, 2, -2, -2), tokens.RADIUS - 4, theme, theme.on_accent)
            else:
                paint.ring(painter, self.rect(), tokens.RADIUS - 2, theme)
        painter.end()

    def _inks(self, theme: tokens.Palette) -> tuple[QColor, QColor | None, QColor | None]:
        hot = self.underMouse() and self.isEnabled()
        if not self.isEnabled():
            fill = QColor(theme.control) if self._kind != "ghost" else None
            return tokens.mix(theme.muted, theme.raised, 0.45), fill, None
        if self._kind == "primary":
            return QColor(theme.on_accent), tokens.mix(theme.accent, theme.text, 0.14 if hot else 0), None
        if self.alert:
            return QColor(theme.danger), tokens.faint(theme.danger, 0.22 if hot else 0.14), None
        if self.isChecked():
            return QColor(theme.accent), tokens.faint(theme.accent, 0.22 if hot else 0.14), None
        if self._kind == "ghost":
            ink = QColor(theme.text if hot or self.text() else theme.muted)
            return ink, QColor(theme.hover) if hot else None, None
        return QColor(theme.text), QColor(theme.hover if hot else theme.control), QColor(theme.line)

    def _draw_content(self, painter: QPainter, ink: QColor) -> None:
        box = self.rect()
        if self.isDown():
            box = box.translated(0, 1)
        if not self.text():
            icons.draw(painter, box, self._icon, _ICON + 2, ink)
            return
        metrics = QFontMetrics(self._text_font)
        left = box.left() + tokens.GAP_L
        room = box.width() - 2 * tokens.GAP_L - (14 if self._menu else 0) - (_ICON + tokens.GAP if self._icon else 0)
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        if self._kind != "ghost" or not self._menu:
            left += (room - metrics.horizontalAdvance(text)) // 2
        if self._icon:
            icon_ink = self._icon_ink if self._icon_ink and self.isEnabled() else ink
            icons.draw(painter, QRect(left, box.top(), _ICON, box.height()), self._icon, _ICON, icon_ink)
            left += _ICON + tokens.GAP
        painter.setFont(self._text_font)
        painter.setPen(ink)
        painter.drawText(QRect(left, box.top(), room + 1, box.height()), Qt.AlignmentFlag.AlignVCenter, text)
        if self._menu:
            icons.draw(painter, QRect(box.right() - 22, box.top(), 14, box.height()), "caret-down", 12, ink)


class Switch(_Drawn):
    """An on / off switch; the knob glides unless motion is reduced."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self._knob = Ease(self, 0.0, lambda _value: self.update())
        self.toggled.connect(lambda on: self._knob.to(1.0 if on else 0.0))

    def sizeHint(self) -> QSize:  # noqa: D102, N802
        return QSize(40, 24)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102, N802
        del event
        theme = tokens.colours(self)
        painter = QPainter(self)
        track = QRectF(3, 3, 34, 18)
        share = self._knob.value
        hot = self.underMouse() and self.isEnabled()
        off = tokens.mix(theme.edge, theme.text, 0.18 if hot else 0)
        on = tokens.mix(theme.accent, theme.text, 0.14 if hot else 0)
        fill = tokens.mix(off.name(), on.name(), share)
        if not self.isEnabled():
            fill = tokens.mix(theme.edge, theme.raised, 0.5)
        paint.rounded(painter, track, 9, fill)
        painter.setBrush(QColor("#FFFFFF"))
        painter.drawEllipse(QPointF(12 + 16 * share, 12), 6.5, 6.5)
        if self._ring and self.hasFocus():
            paint.ring(painter, self.rect(), 12, theme)
        painter.end()
