"""Turns one frame after another into finished pictures: perceive, then let each effect draw in its turn.

Synchronous, one caller at a time; no Qt, no threads of its own. What takes long (assets) is given to a `Preparer`.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from app.pipeline.active import ActiveEffect
from app.pipeline.prepare import InlinePreparer, Preparer
from app.pipeline.secure import StandIn
from app.pipeline.shedding import choose_shed
from app.pipeline.types import Fault, Output
from app.settings import Settings
from effects.base import EffectFailed, EffectSpec, Scene
from effects.canvas import Canvas, Device
from models.errors import unknown_name
from models.types import Frame, Perception, Reach, SharedModel, StageTimes, Wants

HIDING_WANTS = Wants(matte=True, detect_every_frame=True)
HIDING_MAX_FACES = 1000
"""While faces are hidden nobody is left out because there are too many of them."""
STILL_MAX_FACES = 20

Clock = Callable[[], int]


class Engine:
    """The synchronous heart of live view, render and bench.

    Args:
        model: the shared model; the engine closes it.
        device: where the picture is drawn; the engine closes it.
        specs: the effects there are.
        extra_wants: what is perceived besides what the effects need; may be changed between frames.
        preparer: where assets are made; at once by default.
        clock_ns: for stage times and deadlines.
    """

    def __init__(
        self,
        model: SharedModel,
        device: Device,
        specs: Sequence[EffectSpec[Any]],
        *,
        extra_wants: Wants | None = None,
        preparer: Preparer | None = None,
        clock_ns: Clock = time.perf_counter_ns,
    ) -> None:
        self._model = model
        self._device = device
        self._specs = {each.id: each for each in specs}
        self.extra_wants = extra_wants or Wants()
        self._preparer = preparer or InlinePreparer()
        self._clock_ns = clock_ns
        self._known: dict[str, ActiveEffect] = {}
        self._on: tuple[ActiveEffect, ...] = ()
        self._stand_in = StandIn()
        self._last_t_s: float | None = None
        self._ms: dict[str, float] = {}
        self._ran: frozenset[str] = frozenset()
        self._frame_index = 0

    @property
    def networks(self) -> str:
        """The runtime that really runs the networks."""
        return self._model.name

    @property
    def backend(self) -> str:
        """The name of the pair of networks and canvas."""
        return self._model.name

    @property
    def canvas(self) -> str:
        """The device that really draws."""
        return self._device.name

    def wants(self, settings: Settings) -> Wants:
        """What a perception must hold for these settings."""
        wanted = self.extra_wants
        for each in self._chosen(settings):
            wanted |= each.wants | (HIDING_WANTS if each.hides else Wants(landmarks=False))
        return wanted

    def perceive(self, frame: Frame, settings: Settings) -> Perception:
        """Run the networks on the next frame of the running source."""
        limit = HIDING_MAX_FACES if self._hides(settings) else settings.max_faces
        return self._perceived(
            frame,
            lambda: self._model.track(frame, self.wants(settings), max_faces=limit, reach=_reach(settings, "near")),
        )

    def step(self, frame: Frame, settings: Settings, deadline_ns: int | None = None) -> Output:
        """Perceive the next frame and draw on it."""
        return self.compose(frame, self.perceive(frame, settings), settings, deadline_ns)

    def still(self, frame: Frame, settings: Settings) -> Output:
        """Perceive a picture that has nothing to do with those before it, as carefully as can be, and draw on it."""
        limit = HIDING_MAX_FACES if self._hides(settings) else max(settings.max_faces, STILL_MAX_FACES)
        want, reach = self.wants(settings), _reach(settings, "crowd")
        perception = self._perceived(frame, lambda: self._model.still(frame.pixels, want, max_faces=limit, reach=reach))
        self._restart_drawing()
        return self.compose(frame, perception, settings)

    def compose(
        self, frame: Frame, perception: Perception, settings: Settings, deadline_ns: int | None = None
    ) -> Output:
        """Draw the effects on the frame.

        Args:
            frame: the picture.
            perception: what was seen on this frame.
            settings: which effects, with which parameters.
            deadline_ns: on the engine's clock; effects that would miss it are left out and named. None = no hurry.
        """
        started_ns = self._clock_ns()
        self._switch(settings)
        canvas = Canvas(self._device.upload(frame), frame, self._device)
        scene = self._scene(frame, perception)
        effects_started_ns = self._clock_ns()
        shed: frozenset[str] = frozenset()
        if deadline_ns is not None:
            shed = choose_shed(self._on, (deadline_ns - effects_started_ns) / 1e6)
        covered = False
        for active in self._on:
            if active.spec.id in shed:
                active.rest()
            else:
                scene, covered = self._draw(active, canvas, scene, settings.fail_secure, covered)
        effects_ended_ns = self._clock_ns()
        bgra = self._stand_in.finish(self._device.download(canvas.image), settings.fail_secure, self._hides(settings))
        ended_ns = self._clock_ns()
        whole_ns, effects_ns = ended_ns - started_ns, effects_ended_ns - effects_started_ns
        self._ms["composite"] = (whole_ns - effects_ns) / 1e6
        self._ms["total"] = self._ms.get("perception", 0.0) + whole_ns / 1e6
        self._frame_index = frame.index
        return Output(frame, perception, bgra, self._faults(), tuple(sorted(shed)))

    def take_times(self) -> StageTimes:
        """Milliseconds of the stages since the last call; every frame's times are to be taken once."""
        times = StageTimes(self._frame_index, self._ms, self._ran)
        self._ms, self._ran = {}, frozenset()
        return times

    def ready(self, settings: Settings) -> bool:
        """Start preparing what these settings need; whether nothing is under way any more."""
        self._switch(settings)
        return not any(active.pending for active in self._on)

    def wait_ready(self, settings: Settings) -> None:
        """Block until every effect is prepared; raises EffectFailed for one that cannot be."""
        self._switch(settings)
        for active in self._on:
            active.wait()
            if active.fault is not None:
                raise EffectFailed(f"{active.fault.where}: {active.fault.message}")

    def warm(self, size_wh: tuple[int, int], settings: Settings) -> None:
        """Let networks and effects run once on an empty picture: the first real frame is then no slower than others."""
        empty = np.full((size_wh[1], size_wh[0], 3), 96, np.uint8)
        empty.setflags(write=False)
        self.step(Frame(0, 0.0, 0, empty), settings)
        self.take_times()
        self.restart()

    def adopt(self, model: SharedModel, device: Device) -> None:
        """Go on with another model and device between two frames; tracks and effects' states are carried over."""
        model.import_state(self._model.export_state())
        old_model, old_device = self._model, self._device
        self._model, self._device = model, device
        old_model.close()
        old_device.close()

    def restart(self) -> None:
        """Another source begins: forget tracks and effects' states."""
        self._model.reset()
        self._restart_drawing()

    def close(self) -> None:
        """Give up preparations, free networks and pictures."""
        for active in self._known.values():
            active.close()
        self._preparer.close()
        self._model.close()
        self._device.close()

    def _perceived(self, frame: Frame, see: Callable[[], Perception]) -> Perception:
        started_ns = self._clock_ns()
        perception = see()
        elapsed_ms = (self._clock_ns() - started_ns) / 1e6
        times = self._model.times()
        self._ms = {**times.ms, "perception": elapsed_ms}
        self._ran = times.ran
        self._frame_index = frame.index
        return perception

    def _switch(self, settings: Settings) -> None:
        """Turn effects on and off and hand them their parameters; drawing order is stage, then position."""
        on: list[ActiveEffect] = []
        for effect_id, params in settings.effects:
            if effect_id not in self._known:
                self._known[effect_id] = ActiveEffect(self._spec(effect_id), self._preparer)
            active = self._known[effect_id]
            if active not in self._on:
                active.restart()
            active.want(params, self._model)
            on.append(active)
        self._on = tuple(sorted(on, key=lambda active: active.spec.stage))

    def _scene(self, frame: Frame, perception: Perception) -> Scene:
        dt_s = 0.0 if self._last_t_s is None else max(0.0, frame.t_s - self._last_t_s)
        self._last_t_s = frame.t_s
        return Scene(frame.t_s, dt_s, frame.size_wh, perception.faces, perception.matte)

    def _draw(
        self, active: ActiveEffect, canvas: Canvas, scene: Scene, fail_secure: str, covered: bool
    ) -> tuple[Scene, bool]:
        """Let one effect draw; where one that hides faces cannot, the stand-in does, once a frame."""
        started_ns = self._clock_ns()
        if active.usable:
            scene = active.apply(canvas, scene)
        if active.spec.hides and not active.usable and not covered:
            self._stand_in.cover(canvas, scene, fail_secure)
            covered = True
        elapsed_ms = (self._clock_ns() - started_ns) / 1e6
        active.record_cost(elapsed_ms)
        self._ms[f"effect.{active.spec.id}"] = elapsed_ms
        return scene, covered

    def _faults(self) -> tuple[Fault, ...]:
        return tuple(active.fault for active in self._on if active.fault is not None)

    def _spec(self, effect_id: str) -> EffectSpec[Any]:
        if effect_id not in self._specs:
            raise unknown_name("effect", effect_id, self._specs)
        return self._specs[effect_id]

    def _chosen(self, settings: Settings) -> list[EffectSpec[Any]]:
        return [self._spec(effect_id) for effect_id, _params in settings.effects]

    def _hides(self, settings: Settings) -> bool:
        return any(each.hides for each in self._chosen(settings))

    def _restart_drawing(self) -> None:
        for active in self._known.values():
            active.restart()
        self._stand_in.restart()
        self._last_t_s = None


def _reach(settings: Settings, automatic: Reach) -> Reach:
    return automatic if settings.reach == "auto" else cast(Reach, settings.reach)
