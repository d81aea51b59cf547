"""A session without threads and parts for a window: tests play the events and outputs themselves."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.pipeline.types import BackendState, LatencyStats, Output, Percentiles, RunnerEvent
from app.settings import Settings
from app.sources.base import SourceInfo
from app.sources.tuning import Tuning
from app.ui.bridge import Bridge
from app.ui.parts import PresetEntry, WindowParts
from effects.base import EffectSpec, Stage, choice, colour, face, flag, integer, number
from effects.params import fields_of
from models.types import Perception, Wants
from tests.pipeline_fakes import make_face, make_frame


@dataclass(frozen=True)
class Hide:
    strength: float = number(0.7, 0.0, 1.0, 0.05, "Strength")
    style: str = choice("blur", "Style", (("blur", "Blur"), ("block", "Block")))
    keep: int = face("Leave visible")


@dataclass(frozen=True)
class Shape:
    slim: float = number(0.0, -1.0, 1.0, 0.1, "Slim")
    turn: float = number(0.0, -30.0, 30.0, 0.5, "Turn", "°")
    count: int = integer(3, 1, 9, "Count", "lines")
    soft: bool = flag(True, "Soft")
    ink: str = colour("#5B8CFF", "Ink")
    tone: str = choice("a", "Tone", tuple((letter, f"A rather long title {letter}") for letter in "abcdef"))


def _never() -> Any:
    raise AssertionError("the window must not make effects")


def make_specs() -> tuple[EffectSpec[Any], ...]:
    """Two effects: one that shapes, one that hides."""
    return (
        EffectSpec("shape", "effect.face_shape", Stage.RESHAPE, Shape, Wants(), 5, False, _never),
        EffectSpec("hide", "Privacy", Stage.PRIVACY, Hide, Wants(), None, True, _never),
    )


def make_output(index: int = 0, size_wh: tuple[int, int] = (640, 360), level: int = 200, **changes: Any) -> Output:
    """A flat picture over a noisy frame, with one face on the left of it."""
    frame = make_frame(index, size_wh)
    bgra = np.full((size_wh[1], size_wh[0], 4), level, np.uint8)
    faces = (make_face(7, (160.0, 180.0)),)
    seen = Perception(index, frame.t_s, size_wh, faces, None, index, (0.0, 0.0, 0.0), "cpu")
    return replace(Output(frame, seen, bgra), **changes)


def make_stats(**changes: Any) -> LatencyStats:
    """Plausible numbers."""
    times = Percentiles(1.0, 2.0, 3.0, 1.2)
    stages = dict.fromkeys(("paint", "effect.hide", "detect", "decode", "composite", "landmarks"), times)
    total = Percentiles(18.24, 24.0, 31.0, 19.0)
    recent = tuple(float(value) for value in range(40))
    stats = LatencyStats(stages, total, 17.5, 29.97, 29.9, {"engine": 0, "window": 2}, recent, "cpu", "cpu")
    return replace(stats, **changes)


class FakeSession:
    """Remembers what it was told; `play` puts outputs and events into the window."""

    def __init__(self, on_wake: Callable[[], None]) -> None:
        self.on_wake = on_wake
        self.told: list[tuple[str, Any]] = []
        self.outputs: list[Output] = []
        self.events: list[RunnerEvent] = []
        self.paints: list[tuple[Output, int, float, float]] = []
        self.info: SourceInfo | None = None
        self.numbers = make_stats()
        self.backends = BackendState()
        self.path: Path | None = None
        self.sinks_dropped = 0

    def play(self, *items: Output | RunnerEvent) -> None:
        """Hand over and knock."""
        for item in items:
            if isinstance(item, Output):
                self.outputs.append(item)
            else:
                self.events.append(item)
        self.on_wake()

    def last(self, kind: str) -> Any:
        """What it was told last of this kind."""
        return [value for told, value in self.told if told == kind][-1]

    def start(self, input_text: str) -> None:
        self.told.append(("start", input_text))

    def stop(self, timeout_s: float = 2.0) -> bool:
        self.told.append(("stop", timeout_s))
        return True

    def adopt(self, settings: Settings) -> None:
        self.told.append(("adopt", settings))

    def use_backend(self, name: str) -> None:
        self.told.append(("backend", name))

    def backend(self) -> BackendState:
        return self.backends

    def watch(self, want: Wants) -> None:
        self.told.append(("watch", want))

    def tune(self, tuning: Tuning) -> None:
        self.told.append(("tune", tuning))

    def freeze(self, frozen: bool) -> None:
        self.told.append(("freeze", frozen))

    def take_output(self) -> Output | None:
        output, self.outputs = (self.outputs[-1] if self.outputs else None), []
        return output

    def painted(self, output: Output, painted_ns: int, paint_ms: float, handover_ms: float) -> None:
        self.paints.append((output, painted_ns, paint_ms, handover_ms))

    def stats(self) -> LatencyStats:
        return self.numbers

    def source_info(self) -> SourceInfo | None:
        return self.info

    def take_events(self) -> list[RunnerEvent]:
        events, self.events = self.events, []
        return events

    def snapshot(self, path: Path) -> None:
        self.told.append(("snapshot", path))

    def record(self, path: Path | None) -> None:
        self.told.append(("record", path))
        self.path = path

    @property
    def recording(self) -> Path | None:
        return self.path


def make_parts(folder: Path, **changes: Any) -> WindowParts:
    """All that a window needs, with a fake session."""
    bridge = Bridge()
    specs = make_specs()
    parts = WindowParts(
        session=FakeSession(bridge.wake),
        bridge=bridge,
        specs=specs,
        fields_of=fields_of,
        presets=(PresetEntry("none", "No effects", ()), PresetEntry("hide", "Hidden", (("hide", Hide()),))),
        settings=Settings(),
        save_settings=lambda _settings: None,
        list_cameras=lambda: [(0, "Front"), (2, "Side")],
        initial_input="demo",
        pictures_dir=folder / "pictures",
    )
    return replace(parts, **changes)
