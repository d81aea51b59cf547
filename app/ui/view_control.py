"""How the picture is shown: one immutable value, applied to the widgets and saved when it changes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from app.pipeline.session import LiveSession
from app.ui import motion, tokens
from app.ui.delayed import Delayed
from app.ui.overlay import LatencyOverlay
from app.ui.perception_view import PerceptionLayer
from app.ui.picture import PictureView
from app.ui.stylesheet import stylesheet
from app.ui.view_options import ViewOptions
from models.types import Wants

_SAVE_AFTER_MS = 800


class ViewControl(QObject):
    """Holds the `ViewOptions`; `changed` follows every change, after the picture has taken it."""

    changed = Signal()

    def __init__(
        self,
        options: ViewOptions,
        save: Callable[[dict[str, Any]], object],
        session: LiveSession,
        picture: PictureView,
        overlay: LatencyOverlay,
        perception: PerceptionLayer,
    ) -> None:
        super().__init__(picture)
        self.options = options
        self._theme = ""
        self._watched: Wants | None = None
        self._session, self._picture, self._overlay, self._perception = session, picture, overlay, perception
        self._saving = Delayed(self, _SAVE_AFTER_MS, lambda: save(self.options.to_dict()))

    def apply(self, window: QWidget, live: bool) -> None:
        """Put all options into effect; `live` cameras may be mirrored."""
        motion.set_reduced(self.options.reduced_motion)
        if self._theme != self.options.theme:
            self._theme = self.options.theme
            theme = tokens.THEMES[self._theme]
            QApplication.setPalette(tokens.qpalette(theme))
            window.setStyleSheet(stylesheet(theme))
        self.apply_picture(live)

    def apply_picture(self, live: bool) -> None:
        """What concerns the picture alone."""
        options = self.options
        self._picture.set_mirrored(options.mirror and live)
        if self._overlay.on != options.overlay:
            self._overlay.set_on(options.overlay)
        self._perception.on = options.perception
        self._perception.shown = frozenset(options.layers)
        wants = _wants(options)
        if wants != self._watched:
            self._watched = wants
            self._session.watch(wants)
        self._picture.update()

    def set(self, **changes: Any) -> None:
        """Change options, e.g. `overlay=True`."""
        self.options = replace(self.options, **changes)
        self._saving.call()
        self.changed.emit()

    def toggle(self, name: str) -> None:
        """Turn an on / off option over."""
        self.set(**{name: not getattr(self.options, name)})

    def set_layer(self, name: str, on: bool) -> None:
        """Show or hide a part of the perception view."""
        others = tuple(layer for layer in self.options.layers if layer != name)
        self.set(layers=(*others, name) if on else others)

    def flush(self) -> None:
        """Save what is not saved yet."""
        self._saving.flush()


def _wants(options: ViewOptions) -> Wants:
    """What the perception view needs, so that nothing more is computed."""
    if not options.perception:
        return Wants(landmarks=False)
    return Wants(matte="matte" in options.layers, visibility="visibility" in options.layers)
