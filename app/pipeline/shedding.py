"""Which effects are left out when the time to the next frame does not suffice for all of them."""

from collections.abc import Sequence

from app.pipeline.active import ActiveEffect


def choose_shed(effects: Sequence[ActiveEffect], budget_ms: float) -> frozenset[str]:
    """Ids of the effects to leave out so that the others' usual cost fits; lowest rank first, rank None never.

    The choice depends on usual costs, which fade slowly while an effect is left out, so it does not flip every frame.
    """
    cost_ms = sum(effect.cost_ms for effect in effects)
    shed: set[str] = set()
    ranked = [
        (effect.spec.shed, effect) for effect in effects if effect.spec.shed is not None and not effect.spec.hides
    ]
    for _rank, effect in sorted(ranked, key=lambda pair: pair[0]):
        if cost_ms <= budget_ms:
            break
        shed.add(effect.spec.id)
        cost_ms -= effect.cost_ms
    return frozenset(shed)
