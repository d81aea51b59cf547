"""What was found as text to copy and as values for JSON; what is in it was scrubbed when it was found."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.checks.finding import Answer, Finding, State
from app.version import version

MARKS: dict[State, str] = {"good": "ok", "warning": "warn", "bad": "BAD"}
_INDENT = 6


def group_text(answer: Answer) -> str:
    """One group: its heading, then its lines, each mend under its line."""
    lines = [answer.title]
    for finding in answer.findings:
        said = ": ".join(filter(None, (finding.title, finding.detail)))
        lines.append(f"{MARKS[finding.state]:>{_INDENT - 2}}  {said}")
        if finding.mend:
            lines.append(f"{'':{_INDENT}}-> {finding.mend}")
    return "\n".join(lines) + "\n"


def summary(answers: Sequence[Answer]) -> str:
    """How many of what, in one sentence."""
    count = {state: sum(each.state == state for each in _all(answers)) for state in MARKS}
    if count["bad"]:
        return f"{_things(count['bad'], 'thing')} broken, {_things(count['warning'], 'warning')}."
    return f"Nothing is broken, {_things(count['warning'], 'warning')}." if count["warning"] else "All is well."


def report_text(answers: Sequence[Answer]) -> str:
    """The whole report, without anything that tells who made it."""
    return f"Facet {version()}: {summary(answers)}\n\n" + "\n".join(map(group_text, answers))


def report_values(answers: Sequence[Answer]) -> dict[str, Any]:
    """For `--json`: every finding with its group."""
    return {
        "facet": version(),
        "summary": summary(answers),
        "findings": [{"group": answer.title} | asdict(each) for answer in answers for each in answer.findings],
    }


def _all(answers: Sequence[Answer]) -> list[Finding]:
    return [finding for answer in answers for finding in answer.findings]


def _things(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count or 'no'} {word}s"
