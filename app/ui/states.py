"""What the window says instead of a picture, and beside one: from the session's events to words and ways out. No Qt."""

import sys
from dataclasses import dataclass
from typing import Literal

from app.pipeline.types import RunnerEvent

Tone = Literal["calm", "good", "warning", "danger"]
Action = tuple[str, str]
"""What the window is to do ("retry", "demo", "open_file", "cameras", "open_url", ...) and the button's words."""

_RETRY: Action = ("retry", "Try again")
_DEMO: Action = ("demo", "Play the demo")
_FILE: Action = ("open_file", "Open a file…")


_WORDS: dict[tuple[str, str], tuple[str, str, str, Tone]] = {
    ("camera", "missing"): (
        "video-camera-slash",
        "No camera found",
        "Plug one in and look again, or see Facet at work without one.",
        "calm",
    ),
    ("camera", "busy"): (
        "video-camera-slash",
        "The camera is in use",
        "Another program is showing it. Close that program, then try again.",
        "warning",
    ),
    ("camera", "permission"): ("lock", "Facet may not use the camera", "", "warning"),
    ("camera", "broken"): (
        "video-camera-slash",
        "The camera gives no picture",
        "Unplug it and plug it in again, or choose another one.",
        "danger",
    ),
    ("stream", "unreachable"): (
        "link-break",
        "The stream does not answer",
        "Check the address and the network, then try again.",
        "warning",
    ),
    ("stream", "missing"): ("link-break", "There is no such stream", "Check the address, then try again.", "warning"),
    ("stream", "permission"): (
        "lock",
        "The stream is locked",
        "Check the name and password in its address.",
        "warning",
    ),
    ("stream", "broken"): (
        "link-break",
        "The stream cannot be shown",
        "What it sends is damaged, or not a video that Facet can read.",
        "danger",
    ),
    ("file", "missing"): (
        "magnifying-glass",
        "There is nothing to show",
        "It may have been moved or renamed.",
        "warning",
    ),
    ("file", "permission"): (
        "lock",
        "Facet may not read this file",
        "Change its permissions, or choose another one.",
        "warning",
    ),
    ("file", "broken"): (
        "file-x",
        "This file cannot be shown",
        "It is damaged, or not a video or picture that Facet can read.",
        "danger",
    ),
}
"""(kind of input, reason): icon, title, what to do, tone."""


@dataclass(frozen=True, slots=True)
class PictureState:
    """A full panel in the picture's place. `detail` is the exact message, for who wants to know."""

    id: str
    icon: str
    title: str
    text: str
    detail: str = ""
    actions: tuple[Action, ...] = ()
    tone: Tone = "calm"
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A line over the picture. `lasting` ones stay until they are mended or closed; `key` replaces an older one."""

    key: str
    text: str
    tone: Tone
    actions: tuple[Action, ...] = ()
    lasting: bool = False


def welcome() -> PictureState:
    """Nothing has been opened."""
    return PictureState(
        "empty",
        "image",
        "Nothing to show yet",
        "Choose a camera, drop a video or a picture here, or see Facet at work on the demo.",
        actions=(_DEMO, _FILE),
    )


def opening(input_text: str) -> PictureState:
    """While a source opens."""
    if input_text.startswith("camera:"):
        return PictureState("opening", "video-camera", "Opening the camera", "This takes a moment.", busy=True)
    if input_text == "demo":
        return PictureState("opening", "monitor-play", "Getting the demo ready", "This takes a moment.", busy=True)
    if "://" in input_text:
        return PictureState("opening", "broadcast", "Connecting to the stream", input_text, busy=True)
    return PictureState("opening", "film-strip", "Opening", input_text, busy=True)


def failed(event: RunnerEvent, input_text: str, platform: str = sys.platform) -> PictureState:
    """Why there is no picture, and what to do."""
    if input_text.startswith("camera"):
        kind, again = "camera", (_RETRY, ("cameras", "Another camera"), _DEMO)
    elif "://" in input_text:
        kind, again = "stream", (_RETRY, ("open_url", "Another address…"), _DEMO)
    else:
        kind, again = "file", (_FILE, _RETRY, _DEMO)
    words = _WORDS.get((kind, event.reason))
    if words is None:
        return PictureState("failed", "warning-circle", "There is no picture", event.message, "", again, "danger")
    icon, title, text, tone = words
    if (kind, event.reason) == ("camera", "permission"):
        text = _how_to_allow(platform)
    if (kind, event.reason) == ("camera", "missing"):
        again = (_DEMO, ("retry", "Look again"), _FILE)
    return PictureState(f"{kind}_{event.reason}", icon, title, text, event.message, again, tone)


def _how_to_allow(platform: str) -> str:
    if platform == "darwin":
        return "Allow it in System Settings, Privacy & Security, Camera. Then try again."
    if platform == "win32":
        return "Allow it in Settings, Privacy & security, Camera (for desktop apps). Then try again."
    return "Add yourself to the group that may use it, and log in again:\nsudo usermod -aG video $USER"


def notice(event: RunnerEvent) -> Notice | None:
    """The line over the picture for an event; None for one that needs none."""
    if event.kind == "lost":
        text = event.message or "The camera is gone. Facet goes on when it is back."
        return Notice("source", text, "warning", (), True)
    if event.kind == "stalled":
        text = event.message or "No picture is coming. Facet keeps waiting."
        return Notice("source", text, "warning", (_RETRY,), True)
    if event.kind == "ended":
        text = f"That was the end of {event.message}." if event.message else "That was the end."
        return Notice("source", text, "calm", (("replay", "Play again"), _FILE), True)
    if event.kind == "recovered":
        return Notice("source", "The picture is back.", "good")
    if event.kind == "backend_failed":
        return Notice("backend", event.message, "warning", (("backend_again", "Try again"),), True)
    if event.kind == "fault":
        return Notice(f"fault:{event.message}", event.message, "danger", (), True)
    return None


def effect_failed(effect_id: str, title: str, message: str, hides: bool) -> Notice:
    """An effect stopped. One that hides faces is not switched off and on again: that would bare them for a moment."""
    text = f"{title} stopped: {message.rstrip('.')}."
    if hides:
        return Notice(f"effect:{effect_id}", text, "danger", (("retry", "Start again"),), True)
    return Notice(f"effect:{effect_id}", text, "danger", ((f"again:{effect_id}", "Switch on again"),), True)
