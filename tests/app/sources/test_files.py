import os
from pathlib import Path

import pytest

from app.sources.base import BadInput
from app.sources.files import begins_like_picture, check_file, unreadable


def test_a_whole_file_passes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    check_file(path)


def test_every_refusal_has_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "clip.mp4").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.mp4")
    table = {
        "empty.mp4": ("is empty", "broken"),
        "pipe.mp4": ("not a file", "broken"),
        "clip.mp": ("Did you mean .*clip.mp4", "missing"),
        "zzzzzz": ("does not exist. Check the name", "missing"),
        "none/clip.mp4": ("The folder .*none does not exist", "missing"),
        "clip.mp4/x.mp4": ("does not exist", "missing"),
        "a\0b": ("does not exist", "missing"),
        "x" * 5000: ("does not exist", "missing"),
    }
    for name, (says, reason) in table.items():
        with pytest.raises(BadInput, match=says) as caught:
            check_file(tmp_path / name)
        assert caught.value.reason == reason


def test_a_file_one_may_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInput, match="may not be read") as caught:
        check_file(path)
    assert caught.value.reason == "permission"


def test_other_failures_say_what_the_system_says(tmp_path: Path) -> None:
    error = unreadable(tmp_path, OSError(5, "Input/output error"))
    assert "Input/output error" in str(error)
    assert error.reason == "broken"


@pytest.mark.parametrize(
    ("start", "picture"),
    [
        (b"\xff\xd8\xff\xe0", True),
        (b"\x89PNG\r\n", True),
        (b"RIFF1234WEBPVP8 ", True),
        (b"RIFF1234AVI LIST", False),
        (b"", False),
        (b"\0\0\0\x18ftypisom", False),
    ],
)
def test_tells_pictures_by_their_first_bytes(tmp_path: Path, start: bytes, picture: bool) -> None:
    path = tmp_path / "a"
    path.write_bytes(start)
    assert begins_like_picture(path) is picture
    assert not begins_like_picture(tmp_path)
    assert not begins_like_picture(tmp_path / "a\0b")
