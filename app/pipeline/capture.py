"""The thread that opens one source and reads it: each frame goes into the slot, whatever happens is told."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from app.pipeline.slot import LatestSlot
from app.pipeline.types import EventKind, RunnerEvent
from app.sources.base import BadInput, CameraLost, Source, SourceInfo, SourceStalled
from app.sources.tuning import Tunable, Tuning
from models.errors import FacetError
from models.types import Frame

_READ_TIMEOUT_S = 0.25
_SILENT_S = 2.0
_LOST_PAUSE_S = 0.1

OpenSource = Callable[[str, threading.Event], Source]
"""Opens an input; the event asks it to give up."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A frame on its way to the engine."""

    capture: "Capture"
    frame: Frame
    decode_ms: float


class Capture:
    """One source from opening to end.

    Args:
        text: the input as the user wrote it.
        open_source: opens it, in the capture's thread.
        slot: where frames go.
        tell: takes events; called from the capture's thread.
        grabbed: is told when a frame came out of the source.
    """

    def __init__(
        self,
        text: str,
        open_source: OpenSource,
        slot: LatestSlot[Captured],
        tell: Callable[[RunnerEvent], None],
        grabbed: Callable[[int], None],
    ) -> None:
        self.hold = False
        """While true, frames are read and thrown away: the picture is frozen, the camera does not go stale."""
        self._text = text
        self._open_source = open_source
        self._slot = slot
        self._tell = tell
        self._grabbed = grabbed
        self._stop = threading.Event()
        self._source: Source | None = None
        self._info: SourceInfo | None = None
        self._trouble: EventKind | None = None
        self._thread = threading.Thread(target=self._run, name="facet-capture", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether no frame will come any more."""
        return not self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop: its frames are of no interest any more."""
        return self._stop.is_set()

    def info(self) -> SourceInfo | None:
        """Facts of the source; the last ones after its end, None before it is open."""
        source = self._source
        return source.info if source is not None else self._info

    def tune(self, tuning: Tuning) -> None:
        """Set the camera's controls, where the source has any."""
        source = self._source
        if isinstance(source, Tunable):
            source.tune(tuning)

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._stop.set()
        source = self._source
        if source is not None:
            source.close()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._report("opening", self._text)
            self._source = self._open_source(self._text, self._stop)
            self._report("opened", self._source.info.name)
            self._read(self._source)
        except BadInput as error:
            self._report("failed", str(error), error)
        except FacetError as error:
            self._report("failed", str(error))
        except Exception as error:  # noqa: BLE001 - the top of a thread
            _log.exception("the source %s failed", self._text)
            self._report(
                "failed", f"{self._text} cannot be read ({type(error).__name__}: {error}). Try another source."
            )
        finally:
            source, self._source = self._source, None
            if source is not None:
                self._info = source.info
                source.close()
            self._slot.wake()

    def _read(self, source: Source) -> None:
        latest_s = monotonic()
        while not self._stop.is_set():
            try:
                frame = source.read(_READ_TIMEOUT_S)
            except SourceStalled:
                if monotonic() - latest_s > _SILENT_S:
                    self._trouble_once(
                        "stalled", f"{source.info.name} sends no picture. Check the camera or connection."
                    )
                continue
            except CameraLost as error:
                self._trouble_once("lost", str(error))
                self._stop.wait(_LOST_PAUSE_S)
                continue
            if frame is None:
                self._report("ended", source.info.name)
                return
            latest_s = monotonic()
            self._grabbed(frame.grabbed_ns)
            if self._trouble is not None:
                self._trouble = None
                self._report("recovered", source.info.name)
            if not self.hold:
                self._slot.put(Captured(self, frame, source.decode_ms))

    def _trouble_once(self, kind: EventKind, message: str) -> None:
        if self._trouble != kind:
            self._trouble = kind
            self._report(kind, message)

    def _report(self, kind: EventKind, message: str, error: BadInput | None = None) -> None:
        if not self._stop.is_set():
            self._tell(RunnerEvent(kind, message, error.reason if error is not None else ""))
