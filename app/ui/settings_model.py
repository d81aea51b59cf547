"""The settings as the window edits them: whole values in, whole values out, with undo. No Qt."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from app.settings import Settings
from effects.base import EffectSpec

_HISTORY = 100


class SettingsModel:
    """Every edit makes a new `Settings` and hands it to `changed`.

    Parameters of an effect that is switched off are remembered until the window closes.
    """

    def __init__(
        self, settings: Settings, specs: Sequence[EffectSpec[Any]], changed: Callable[[Settings], None]
    ) -> None:
        self.settings = settings
        self._specs = {spec.id: spec for spec in specs}
        self._order = {spec.id: (spec.stage, place) for place, spec in enumerate(specs)}
        self._off: dict[str, Any] = {}
        self._changed = changed
        self._past: list[Settings] = []
        self._future: list[Settings] = []
        self._last_key: tuple[str, ...] | None = None

    def is_on(self, effect_id: str) -> bool:
        """Whether the effect draws."""
        return any(name == effect_id for name, _ in self.settings.effects)

    def params(self, effect_id: str) -> Any:
        """The effect's parameters: in use, remembered, or its defaults."""
        for name, params in self.settings.effects:
            if name == effect_id:
                return params
        return self._off.get(effect_id) or self._specs[effect_id].params()

    def switch(self, effect_id: str, on: bool) -> None:
        """Turn an effect on, with the parameters it had, or off."""
        if on == self.is_on(effect_id):
            return
        params = self.params(effect_id)
        self._off[effect_id] = params
        others = tuple(item for item in self.settings.effects if item[0] != effect_id)
        self._put_effects((*others, (effect_id, params)) if on else others, (effect_id, "on"))

    def set_param(self, effect_id: str, name: str, value: Any) -> None:
        """Change one parameter."""
        params = replace(self.params(effect_id), **{name: value})
        self._off[effect_id] = params
        if self.is_on(effect_id):
            effects = tuple((key, params if key == effect_id else old) for key, old in self.settings.effects)
            self._put_effects(effects, (effect_id, name))

    def use_preset(self, effects: tuple[tuple[str, Any], ...]) -> None:
        """Replace all effects at once; `undo` brings the old ones back."""
        self._off.update(self.settings.effects)
        self._put_effects(effects, None)

    def edit(self, **fields: Any) -> None:
        """Change settings that belong to no effect, e.g. `reach="far"`."""
        self._put(replace(self.settings, **fields), tuple(fields))

    def remember(self, **fields: Any) -> None:
        """Change settings that `undo` leaves alone, e.g. `backend="gpu"`: about the machine, not the picture."""
        self._past = [replace(settings, **fields) for settings in self._past]
        self._future = [replace(settings, **fields) for settings in self._future]
        if replace(self.settings, **fields) != self.settings:
            self.settings = replace(self.settings, **fields)
            self._changed(self.settings)

    def settle(self) -> None:
        """The hand rests: the next change is a step of its own for `undo`."""
        self._last_key = None

    @property
    def can_undo(self) -> bool:
        """Something to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Something to bring back."""
        return bool(self._future)

    def undo(self) -> None:
        """Back to before the last step."""
        self._travel(self._past, self._future)

    def redo(self) -> None:
        """Forward again."""
        self._travel(self._future, self._past)

    def _travel(self, source: list[Settings], target: list[Settings]) -> None:
        if not source:
            return
        target.append(self.settings)
        self.settings = source.pop()
        self._last_key = None
        self._changed(self.settings)

    def _put_effects(self, effects: tuple[tuple[str, Any], ...], key: tuple[str, ...] | None) -> None:
        ordered = tuple(sorted(effects, key=lambda item: self._order.get(item[0], (99, 0))))
        self._put(replace(self.settings, effects=ordered), key)

    def _put(self, settings: Settings, key: tuple[str, ...] | None) -> None:
        if settings == self.settings:
            return
        if key is None or key != self._last_key:
            self._past = [*self._past, self.settings][-_HISTORY:]
        self._future.clear()
        self._last_key = key
        self.settings = settings
        self._changed(settings)
