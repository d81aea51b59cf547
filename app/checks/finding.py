"""What a check is given and what it says: plain values that the command line, the page and the report share."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from app.sources.base import SourceInfo

State = Literal["good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        state: "good", "warning" (Facet works, something is absent or slow) or "bad" (something is broken).
        title: what was looked at.
        detail: what was found.
        mend: what to type or do; only a good line may do without.
    """

    state: State
    title: str
    detail: str = ""
    mend: str = ""

    def __post_init__(self) -> None:
        if self.state != "good" and not self.mend:
            raise ValueError(f"the finding '{self.title}' says that something is wrong, but not what to do")


@dataclass(frozen=True, slots=True)
class Situation:
    """What whoever asks knows already, so that it is not looked for a second time.

    Attributes:
        input: the INPUT that is open, e.g. "camera:0"; "" = none.
        source: its facts.
        display: of the screen on which a window is shown; "" = none is shown.
        running: what computes the picture now, in words; "" = there is none.
        failed: why backends could not be used when they were tried last, by what people call them.
    """

    input: str = ""
    source: SourceInfo | None = None
    display: str = ""
    running: str = ""
    failed: tuple[tuple[str, str], ...] = ()

    @property
    def has_picture(self) -> bool:
        """Whether a picture is running, which must not suffer."""
        return bool(self.display)


Examine = Callable[[Situation, threading.Event], Iterable[Finding]]
"""Called on a thread of its own; ends soon after the event is set."""


@dataclass(frozen=True, slots=True)
class Check:
    """One group of findings.

    Attributes:
        title: its heading.
        limit_s: after so long it is given up; what it said until then counts.
    """

    title: str
    examine: Examine
    limit_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a check found."""

    title: str
    findings: tuple[Finding, ...]


Said = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Doctor:
    """What a page needs: the groups that will be answered, in order, and the call that answers them all.

    `examine` blocks until all is said or the event is set; `Said` is called on the same thread.
    """

    titles: tuple[str, ...]
    examine: Callable[[Situation, Said, threading.Event], None]
