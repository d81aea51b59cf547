from pathlib import Path

from app.paths import path_of


def test_a_tilde_is_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    monkeypatch.setenv("USERPROFILE", "/somewhere")
    assert path_of("~/a") == Path("/somewhere/a")
    assert path_of("a/~") == Path("a/~")


def test_a_home_of_nobody_is_an_ordinary_name():
    assert path_of("~nobody-of-this-name/a") == Path("~nobody-of-this-name/a")
