"""A few frames of the demo through networks and effects, before a backend is shown to anybody.

It loads and compiles everything that live frames will need, and tells how long a frame takes once that is done.
"""

import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any

from app.backends.pair import Loading, Pair
from app.sources import demo_script as script
from app.sources.demo_render import Renderer
from effects.base import EffectSpec, Scene
from effects.canvas import Canvas, Device
from models.errors import FacetError
from models.types import Frame, Perception, SharedModel, Wants

EVERYTHING = Wants(landmarks=True, matte=True, visibility=True, blendshapes=True, detect_every_frame=True)
WARM_FRAMES = 8
"""Enough for both hands of the perception to have met each network."""
_ALONE_FRAMES = 3
_FPS = 30.0
_TO_HIS_PLACE_S = 2.5
"""How long the second actor takes to where he stands beside the first."""

Chosen = Sequence[tuple[EffectSpec[Any], Any]]
"""(effect, parameters)."""
Prepared = Sequence[tuple[Any, Any, Any]]
"""(effect, parameters, assets) in drawing order."""


def stage_frames(count: int, size_wh: tuple[int, int] = (1280, 720)) -> list[Frame]:
    """Frames of the demo: a few with one face, the others with two, which take other paths through the networks."""
    renderer = Renderer(size_wh)
    both_s = script.B_ON_STAGE_S[0] + _TO_HIS_PLACE_S
    frames = []
    for index in range(count):
        t_s = index / _FPS + (both_s if index >= _ALONE_FRAMES else 0.0)
        pixels = renderer.draw(t_s)
        pixels.flags.writeable = False
        frames.append(Frame(index, t_s, time.monotonic_ns(), pixels))
    return frames


def rehearse(
    pair: Pair, size_wh: tuple[int, int], effects: Chosen, assets_model: SharedModel, loading: Loading
) -> None:
    """Load, compile and run all of a backend once; afterwards it remembers nothing of that.

    Args:
        pair: in use nowhere else.
        size_wh: of the frames to come.
        effects: what may be drawn; one that cannot prepare its assets is left out.
        assets_model: the effects prepare their assets with it.
        loading: is asked between two frames whether to go on.

    Raises:
        BackendFailed or ModelUnavailable: it cannot do it.
        LoadingCancelled: nobody waits for it any more.
    """
    loading.step("loading the networks")
    frames = stage_frames(WARM_FRAMES, size_wh)
    seen, _ms = run_networks(pair.model, frames, loading)
    loading.step("preparing the effects")
    run_canvas(pair.device, frames, seen, prepared(effects, assets_model), loading)


def run_networks(model: SharedModel, frames: Sequence[Frame], loading: Loading) -> tuple[list[Perception], float]:
    """What the model sees, and the usual milliseconds of a frame (NaN for up to `WARM_FRAMES`); then it forgets."""
    seen: list[Perception] = []
    spent_ms: list[float] = []
    for number, frame in enumerate(frames):
        loading.step("loading the networks" if number < WARM_FRAMES else "timing the networks")
        started_ns = time.perf_counter_ns()
        seen.append(model.track(frame, EVERYTHING))
        spent_ms.append((time.perf_counter_ns() - started_ns) / 1e6)
    model.reset()
    return seen, _usual(spent_ms)


def prepared(effects: Chosen, model: SharedModel) -> Prepared:
    """Those that can be prepared, in drawing order."""
    ready = []
    for spec, params in sorted(effects, key=lambda chosen: chosen[0].stage):
        effect = spec.make()
        try:
            ready.append((effect, params, effect.prepare(params, model, threading.Event())))
        except FacetError:
            continue
    return ready


def run_canvas(
    device: Device, frames: Sequence[Frame], seen: Sequence[Perception], effects: Prepared, loading: Loading
) -> float:
    """Draw the effects on each frame; the usual milliseconds from frame to finished picture, transfers included."""
    states = [effect.initial() for effect, _params, _assets in effects]
    spent_ms: list[float] = []
    last_s = frames[0].t_s if frames else 0.0
    for frame, perception in zip(frames, seen, strict=True):
        loading.step("warming up")
        started_ns = time.perf_counter_ns()
        canvas = Canvas(device.upload(frame), frame, device)
        scene = Scene(frame.t_s, frame.t_s - last_s, frame.size_wh, perception.faces, perception.matte)
        last_s = frame.t_s
        for place, (effect, params, assets) in enumerate(effects):
            scene, states[place] = effect.apply(canvas, scene, params, assets, states[place])
        device.download(canvas.image)
        spent_ms.append((time.perf_counter_ns() - started_ns) / 1e6)
    return _usual(spent_ms)


def _usual(spent_ms: Sequence[float]) -> float:
    measured = spent_ms[WARM_FRAMES:]
    return statistics.median(measured) if measured else float("nan")
