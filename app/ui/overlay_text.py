"""The words and numbers of the latency overlay, made from the measured statistics. No Qt."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.pipeline.types import LatencyStats
from app.sources.base import SourceInfo

_ORDER = ("decode", "preprocess", "detect", "landmarks", "segment", "perception")
_LAST = ("composite", "hand-over", "paint")
_TITLES = {"hand-over": "hand over", "perception": "perception, all"}
NOTHING = "\u2013"


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage: its title, p50 and p95 as text and as numbers."""

    title: str
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class OverlayText:
    """Everything that the overlay writes."""

    p50: str
    p95: str
    p99: str
    rows: tuple[StageRow, ...]
    facts: tuple[tuple[str, str], ...]


def milliseconds(value: float) -> str:
    """One decimal; a dash for what was not measured."""
    return f"{value:.1f}" if math.isfinite(value) else NOTHING


def overlay_text(stats: LatencyStats, info: SourceInfo | None, effect_titles: Mapping[str, str]) -> OverlayText:
    """Stages in the order in which a frame passes them; effects by their titles."""
    total = stats.capture_to_paint
    effects = [name for name in stats.stages if name.startswith("effect.")]
    known = {*_ORDER, *_LAST, *effects, "total"}
    others = [name for name in stats.stages if name not in known]
    order = [name for name in (*_ORDER, *others, *effects, *_LAST) if name in stats.stages]
    rows = tuple(
        StageRow(_title(name, effect_titles), stats.stages[name].p50, stats.stages[name].p95) for name in order
    )
    return OverlayText(
        p50=milliseconds(total.p50) if total else NOTHING,
        p95=milliseconds(total.p95) if total else NOTHING,
        p99=milliseconds(total.p99) if total else NOTHING,
        rows=rows,
        facts=_facts(stats, info),
    )


def _title(stage: str, effect_titles: Mapping[str, str]) -> str:
    if stage.startswith("effect."):
        effect_id = stage.removeprefix("effect.")
        return effect_titles.get(effect_id, effect_id).lower()
    return _TITLES.get(stage, stage)


def _facts(stats: LatencyStats, info: SourceInfo | None) -> tuple[tuple[str, str], ...]:
    origin = "camera" if info is not None and info.kind == "camera" else "source"
    asked = f" of {info.fps:.0f}" if info is not None and info.fps > 0 else ""
    facts = [
        ("frame age at paint", f"{milliseconds(stats.frame_age_ms)} ms"),
        (origin, f"{stats.camera_fps:.1f}{asked} fps"),
        ("shown", f"{stats.shown_fps:.1f} fps"),
        ("dropped", _drops(stats.dropped)),
    ]
    if stats.networks == stats.canvas:
        facts.append(("networks, canvas", stats.networks or NOTHING))
    else:
        facts += [("networks", stats.networks or NOTHING), ("canvas", stats.canvas or NOTHING)]
    return tuple(facts)


def _drops(dropped: Mapping[str, int]) -> str:
    lost = [f"{where} {count}" for where, count in dropped.items() if count]
    return ", ".join(lost) if lost else "none"
