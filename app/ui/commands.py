"""Everything that a key, a button or a menu can ask of the window, by name."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from app.backends.catalogue import title_of
from app.checks.display import describe
from app.checks.finding import Situation
from app.ui.backend_control import BackendControl
from app.ui.compare_control import CompareControl
from app.ui.doctor_page import DoctorPage
from app.ui.face_picker import FacePicker
from app.ui.help_sheet import HelpSheet
from app.ui.keeper import Keeper
from app.ui.parts import WindowParts
from app.ui.session_link import SessionLink
from app.ui.settings_model import SettingsModel
from app.ui.source_picker import SourcePicker
from app.ui.stage import Stage
from app.ui.states import Notice
from app.ui.view_control import ViewControl

_PICKING = "picking"
_OFF_MS = 300


class Commands:
    """Carries actions out; `do` takes the names of the shortcuts, of the states' buttons and of the notices."""

    def __init__(
        self,
        window: QWidget,
        parts: WindowParts,
        stage: Stage,
        picker: SourcePicker,
        model: SettingsModel,
        view: ViewControl,
        link: SessionLink,
        keeper: Keeper,
        face_picker: FacePicker,
        backend: BackendControl,
        compare: CompareControl,
        full_screen: Callable[[bool], None],
    ) -> None:
        self._window, self._parts, self._stage, self._picker = window, parts, stage, picker
        self._model, self._view, self._link, self._keeper = model, view, link, keeper
        self._face_picker, self._full_screen = face_picker, full_screen
        self._help: HelpSheet | None = None
        self._doctor: DoctorPage | None = None
        self._actions: dict[str, Callable[[], object]] = {
            "freeze": lambda: self.freeze(not link.frozen),
            "before": lambda: stage.picture.set_before(True),
            "split": lambda: self.split(not stage.picture.split.on),
            "full_screen": lambda: self._full_screen(not window.isFullScreen()),
            "escape": self.escape,
            "mirror": lambda: view.toggle("mirror"),
            "overlay": lambda: view.toggle("overlay"),
            "perception": lambda: view.toggle("perception"),
            "panel": lambda: view.toggle("panel"),
            "theme": lambda: view.set(theme="light" if view.options.theme == "dark" else "dark"),
            "reduced_motion": lambda: view.toggle("reduced_motion"),
            "backend": backend.toggle,
            "backend_again": backend.again,
            "compare": compare.open,
            "snapshot": self.snapshot,
            "record": self.record,
            "undo": model.undo,
            "redo": model.redo,
            "open_file": picker.ask_file,
            "open_folder": picker.ask_folder,
            "open_url": picker.ask_url,
            "cameras": picker.open_menu,
            "demo": lambda: self.open("demo"),
            "retry": lambda: self.open(link.current),
            "replay": lambda: self.open(link.current),
            "show_folder": lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(parts.pictures_dir))),
            "doctor": self.doctor,
            "help": self.help,
            "quit": window.close,
        }

    @property
    def names(self) -> frozenset[str]:
        """All actions that `do` knows, but for those with a number or an id."""
        return frozenset(self._actions)

    def do(self, action: str) -> None:
        """Carry out one action; "preset:N" counts from 1, "again:ID" switches a failed effect on again."""
        if action.startswith("preset:"):
            self.use_preset(int(action.removeprefix("preset:")) - 1)
        elif action.startswith("again:"):
            self.switch_on_again(action.removeprefix("again:"))
        else:
            self._actions[action]()

    def open(self, input_text: str, at_once: bool = False) -> None:
        """Show another source."""
        self._picker.show_source(input_text)
        self._view.set(recent=self._view.options.opened(input_text).recent)
        self.end_face_picking()
        self._stage.frozen.on = False
        self._link.open(input_text, at_once)
        self._stage.picture.setFocus()

    def freeze(self, frozen: bool) -> None:
        """Hold the picture; without one there is nothing to hold."""
        self._link.freeze(frozen and self._stage.picture.output is not None)
        self._stage.frozen.on = self._link.frozen
        self._stage.picture.update()
        self._view.changed.emit()

    def split(self, on: bool) -> None:
        """The line between before and after."""
        self._stage.picture.set_split(on)
        self._view.changed.emit()

    def snapshot(self) -> None:
        """Keep the picture, with a flash."""
        if self._stage.picture.output is not None:
            self._keeper.snapshot()
            self._stage.picture.flash()

    def record(self) -> None:
        """Start or finish a recording."""
        if self._stage.picture.output is not None or self._parts.session.recording is not None:
            self._keeper.toggle_recording()

    def use_preset(self, place: int) -> None:
        """The preset at `place`, from 0; none there is no error."""
        if place < len(self._parts.presets):
            self._model.use_preset(self._parts.presets[place].effects)
            self._model.settle()

    def switch_on_again(self, effect_id: str) -> None:
        """Give an effect that failed another chance: it must be seen off before it starts anew."""
        self._model.switch(effect_id, False)
        QTimer.singleShot(_OFF_MS, self._window, lambda: self._model.switch(effect_id, True))

    def pick_face(self, effect_id: str, name: str) -> None:
        """Let the user click a face, for a parameter."""
        self._face_picker.ask(lambda track_id: self._face_picked(effect_id, name, track_id))
        text = "Click a face in the picture. Esc cancels."
        self._stage.toasts.show_notice(Notice(_PICKING, text, "calm", lasting=True))
        self._stage.picture.update()

    def end_face_picking(self) -> None:
        """Chosen or given up."""
        self._face_picker.cancel()
        self._stage.toasts.drop(_PICKING)
        self._stage.picture.update()
        self._view.changed.emit()

    def click(self, x: float, y: float) -> None:
        """A click at frame x, y."""
        output = self._stage.picture.output
        if self._face_picker.asking and output is not None and self._face_picker.click(output, x, y):
            self.end_face_picking()

    def escape(self) -> None:
        """Step back from whatever is in front."""
        if self._face_picker.asking:
            self.end_face_picking()
        elif self._window.isFullScreen():
            self._full_screen(False)
        elif self._stage.picture.split.on:
            self.split(False)

    def help(self) -> None:
        """The sheet of keys; made when first asked for."""
        if self._help is None:
            self._help = HelpSheet(self._window)
        self._help.open()

    def doctor(self) -> None:
        """The page that looks at this machine; made when first asked for."""
        if self._doctor is None:
            self._doctor = DoctorPage(
                self._window, self._parts.bridge, self._parts.find_doctor(), self._present_situation
            )
        self._doctor.open()

    def close(self) -> None:
        """End what still runs for a page."""
        if self._doctor is not None:
            self._doctor.stop()

    def _present_situation(self) -> Situation:
        screens = [
            (screen.size().width(), screen.size().height(), screen.devicePixelRatio(), screen.refreshRate())
            for screen in QGuiApplication.screens()
        ]
        display = describe(QGuiApplication.platformName(), screens)
        state = self._parts.session.backend()
        running = " + ".join(dict.fromkeys(title_of(part) for part in (state.networks, state.canvas)))
        return Situation(
            input=self._link.current,
            source=self._parts.session.source_info(),
            display=display,
            running=f"{running}, {state.hardware}" if state.hardware else running,
            failed=tuple((title_of(name), reason) for name, reason in state.reasons.items()),
        )

    def _face_picked(self, effect_id: str, name: str, track_id: int) -> None:
        self._model.set_param(effect_id, name, track_id)
        self._model.settle()
