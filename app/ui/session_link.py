"""Between the session and the picture: fetches outputs and events after a knock, decides what stands on the stage."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.pipeline.session import LiveSession
from app.pipeline.types import Fault, Output, RunnerEvent
from app.ui import states
from app.ui.picture import PictureView
from app.ui.state_panel import StatePanel
from app.ui.toasts import Toasts

_PATIENCE_MS = 250
"""A source that opens faster than this shows no loading panel: a flash would be worse than a moment of nothing."""
_LATELY_S = 1.0


class SessionLink(QObject):
    """What it found out.

    `source_changed`: facts about the source may be new. `backend_changed`: so may be what runs or loads.
    `trouble`: the faults and the effects left out for time.
    """

    source_changed = Signal()
    backend_changed = Signal()
    trouble = Signal(tuple, tuple)

    def __init__(self, session: LiveSession, picture: PictureView, panel: StatePanel, toasts: Toasts) -> None:
        super().__init__(picture)
        self._session, self._picture, self._panel, self._toasts = session, picture, panel, toasts
        self.current = ""
        self.frozen = False
        self.lend: Callable[[Output], object] | None = None
        """Told about each new output, besides the picture."""
        self._left_out: dict[str, float] = {}
        self._trouble: tuple[tuple[Fault, ...], tuple[str, ...]] = ((), ())
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._show_opening)

    def open(self, input_text: str, at_once: bool = False) -> None:
        """Show another source. `at_once` puts the loading panel up without waiting: the window has just appeared."""
        self.current = input_text
        self._toasts.drop("source")
        self._picture.clear()
        self._panel.hide()
        self.freeze(False)
        if at_once:
            self._show_opening()
        else:
            self._patience.start()
        self._session.start(input_text)
        self.source_changed.emit()

    def close(self) -> None:
        """Show nothing more."""
        self._patience.stop()

    def freeze(self, frozen: bool) -> None:
        """Hold the picture, or let it run."""
        if frozen != self.frozen:
            self.frozen = frozen
            self._session.freeze(frozen)

    def answer(self) -> None:
        """After a knock: events first, because an output of the old source may lie before them."""
        for event in self._session.take_events():
            self._handle(event)
        output = self._session.take_output()
        if output is None:
            return
        if self.lend is not None:
            self.lend(output)
        first = self._picture.output is None
        if first:
            self._patience.stop()
            if self._panel.isVisible():
                self._panel.hide()
                self._picture.setFocus()
        self._picture.show_output(output)
        if first:
            self.source_changed.emit()
        self._tell_trouble(output)

    def _handle(self, event: RunnerEvent) -> None:
        if event.kind == "backend":
            self.backend_changed.emit()
            return
        if event.kind == "failed":
            self._patience.stop()
            self._picture.clear()
            self._toasts.drop("source")
            self._panel.show_state(states.failed(event, self.current))
        if event.kind in ("lost", "stalled"):
            self._picture.dimmed = True
        if event.kind in ("opened", "recovered"):
            self._picture.dimmed = False
            self._toasts.drop("source")
        notice = states.notice(event)
        if notice is not None:
            self._toasts.show_notice(notice)
        self._picture.update()
        self.source_changed.emit()

    def _tell_trouble(self, output: Output) -> None:
        """Effects come and go from frame to frame when time is short: what was left out lately counts as left out."""
        now_s = time.monotonic()
        self._left_out.update(dict.fromkeys(output.shed, now_s))
        shed = tuple(name for name, when_s in self._left_out.items() if now_s - when_s < _LATELY_S)
        if (output.faults, shed) != self._trouble:
            self._trouble = (output.faults, shed)
            self.trouble.emit(output.faults, shed)

    def _show_opening(self) -> None:
        if self._picture.output is None:
            self._panel.show_state(states.opening(self.current))
