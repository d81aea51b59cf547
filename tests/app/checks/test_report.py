import json

import pytest

from app.checks.finding import Answer, Finding
from app.checks.report import group_text, report_text, report_values, summary

GOOD = Finding("good", "A", "fine")
WARN = Finding("warning", "B", "none", "Plug one in.")
BAD = Finding("bad", "C", "", "Install it.")


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ((), "All is well."),
        ((GOOD,), "All is well."),
        ((GOOD, WARN), "Nothing is broken, 1 warning."),
        ((WARN, WARN), "Nothing is broken, 2 warnings."),
        ((BAD,), "1 thing broken, no warnings."),
        ((BAD, BAD, WARN), "2 things broken, 1 warning."),
    ],
)
def test_the_sum(findings: tuple[Finding, ...], words: str) -> None:
    assert summary([Answer("x", findings)]) == words


def test_the_text_has_every_line_and_every_mend() -> None:
    assert group_text(Answer("Things", (GOOD, WARN, BAD))) == (
        "Things\n  ok  A: fine\nwarn  B: none\n      -> Plug one in.\n BAD  C\n      -> Install it.\n"
    )
    text = report_text([Answer("Things", (GOOD,)), Answer("More", (WARN,))])
    assert text.startswith("Facet ")
    assert text.index("Things") < text.index("More")


def test_the_values_are_plain() -> None:
    values = json.loads(json.dumps(report_values([Answer("Things", (WARN,))])))
    assert values["findings"] == [
        {"group": "Things", "state": "warning", "title": "B", "detail": "none", "mend": "Plug one in."}
    ]
