import threading
from collections.abc import Iterator

import pytest

from app.checks.finding import Answer, Check, Examine, Finding, Situation
from app.checks.running import run_checks

GOOD = Finding("good", "A", "fine")


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def said_by(*checks: Check, cancelled: threading.Event | None = None) -> list[Answer]:
    answers: list[Answer] = []
    run_checks(checks, Situation(), answers.append, cancelled)
    return answers


def says(*findings: Finding) -> Examine:
    return lambda _situation, _stop: iter(findings)


def waits(_situation: Situation, stop: threading.Event) -> Iterator[Finding]:
    yield GOOD
    stop.wait(60)


def breaks(_situation: Situation, _stop: threading.Event) -> Iterator[Finding]:
    yield GOOD
    raise RuntimeError("boom")


def test_nothing_to_do() -> None:
    assert said_by() == []


def test_each_answers_for_itself() -> None:
    answers = said_by(Check("one", says(GOOD), 30), Check("none", says(), 30))
    assert {answer.title: answer.findings for answer in answers} == {"one": (GOOD,), "none": ()}


def test_they_run_at_the_same_time() -> None:
    both = threading.Barrier(2)

    def meets(_situation: Situation, _stop: threading.Event) -> Iterator[Finding]:
        both.wait(30)
        yield GOOD

    answers = said_by(Check("one", meets, 60), Check("two", meets, 60))
    assert [answer.findings for answer in answers] == [(GOOD,), (GOOD,)]


def test_a_late_one_is_given_up_and_what_it_said_counts() -> None:
    (answer,) = said_by(Check("slow", waits, 0.2))
    assert answer.findings[0] == GOOD
    assert answer.findings[1].state == "warning"
    assert "0.2 s" in answer.findings[1].detail
    assert answer.findings[1].mend


def test_a_broken_check_does_not_disturb_the_others() -> None:
    answers = {answer.title: answer.findings for answer in said_by(Check("a", breaks, 30), Check("b", says(GOOD), 30))}
    assert answers["b"] == (GOOD,)
    assert answers["a"][0] == GOOD
    assert "RuntimeError: boom" in answers["a"][1].detail


def test_cancelled_it_returns_and_ends_what_runs() -> None:
    cancelled = threading.Event()
    answers: list[Answer] = []

    def said(answer: Answer) -> None:
        answers.append(answer)
        cancelled.set()

    run_checks((Check("quick", says(GOOD), 60), Check("slow", waits, 60)), Situation(), said, cancelled)
    assert [answer.title for answer in answers] == ["quick"]


def test_an_error_while_telling_ends_what_runs() -> None:
    def said(_answer: Answer) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_checks((Check("quick", says(GOOD), 60), Check("slow", waits, 60)), Situation(), said)


def test_nothing_personal_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/zaphodb")
    monkeypatch.setenv("USER", "zaphodb")
    private = Finding("bad", "/home/zaphodb/x", "of zaphodb", "Look into /media/zaphodb/stick.")
    (answer,) = said_by(Check("c", says(private), 30))
    assert answer.findings == (Finding("bad", "~/x", "of (user)", "Look into /media/(user)/stick."),)


def test_the_situation_reaches_the_check() -> None:
    seen: list[Situation] = []

    def look(situation: Situation, _stop: threading.Event) -> tuple[Finding, ...]:
        seen.append(situation)
        return ()

    run_checks((Check("c", look, 30),), Situation("camera:3"), lambda _answer: None)
    assert seen == [Situation("camera:3")]
