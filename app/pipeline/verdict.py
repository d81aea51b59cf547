"""What a comparison says, in plain sentences: who is faster at what, what the pictures do, how far to trust it."""

from dataclasses import dataclass
from typing import Literal

from app.backends.catalogue import spoken
from app.pipeline.comparison import PERCEPTION, PICTURE, TOTAL, BackendRun, Comparison

ALIKE = 1.05
"""Two times within this ratio count as the same."""
NEGLIGIBLE_MS = 0.05
"""So does less than this."""
NEGLIGIBLE_MS = 0.05
"""So does less than this."""
UNSEEN_MEAN, UNSEEN_P99 = 0.5, 2.0
"""CIEDE2000 up to which two pictures look the same."""
BUSY_CORES = 0.25
"""Other programs that use more than this make figures doubtful."""

Call = Literal["first", "second", "same", "unsure"]
_LEAST_WHEN_SHAKY = 2.0
_IN_TIMES = 1.2
"""From here on a gain is told as a factor, below in per cent."""
_LEAST_WHEN_SHAKY = 2.0
_IN_TIMES = 1.2
"""From here on a gain is told as a factor, below in per cent."""
_PARTS = ((PERCEPTION, "networks"), (PICTURE, "picture"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Sentences for people. `cautions`: what else must be known to read the figures rightly."""

    headline: str
    details: tuple[str, ...]
    cautions: tuple[str, ...]
    call: Call | None


def verdict(comparison: Comparison) -> Verdict:
    """The verdict; `call` is None where nothing was measured of both."""
    cautions = _cautions(comparison)
    if len(comparison.runs) < 2:
        return Verdict(f"Nothing was compared. {comparison.ended}".strip(), (), (), None)
    first, second = comparison.runs
    if comparison.ended:
        cautions = (f"It ended early: {comparison.ended}", *cautions)
    call = call_of(comparison, TOTAL)
    details = [_part_words(comparison), _picture_words(comparison)]
    return Verdict(_headline(first, second, call), tuple(filter(None, details)), cautions, call)


def ratio(first: BackendRun, second: BackendRun, stage: str) -> float:
    """How many times as long the slower one takes, 1 or more."""
    one, other = first.stages[stage].mean_ms, second.stages[stage].mean_ms
    low, high = sorted((max(one, 1e-6), max(other, 1e-6)))
    return high / low


def hundredths(value: float) -> str:
    """Two decimals; what is there but rounds to nothing is not told as nothing."""
    return f"{value:.2f}" if value == 0 or value >= 0.005 else "< 0.01"


def call_of(comparison: Comparison, stage: str) -> Call:
    """Who is faster at a headline stage.

    Unsure where the blocks, each over the same frames on both, contradict one another, or where the figures are shaky
    and the gain is not large.
    """
    first, second = comparison.runs
    one, other = first.stages[stage].mean_ms, second.stages[stage].mean_ms
    times = ratio(first, second, stage)
    if abs(one - other) < NEGLIGIBLE_MS or times < ALIKE:
        return "same"
    blocks = zip(first.block_ms[stage], second.block_ms[stage], strict=True)
    if times < least_gain(comparison) or any((ones < others) != (one < other) for ones, others in blocks):
        return "unsure"
    return "first" if one < other else "second"


def least_gain(comparison: Comparison) -> float:
    """The ratio from which on a gain is told: more where there is one block only, or other programs were at work."""
    shaky = len(comparison.runs[0].block_ms[TOTAL]) < 2 or comparison.other_cores > BUSY_CORES
    return _LEAST_WHEN_SHAKY if shaky else ALIKE


def _headline(first: BackendRun, second: BackendRun, call: Call) -> str:
    one, other = spoken(first.asked), spoken(second.asked)
    figures = f"{first.stages[TOTAL].mean_ms:.1f} and {second.stages[TOTAL].mean_ms:.1f} ms a frame"
    if call == "same":
        return _begin(f"{one} and {other} are equally fast here: {figures}.")
    if call == "unsure":
        return f"Not certain whether {one} or {other} is faster here: {figures}."
    fast, slow = (first, second) if call == "first" else (second, first)
    times = ratio(first, second, TOTAL)
    gain = f"{100 * (times - 1):.0f} % faster than"
    if times >= _IN_TIMES:
        gain = f"{times:.{0 if times >= 10 else 1}f} times as fast as"
    return _begin(
        f"{spoken(fast.asked)} is {gain} {spoken(slow.asked)}: {fast.stages[TOTAL].mean_ms:.1f} ms a frame instead of "
        f"{slow.stages[TOTAL].mean_ms:.1f}."
    )


def _part_words(comparison: Comparison) -> str:
    """Who does the networks and who the picture faster."""
    first, second = comparison.runs
    words = []
    for stage, title in _PARTS:
        call = call_of(comparison, stage)
        fast, slow = (second, first) if call == "second" else (first, second)
        times = f"{fast.stages[stage].mean_ms:.1f} against {slow.stages[stage].mean_ms:.1f} ms"
        if call == "same":
            words.append(f"{title}: no difference ({times})")
        elif call == "unsure":
            words.append(f"{title}: not certain ({times})")
        else:
            words.append(f"{title}: {spoken(fast.asked)} is faster ({times})")
    return _begin("; ".join(words) + ".")


def _picture_words(comparison: Comparison) -> str:
    found = comparison.difference
    if found is None:
        return ""
    if not comparison.effects:
        return "No effect is on, so only the networks differ."
    if found.p99 == 0 and found.mean == 0:
        return "The pictures are identical, pixel by pixel."
    mean, p99 = hundredths(found.mean), hundredths(found.p99)
    figures = f"Delta E {mean} on average, {p99} for the worst hundredth of the pixels"
    if found.mean <= UNSEEN_MEAN and found.p99 <= UNSEEN_P99:
        return f"The pictures look the same ({figures})."
    return f"The pictures differ visibly ({figures})."


def _cautions(comparison: Comparison) -> tuple[str, ...]:
    words = []
    for run in comparison.runs:
        if run.software:
            words.append(
                f"{_begin(spoken(run.asked))} here is a software one, played by the processor. "
                "This says nothing about a real graphics card."
            )
        if run.ran != run.asked:
            words.append(
                f"{_begin(spoken(run.asked))} ran with networks on {run.networks} and the picture on {run.canvas}."
            )
        words += run.notes
    if comparison.other_cores > BUSY_CORES:
        words.append(
            f"Other programs kept {comparison.other_cores:.1f} processor cores busy meanwhile: "
            "close them for figures to rely on."
        )
    return tuple(words)


def _begin(words: str) -> str:
    return words[:1].upper() + words[1:]
