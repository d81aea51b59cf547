"""Snapshots and recordings: names for the files, and word when they are there."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.pipeline.session import LiveSession
from app.ui.states import Notice

_LOOK_MS = 100
_PATIENCE_S = 8.0


class Keeper(QObject):
    """Asks the session to write; `told` says what came of it, `recording` whether and how long it has been running."""

    told = Signal(Notice)
    recording = Signal(bool, str)

    def __init__(self, session: LiveSession, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._folder = session, folder
        self._waiting: list[tuple[Path, float, Callable[[], str]]] = []
        self._looker = QTimer(self)
        self._looker.setInterval(_LOOK_MS)
        self._looker.timeout.connect(self._look)
        self._clock = QTimer(self)
        self._clock.setInterval(500)
        self._clock.timeout.connect(self._tick)
        self._started_s = 0.0

    def snapshot(self) -> None:
        """Keep the next picture."""
        path = self._new_path("png")
        if path is not None:
            self._session.snapshot(path)
            self._await(path, lambda: f"Snapshot saved: {path}")

    def toggle_recording(self) -> None:
        """Start, or finish the file."""
        running = self._session.recording
        if running is not None:
            self.finish()
            return
        path = self._new_path("mp4")
        if path is not None:
            self._session.record(path)
            self._started_s = time.monotonic()
            self._clock.start()
            self._tick()

    def finish(self) -> None:
        """End a running recording."""
        running = self._session.recording
        self._clock.stop()
        self.recording.emit(False, "")
        if running is None:
            return
        self._session.record(None)
        dropped = self._session.sinks_dropped
        lost = f" {dropped} frames came too fast and are missing." if dropped else ""
        self._await(running, lambda: f"Recording saved: {running}.{lost}")

    def close(self) -> None:
        """End a running recording and tell nothing more."""
        self.finish()
        self._looker.stop()
        self._waiting.clear()

    def _tick(self) -> None:
        if self._session.recording is None:
            self._clock.stop()
            self.recording.emit(False, "")
            return
        seconds = int(time.monotonic() - self._started_s)
        self.recording.emit(True, f"{seconds // 60}:{seconds % 60:02d}")

    def _new_path(self, ending: str) -> Path | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = f"The folder {self._folder} cannot be made: {error.strerror}."
            self.told.emit(Notice("keeper", text, "danger", lasting=True))
            return None
        stamp = f"{datetime.now():%Y-%m-%d %H-%M-%S}"
        path = self._folder / f"Facet {stamp}.{ending}"
        number = 2
        while path.exists() or any(path == waited for waited, _, _ in self._waiting):
            path = self._folder / f"Facet {stamp} {number}.{ending}"
            number += 1
        return path

    def _await(self, path: Path, words: Callable[[], str]) -> None:
        self._waiting.append((path, time.monotonic() + _PATIENCE_S, words))
        self._looker.start()

    def _look(self) -> None:
        for item in list(self._waiting):
            path, until_s, words = item
            if path.exists() and self._session.recording != path:
                self._waiting.remove(item)
                self.told.emit(Notice("keeper", words(), "good", (("show_folder", "Show in folder"),)))
            elif time.monotonic() > until_s:
                self._waiting.remove(item)
        if not self._waiting:
            self._looker.stop()
