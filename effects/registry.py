"""Finds the effects: every file of `effects/library/` that is not private carries one `SPEC`.

Effect files import numpy and `effects.base` only until they draw, so looking at all of them is cheap.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from effects import library
from effects.base import EffectSpec
from models.errors import unknown_name


@cache
def specs() -> tuple[EffectSpec[Any], ...]:
    """All effects in the order in which they draw."""
    names = [module.name for module in pkgutil.iter_modules(library.__path__) if not module.name.startswith("_")]
    found: list[EffectSpec[Any]] = [importlib.import_module(f"{library.__name__}.{name}").SPEC for name in names]
    return tuple(sorted(found, key=lambda spec: (spec.stage, spec.id)))


def spec(effect_id: str) -> EffectSpec[Any]:
    """The effect of that id; raises UsageError naming the nearest one."""
    for candidate in specs():
        if candidate.id == effect_id:
            return candidate
    raise unknown_name("effect", effect_id, [candidate.id for candidate in specs()])
