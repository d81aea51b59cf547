"""Runs checks side by side, each for a limited time, and passes on what they say as soon as they have said it."""

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from app.checks.finding import Answer, Check, Finding, Said, Situation
from app.checks.privacy import Scrubber

_LOOK_S = 0.05
_GRACE_S = 1.5
"""For the threads to notice that nobody waits any more."""
_REPORT_IT = "Please report it, together with this report."


class _Run:
    """One check on its thread."""

    def __init__(self, check: Check, situation: Situation, done: "queue.SimpleQueue[_Run]") -> None:
        self.check = check
        self.found: list[Finding] = []
        self.stop = threading.Event()
        self.until_s = time.monotonic() + check.limit_s
        self._situation, self._done = situation, done
        self.thread = threading.Thread(target=self._body, name=f"facet-check {check.title}", daemon=True)
        self.thread.start()

    def late(self) -> tuple[Finding, ...]:
        """What it said so far, and that it said no more."""
        self.stop.set()
        words = f"gave no answer within {self.check.limit_s:g} s"
        mend = "Run the check again; if it stays so, restart the computer, or unplug and plug in what it is about."
        return (*self.found, Finding("warning", self.check.title, words, mend))

    def _body(self) -> None:
        try:
            for finding in self.check.examine(self._situation, self.stop):
                self.found.append(finding)
        except Exception as error:  # noqa: BLE001 - the top of the thread: the other checks go on
            words = f"the check itself failed: {type(error).__name__}: {error}"
            self.found.append(Finding("bad", self.check.title, words, _REPORT_IT))
        self._done.put(self)


def run_checks(
    checks: Sequence[Check], situation: Situation, said: Said, cancelled: threading.Event | None = None
) -> None:
    """Run all at the same time; returns when each has answered, has run out of time, or `cancelled` was set.

    `said` is called on the caller's thread, in the order in which they are ready, without anything personal in it.
    """
    done: queue.SimpleQueue[_Run] = queue.SimpleQueue()
    scrub = Scrubber()
    runs = [_Run(check, situation, done) for check in checks]
    waiting = list(runs)
    try:
        while waiting and not (cancelled is not None and cancelled.is_set()):
            try:
                run = done.get(timeout=_LOOK_S)
            except queue.Empty:
                late = [each for each in waiting if time.monotonic() > each.until_s]
                for each in late:
                    waiting.remove(each)
                    said(_clean(each.check.title, each.late(), scrub))
                continue
            if run in waiting:
                waiting.remove(run)
                said(_clean(run.check.title, tuple(run.found), scrub))
    finally:
        for run in runs:
            run.stop.set()
        until_s = time.monotonic() + _GRACE_S
        for run in runs:
            run.thread.join(max(0.0, until_s - time.monotonic()))


def _clean(title: str, findings: tuple[Finding, ...], scrub: Scrubber) -> Answer:
    return Answer(
        title,
        tuple(
            replace(each, title=scrub(each.title), detail=scrub(each.detail), mend=scrub(each.mend))
            for each in findings
        ),
    )
