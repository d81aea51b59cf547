"""One effect that is switched on: its assets, its state, its cost and its fault."""

import logging
from typing import Any

from app.pipeline.prepare import Job, Preparer
from app.pipeline.types import Fault
from effects.base import EffectSpec, Scene
from effects.canvas import Canvas
from models.errors import BackendFailed, FacetError
from models.types import SharedModel

_FIRST_PATIENCE_S = 0.005
"""Most effects have nothing to prepare: waiting this long spares them the stand-in on their first frame."""
_COST_WEIGHT = 0.1
_COST_TRUST = 0.995

_log = logging.getLogger(__name__)


class ActiveEffect:
    """Keeps one effect going from frame to frame; the engine's thread only.

    Attributes:
        spec: of the effect.
        fault: why it is switched off, None while it works.
        cost_ms: running mean of its time on a frame, 0 before it is known.
    """

    def __init__(self, spec: EffectSpec[Any], preparer: Preparer) -> None:
        self.spec = spec
        self.fault: Fault | None = None
        self.cost_ms = 0.0
        self._effect = spec.make()
        self._preparer = preparer
        self._params: Any = None
        self._job: Job | None = None
        self._assets: Any = None
        self._has_assets = False
        self._has_run = False
        self._state: Any = self._effect.initial()

    @property
    def usable(self) -> bool:
        """Whether it can draw: prepared once, and not failed."""
        return self._has_assets and self.fault is None

    @property
    def state(self) -> Any:
        """What the effect remembers; numpy and scalars."""
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        self._state = state

    @property
    def pending(self) -> bool:
        """Whether a preparation is under way."""
        return self._job is not None

    def want(self, params: Any, model: SharedModel) -> None:
        """Use these parameters from now on; prepares anew when they changed, which also forgives an old fault."""
        if params != self._params:
            self._params = params
            self.fault = None
            self._cancel()
            effect = self._effect
            self._job = self._preparer.submit(lambda cancel: effect.prepare(params, model, cancel))
            if not self._has_assets:
                self._job.wait(_FIRST_PATIENCE_S)
        self._adopt_finished()

    def wait(self) -> None:
        """Block until the preparation under way is over."""
        if self._job is not None:
            self._job.wait(None)
            self._adopt_finished()

    def apply(self, canvas: Canvas, scene: Scene, *, away: bool = False) -> Scene:
        """Draw, and return the scene as it is now. A failure switches the effect off and leaves the scene as it was.

        `away`: the canvas lies on a device that another one stands behind; its failures are raised (BackendFailed).
        """
        try:
            scene, self._state = self._effect.apply(canvas, scene, self._params, self._assets, self._state)
        except Exception as error:  # noqa: BLE001 - one effect must not take the picture down
            if away and isinstance(error, BackendFailed):
                raise
            self._fail(error)
        return scene

    def record_cost(self, ms: float) -> None:
        """Add one frame's time to the running mean; the first frame, with its imports, is not a usual one."""
        if not self._has_run:
            self._has_run = True
        elif self.cost_ms == 0.0:
            self.cost_ms = ms
        else:
            self.cost_ms += _COST_WEIGHT * (ms - self.cost_ms)

    def forget_cost(self) -> None:
        """Another device draws from now on: what it cost on the old one says nothing."""
        self.cost_ms, self._has_run = 0.0, False

    def rest(self) -> None:
        """It was left out on a frame: its cost is trusted a little less, so that it is tried again in some seconds."""
        self.cost_ms *= _COST_TRUST

    def restart(self) -> None:
        """Forget the state and a failure to draw: another source begins, or the effect was off for a while."""
        self._state = self._effect.initial()
        if self._has_assets:
            self.fault = None

    def close(self) -> None:
        """Give up a preparation under way."""
        self._cancel()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel.set()
            self._job = None

    def _adopt_finished(self) -> None:
        if self._job is None or not self._job.done:
            return
        job, self._job = self._job, None
        if job.error is not None:
            self._fail(job.error)
            return
        self._assets, self._has_assets = job.result, True

    def _fail(self, error: Exception) -> None:
        plain = str(error) if isinstance(error, FacetError) else f"{type(error).__name__}: {error}"
        self.fault = Fault(self.spec.id, plain)
        _log.error("effect %s failed and is switched off", self.spec.id, exc_info=error)
