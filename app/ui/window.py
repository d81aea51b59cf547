"""The window: puts the parts together, connects them, and passes on what Qt tells it."""

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.pipeline.types import Fault
from app.settings import Settings
from app.ui import tokens
from app.ui.backend_control import BackendControl
from app.ui.camera_section import CameraSection
from app.ui.commands import Commands
from app.ui.compare_control import CompareControl
from app.ui.delayed import Delayed
from app.ui.effect_panel import EffectPanel
from app.ui.face_picker import FacePicker
from app.ui.keeper import Keeper
from app.ui.main_menu import MainMenu
from app.ui.overlay import LatencyOverlay
from app.ui.parts import WindowParts
from app.ui.perception_view import PerceptionLayer
from app.ui.preset_tray import PresetTray
from app.ui.session_link import SessionLink
from app.ui.settings_model import SettingsModel
from app.ui.shortcuts import action_of
from app.ui.source_facts import SourceFacts
from app.ui.source_picker import SourcePicker
from app.ui.stage import Stage
from app.ui.states import Notice, effect_failed, welcome
from app.ui.top_bar import TopBar
from app.ui.view_control import ViewControl
from app.ui.view_options import ViewOptions
from app.ui.view_sections import FacesSection, ViewSection
from models.errors import FacetError

_SAVE_AFTER_MS = 500
_STOP_S = 2.0


class MainWindow(QWidget):
    """`start` shows it and opens the first source; closing it saves everything and stops the session."""

    def __init__(self, parts: WindowParts) -> None:
        super().__init__()
        self._parts = parts
        self._menu: MainMenu | None = None
        self.setWindowTitle("Facet")
        self.setAcceptDrops(True)
        self.setMinimumSize(920, 560)
        options = ViewOptions.from_dict(parts.view_options)
        self.model = SettingsModel(parts.settings, parts.specs, self._settings_changed)
        self._saving = Delayed(self, _SAVE_AFTER_MS, self._save_settings)
        self.stage = Stage(parts.session.painted, lambda action: self.commands.do(action))
        self.picker = SourcePicker(parts.list_cameras, parts.bridge)
        self.bar = TopBar(self.picker)
        self.tray = PresetTray(parts.presets)
        self.panel = EffectPanel(parts.specs, parts.title_of, parts.fields_of, self.model)
        self.camera_section = CameraSection()
        self.view_section = ViewSection()
        self.faces_section = FacesSection(any(spec.hides for spec in parts.specs))
        titles = {spec.id: parts.title_of(spec) for spec in parts.specs}
        self.overlay = LatencyOverlay(parts.session.stats, parts.session.source_info, titles, self)
        self.perception, self.face_picker = PerceptionLayer(), FacePicker()
        picture = self.stage.picture
        picture.layers = [self.perception, self.face_picker, self.overlay, self.stage.frozen]
        self.view = ViewControl(options, parts.save_view_options, parts.session, picture, self.overlay, self.perception)
        self.link = SessionLink(parts.session, picture, self.stage.panel, self.stage.toasts)
        self.keeper = Keeper(parts.session, parts.pictures_dir, self)
        self.backend = BackendControl(
            self.bar.backend, parts.session, self.model, self.stage.toasts, parts.list_backends, self
        )
        self.compare = CompareControl(self, parts, self.model, self.link)
        self.commands = Commands(
            self, parts, self.stage, self.picker, self.model, self.view, self.link, self.keeper,
            self.face_picker, self.backend, self.compare, self._set_full_screen,
        )  # fmt: skip
        self._facts = SourceFacts(parts.session, self.bar, self.picker, self.stage.toasts.show_notice)
        self._lay_out()
        self._connect()
        self._view_changed()
        self._show_settings()
        self.backend.refresh()
        if not options.geometry or not self.restoreGeometry(QByteArray.fromHex(options.geometry.encode())):
            self.resize(QSize(1600, 1000).boundedTo(self.screen().availableSize()))

    def start(self) -> None:
        """Show the window, adopt the settings and open the first source."""
        self.show()
        self._parts.bridge.listen(self.link.answer)
        self._parts.session.adopt(self.model.settings)
        for message in self._parts.messages:
            self.stage.toasts.show_notice(Notice(message, message, "warning", lasting=True))
        if self._parts.initial_input:
            self.commands.open(self._parts.initial_input, at_once=True)
        else:
            self.stage.panel.show_state(welcome())
        self._facts.timer.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        action = action_of(event)
        if action is None or (event.isAutoRepeat() and action not in ("undo", "redo")):
            super().keyPressEvent(event)
        else:
            self.commands.do(action)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: D102, N802
        if event.key() == Qt.Key.Key_B and not event.isAutoRepeat():
            self.stage.picture.set_before(False)
        super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: D102, N802
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self.stage.show_drop_hint(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: D102, N802
        self.stage.show_drop_hint(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: D102, N802
        self.stage.show_drop_hint(False)
        url = event.mimeData().urls()[0]
        event.acceptProposedAction()
        self.commands.open(url.toLocalFile() if url.isLocalFile() else url.toString())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102, N802
        if not self.isFullScreen():
            self.view.set(geometry=bytes(self.saveGeometry().toHex().data()).decode("ascii"))
        self._saving.flush()
        self.view.flush()
        self.compare.close()
        self.keeper.close()
        self.commands.close()
        self._parts.session.stop(_STOP_S)
        self._parts.bridge.close()
        self._facts.timer.stop()
        self.overlay.set_on(False)
        self.link.close()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        self._camera_heading = self.panel.add_section("Camera", self.camera_section)
        self.panel.add_section("View", self.view_section)
        self.panel.add_section("Faces", self.faces_section)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.stage, 1)
        middle.addWidget(self.panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(middle, 1)
        column.addWidget(self.tray)

    def _connect(self) -> None:
        do, bar = self.commands.do, self.bar
        for button, action in (
            (bar.freeze, "freeze"),
            (bar.split, "split"),
            (bar.perception, "perception"),
            (bar.overlay, "overlay"),
            (bar.panel, "panel"),
            (bar.snapshot, "snapshot"),
            (bar.record, "record"),
        ):
            button.clicked.connect(lambda _on=False, action=action: do(action))
        bar.menu.clicked.connect(self._open_menu)
        self.picker.picked.connect(self.commands.open)
        self.tray.picked.connect(self.commands.use_preset)
        self.panel.face_asked.connect(self.commands.pick_face)
        self.view_section.changed.connect(lambda name, on: self.view.set(**{name: on}))
        self.camera_section.changed.connect(self._parts.session.tune)
        self.view_section.layer.connect(self.view.set_layer)
        self.faces_section.changed.connect(lambda name, value: self.model.edit(**{name: value}))
        self.stage.picture.clicked.connect(self.commands.click)
        self.stage.picture.hovered.connect(self._hover)
        self.stage.picture.double_clicked.connect(lambda: do("full_screen"))
        self.view.changed.connect(self._view_changed)
        self.link.source_changed.connect(self._source_changed)
        self.link.backend_changed.connect(self.backend.refresh)
        self.link.trouble.connect(self._show_trouble)
        self.compare.folder_asked.connect(lambda: do("show_folder"))
        self.keeper.told.connect(self.stage.toasts.show_notice)
        self.keeper.recording.connect(bar.show_recording)

    def _open_menu(self) -> None:
        if self._menu is None:
            self._menu = MainMenu(self.bar.menu, self.commands.do)
        self._menu.show_for(self.view.options)

    def _settings_changed(self, settings: Settings) -> None:
        self._parts.session.adopt(settings)
        self._saving.call()
        self._show_settings()

    def _save_settings(self) -> None:
        self.model.settle()
        try:
            self._parts.save_settings(self.model.settings)
        except FacetError as error:
            self.stage.toasts.show_notice(Notice("save", str(error), "warning", lasting=True))

    def _show_settings(self) -> None:
        self.panel.refresh()
        self.tray.show_effects(self.model.settings.effects)
        self.faces_section.show_settings(self.model.settings)

    def _view_changed(self) -> None:
        options, full = self.view.options, self.isFullScreen()
        live = self._live()
        self.view.apply(self, live)
        self.view_section.show_options(options, live)
        tunable = self.camera_section.show_source(self._parts.session.source_info())
        self.camera_section.setVisible(tunable)
        self._camera_heading.setVisible(tunable)
        self.picker.recent = options.recent
        for widget, shown in ((self.bar, True), (self.tray, bool(self._parts.presets)), (self.panel, options.panel)):
            widget.setVisible(shown and not full)
        self.stage.picture.margin = 0 if full else tokens.GAP
        self.bar.freeze.setChecked(self.link.frozen)
        self.bar.split.setChecked(self.stage.picture.split.on)
        self.bar.perception.setChecked(options.perception)
        self.bar.overlay.setChecked(options.overlay)
        self.bar.panel.setChecked(options.panel)
        self.bar.show_picture(self.stage.picture.output is not None)
        self.panel.refresh()

    def _live(self) -> bool:
        info = self._parts.session.source_info()
        return info is not None and info.kind == "camera"

    def _source_changed(self) -> None:
        self._facts.refresh()
        self._view_changed()

    def _show_trouble(self, faults: tuple[Fault, ...], shed: tuple[str, ...]) -> None:
        failed = {fault.where: fault.message for fault in faults}
        for spec in self._parts.specs:
            self.panel.cards[spec.id].show_trouble(failed.get(spec.id, ""), spec.id in shed)
            if spec.id in failed:
                title = self._parts.title_of(spec)
                self.stage.toasts.show_notice(effect_failed(spec.id, title, failed[spec.id], spec.hides))
            else:
                self.stage.toasts.drop(f"effect:{spec.id}")

    def _hover(self, x: float, y: float) -> None:
        if self.face_picker.asking:
            self.face_picker.hover(x, y)
            self.stage.picture.update()

    def _set_full_screen(self, on: bool) -> None:
        if on:
            self.showFullScreen()
            self.stage.toasts.show_notice(Notice("full", "F11 or Esc leaves full screen.", "calm"))
        else:
            self.showNormal()
        self._view_changed()
