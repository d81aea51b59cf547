"""The latency overlay: measured numbers over the picture, drawn into a pixmap a few times a second.

Per frame it costs one small pixmap copy (under 0.1 ms); the text is laid out only when the numbers are fetched anew.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QPolygonF

from app.pipeline.types import LatencyStats, Output
from app.sources.base import SourceInfo
from app.ui import paint, tokens
from app.ui.overlay_text import OverlayText, StageRow, milliseconds, overlay_text
from app.ui.view_transform import ViewTransform

WIDTH = 252
_PERIOD_MS = 500
_PAD = 14
_ROW = 18
_SPARK = 34
_COLUMN = 46
_HEAD = 78
_THEME = tokens.DARK


class LatencyOverlay(QObject):
    """A layer of the picture; `refresh` is driven by a timer that runs only while the overlay is on."""

    def __init__(
        self,
        stats: Callable[[], LatencyStats],
        info: Callable[[], SourceInfo | None],
        effect_titles: Mapping[str, str],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._stats, self._info, self._titles = stats, info, effect_titles
        self._pixmap: QPixmap | None = None
        self._pixel_ratio = 1.0
        self._timer = QTimer(self)
        self._timer.setInterval(_PERIOD_MS)
        self._timer.timeout.connect(self.refresh)
        self.text: OverlayText | None = None

    @property
    def on(self) -> bool:
        """Shown and measuring."""
        return self._timer.isActive()

    def set_on(self, on: bool) -> None:
        """Show or hide."""
        if on:
            self._timer.start()
            self.refresh()
        else:
            self._timer.stop()
            self._pixmap = None

    def refresh(self) -> None:
        """Fetch the numbers and draw them into the pixmap."""
        stats = self._stats()
        self.text = overlay_text(stats, self._info(), self._titles)
        height = _HEAD + _SPARK + 10 + _ROW * (1 + len(self.text.rows)) + 13 + _ROW * len(self.text.facts) + 12
        pixmap = QPixmap(round(WIDTH * self._pixel_ratio), round(height * self._pixel_ratio))
        pixmap.setDevicePixelRatio(self._pixel_ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        _Card(painter, height).draw(self.text, stats.recent_ms)
        painter.end()
        self._pixmap = pixmap

    def paint(self, painter: QPainter, output: Output, view: ViewTransform) -> None:
        """Copy the pixmap to the picture's top left corner; above it where the window is too low for all of it."""
        del output
        device = painter.device()
        self._pixel_ratio = device.devicePixelRatioF()
        if self._pixmap is None:
            return
        lowest = device.height() - round(self._pixmap.deviceIndependentSize().height()) - tokens.GAP
        y = max(0, min(round(view.y) + tokens.GAP_L, lowest))
        painter.drawPixmap(QPointF(round(view.x) + tokens.GAP_L, y), self._pixmap)


class _Card:
    """Draws the card from top to bottom."""

    def __init__(self, painter: QPainter, height: int) -> None:
        self._painter = painter
        self._y = 0
        self._font = tokens.font(tokens.TEXT_S)
        self._metrics = QFontMetrics(self._font)
        self._inks = {colour: QColor(colour) for colour in (_THEME.text, _THEME.muted)}
        paint.rounded(painter, QRectF(0, 0, WIDTH, height), tokens.RADIUS + 2, tokens.faint(_THEME.surface, 0.82))

    def draw(self, text: OverlayText, recent_ms: tuple[float, ...]) -> None:
        """Everything."""
        self._headline(text)
        self._sparkline(recent_ms)
        self._table(text.rows)
        self._rule()
        for title, value in text.facts:
            self._left(title, _THEME.muted)
            self._right(value, _THEME.text)
            self._y += _ROW

    def _headline(self, text: OverlayText) -> None:
        self._y = 12
        self._painter.setFont(self._font)
        self._left("Capture to paint", _THEME.muted)
        self._painter.setFont(tokens.font(tokens.TEXT_HERO, QFont.Weight.DemiBold))
        self._painter.setPen(QColor(_THEME.text))
        self._painter.drawText(_PAD, 64, text.p50)
        after = _PAD + self._painter.fontMetrics().horizontalAdvance(text.p50) + 6
        self._painter.setFont(self._font)
        self._painter.setPen(self._inks[_THEME.muted])
        self._painter.drawText(after, 64, "ms")
        for self._y, title, value in ((33, "p95", text.p95), (51, "p99", text.p99)):
            self._right(title, _THEME.muted, _COLUMN)
            self._right(value, _THEME.text)
        self._y = _HEAD

    def _sparkline(self, recent_ms: tuple[float, ...]) -> None:
        area = QRectF(_PAD, self._y, WIDTH - 2 * _PAD, _SPARK)
        self._y += _SPARK + 10
        if len(recent_ms) < 2:
            return
        top = max(max(recent_ms), 25.0)
        step = area.width() / (len(recent_ms) - 1)
        points = [
            QPointF(area.left() + index * step, area.bottom() - area.height() * min(value / top, 1.0))
            for index, value in enumerate(recent_ms)
        ]
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(tokens.faint(_THEME.accent, 0.18))
        self._painter.drawPolygon(QPolygonF([area.bottomLeft(), *points, area.bottomRight()]))
        self._painter.setPen(QPen(QColor(_THEME.accent), 1.5))
        self._painter.drawPolyline(QPolygonF(points))

    def _table(self, rows: tuple[StageRow, ...]) -> None:
        self._left("Stage", _THEME.muted)
        self._right("p50", _THEME.muted, _COLUMN)
        self._right("p95", _THEME.muted)
        self._y += _ROW
        longest = max((row.p95_ms for row in rows), default=1.0) or 1.0
        for row in rows:
            self._left(row.title, _THEME.text, room=88)
            self._bar(row, longest)
            self._right(milliseconds(row.p50_ms), _THEME.text, _COLUMN)
            self._right(milliseconds(row.p95_ms), _THEME.muted)
            self._y += _ROW

    def _bar(self, row: StageRow, longest: float) -> None:
        left, room, middle = _PAD + 92, 40, self._y + _ROW / 2
        spread = QRectF(left, middle - 1.5, max(3.0, room * row.p95_ms / longest), 3)
        paint.rounded(self._painter, spread, 1.5, tokens.faint(_THEME.accent, 0.35))
        usual = QRectF(left, middle - 1.5, max(3.0, room * row.p50_ms / longest), 3)
        paint.rounded(self._painter, usual, 1.5, _THEME.accent)

    def _rule(self) -> None:
        self._painter.fillRect(QRectF(_PAD, self._y + 6, WIDTH - 2 * _PAD, 1), tokens.faint("#FFFFFF", 0.12))
        self._y += 13

    def _left(self, text: str, colour: str, room: int = WIDTH) -> None:
        self._write(QRect(_PAD, self._y, room, _ROW), Qt.AlignmentFlag.AlignLeft, text, colour)

    def _right(self, text: str, colour: str, inset: int = 0, room: int = 132) -> None:
        box = QRect(WIDTH - _PAD - inset - room, self._y, room, _ROW)
        self._write(box, Qt.AlignmentFlag.AlignRight, text, colour)

    def _write(self, box: QRect, side: Qt.AlignmentFlag, text: str, colour: str) -> None:
        self._painter.setPen(self._inks[colour])
        if self._metrics.horizontalAdvance(text) > box.width():
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        self._painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, text)
