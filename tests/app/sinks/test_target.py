import os
from pathlib import Path

import pytest

from app.sinks.base import SinkFailed
from app.sinks.target import FolderTarget, Target, check_suffix
from models.errors import UsageError


def test_appears_only_when_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    target = Target(path, None)
    target.temporary.write_bytes(b"new")
    assert not path.exists()
    assert target.temporary.parent == tmp_path
    target.keep()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    target = Target(path, None)
    target.temporary.write_bytes(b"half")
    target.discard()
    target.discard()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "out.png").write_bytes(b"old")
    (tmp_path / "link.png").symlink_to(real / "out.png")
    target = Target(tmp_path / "link.png", None)
    target.temporary.write_bytes(b"new")
    target.keep()
    assert (real / "out.png").read_bytes() == b"new"
    assert (tmp_path / "link.png").is_symlink()


def test_long_names_leave_room_for_the_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 240 + ".mp4")
    target = Target(path, None)
    target.keep()
    assert path.exists()


def test_impossible_outputs_are_told_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    source = tmp_path / "in.mp4"
    source.touch()
    (tmp_path / "same.mp4").hardlink_to(source)
    os.mkfifo(tmp_path / "pipe.mp4")
    monkeypatch.chdir(tmp_path)
    table: dict[str, tuple[type[Exception], str]] = {
        "folder.mp4": (UsageError, "is a folder"),
        "in.mp4": (UsageError, "is the input itself"),
        "./in.mp4": (UsageError, "is the input itself"),
        "same.mp4": (UsageError, "is the input itself"),
        "none/out.mp4": (SinkFailed, "none does not exist"),
        "file/out.mp4": (SinkFailed, "file does not exist"),
        "pipe.mp4": (SinkFailed, "may not be overwritten"),
    }
    before = sorted(tmp_path.iterdir())
    for name, (kind, says) in table.items():
        with pytest.raises(kind, match=says):
            Target(Path(name), source)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def refuse(*_: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SinkFailed, match=error.strerror):
        Target(tmp_path / "out.mp4", None)


def test_a_name_that_cannot_be_taken_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    target = Target(path, None)
    path.mkdir()
    with pytest.raises(SinkFailed):
        target.keep()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.MP4", "b.png"])
def test_known_endings_pass(name: str) -> None:
    check_suffix(Path(name), (".mp4", ".png"))


@pytest.mark.parametrize("name", ["a", "a.xyz", ".mp4", "a.mp4.bak"])
def test_unknown_endings_name_the_known(name: str) -> None:
    with pytest.raises(UsageError, match=r"\.mp4, \.png"):
        check_suffix(Path(name), (".mp4", ".png"))


@pytest.mark.parametrize("name", ["x" * 251 + ".mp4", "\U0001f600" * 62 + ".mp4"])
def test_names_of_any_length_that_fits(tmp_path: Path, name: str) -> None:
    Target(tmp_path / name, None).keep()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("kind", [Target, FolderTarget])
def test_a_name_that_is_too_long_is_told_before_any_work(tmp_path: Path, kind: type[Target | FolderTarget]) -> None:
    with pytest.raises(SinkFailed, match="Choose a shorter name"):
        kind(tmp_path / ("x" * 300), None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_only_when_kept(tmp_path: Path) -> None:
    path = tmp_path / "out"
    target = FolderTarget(path, None)
    (target.temporary / "a.png").write_bytes(b"new")
    assert not path.exists()
    target.keep()
    target.discard()
    assert (path / "a.png").read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_keeps_its_other_files(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.mkdir()
    (path / "mine.txt").write_text("mine")
    (path / "a.png").write_bytes(b"old")
    target = FolderTarget(path, None)
    (target.temporary / "a.png").write_bytes(b"new")
    target.keep()
    assert sorted(each.name for each in path.iterdir()) == ["a.png", "mine.txt"]
    assert (path / "a.png").read_bytes() == b"new"


def test_impossible_folders_are_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = sorted(tmp_path.iterdir())
    table: dict[Path, tuple[type[Exception], str]] = {
        tmp_path / "file": (UsageError, "is a file"),
        tmp_path: (UsageError, "is the input itself"),
        tmp_path / "none" / "out": (SinkFailed, "none does not exist"),
    }
    for path, (kind, says) in table.items():
        with pytest.raises(kind, match=says):
            FolderTarget(path, tmp_path)
    assert sorted(tmp_path.iterdir()) == before
