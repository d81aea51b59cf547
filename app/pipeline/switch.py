"""The live switch between backends: another one is built beside the picture and takes over between two frames.

Everything that decides happens in the engine's thread, between two frames; building and freeing have threads of their
own. The backend that was left stays ready, one besides the CPU where memory allows, so that flipping back is immediate.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from app.backends.catalogue import spoken
from app.backends.pair import AUTO, HOME, Loading, LoadingCancelled, Pair
from app.machine import free_memory_mb
from app.pipeline.engine import Engine
from app.pipeline.types import BackendState, RunnerEvent
from app.settings import Settings
from models.errors import FacetError
from models.types import SharedModel

SPARE_NEEDS_MB = 2048.0
"""Free memory under which a backend that was left is not kept."""
_PATIENCE_S = 1.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a backend is made ready for. `home`: the model that effects prepare their assets with."""

    settings: Settings
    size_wh: tuple[int, int]
    home: SharedModel


Build = Callable[[str, Circumstances, Loading], Pair | None]
"""Makes a backend ready to take over, in a thread of its own; None: the CPU is the best choice. Raises FacetError."""


@dataclass(eq=False, slots=True)
class _Built:
    """What came of a load: a pair, nothing (the CPU is best), or why not."""

    asked: str
    pair: Pair | None = None
    error: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class _Ready:
    """A backend that can take over at once."""

    asked: str
    pair: Pair

    @property
    def names(self) -> tuple[str, str]:
        """The choices that it carries out."""
        return self.asked, self.pair.name


class Switch:
    """`ask`, `state` and `close` from any thread, the rest from the engine's.

    Args:
        build: makes backends; None = there is none but the engine's own.
        asked: to begin with.
        tell: takes events.
        may_keep: whether there is memory for a backend that is not in use.
    """

    def __init__(
        self,
        build: Build | None,
        asked: str,
        tell: Callable[[RunnerEvent], None],
        may_keep: Callable[[], bool] = lambda: free_memory_mb() > SPARE_NEEDS_MB,
    ) -> None:
        self._build = build
        self._tell = tell
        self._may_keep = may_keep
        self._lock = threading.Lock()
        self._asked = asked
        self._settled = HOME
        """The choice that was carried out, or given up, last."""
        self._loads: dict[str, Loading] = {}
        self._step = ""
        self._built: list[_Built] = []
        self._running: _Ready | None = None
        self._spare: _Ready | None = None
        self._home_names = {HOME} if build is not None else {HOME, AUTO}
        """Choices that turned out to be the home backend."""
        self._reasons: dict[str, str] = {}
        self._threads: list[threading.Thread] = []

    def ask(self, name: str) -> None:
        """Go over to this backend; the newest wish counts. Asking again after a failure tries again."""
        with self._lock:
            self._asked = name
            self._reasons.pop(name, None)
            running = self._running
            if running is None or name not in running.names:
                self._settled = ""
        self._changed()

    def state(self) -> BackendState:
        """For the window."""
        with self._lock:
            pair = self._running.pair if self._running is not None else None
            loading = self._asked if self._asked in self._loads else ""
            facts = BackendState(
                asked=self._asked, loading=loading, step=self._step if loading else "", reasons=dict(self._reasons)
            )
        if pair is None:
            return facts
        return BackendState(
            facts.asked, pair.name, pair.model.name, pair.device.name, pair.describe(), facts.loading, facts.step,
            facts.reasons, pair.remarks,
        )  # fmt: skip

    def attach(self, engine: Engine) -> None:
        """The engine has begun, at home."""
        engine.on_failure(lambda pair, reason: self._failed(engine, pair, reason))
        self._running = _Ready(HOME, engine.home)
        self._settled = HOME

    def between_frames(self, engine: Engine, settings: Settings, size_wh: tuple[int, int]) -> bool:
        """Go over to what was asked for, if it is ready; start to load it, if not. Whether the backend changed."""
        asked = self._asked
        if asked == self._settled and not self._built:
            return False
        self._take_built(asked)
        if asked == self._settled:
            return False
        found = self._found(asked, engine)
        if found is None:
            self._load(asked, Circumstances(settings, size_wh, engine.home.model))
            return False
        return self._go_over(engine, found, asked)

    def close(self) -> None:
        """Give up loading and free what is not in use; waits a while for that."""
        with self._lock:
            loads, self._loads = list(self._loads.values()), {}
            left = [each.pair for each in (*self._built, self._spare) if each is not None and each.pair is not None]
            self._built, self._spare = [], None
        for load in loads:
            self._aside(load.cancel)
        for pair in left:
            self._aside(pair.close)
        until_s = monotonic() + _PATIENCE_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - monotonic()))

    def _take_built(self, asked: str) -> None:
        """Sort what has been loaded; the one that is waited for comes last, so that it is the spare that is found."""
        with self._lock:
            built, self._built = self._built, []
        for each in sorted(built, key=lambda one: one.asked == asked):
            if each.error:
                self._give_up(each.asked, each.error, told=each.asked == self._asked)
            elif each.pair is None:
                self._home_names.add(each.asked)
            else:
                self._keep(each.asked, each.pair)

    def _found(self, asked: str, engine: Engine) -> Pair | None:
        """A backend that is ready now."""
        if asked in self._home_names:
            return engine.home
        ready = (each for each in (self._running, self._spare) if each is not None and asked in each.names)
        return next((each.pair for each in ready), None)

    def _go_over(self, engine: Engine, pair: Pair, asked: str) -> bool:
        """Exchange the backend in use; one that cannot even take over the tracks is given up."""
        old = self._running
        self._settled = asked
        if self._spare is not None and self._spare.pair is pair:
            self._spare = None
        changes = pair is not engine.pair
        if changes:
            try:
                engine.exchange(pair)
            except Exception as error:  # noqa: BLE001 - it is another backend's: the one in use goes on
                self._aside(pair.close)
                self._give_up(asked, _plain(error), told=True)
                return False
        with self._lock:
            self._running = _Ready(asked, pair)
        if changes and old is not None and old.pair is not engine.home:
            self._keep(old.asked, old.pair)
        self._changed()
        return changes

    def _load(self, asked: str, circumstances: Circumstances) -> None:
        """Start to build what was asked for; what was being built for an earlier wish is given up."""
        if asked in self._loads:
            return
        if self._build is None:
            self._give_up(asked, f"There is no backend '{asked}' here.", told=True)
            return
        with self._lock:
            others, self._loads = list(self._loads.values()), {}
            self._loads[asked] = loading = Loading(lambda words: self._stepped(asked, words))
        for other in others:
            self._aside(other.cancel)
        build = self._build
        self._aside(lambda: self._work(build, asked, circumstances, loading), "facet-backend-load")
        self._changed()

    def _work(self, build: Build, asked: str, circumstances: Circumstances, loading: Loading) -> None:
        """The loading thread."""
        built = _Built(asked)
        try:
            built.pair = build(asked, circumstances, loading)
        except LoadingCancelled:
            return
        except Exception as error:  # noqa: BLE001 - the top of a thread
            _log.info("the backend %s cannot be loaded", asked, exc_info=error)
            built.error = _plain(error)
        with self._lock:
            wanted = self._loads.get(asked) is loading
            if wanted:
                del self._loads[asked]
                self._built.append(built)
        if not wanted and built.pair is not None:
            built.pair.close()

    def _stepped(self, asked: str, words: str) -> None:
        with self._lock:
            changed, self._step = self._step != words and asked == self._asked, words
        if changed:
            self._changed()

    def _failed(self, engine: Engine, pair: Pair, reason: str) -> None:
        """Within a frame: the backend in use failed, and the engine has gone home."""
        with self._lock:
            asked = self._asked
            self._settled = asked if self._running is not None and asked in self._running.names else ""
            self._running = _Ready(HOME, engine.home)
        self._aside(pair.close)
        self._give_up(pair.name, reason, told=True)

    def _give_up(self, name: str, reason: str, *, told: bool) -> None:
        """A backend cannot be used; what is running stays."""
        with self._lock:
            self._reasons[name] = reason
            if name == self._asked:
                self._settled = name
            running = self._running.pair.name if self._running is not None else HOME
        if told:
            text = f"{spoken(name)} cannot be used: {reason.rstrip('.')}. Facet goes on with {spoken(running)}."
            self._tell(RunnerEvent("backend_failed", text[:1].upper() + text[1:]))
        self._changed()

    def _keep(self, asked: str, pair: Pair) -> None:
        """Hold a backend ready for the next flip, in place of the one held until now."""
        before, self._spare = self._spare, _Ready(asked, pair)
        if before is not None and before.pair is not pair:
            self._aside(before.pair.close)
        if asked != self._asked and not self._may_keep():
            self._spare = None
            self._aside(pair.close)

    def _aside(self, work: Callable[[], object], name: str = "facet-backend-free") -> None:
        """In a thread of its own; it ends with the program, if a driver keeps it that long."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _changed(self) -> None:
        self._tell(RunnerEvent("backend"))


def _plain(error: Exception) -> str:
    return str(error) if isinstance(error, FacetError) else f"{type(error).__name__}: {error}"
