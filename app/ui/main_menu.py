"""The menu behind the button at the far right."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.ui.menus import Menu
from app.ui.view_options import ViewOptions


class MainMenu(Menu):
    """Its entries call `do` with an action's name."""

    def __init__(self, button: QWidget, do: Callable[[str], None]) -> None:
        super().__init__(button)
        self._button, self._do = button, do

    def show_for(self, options: ViewOptions) -> None:
        """Open under the button; the entries depend on how the window is set."""
        other = ("sun", "Light theme") if options.theme == "dark" else ("moon", "Dark theme")
        motion = ("play", "Allow motion") if options.reduced_motion else ("pause", "Reduce motion")
        self.clear()
        self._entry("theme", *other)
        self._entry("reduced_motion", *motion)
        self.addSeparator()
        self._entry("compare", "scales", "Compare backends", "C")
        self._entry("full_screen", "corners-out", "Full screen", "F11")
        self._entry("show_folder", "folder-open", "Snapshots and recordings")
        self.addSeparator()
        self._entry("doctor", "first-aid-kit", "Doctor", "F2")
        self._entry("help", "keyboard", "Keys", "F1")
        self._entry("quit", "sign-out", "Quit", "Ctrl+Q")
        self.below(self._button, right_aligned=True)

    def _entry(self, action: str, icon: str, text: str, keys: str = "") -> None:
        self.add(text, lambda: self._do(action), icon, keys=keys)
