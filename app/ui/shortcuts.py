"""The keys, once: for the window's key handling, the tooltips and the help sheet."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`action` names what the window does; `title` is for people; `group` orders the help sheet."""

    action: str
    key: str
    title: str
    group: str


SHORTCUTS = (
    Shortcut("freeze", "Space", "Freeze the picture", "Picture"),
    Shortcut("before", "B", "Before, while held", "Picture"),
    Shortcut("split", "Shift+B", "Before and after, side by side", "Picture"),
    Shortcut("full_screen", "F11", "Full screen", "Picture"),
    Shortcut("mirror", "M", "Mirror the camera", "Picture"),
    Shortcut("snapshot", "S", "Snapshot", "Keep"),
    Shortcut("record", "R", "Record, stop recording", "Keep"),
    Shortcut("overlay", "O", "Latency overlay", "Look closer"),
    Shortcut("perception", "P", "What the face model sees", "Look closer"),
    Shortcut("backend", "G", "CPU or GPU", "Look closer"),
    Shortcut("doctor", "F2", "Doctor: what works on this machine", "Look closer"),
    Shortcut("compare", "C", "Compare backends", "Look closer"),
    Shortcut("panel", "E", "Effects panel", "Effects"),
    Shortcut("undo", "Ctrl+Z", "Undo", "Effects"),
    Shortcut("redo", "Ctrl+Shift+Z", "Redo", "Effects"),
    Shortcut("open_file", "Ctrl+O", "Open a file", "Source"),
    Shortcut("open_url", "Ctrl+L", "Open a stream", "Source"),
    Shortcut("help", "F1", "This sheet", "Source"),
    Shortcut("quit", "Ctrl+Q", "Quit", "Source"),
)

_BY_KEY = {QKeySequence(item.key).toString(): item.action for item in SHORTCUTS}


def action_of(event: QKeyEvent) -> str | None:
    """The action of a key press: one of SHORTCUTS, "preset:1".."preset:9", "help" for "?", "escape"."""
    if event.key() == Qt.Key.Key_Escape:
        return "escape"
    if event.text() == "?":
        return "help"
    plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if plain == Qt.KeyboardModifier.NoModifier and Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9:
        return f"preset:{event.key() - Qt.Key.Key_0}"
    return _BY_KEY.get(QKeySequence(plain.value | event.key()).toString())


def tip(action: str) -> str:
    """The tooltip of a button: what it does, and its key."""
    item = next(item for item in SHORTCUTS if item.action == action)
    return f"{item.title}  {item.key}"
