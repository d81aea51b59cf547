"""The menu behind the button at the far right."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.ui import icons, tokens
from app.ui.menus import Menu
from app.ui.view_options import ViewOptions


def open_main_menu(button: QWidget, options: ViewOptions, do: Callable[[str], None]) -> Menu:
    """Open it under `button`; its entries call `do` with an action's name."""
    menu = Menu(button)
    theme = tokens.colours(button)
    other = ("sun", "Light theme") if options.theme == "dark" else ("moon", "Dark theme")
    motion = ("play", "Allow motion") if options.reduced_motion else ("pause", "Reduce motion")
    for entry in (
        ("theme", *other, ""),
        ("reduced_motion", *motion, ""),
        None,
        ("full_screen", "corners-out", "Full screen", "F11"),
        ("show_folder", "folder-open", "Snapshots and recordings", ""),
        None,
        ("help", "keyboard", "Keys", "F1"),
        ("quit", "sign-out", "Quit", "Ctrl+Q"),
    ):
        if entry is None:
            menu.addSeparator()
            continue
        action, icon, words, keys = entry
        item = QAction(icons.menu_icon(icon, theme.muted), f"{words}\t{keys}" if keys else words, menu)
        item.triggered.connect(lambda _on=False, action=action: do(action))
        menu.addAction(item)
    menu.below(button, right_aligned=True)
    return menu
