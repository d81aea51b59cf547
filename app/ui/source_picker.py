"""Where the picture comes from: the button in the bar, its menu, and the questions for a file, folder or address."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QWidget

from app.ui import tokens
from app.ui.bridge import Bridge
from app.ui.button import Button
from app.ui.menus import Menu

Cameras = Sequence[tuple[int, str]]
"""(number, name) of each camera: `camera:<number>` opens it."""

_FILTER = (
    "Videos and pictures (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.jpg *.jpeg *.png *.webp *.bmp *.ppm *.tif *.tiff)"
    ";;All files (*)"
)
_RECENT_SHOWN = 5


def icon_of(input_text: str) -> str:
    """The icon of a kind of input."""
    if input_text == "demo":
        return "monitor-play"
    if input_text.startswith("camera:"):
        return "video-camera"
    if "://" in input_text:
        return "broadcast"
    return "film-strip"


def short_name(input_text: str, cameras: Cameras = ()) -> str:
    """What people call an input."""
    if input_text == "demo":
        return "Demo"
    if input_text.startswith("camera:"):
        number = input_text.removeprefix("camera:")
        names = {str(known): name for known, name in cameras}
        return names.get(number) or f"Camera {number}"
    if "://" in input_text:
        return input_text
    return Path(input_text).name or input_text


class SourcePicker(Button):
    """Shows the present source; its menu offers all others. `picked` carries an input text."""

    picked = Signal(str)

    def __init__(self, list_cameras: Callable[[], Cameras], bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__("Source", "video-camera", parent=parent, name="Source", tip="Choose what to show", menu=True)
        self._list_cameras, self._bridge = list_cameras, bridge
        self.cameras: Cameras = ()
        self.recent: tuple[str, ...] = ()
        self.current = ""
        self._sources: Menu | None = None
        self._looking = False
        self.setMaximumWidth(260)
        self.clicked.connect(self.open_menu)

    def show_source(self, input_text: str, name: str = "") -> None:
        """Name what is open."""
        self.current = input_text
        shown = name or short_name(input_text, self.cameras)
        self.set_icon(icon_of(input_text))
        self.setText(shown)
        self.setAccessibleDescription(shown)
        self.setToolTip(f"{shown}\nChoose what to show")
        self.updateGeometry()

    def open_menu(self) -> None:
        """Open at once with the cameras known so far, and look for cameras meanwhile."""
        if not self._looking:
            self._looking = True
            self._bridge.run(self._list_cameras, self._found, lambda _message: self._found(()))
        if self._sources is None:
            self._sources = Menu(self)
        self._fill(self._sources)
        self._sources.below(self)

    def ask_file(self) -> None:
        """A video or picture."""
        path, _ = QFileDialog.getOpenFileName(self.window(), "Open a video or picture", self._folder(), _FILTER)
        if path:
            self.picked.emit(path)

    def ask_folder(self) -> None:
        """A folder of pictures."""
        path = QFileDialog.getExistingDirectory(self.window(), "Open a folder of pictures", self._folder())
        if path:
            self.picked.emit(path)

    def ask_url(self) -> None:
        """The address of a stream."""
        address, accepted = QInputDialog.getText(
            self.window(), "Open a stream", "Address, like rtsp://… or http://…", QLineEdit.EchoMode.Normal
        )
        if accepted and address.strip():
            self.picked.emit(address.strip())

    def _folder(self) -> str:
        files = [item for item in self.recent if "://" not in item]
        return str(Path(files[0]).parent) if files else str(Path.home())

    def _found(self, cameras: Cameras) -> None:
        changed = tuple(cameras) != tuple(self.cameras)
        self.cameras = tuple(cameras)
        self._looking = False
        if self._sources is not None and self._sources.isVisible():
            self._fill(self._sources)
            self._sources.adjustSize()
        if changed and self.current.startswith("camera:"):
            self.show_source(self.current)

    def _fill(self, menu: Menu) -> None:
        menu.clear()
        self._heading(menu, "Cameras")
        for number, name in self.cameras:
            self._entry(menu, "video-camera", name or f"Camera {number}", f"camera:{number}")
        if not self.cameras:
            self._heading(menu, "Looking for cameras…" if self._looking else "No camera found", indent=True)
        menu.addSeparator()
        self._entry(menu, "monitor-play", "Demo", "demo")
        menu.addSeparator()
        menu.add("Open a file…", self.ask_file, "file", keys="Ctrl+O")
        menu.add("Open a folder of pictures…", self.ask_folder, "folder-open")
        menu.add("Open a stream…", self.ask_url, "broadcast", keys="Ctrl+L")
        if self.recent:
            menu.addSeparator()
            self._heading(menu, "Recent")
            for input_text in self.recent[:_RECENT_SHOWN]:
                self._entry(menu, icon_of(input_text), short_name(input_text), input_text)

    def _heading(self, menu: Menu, text: str, indent: bool = False) -> None:
        menu.add(f"    {text}" if indent else text, lambda: None).setEnabled(False)

    def _entry(self, menu: Menu, icon: str, text: str, input_text: str) -> None:
        colour = tokens.colours(self).accent if input_text == self.current else ""
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, 300).replace("&", "&&")
        tip = text if input_text.startswith("camera:") else input_text
        menu.add(shown, lambda: self.picked.emit(input_text), icon, colour, tip=tip)
