"""Turns one frame after another into finished pictures: perceive, then let each effect draw in its turn.

Synchronous, one caller at a time; no Qt, no threads of its own. What takes long (assets) is given to a `Preparer`.
The backend may be exchanged between any two frames; one that fails is replaced by the home backend on that very frame.
"""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, cast

import numpy as np

from app.backends.pair import Pair
from app.pipeline.active import ActiveEffect
from app.pipeline.footing import Footing, OnFailure
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
        model: the shared model of the home backend; the engine closes it. Effects prepare their assets with it.
        device: where the picture is drawn at home; the engine closes it.
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
        self._footing = Footing(Pair(model, device))
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
    def pair(self) -> Pair:
        """The backend in use."""
        return self._footing.pair

    @property
    def home(self) -> Pair:
        """The backend that it began with and that answers when another fails."""
        return self._footing.home

    @property
    def networks(self) -> str:
        """The runtime that really runs the networks."""
        return self.pair.model.name

    @property
    def backend(self) -> str:
        """The name of the pair of networks and canvas."""
        return self.pair.name

    @property
    def canvas(self) -> str:
        """The device that really draws."""
        return self.pair.device.name

    def on_failure(self, tell: OnFailure) -> None:
        """`tell` is called, within the frame, when the backend in use failed; by default that is just closed."""
        self._footing.on_failure = tell

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
            lambda model: model.track(frame, self.wants(settings), max_faces=limit, reach=_reach(settings, "near")),
        )

    def step(self, frame: Frame, settings: Settings, deadline_ns: int | None = None) -> Output:
        """Perceive the next frame and draw on it."""
        return self.compose(frame, self.perceive(frame, settings), settings, deadline_ns)

    def still(self, frame: Frame, settings: Settings) -> Output:
        """Perceive a picture that has nothing to do with those before it, as carefully as can be, and draw on it."""
        limit = HIDING_MAX_FACES if self._hides(settings) else max(settings.max_faces, STILL_MAX_FACES)
        perception = self.perceive_still(frame, settings, limit)
        self._restart_drawing()
        return self.compose(frame, perception, settings)

    def perceive_still(self, frame: Frame, settings: Settings, max_faces: int) -> Perception:
        """Run the networks on a picture that has nothing to do with those before it."""
        want, reach = self.wants(settings), _reach(settings, "crowd")
        return self._perceived(frame, lambda model: model.still(frame.pixels, want, max_faces=max_faces, reach=reach))

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
        self._switch(settings)
        if not self._footing.away:
            return self._composed(frame, perception, settings, deadline_ns)
        memory = self._drawing_memory()
        return self._footing.run(
            lambda: self._composed(frame, perception, settings, deadline_ns), lambda: self._remember(memory)
        )

    def _composed(self, frame: Frame, perception: Perception, settings: Settings, deadline_ns: int | None) -> Output:
        started_ns = self._clock_ns()
        device = self.pair.device
        canvas = Canvas(device.upload(frame), frame, device)
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
        bgra = self._stand_in.finish(device.download(canvas.image), settings.fail_secure, self._hides(settings))
        ended_ns = self._clock_ns()
        whole_ns, effects_ns = ended_ns - started_ns, effects_ended_ns - effects_started_ns
        self._ms["composite"] = (whole_ns - effects_ns) / 1e6
        self._ms["total"] = self._ms.get("perception", 0.0) + whole_ns / 1e6
        self._frame_index = frame.index
        return Output(frame, perception, bgra, self._faults(), tuple(sorted(shed)), canvas=device.name)

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

    def exchange(self, pair: Pair) -> Pair:
        """Go on with another backend between two frames: tracks and effects' states are carried over.

        Returns the one in use until now, which stays ready; the caller closes it, unless it is `home`. Raises what
        the new model raises; then nothing has changed.
        """
        old = self._footing.exchange(pair)
        for active in self._known.values():
            active.forget_cost()
        return old

    def restart(self) -> None:
        """Another source begins: forget tracks and effects' states."""
        self._footing.run(self._reset_model)
        self._restart_drawing()

    def close(self) -> None:
        """Give up preparations, free networks and pictures."""
        for active in self._known.values():
            active.close()
        self._preparer.close()
        self._footing.close()

    def _reset_model(self) -> None:
        self.pair.model.reset()

    def _drawing_memory(self) -> tuple[list[Any], Any, float | None]:
        """What drawing a frame changes; effects may change their states in place, so these are copies."""
        return [deepcopy(active.state) for active in self._on], self._stand_in.memory, self._last_t_s

    def _remember(self, memory: tuple[list[Any], Any, float | None]) -> None:
        states, self._stand_in.memory, self._last_t_s = memory
        for active, state in zip(self._on, states, strict=True):
            active.state = state
            active.forget_cost()

    def _perceived(self, frame: Frame, see: Callable[[SharedModel], Perception]) -> Perception:
        started_ns = self._clock_ns()
        perception = self._footing.run(lambda: see(self.pair.model))
        elapsed_ms = (self._clock_ns() - started_ns) / 1e6
        times = self.pair.model.times()
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
            active.want(params, self.home.model)
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
        away = self._footing.away
        if active.usable:
            scene = active.apply(canvas, scene, away=away)
        if active.spec.hides and not active.usable and not covered:
            self._stand_in.cover(canvas, scene, fail_secure, away=away)
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
