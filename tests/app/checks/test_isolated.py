import os
import sys
import threading
from pathlib import Path

import pytest

from app.checks.finding import Finding
from app.checks.isolated import Isolated
from tests.app.checks.breaking import SEEN

HERE = "tests.app.checks.breaking"


def findings(name: str, limit_s: float = 30.0, stop: threading.Event | None = None, **more: Finding) -> list[Finding]:
    return Isolated(f"{HERE}:{name}").findings("Trial", "Mend.", limit_s, stop or threading.Event(), **more)


def test_everything_it_says_comes_back_whatever_else_is_printed() -> None:
    assert findings("fine") == [SEEN, Finding("bad", "Broken", "é ü 好", "Mend it.")]


@pytest.mark.parametrize(
    ("name", "words"),
    [("fail", "breaks down: ValueError: no such thing"), ("leave", "breaks down (exit code 3)")],
)
def test_what_was_said_before_the_end_counts(name: str, words: str) -> None:
    assert findings(name) == [SEEN, Finding("bad", "Trial", words, "Mend.")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_a_crash_is_named() -> None:
    assert findings("crash") == [SEEN, Finding("bad", "Trial", "crashes (SIGSEGV)", "Mend.")]


def test_a_hanging_one_is_ended() -> None:
    words = "hangs: it gave no answer within 2 s"
    assert findings("hang", 2.0)[-1] == Finding("bad", "Trial", words, "Mend.")
    late = Finding("warning", "Trial", "slow", "Wait.")
    assert findings("hang", 0.1, late=late) == [late]


def test_nobody_waits_for_it_any_more() -> None:
    stop = threading.Event()
    stop.set()
    assert findings("hang", stop=stop) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no niceness")
@pytest.mark.parametrize(("modest", "more"), [(False, 0), (True, 5)])
def test_beside_a_picture_it_takes_what_is_left(modest: bool, more: int) -> None:
    (found,) = Isolated(f"{HERE}:niceness", modest=modest).findings("Trial", "Mend.", 30.0, threading.Event())
    assert int(found.detail) == min(19, os.nice(0) + more)


def test_files_of_the_present_folder_are_not_taken_for_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert len(findings("fine")) == 2


def test_a_function_that_is_not_there() -> None:
    (found,) = findings("absent")
    assert found.state == "bad"
    assert "AttributeError" in found.detail
