"""Ties the switch, its menu and its key to the session and the settings."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.backends.offer import Offer
from app.pipeline.session import LiveSession
from app.pipeline.types import BackendState
from app.ui.backend_menu import BackendMenu
from app.ui.backend_switch import HOME, SHORT, BackendSwitch
from app.ui.settings_model import SettingsModel
from app.ui.shortcuts import tip
from app.ui.toasts import Toasts

NOTICE = "backend"
"""The key of the notice that a backend failed."""
_FASTER = ("gpu", "cuda", "mps")


class BackendControl(QObject):
    """`refresh` after the session's events; `choose` and `toggle` for the user."""

    def __init__(
        self,
        switch: BackendSwitch,
        session: LiveSession,
        model: SettingsModel,
        toasts: Toasts,
        list_backends: Callable[[], Sequence[Offer]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._switch, self._session, self._model, self._toasts = switch, session, model, toasts
        self._list_backends, self._window = list_backends, window
        self._offers: Sequence[Offer] | None = None
        self._menu: BackendMenu | None = None
        self._other = ""
        switch.picked.connect(self.choose)
        switch.menu_asked.connect(self.open_menu)

    def refresh(self) -> None:
        """Show what runs and what is on its way."""
        state = self._session.backend()
        for name in (state.loading, state.running, state.asked):
            if name in SHORT and name != HOME:
                self._other = name
                break
        self._switch.show_state(state, self._other or self._first_other(), self._words(state))
        if self._menu is not None and self._menu.isVisible():
            self._menu.show_offers(self._known(), state, _footer(state))

    def choose(self, name: str) -> None:
        """Go over to a backend and remember the choice."""
        self._toasts.drop(NOTICE)
        self._model.remember(backend=name)
        self._session.use_backend(name)
        self.refresh()

    def again(self) -> None:
        """Try once more what failed."""
        self.choose(self._session.backend().asked)

    def toggle(self) -> None:
        """From the CPU to the other one, and back; a load on its way counts as done."""
        state = self._session.backend()
        away = state.loading or (state.running if state.running != HOME else "")
        self.choose(HOME if away else self._other or self._first_other())

    def open_menu(self) -> None:
        """All there are, looked up anew: the user may have installed something."""
        self._offers = None
        if self._menu is None:
            self._menu = BackendMenu(self._window, self.choose)
        state = self._session.backend()
        self._menu.show_below(self._switch, self._known(), state, _footer(state))

    def _known(self) -> Sequence[Offer]:
        if self._offers is None:
            self._offers = self._list_backends()
        return self._offers

    def _first_other(self) -> str:
        """What the second segment offers before anything was chosen."""
        there = {offer.name for offer in self._known() if offer.there}
        return next((name for name in _FASTER if name in there), _FASTER[0])

    def _words(self, state: BackendState) -> str:
        lines = [tip("backend")]
        if state.loading:
            lines.append(f"{SHORT.get(state.loading, 'The fastest')}: {state.step or 'getting ready'}…")
        lines.append(_footer(state))
        return "\n".join(line for line in lines if line)


def _footer(state: BackendState) -> str:
    """What really runs, in one or two lines."""
    where = state.networks if state.networks == state.canvas else f"{state.networks}, picture on {state.canvas}"
    lines = [f"Running on {state.hardware or where}"]
    if state.networks != state.canvas:
        lines.append(f"Networks on {where}")
    return "\n".join([*lines, *state.remarks])
