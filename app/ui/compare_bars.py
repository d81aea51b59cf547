"""The bars of a comparison: each stage of a frame, both backends under one another, mean and p95."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from app.pipeline.comparison import HEADLINE, BackendRun, Comparison, StageFigures, stage_names
from app.pipeline.verdict import call_of, least_gain
from app.ui import paint, tokens

_TITLES = {
    "total": "Whole frame",
    "perception": "All networks",
    "picture": "Picture",
    "composite": "Transfer and rest",
}
_BIG_ROW, _ROW, _TALL_ROW = 66, 38, 54
_LABEL, _VALUE = 200, 190
_MOST_DETAILS = 11
_LARGE = 26
_CLEARLY_MS = 0.1
"""What is less apart than this is not marked as faster."""
_CLEARLY_MS = 0.1
"""What is less apart than this is not marked as faster."""


def inks(theme: tokens.Palette) -> tuple[str, str]:
    """The colours of the first and the second backend."""
    return theme.muted, theme.accent


def draw_bars(
    painter: QPainter, box: QRectF, comparison: Comparison, titles: Mapping[str, str], theme: tokens.Palette
) -> None:
    """Fill `box` from above; stages that do not fit are counted in a last line, the longest ones stay."""
    names = stage_names(comparison.runs)
    details = [name for name in names if name not in HEADLINE]
    room = box.height() - len(HEADLINE) * _BIG_ROW - 48
    shown = _longest(details, comparison.runs, min(_MOST_DETAILS, int(room // _ROW)))
    headline = [name for name in names if name in HEADLINE]
    y = _draw_group(painter, box, comparison, headline, _BIG_ROW, titles, theme)
    painter.fillRect(QRectF(box.left(), y + 4, box.width(), 1), QColor(theme.line))
    below = QRectF(box.left(), y + 14, box.width(), box.bottom() - y - 14)
    height = min(_TALL_ROW, room / max(1, len(shown)))
    y = _draw_group(painter, below, comparison, shown, height, titles, theme)
    hidden = len(details) - len(shown)
    if hidden:
        painter.setFont(tokens.font(tokens.TEXT_L))
        painter.setPen(QColor(theme.muted))
        words = f"and {hidden} shorter {'stage' if hidden == 1 else 'stages'}: see the saved table"
        painter.drawText(QRectF(box.left(), y, box.width(), 28), Qt.AlignmentFlag.AlignVCenter, words)


def title_of(stage: str, titles: Mapping[str, str]) -> str:
    """A stage in words."""
    if stage.startswith("effect."):
        effect_id = stage.removeprefix("effect.")
        return titles.get(effect_id, effect_id)
    words = _TITLES.get(stage, stage)
    return words[:1].upper() + words[1:]


def _longest(names: list[str], runs: tuple[BackendRun, ...], count: int) -> list[str]:
    """The `count` longest ones, in the order they had."""
    kept = sorted(names, key=lambda name: -max(run.stages[name].mean_ms for run in runs if name in run.stages))
    return [name for name in names if name in kept[: max(0, count)]]


def _draw_group(
    painter: QPainter,
    box: QRectF,
    comparison: Comparison,
    names: list[str],
    height: float,
    titles: Mapping[str, str],
    theme: tokens.Palette,
) -> float:
    """Rows on one scale; returns where they end."""
    longest = max(
        (run.stages[name].p95_ms for name in names for run in comparison.runs if name in run.stages), default=1.0
    )
    y = box.top()
    for name in names:
        row = QRectF(box.left(), y, box.width(), height)
        _draw_row(painter, row, name, comparison, max(longest, 1e-6), titles, theme)
        y += height
    return y


def _draw_row(
    painter: QPainter,
    row: QRectF,
    name: str,
    comparison: Comparison,
    longest_ms: float,
    titles: Mapping[str, str],
    theme: tokens.Palette,
) -> None:
    big = name in HEADLINE
    painter.setFont(tokens.font(tokens.TEXT_XL if big else tokens.TEXT_L, _weight(big)))
    painter.setPen(QColor(theme.text))
    label = QRectF(row.left(), row.top(), _LABEL, row.height())
    text = painter.fontMetrics().elidedText(
        title_of(name, titles) + _share(name, comparison.runs), Qt.TextElideMode.ElideRight, _LABEL - 12
    )
    painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, text)
    winner = fastest(name, comparison)
    half = row.height() / 2 - (5 if big else 3)
    for place, run in enumerate(comparison.runs):
        line = QRectF(row.left() + _LABEL, row.top() + (5 if big else 3) + place * half, row.width() - _LABEL, half)
        figures = run.stages.get(name)
        _draw_bar(painter, line, figures, longest_ms, inks(theme)[place], run is winner, big, theme)


def _draw_bar(
    painter: QPainter,
    line: QRectF,
    figures: StageFigures | None,
    longest_ms: float,
    ink: str,
    marked: bool,
    big: bool,
    theme: tokens.Palette,
) -> None:
    """A bar as long as the mean, a fainter one on to p95, both in numbers beside it."""
    thick = line.height() - (8 if big else 6)
    room = line.width() - _VALUE
    middle = line.center().y()
    if figures is None:
        painter.setFont(tokens.font(tokens.TEXT_S))
        painter.setPen(QColor(theme.muted))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, "did not run")
        return
    for ms, colour in ((figures.p95_ms, tokens.faint(ink, 0.35)), (figures.mean_ms, QColor(ink))):
        length = max(2.0, room * min(1.0, ms / longest_ms))
        paint.rounded(painter, QRectF(line.left(), middle - thick / 2, length, thick), min(3, thick / 2), colour)
    mean = QRectF(line.left() + room + 10, line.top(), 100, line.height())
    painter.setFont(tokens.font(_LARGE if big else tokens.TEXT_L, _weight(marked)))
    painter.setPen(QColor(theme.good if marked else theme.text))
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(mean, right, f"{figures.mean_ms:.{1 if big else 2}f}")
    painter.setFont(tokens.font(tokens.TEXT_L if big else tokens.TEXT))
    painter.setPen(QColor(theme.muted))
    spread = QRectF(mean.right() + 8, line.top(), line.right() - mean.right() - 8, line.height())
    painter.drawText(spread, right, f"{figures.p95_ms:.{1 if big else 2}f}")


def fastest(name: str, comparison: Comparison) -> BackendRun | None:
    """Who is clearly faster: at the headline's stages as the verdict says it.

    Nobody is where the processor draws on the one side and a graphics card on the other: there the times of a single
    effect do not mean the same (see the sheet's foot).
    """
    first, second = comparison.runs
    if name not in first.stages or name not in second.stages:
        return None
    if name in HEADLINE:
        call = call_of(comparison, name)
        return first if call == "first" else second if call == "second" else None
    if (name.startswith("effect.") or name == "composite") and first.canvas != second.canvas:
        return None
    gain, one, other = least_gain(comparison), first.stages[name], second.stages[name]
    if _clearly_less(one, other, gain):
        return first
    return second if _clearly_less(other, one, gain) else None


def _clearly_less(one: StageFigures, other: StageFigures, gain: float) -> bool:
    """In the mean, and on the usual frame too: a few slow frames alone decide nothing."""
    return all(
        less * gain <= more and more - less >= _CLEARLY_MS
        for less, more in ((one.mean_ms, other.mean_ms), (one.p50_ms, other.p50_ms))
    )


def _share(name: str, runs: tuple[BackendRun, ...]) -> str:
    """On which share of the frames a stage ran, where that is not all of them."""
    share = max(run.stages[name].frames / run.frames for run in runs if name in run.stages)
    return f", {100 * share:.0f} % of frames" if share < 0.995 else ""


def _weight(strong: bool) -> QFont.Weight:
    return QFont.Weight.DemiBold if strong else QFont.Weight.Normal
