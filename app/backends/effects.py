"""Which effects a backend rehearses: every one there is, with the parameters in use where it is on."""

from typing import Any

from app.config import load_preset
from app.settings import Settings
from effects.base import EffectSpec
from effects.registry import specs
from models.errors import UsageError

_FULL_PRESET = "everything"


def all_effects(settings: Settings) -> list[tuple[EffectSpec[Any], Any]]:
    """Each effect with the parameters of `settings`, of the full preset, or its defaults."""
    params = dict(full_effects()) | dict(settings.effects)
    return [(spec, params.get(spec.id, spec.params())) for spec in specs()]


def full_effects() -> tuple[tuple[str, Any], ...]:
    """The effects of the preset with everything on; none where that was removed."""
    try:
        return load_preset(_FULL_PRESET).effects
    except UsageError:
        return ()
