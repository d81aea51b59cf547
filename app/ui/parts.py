"""What the composition root hands to the window: everything that it shows or calls, and nothing that it must know."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.backends.offer import Offer
from app.checks.finding import Doctor
from app.pipeline.comparison import RunningComparison
from app.pipeline.session import LiveSession
from app.settings import Settings
from app.sources.base import SourceInfo
from app.ui.bridge import Bridge
from effects.base import EffectSpec, Field


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """A preset in the tray: its title and the effects that it turns on."""

    id: str
    title: str
    effects: tuple[tuple[str, Any], ...]


def plain_title(spec: EffectSpec[Any]) -> str:
    """An effect's title while there is no translation: the last part of its key, as words."""
    words = spec.title_key.rsplit(".", 1)[-1].replace("_", " ").strip()
    return words[:1].upper() + words[1:]


@dataclass(frozen=True, slots=True)
class WindowParts:
    """The arguments of the main window.

    Attributes:
        session: built with `bridge.wake` as its `on_wake`; the window starts and stops it.
        specs / fields_of: the effects in drawing order, and the parameters of a parameter dataclass.
        presets: for the tray and the keys 1 to 9.
        settings: to begin with.
        save_settings: called a moment after the last change, on the window's thread; may raise a FacetError.
        list_cameras: (number, name) of each camera; may take its time, it is called on a thread of its own.
        initial_input: what to open first; "" shows the welcome panel.
        pictures_dir: where snapshots and recordings go.
        view_options / save_view_options: how the window was left, as plain values for a settings file.
        messages: plain sentences to show at the start (settings set aside, a file that could not be read).
        list_backends: the backends there are, those that this machine lacks included; takes about a millisecond.
        find_doctor: who looks at this machine for the doctor's page.
        compare: begins to measure two backends against each other, with these settings on this input and source.
        title_of: an effect's title in the user's language.
    """

    session: LiveSession
    bridge: Bridge
    specs: tuple[EffectSpec[Any], ...]
    fields_of: Callable[[type], tuple[Field, ...]]
    presets: tuple[PresetEntry, ...]
    settings: Settings
    save_settings: Callable[[Settings], object]
    list_cameras: Callable[[], Sequence[tuple[int, str]]]
    initial_input: str
    pictures_dir: Path
    view_options: Mapping[str, Any] = field(default_factory=dict)
    save_view_options: Callable[[dict[str, Any]], object] = lambda _values: None
    messages: tuple[str, ...] = ()
    list_backends: Callable[[], Sequence[Offer]] = tuple
    compare: Callable[[tuple[str, str], Settings, str, SourceInfo], RunningComparison] | None = None
    find_doctor: Callable[[], Doctor] = lambda: Doctor((), lambda _situation, _said, _cancelled: None)
    title_of: Callable[[EffectSpec[Any]], str] = plain_title
