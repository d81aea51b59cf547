"""Ties the comparison to the session, whose picture rests while it measures, and to the folder where it is saved."""

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.pipeline.comparison import Comparison, RunningComparison
from app.pipeline.comparison_files import to_csv, to_json
from app.pipeline.session import LiveSession
from app.pipeline.types import Output
from app.ui import tokens
from app.ui.compare_sheet import CompareSheet
from app.ui.compare_view import CompareView
from app.ui.parts import WindowParts
from app.ui.session_link import SessionLink
from app.ui.settings_model import SettingsModel

_LOOK_MS = 100
_STOP_S = 1.0
HOME = "cpu"
AUTO = "auto"


class CompareControl(QObject):
    """`open` for the user; `close` with the window. `folder_asked`: show where it was saved."""

    folder_asked = Signal()

    def __init__(self, window: QWidget, parts: WindowParts, model: SettingsModel, link: SessionLink) -> None:
        super().__init__(window)
        self._window, self._parts, self._model, self._link = window, parts, model, link
        self._session: LiveSession = parts.session
        self.view: CompareView | None = None
        self._asked = (HOME, "")
        self._run: RunningComparison | None = None
        self._result: Comparison | None = None
        self._looker = QTimer(self)
        self._looker.setInterval(_LOOK_MS)
        self._looker.timeout.connect(self.look)
        self._titles: dict[str, str] = {spec.id: parts.title_of(spec) for spec in parts.specs}

    def open(self) -> None:
        """Show it, with the last outcome if there is one."""
        if self._parts.compare is None:
            return
        if self.view is None:
            self.view = self._made()
        self._refresh_choice()
        self.view.open()

    def start(self) -> None:
        """Measure the two chosen backends on the present source."""
        info = self._session.source_info()
        if self._parts.compare is None or self._run is not None or info is None or self._trouble():
            return
        self._result = None
        self._run = self._parts.compare(self._asked, self._model.settings, self._link.current, info)
        self._link.lend = self._lend
        self._looker.start()
        self.look()

    def stop(self) -> None:
        """End it early; what there is will be shown."""
        if self._run is not None:
            self._run.stop()

    def save(self) -> None:
        """The sheet as PNG, the figures as CSV and JSON, side by side."""
        if self.view is None or self.view.sheet is None or self._result is None:
            return
        base = self._parts.pictures_dir / f"Facet comparison {datetime.now():%Y-%m-%d %H-%M-%S}"
        try:
            save_all(base, self.view.sheet, self._result, tokens.colours(self._window))
        except OSError as error:
            self.view.show_note(f"It cannot be saved in {base.parent}: {error.strerror or error}.", saved=False)
            return
        self.view.show_note("Saved as PNG, CSV and JSON", saved=True)

    def close(self) -> None:
        """Leave it; what is being measured ends."""
        if self._run is not None:
            self._run.stop()
            self._run.join(_STOP_S)
            self._end()
        if self.view is not None:
            self.view.leave()

    def look(self) -> None:
        """Show the progress, let the picture run where frames of it are wanted, take the outcome."""
        run, view = self._run, self.view
        if run is None or view is None:
            return
        result = run.result
        if result is None:
            self._session.freeze(not run.wants_frames)
            view.show_progress(run.progress)
            return
        self._end()
        self._result = result
        view.show_sheet(CompareSheet(result, self._titles))

    def _lend(self, output: Output) -> None:
        """A picture came; the comparison takes its frame if it is gathering. The last one lays the picture to rest."""
        if self._run is not None and self._run.wants_frames and not self._run.lend(output.frame):
            self._session.freeze(True)

    def _end(self) -> None:
        self._looker.stop()
        self._run = None
        self._link.lend = None
        self._session.freeze(self._link.frozen)
        if self.view is not None:
            self.view.show_progress(None)

    def _made(self) -> CompareView:
        view = CompareView(self._window)
        view.started.connect(self.start)
        view.stopped.connect(self.stop)
        view.saved.connect(self.save)
        view.folder_asked.connect(self.folder_asked)
        view.closed.connect(self.close)
        view.chosen.connect(self._choose)
        return view

    def _choose(self, place: int, name: str) -> None:
        first, second = self._asked
        self._asked = (name, second) if place == 0 else (first, name)
        self._refresh_choice()

    def _refresh_choice(self) -> None:
        offers = [offer for offer in self._parts.list_backends() if offer.name != AUTO]
        self._titles |= {offer.name: offer.title for offer in offers}
        if not self._asked[1]:
            others = [offer.name for offer in offers if offer.name != HOME]
            there = [offer.name for offer in offers if offer.there and offer.name != HOME]
            running = self._session.backend().running
            best = running if running in there else next(iter([*there, *others]), HOME)
            self._asked = (HOME, best)
        if self.view is not None:
            self.view.show_choice(offers, self._asked, self._trouble())

    def _trouble(self) -> str:
        """Why nothing can be compared now."""
        if self._session.source_info() is None:
            return "Open a camera, a video or the demo first."
        if self._session.recording is not None:
            return "Finish the recording first: the picture rests while backends are compared."
        for offer in self._parts.list_backends():
            if offer.name in self._asked and not offer.there:
                return f"{offer.title} is not here. {offer.reason} {offer.mend}".strip()
        return ""


def save_all(base: Path, sheet: CompareSheet, comparison: Comparison, theme: tokens.Palette) -> None:
    """`base` with .png, .csv and .json; raises OSError."""
    base.parent.mkdir(parents=True, exist_ok=True)
    picture = base.with_name(f"{base.name}.png")
    if not sheet.image(theme).save(str(picture)):
        raise OSError(f"{picture.name} cannot be written")
    base.with_name(f"{base.name}.csv").write_text(to_csv(comparison), encoding="utf-8")
    base.with_name(f"{base.name}.json").write_text(to_json(comparison), encoding="utf-8")
