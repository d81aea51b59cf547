"""From states to warnings: which level, which sound and when it is due, latches and acknowledgement.

Sounds and pictures are made elsewhere; this says what is due. L1 amber and one chime; L2 red and a two-tone, repeated
while it lasts; L3 full screen and a continuous alarm, latched until the cause has gone for a second and it was
acknowledged. An acknowledgement never silences what begins after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Rank = Literal["NOTE", "BANNER", "L1", "L2", "L3"]
Sound = Literal["chime", "tone", "two_tone", "alarm"]
RANKS: tuple[Rank, ...] = ("NOTE", "BANNER", "L1", "L2", "L3")

_REPEATS_S = {"L2": 2.0, "BANNER": 10.0}
_GONE_S = 1.0
_SOUNDS: dict[Rank, Sound | None] = {"NOTE": None, "BANNER": "tone", "L1": "chime", "L2": "two_tone", "L3": "alarm"}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that warns at this moment.

    Attributes:
        key: names it, e.g. "closure", "gaze", "face.suspected".
        cause: a plain word for the screen.
        episode_s: media time at which this episode began: another one is new, even after an acknowledgement.
        repeat_s: sound again after so long; None = as its rank does.
        silent: only to be seen.
    """

    key: str
    rank: Rank
    cause: str
    episode_s: float
    repeat_s: float | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that is on: what to show, and the sound that is due at this very step."""

    key: str
    rank: Rank
    cause: str
    since_s: float
    sound: Sound | None
    latched: bool
    acknowledged: bool


@dataclass(slots=True)
class _Kept:
    condition: Condition
    since_s: float
    sounded_s: float | None = None
    acknowledged: bool = False
    gone_s: float | None = None


@dataclass(slots=True)
class WarningState:
    """Warnings that are on, by key."""

    _kept: dict[str, _Kept] = field(default_factory=dict)

    def step(self, t_s: float, conditions: Sequence[Condition], ack: bool = False) -> tuple[Warned, ...]:
        """Take what warns now; `ack` acknowledges everything that is on."""
        present = {each.key: each for each in conditions}
        if ack:
            for kept in self._kept.values():
                kept.acknowledged = True
        for key in [*self._kept]:
            if key not in present and self._over(t_s, self._kept[key]):
                del self._kept[key]
        for key, condition in present.items():
            self._take(t_s, key, condition)
        warned = [self._warned(t_s, kept, key in present) for key, kept in self._kept.items()]
        return tuple(sorted(warned, key=lambda each: -RANKS.index(each.rank)))

    def _take(self, t_s: float, key: str, condition: Condition) -> None:
        kept = self._kept.get(key)
        if kept is None:
            self._kept[key] = _Kept(condition, t_s)
            return
        kept.gone_s = None
        before = kept.condition
        rose = RANKS.index(condition.rank) > RANKS.index(before.rank)
        if rose or condition.episode_s != before.episode_s:
            latched = before.rank == "L3" and not kept.acknowledged
            fresh = replace(condition, rank="L3") if latched else condition
            self._kept[key] = _Kept(fresh, t_s, kept.sounded_s if latched and not rose else None)
        elif before.rank != "L3":
            kept.condition = condition

    def _over(self, t_s: float, kept: _Kept) -> bool:
        if kept.condition.rank != "L3":
            return True
        if kept.gone_s is None:
            kept.gone_s = t_s
        return kept.acknowledged and t_s - kept.gone_s >= _GONE_S - 1e-6

    def _warned(self, t_s: float, kept: _Kept, present: bool) -> Warned:
        condition = kept.condition
        return Warned(
            condition.key,
            condition.rank,
            condition.cause,
            kept.since_s,
            self._due(t_s, kept),
            condition.rank == "L3" and not present,
            kept.acknowledged,
        )

    def _due(self, t_s: float, kept: _Kept) -> Sound | None:
        condition = kept.condition
        sound = _SOUNDS[condition.rank]
        if condition.silent or sound is None:
            return None
        if condition.rank == "L3":
            return sound
        repeat_s = condition.repeat_s or _REPEATS_S.get(condition.rank)
        first = kept.sounded_s is None
        again = repeat_s is not None and not first and t_s - (kept.sounded_s or 0.0) >= repeat_s - 1e-6
        if first or (again and not kept.acknowledged):
            kept.sounded_s = t_s
            return sound
        return None
