"""Measures two backends against each other: the same frames, in alternating blocks, each on an engine of its own.

Synchronous; no Qt, no threads of its own. Never both at once: on two cores each would be measured with the other's
load. The order turns around from block to block (A B, B A, ...), so that a machine that grows warm, or another program
that comes in between, does not favour the first. Both see the very same frames, so their pictures can be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from app.backends.catalogue import spoken
from app.backends.pair import Loading, LoadingCancelled, Pair
from app.machine import busy_core_seconds, cpu_name, cpu_seconds, machine
from app.pipeline.colour_difference import DifferenceTally
from app.pipeline.comparison import (
    HEADLINE,
    PERCEPTION,
    PICTURE,
    TOTAL,
    BackendRun,
    Comparison,
    Progress,
    StageFigures,
)
from app.pipeline.engine import Engine
from app.settings import Settings
from app.version import version
from models.errors import FacetError
from models.types import U8, Frame

BLOCKS = 4
"""Per backend."""
BLOCK_FRAMES = 60
SETTLING_FRAMES = 5
"""At the start of each block: caches and clock rates come back from the other backend's block."""
WARM_FRAMES = 8
"""Before the first block: networks load, shaders compile."""
COMPARED_FRAMES = 3
"""Of each block, evenly spread: whose pictures are held against each other."""
_MOST_BYTES = 512 << 20
"""For the frames of one block; larger pictures make shorter blocks."""
_LOADING_SHARE = 0.15
"""Of the progress bar."""

MakeEngine = Callable[[str, Loading], Engine]
"""An engine on a backend, which it does not leave unless that fails. Raises FacetError."""
TakeFrames = Callable[[int], Sequence[Frame]]
"""The next frames of the source, up to that many; fewer or none at its end."""


def block_frames(frame: Frame) -> int:
    """How many frames like this one make a block."""
    return max(2 * SETTLING_FRAMES, min(BLOCK_FRAMES, _MOST_BYTES // max(1, frame.pixels.nbytes)))


@dataclass(eq=False, slots=True)
class _Side:
    """One backend while it is measured."""

    name: str
    engine: Engine
    pair: Pair
    samples: dict[str, list[float]] = field(default_factory=dict)
    block_ms: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in HEADLINE})
    faults: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    frames: int = 0

    def failed(self, pair: Pair, reason: str) -> None:
        """The engine's word that it had to go home."""
        self.failure = reason
        pair.close()

    def count(self, block: "_Block") -> None:
        """Take a block into the figures."""
        self.frames += len(block.times_ms)
        for stage, means in self.block_ms.items():
            means.append(float(np.mean([ms[stage] for ms in block.times_ms])))
        for ms in block.times_ms:
            for stage, spent_ms in ms.items():
                self.samples.setdefault(stage, []).append(spent_ms)


@dataclass(eq=False, slots=True)
class _Block:
    """What came of one block: the times of each frame that counts, and some pictures by place."""

    times_ms: list[dict[str, float]] = field(default_factory=list)
    pictures: dict[int, U8] = field(default_factory=dict)


class Comparer:
    """One comparison; `run` once.

    Args:
        asked: two backends.
        make_engine: makes an engine for each.
        settings: the effects to draw.
        input_name: of the source, for people.
        watch: told about the progress between two frames.
        loading: to end it: cancelled from any thread, it lets `run` return with what there is.
        blocks: per backend.
    """

    def __init__(
        self,
        asked: tuple[str, str],
        make_engine: MakeEngine,
        settings: Settings,
        input_name: str,
        watch: Callable[[Progress], object] = lambda _progress: None,
        loading: Loading | None = None,
        blocks: int = BLOCKS,
    ) -> None:
        self._asked = asked
        self._make_engine = make_engine
        self._settings = settings
        self._input_name = input_name
        self._watch = watch
        self._loading = loading or Loading()
        self._blocks = blocks
        self._sides: list[_Side] = []
        self._tally = DifferenceTally()
        self._size_wh = (0, 0)
        self._length = 0

    def run(self, take: TakeFrames) -> Comparison:
        """Measure; whatever goes wrong is told in the outcome. Closes the engines that it made."""
        started_s, busy_s, own_s = perf_counter(), busy_core_seconds(), cpu_seconds()
        ended = ""
        try:
            self._run(take)
        except LoadingCancelled:
            ended = "It was stopped before its end."
        except FacetError as error:
            ended = str(error)
        elapsed_s = max(1e-3, perf_counter() - started_s)
        others_s = busy_core_seconds() - busy_s - (cpu_seconds() - own_s)
        runs = tuple(_run_of(side) for side in self._sides if side.frames)
        for side in self._sides:
            side.engine.close()
        return Comparison(
            self._input_name,
            self._size_wh,
            tuple(effect_id for effect_id, _params in self._settings.effects),
            self._asked,
            runs if len(runs) == 2 else (),
            self._tally.result(),
            self._length,
            SETTLING_FRAMES,
            ended,
            max(0.0, others_s / elapsed_s),
            machine() | {"facet": version()},
        )

    def _run(self, take: TakeFrames) -> None:
        frames = self._fetch(take, BLOCK_FRAMES, 0.0)
        if not frames:
            raise FacetError("The source gave no frame to compare with. Choose another one.")
        self._size_wh, self._length = frames[0].size_wh, block_frames(frames[0])
        frames = frames[: self._length]
        for place, name in enumerate(self._asked):
            self._say(f"Getting {spoken(name)} ready", 0.5 * _LOADING_SHARE * place, name)
            self._sides.append(self._ready(name, frames))
        for block in range(self._blocks):
            if block:
                frames = self._fetch(take, self._length, self._share(2 * block, 0.0))
            if len(frames) <= SETTLING_FRAMES:
                if block:
                    return
                raise FacetError("The source ended before anything could be measured. Choose a longer one.")
            turns = (0, 1) if block % 2 == 0 else (1, 0)
            done = {
                place: self._measure(self._sides[place], frames, 2 * block + turn) for turn, place in enumerate(turns)
            }
            for place, side in enumerate(self._sides):
                side.count(done[place])
            for place, picture in done[0].pictures.items():
                self._tally.add(frames[place].index, picture, done[1].pictures[place])

    def _fetch(self, take: TakeFrames, count: int, share: float) -> Sequence[Frame]:
        self._say("Fetching frames", share)
        frames = take(count)
        self._check()
        return frames

    def _ready(self, name: str, frames: Sequence[Frame]) -> _Side:
        """Build it and let it run until nothing is loaded or compiled any more; then it forgets."""
        try:
            engine = self._make_engine(name, self._loading)
        except LoadingCancelled:
            raise
        except FacetError as error:
            self._check()
            raise _lack(name, str(error)) from error
        side = _Side(name, engine, engine.pair)
        engine.on_failure(side.failed)
        try:
            for frame in frames[:WARM_FRAMES]:
                self._step(side, frame)
            engine.restart()
        except BaseException:
            engine.close()
            raise
        return side

    def _measure(self, side: _Side, frames: Sequence[Frame], turn: int) -> _Block:
        """One backend over one block's frames."""
        compared = {round(share * (len(frames) - 1)) for share in np.linspace(0.3, 1.0, COMPARED_FRAMES)}
        words = f"Measuring {spoken(side.name)}, block {turn // 2 + 1} of {self._blocks}"
        block = _Block()
        for place, frame in enumerate(frames):
            self._say(words, self._share(turn, place / len(frames)), side.name)
            picture, ms = self._step(side, frame)
            if place in compared:
                block.pictures[place] = picture
            if place >= SETTLING_FRAMES:
                block.times_ms.append(ms)
        return block

    def _step(self, side: _Side, frame: Frame) -> tuple[U8, dict[str, float]]:
        """One frame: its picture and its times; raises FacetError where the backend is no longer itself."""
        self._check()
        output = side.engine.step(frame, self._settings)
        times = dict(side.engine.take_times().ms)
        if side.failure or side.engine.pair is not side.pair:
            self._check()
            raise _lack(side.name, side.failure or "It fell back to the CPU.")
        for fault in output.faults:
            side.faults[fault.where] = fault.message
        times[PICTURE] = max(0.0, times[TOTAL] - times[PERCEPTION])
        return output.bgra, times

    def _share(self, turn: int, within: float) -> float:
        return _LOADING_SHARE + (1 - _LOADING_SHARE) * (turn + within) / (2 * self._blocks)

    def _say(self, words: str, share: float, backend: str = "") -> None:
        self._check()
        self._watch(Progress(words, share, backend))

    def _check(self) -> None:
        """Raises LoadingCancelled where it was stopped: what fails then, fails because its backend was freed."""
        self._loading.step("comparing")


def _lack(name: str, reason: str) -> FacetError:
    words = spoken(name)
    return FacetError(f"{words[:1].upper()}{words[1:]} cannot be used: {reason}")


def _run_of(side: _Side) -> BackendRun:
    pair = side.pair
    networks_hardware = pair.describe().split("; canvas ")[0]
    canvas_hardware = str(getattr(pair.device, "description", "")) or cpu_name()
    if canvas_hardware.startswith(networks_hardware.split(" (")[0]):
        networks_hardware = canvas_hardware
    notes = [*pair.remarks, *(f"The effect {where} stopped: {message}" for where, message in side.faults.items())]
    return BackendRun(
        asked=side.name,
        ran=pair.name,
        networks=pair.model.name,
        canvas=pair.device.name,
        networks_hardware=networks_hardware or pair.model.name,
        canvas_hardware=canvas_hardware,
        software=bool(getattr(pair.device, "is_software", False)) or "(software)" in pair.describe(),
        stages={name: _figures(ms) for name, ms in side.samples.items()},
        block_ms={stage: tuple(means) for stage, means in side.block_ms.items()},
        frames=side.frames,
        notes=tuple(notes),
    )


def _figures(ms: Sequence[float]) -> StageFigures:
    p50, p95 = np.percentile(ms, (50, 95))
    return StageFigures(float(np.mean(ms)), float(p50), float(p95), len(ms))
