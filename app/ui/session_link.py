"""Between the session and the picture: fetches outputs and events after a knock, decides what stands on the stage."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.pipeline.session import LiveSession
from app.pipeline.types import Fault, RunnerEvent
from app.ui import states
from app.ui.picture import PictureView
from app.ui.state_panel import StatePanel
from app.ui.toasts import Toasts

_PATIENCE_MS = 250
"""A source that opens faster than this shows no loading panel: a flash would be worse than a moment of nothing."""


class SessionLink(QObject):
    """`source_changed`: facts about the source may be new. `faulted`: an effect stopped (its id, why)."""

    source_changed = Signal()
    faulted = Signal(str, str)

    def __init__(self, session: LiveSession, picture: PictureView, panel: StatePanel, toasts: Toasts) -> None:
        super().__init__(picture)
        self._session, self._picture, self._panel, self._toasts = session, picture, panel, toasts
        self.current = ""
        self.frozen = False
        self._seen: set[Any] = set()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._show_opening)

    def open(self, input_text: str, at_once: bool = False) -> None:
        """Show another source. `at_once` puts the loading panel up without waiting: the window has just appeared."""
        self.current = input_text
        self._seen.clear()
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

    def freeze(self, frozen: bool) -> None:
        """Hold the picture, or let it run."""
        if frozen != self.frozen:
            self.frozen = frozen
            self._session.freeze(frozen)

    def forget_faults(self) -> None:
        """The effects have changed: a fault that comes again is news."""
        self._seen.clear()

    def answer(self) -> None:
        """After a knock: events first, because an output of the old source may lie before them."""
        for event in self._session.take_events():
            self._handle(event)
        output = self._session.take_output()
        if output is None:
            return
        first = self._picture.output is None
        if first:
            self._patience.stop()
            self._panel.hide()
        self._picture.show_output(output)
        if first:
            self.source_changed.emit()
        for fault in output.faults:
            self._show_fault(fault)

    def _handle(self, event: RunnerEvent) -> None:
        if event.kind == "failed":
            self._patience.stop()
            self._picture.clear()
            self._toasts.drop("source")
            self._panel.show_state(states.failed(event, self.current))
        self._picture.dimmed = event.kind in ("lost", "stalled")
        if event.kind in ("opened", "recovered"):
            self._toasts.drop("source")
        notice = states.notice(event)
        if notice is not None and notice.key not in self._seen:
            if event.kind == "fault":
                self._seen.add(notice.key)
            self._toasts.show_notice(notice)
        self._picture.update()
        self.source_changed.emit()

    def _show_fault(self, fault: Fault) -> None:
        if fault in self._seen:
            return
        self._seen.add(fault)
        self.faulted.emit(fault.where, fault.message)

    def _show_opening(self) -> None:
        if self._picture.output is None:
            self._panel.show_state(states.opening(self.current))
