"""The few shapes that every drawn control shares."""

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen

from app.ui import tokens

_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


def rounded(
    painter: QPainter,
    rect: QRect | QRectF,
    radius: float,
    fill: QColor | str | None,
    line: QColor | str | None = None,
) -> None:
    """A rounded rectangle; a line is one pixel wide and lies inside."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(fill) if fill is not None else Qt.BrushStyle.NoBrush)
    box = QRectF(rect)
    if line is None:
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        painter.setPen(QPen(QColor(line), 1))
        box = box.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(box, radius, radius)


def ring(painter: QPainter, rect: QRect | QRectF, radius: float, theme: tokens.Palette, ink: QColor | str = "") -> None:
    """The focus ring, just inside `rect`; in another ink on what is filled with the accent."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(ink or theme.accent), 2))
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), radius, radius)


def by_keyboard(event: QFocusEvent) -> bool:
    """True when the focus came from the keyboard: only then is the ring shown."""
    return event.type() == QEvent.Type.FocusIn and event.reason() in _KEYBOARD_REASONS
