"""A comparison in a thread of its own, and where its frames come from."""

import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Protocol

from app.backends.pair import Loading
from app.pipeline.compare import Comparer, MakeEngine
from app.pipeline.comparison import Comparison, Progress
from app.settings import Settings
from app.sources.base import Source, SourceStalled
from models.errors import FacetError
from models.types import Frame

_READ_S = 0.25
_PATIENCE_S = 10.0
"""Without a frame for so long, the source counts as ended."""

_log = logging.getLogger(__name__)


class Frames(Protocol):
    """Gives frames to the comparison's thread."""

    def take(self, count: int) -> Sequence[Frame]:
        """The next ones, up to `count`; fewer or none at the end of the source. Raises FacetError."""
        ...

    def close(self) -> None:
        """No more are wanted; any thread."""
        ...


class OwnFrames:
    """Reads a source of its own, which is opened when the first frame is wanted: files and the demo.

    Args:
        open_source: opens it, in the comparison's thread.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._open_source = open_source
        self._source: Source | None = None
        self._closed = threading.Event()

    def take(self, count: int) -> Sequence[Frame]:
        """See Frames."""
        if self._source is None:
            self._source = self._open_source()
        frames: list[Frame] = []
        latest_s = monotonic()
        while len(frames) < count and not self._closed.is_set() and monotonic() - latest_s < _PATIENCE_S:
            try:
                frame = self._source.read(_READ_S)
            except SourceStalled:
                continue
            if frame is None:
                break
            frames.append(frame)
            latest_s = monotonic()
        return frames

    def close(self) -> None:
        """See Frames."""
        self._closed.set()

    def free(self) -> None:
        """Close the source; the comparison's thread."""
        if self._source is not None:
            self._source.close()


class LentFrames:
    """Gathers frames that the running picture lends: a camera can be opened only once."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._frames: list[Frame] = []
        self._wanted = 0
        self._closed = False

    @property
    def wants(self) -> bool:
        """Whether frames are being gathered now."""
        return len(self._frames) < self._wanted

    def lend(self, frame: Frame) -> bool:
        """A new frame of the running picture; whether more are wanted now."""
        with self._condition:
            if self.wants:
                self._frames.append(frame)
                self._condition.notify()
            return self.wants

    def take(self, count: int) -> Sequence[Frame]:
        """See Frames."""
        with self._condition:
            self._frames, self._wanted = [], count
            while self.wants and not self._closed and self._condition.wait(_PATIENCE_S):
                pass
            frames, self._frames, self._wanted = self._frames, [], 0
        return frames

    def close(self) -> None:
        """See Frames."""
        with self._condition:
            self._closed = True
            self._condition.notify()

    def free(self) -> None:
        """Nothing to free: the frames are another's."""


class ComparisonRun:
    """A `RunningComparison` (see there for its methods); starts at once.

    Args:
        asked: the two backends.
        make_engine: makes an engine for each.
        settings: the effects to draw.
        input_name: of the source, for people.
        frames: where the frames come from; freed at the end.
    """

    def __init__(
        self,
        asked: tuple[str, str],
        make_engine: MakeEngine,
        settings: Settings,
        input_name: str,
        frames: OwnFrames | LentFrames,
    ) -> None:
        self._asked = asked
        self._input_name = input_name
        self._frames = frames
        self._progress = Progress("Getting ready", 0.0)
        self._result: Comparison | None = None
        self._loading = Loading()
        self._comparer = Comparer(asked, make_engine, settings, input_name, self._watch, self._loading)
        self._thread = threading.Thread(target=self._run, name="facet-compare", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> Progress:
        """See RunningComparison."""
        return self._progress

    @property
    def result(self) -> Comparison | None:
        """See RunningComparison."""
        return self._result

    @property
    def wants_frames(self) -> bool:
        """See RunningComparison."""
        return isinstance(self._frames, LentFrames) and self._frames.wants

    def lend(self, frame: Frame) -> bool:
        """See RunningComparison."""
        return isinstance(self._frames, LentFrames) and self._frames.lend(frame)

    def stop(self) -> None:
        """See RunningComparison."""
        threading.Thread(target=self._give_up, name="facet-compare-stop", daemon=True).start()

    def join(self, timeout_s: float) -> bool:
        """See RunningComparison."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _watch(self, progress: Progress) -> None:
        self._progress = progress

    def _give_up(self) -> None:
        """Freeing a backend may take a second."""
        self._loading.cancel()
        self._frames.close()

    def _run(self) -> None:
        try:
            result = self._comparer.run(self._frames.take)
        except Exception as error:  # noqa: BLE001 - the top of a thread
            _log.exception("the comparison failed")
            result = Comparison(
                self._input_name, (0, 0), (), self._asked, ended=f"It broke down: {type(error).__name__}: {error}."
            )
        try:
            self._frames.free()
        except FacetError as error:
            _log.info("closing the source failed: %s", error)
        self._result = result
