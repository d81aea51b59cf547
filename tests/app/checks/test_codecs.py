import threading

import pytest

from app.checks import codecs
from app.checks.finding import Situation


def test_both_ways_work_here() -> None:
    findings = list(codecs.examine(Situation(), threading.Event()))
    assert [(each.title, each.state) for each in findings] == [
        ("H.264 encoding", "good"),
        ("H.264 decoding", "good"),
        ("AAC sound", "good"),
    ]


def test_a_film_that_is_damaged_or_short_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    film = codecs.encode()
    assert codecs.decoded(film).state == "good"
    for damaged in (b"", film[: len(film) // 2]):
        finding = codecs.decoded(damaged)
        assert (finding.state, bool(finding.mend)) == ("bad", True)
    monkeypatch.setattr(codecs, "_FRAMES", 9)
    assert "8 of 9 frames" in codecs.decoded(film).detail
    monkeypatch.setattr(codecs, "_FRAMES", 8)
    monkeypatch.setattr(codecs, "_GREY", 160)
    assert codecs.decoded(film).state == "bad"


def test_without_the_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> bytes:
        raise ValueError("Unknown encoder 'libx264'")

    monkeypatch.setattr(codecs, "encode", refuse)
    findings = list(codecs.try_codecs())
    assert [each.title for each in findings] == ["H.264 encoding", "AAC sound"]
    assert findings[0].state == "bad"
    assert "libx264" in findings[0].detail
