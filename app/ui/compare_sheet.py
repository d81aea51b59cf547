"""A comparison on one sheet, the same on the screen and in the file: verdict, bars, pictures, machine."""

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from app.pipeline.comparison import TOTAL, BackendRun, Comparison, PictureDifference
from app.pipeline.verdict import Verdict, hundredths, verdict
from app.ui import icons, paint, tokens
from app.ui.compare_bars import draw_bars, inks
from app.ui.own_image import OwnImage
from models.types import U8

WIDTH, HEIGHT = 1600, 1000
FILE_SCALE = 1.5
_PAD = 48
_RIGHT = 1024
_GUTTER = 24
_FOOT = 56
_WRAP = Qt.TextFlag.TextWordWrap
_MOST_CAUTIONS = 4


class CompareSheet:
    """Paints one comparison.

    Args:
        comparison: what was found out.
        titles: of the backends and of the effects, by name, for people.
    """

    def __init__(self, comparison: Comparison, titles: Mapping[str, str]) -> None:
        self._comparison = comparison
        self._titles = titles
        self.verdict: Verdict = verdict(comparison)
        found = comparison.difference
        self._images = [_image(each) for each in _pictures(found)] if found is not None else []

    def image(self, theme: tokens.Palette) -> QImage:
        """For a file: 2400 x 1500 pixels."""
        image = QImage(round(WIDTH * FILE_SCALE), round(HEIGHT * FILE_SCALE), QImage.Format.Format_RGB32)
        painter = QPainter(image)
        self.paint(painter, QRectF(image.rect()), theme)
        painter.end()
        return image

    def paint(self, painter: QPainter, box: QRectF, theme: tokens.Palette) -> None:
        """Fill `box`; the sheet is fitted into it."""
        painter.save()
        painter.fillRect(box, QColor(theme.surface))
        scale = min(box.width() / WIDTH, box.height() / HEIGHT)
        painter.translate(
            box.left() + (box.width() - WIDTH * scale) / 2, box.top() + (box.height() - HEIGHT * scale) / 2
        )
        painter.scale(scale, scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint(painter, theme)
        painter.restore()

    def _paint(self, painter: QPainter, theme: tokens.Palette) -> None:
        y = self._words(painter, theme)
        comparison = self._comparison
        if len(comparison.runs) == 2:
            top = y + 20
            y = self._legend(painter, top, theme)
            bars = QRectF(_PAD, y + 12, _RIGHT - _PAD - 2 * _GUTTER, HEIGHT - _FOOT - y - 20)
            draw_bars(painter, bars, comparison, self._titles, theme)
            if comparison.difference is not None:
                self._difference(painter, comparison.difference, top, theme)
        self._foot(painter, theme)

    def _words(self, painter: QPainter, theme: tokens.Palette) -> float:
        """Verdict, details, cautions; returns where they end."""
        words = self.verdict
        y = _text(painter, 36, words.headline, tokens.TEXT_HERO, theme.text, strong=True) + 8
        for line in words.details:
            y = _text(painter, y, line, tokens.TEXT_XL, theme.muted) + 4
        y += tokens.GAP_L
        for line in words.cautions[:_MOST_CAUTIONS]:
            icons.draw(painter, QRectF(_PAD, y, 22, 24).toRect(), "warning", 20, theme.warning)
            y = _text(painter, y, line, tokens.TEXT_L + 2, theme.warning, inset=32) + 4
        return y

    def _legend(self, painter: QPainter, y: float, theme: tokens.Palette) -> float:
        """Who is who, and on what each ran."""
        room = _RIGHT - _PAD - 2 * _GUTTER
        for run, ink in zip(self._comparison.runs, inks(theme), strict=True):
            paint.rounded(painter, QRectF(_PAD, y + 5, 18, 18), 4, ink)
            painter.setFont(tokens.font(tokens.TEXT_XL, QFont.Weight.DemiBold))
            painter.setPen(QColor(theme.text))
            title = self._titles.get(run.asked, run.asked)
            painter.drawText(QPointF(_PAD + 30, y + 22), title)
            after = 30 + painter.fontMetrics().horizontalAdvance(title) + 16
            painter.setFont(tokens.font(tokens.TEXT_L))
            painter.setPen(QColor(theme.muted))
            for line in _hardware(run):
                kept = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, int(room - after))
                painter.drawText(QPointF(_PAD + after, y + 21), kept)
                y += 22
            y += 10
        painter.setFont(tokens.font(tokens.TEXT))
        painter.setPen(QColor(theme.muted))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(_PAD, y, room - 100, 20), right, "mean ms")
        painter.drawText(QRectF(_PAD, y, room, 20), right, "p95")
        return y + 10

    def _difference(self, painter: QPainter, found: PictureDifference, y: float, theme: tokens.Palette) -> None:
        """Both pictures of the frame that differs most, and their difference."""
        room = QRectF(_RIGHT, y + 28, WIDTH - _PAD - _RIGHT, HEIGHT - _FOOT - y - 150)
        first, second = (self._titles.get(run.asked, run.asked) for run in self._comparison.runs)
        captions = (first, second, f"Difference × {found.factor}" if found.mean else "Difference: none")
        boxes = _places(room, found.first.shape[0] / found.first.shape[1])
        painter.setFont(tokens.font(tokens.TEXT_L))
        for image, box, caption in zip(self._images, boxes, captions, strict=True):
            painter.setPen(QColor(theme.muted))
            kept = painter.fontMetrics().elidedText(caption, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(QPointF(box.left(), box.top() - 10), kept)
            painter.drawImage(box, image)
            paint.rounded(painter, box, 0, None, theme.line)
        y = boxes[2].bottom() + 16
        for name, value, x in (("mean", found.mean, room.left()), ("p99", found.p99, room.left() + 260)):
            painter.setFont(tokens.font(tokens.TEXT_HERO, QFont.Weight.DemiBold))
            painter.setPen(QColor(theme.text))
            words = hundredths(value)
            painter.drawText(QPointF(x, y + 30), words)
            after = painter.fontMetrics().horizontalAdvance(words) + 10
            painter.setFont(tokens.font(tokens.TEXT_L))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(x + after, y + 28), f"Delta E {name}")
        if found.mean:
            words = f"Shown: frame {found.frame_index}, which differs most of {found.frames}; black is the same."
            painter.drawText(QPointF(room.left(), y + 60), words)

    def _foot(self, painter: QPainter, theme: tokens.Palette) -> None:
        comparison = self._comparison
        machine = comparison.machine
        width, height = comparison.size_wh
        facts = [
            f"Facet {machine['facet']}" if machine.get("facet", "unknown") != "unknown" else "Facet",
            f"{comparison.input_name} {width}x{height}" if width else comparison.input_name,
            f"{len(comparison.effects)} effects on" if comparison.effects else "no effects, whole perception",
        ]
        if comparison.runs:
            blocks = len(comparison.runs[0].block_ms[TOTAL])
            facts.append(
                f"{blocks} {'block' if blocks == 1 else 'blocks'} of {comparison.block_frames} frames each, in turns, "
                f"the first {comparison.settling_frames} of each not counted"
            )
        if machine:
            facts.append(f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}")
        notes = (
            "A graphics card draws while the processor goes on: there an effect's time is only that of handing its "
            "work over, and the wait for the drawing counts as transfer."
            if any(run.canvas != "cpu" for run in comparison.runs)
            else ""
        )
        painter.fillRect(QRectF(_PAD, HEIGHT - _FOOT - 2, WIDTH - 2 * _PAD, 1), QColor(theme.line))
        painter.setFont(tokens.font(tokens.TEXT))
        painter.setPen(QColor(theme.muted))
        for place, line in enumerate(filter(None, (" · ".join(facts), notes))):
            kept = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, WIDTH - 2 * _PAD)
            painter.drawText(QPointF(_PAD, HEIGHT - _FOOT + 20 + 19 * place), kept)


def _text(
    painter: QPainter, y: float, words: str, size_px: int, ink: str, *, strong: bool = False, inset: float = 0
) -> float:
    """Words over the sheet's width; returns where they end."""
    painter.setFont(tokens.font(size_px, QFont.Weight.DemiBold if strong else QFont.Weight.Normal))
    painter.setPen(QColor(ink))
    room = QRectF(_PAD + inset, y, WIDTH - 2 * _PAD - inset, 400)
    used = painter.boundingRect(room, int(_WRAP), words)
    painter.drawText(room, int(_WRAP), words)
    return float(used.bottom())


def _places(room: QRectF, ratio: float) -> tuple[QRectF, QRectF, QRectF]:
    """Two pictures over their difference where they are wide, all three in a row where they are high.

    Args:
        room: for all of them; captions stand over each.
        ratio: height by width.
    """
    if ratio > 1:
        width = min((room.width() - 2 * _GUTTER) / 3, room.height() / ratio)
        lefts = [room.left() + place * (width + _GUTTER) for place in range(3)]
        one, two, three = (QRectF(left, room.top(), width, width * ratio) for left in lefts)
        return one, two, three
    small = min((room.width() - _GUTTER) / 2, 0.35 * room.height() / ratio)
    top = room.top() + small * ratio + 44
    large = min(room.width(), (room.bottom() - top) / ratio)
    return (
        QRectF(room.left(), room.top(), small, small * ratio),
        QRectF(room.left() + small + _GUTTER, room.top(), small, small * ratio),
        QRectF(room.left(), top, large, large * ratio),
    )


def _hardware(run: BackendRun) -> tuple[str, ...]:
    """One line where one thing does both, else two."""
    if run.networks_hardware == run.canvas_hardware:
        return (run.canvas_hardware,)
    return f"Networks: {run.networks_hardware}", f"Picture: {run.canvas_hardware}"


def _pictures(found: PictureDifference) -> tuple[U8, U8, U8]:
    return found.first, found.second, found.amplified


def _image(bgra: U8) -> QImage:
    own = OwnImage()
    own.copy_bgra(bgra, mirrored=False)
    return own.image
