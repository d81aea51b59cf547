"""The measured facts beside the source's name, and its hints."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.pipeline.session import LiveSession
from app.sources.base import SourceInfo
from app.ui.source_picker import SourcePicker
from app.ui.states import Notice
from app.ui.top_bar import TopBar

_PERIOD_MS = 1000


def facts_text(info: SourceInfo, measured_fps: float) -> str:
    """Size, measured rate, negotiated format; only what is known."""
    facts = [f"{info.size_wh[0]} × {info.size_wh[1]}"]
    if measured_fps > 0:
        facts.append(f"{measured_fps:.1f} fps")
    if info.pixel_format:
        facts.append(info.pixel_format)
    if info.kind == "folder" and info.names:
        facts.append(f"{len(info.names)} pictures")
    return "    ".join(facts)


class SourceFacts(QObject):
    """Refreshes the bar's text once a second; says each hint of a source once."""

    def __init__(self, session: LiveSession, bar: TopBar, picker: SourcePicker, tell: Callable[[Notice], None]) -> None:
        super().__init__(bar)
        self._session, self._bar, self._picker, self._tell = session, bar, picker, tell
        self._hints_told: set[tuple[str, str]] = set()
        self.timer = QTimer(self)
        self.timer.setInterval(_PERIOD_MS)
        self.timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Show what is known now."""
        info = self._session.source_info()
        if info is None:
            self._bar.facts.setText("")
            return
        self._bar.facts.setText(facts_text(info, self._session.stats().camera_fps))
        self._bar.facts.setToolTip("\n".join(info.hints))
        if info.name and info.name != self._picker.text():
            self._picker.show_source(self._picker.current, info.name)
        for hint in info.hints:
            if (info.name, hint) not in self._hints_told:
                self._hints_told.add((info.name, hint))
                self._tell(Notice(hint, hint, "calm"))
