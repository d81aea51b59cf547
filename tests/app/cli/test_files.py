import os
import threading
from pathlib import Path

import pytest

from app.cli.files import input_path, output_path, same_place, whole_file, whole_folder
from app.sinks.base import SinkFailed
from models.errors import UsageError


def test_a_whole_file_appears_at_the_end(tmp_path):
    path = tmp_path / "out.txt"
    with whole_file(path) as handle:
        handle.write("all of it")
        assert not path.exists()
    assert path.read_text() == "all of it"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_block_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as handle:
        handle.write(f"half {1 / 0}")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_folder_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path / "mattes") as folder:
        (folder / "000000.png").write_bytes(bytes(1 // 0))
    assert list(tmp_path.iterdir()) == []


def test_a_whole_folder_keeps_what_was_there(tmp_path):
    target = tmp_path / "mattes"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with whole_folder(target) as folder:
        (folder / "000000.png").write_bytes(b"x")
    assert sorted(file.name for file in target.iterdir()) == ["000000.png", "mine.txt"]


@pytest.mark.parametrize("maker", [whole_file, whole_folder])
def test_a_missing_parent_is_named(maker, tmp_path):
    with pytest.raises(SinkFailed, match="does not exist"), maker(tmp_path / "no" / "out"):
        pass


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="folder"), whole_file(tmp_path):
        pass


def test_the_input_is_not_the_output(tmp_path):
    source, link = tmp_path / "in.mp4", tmp_path / "link.jsonl"
    source.write_bytes(b"video")
    link.hardlink_to(source)
    for path in (source, link):
        with pytest.raises(UsageError, match="is the input itself"), whole_file(path, source):
            pass
    with pytest.raises(UsageError, match="is the input itself"), whole_folder(tmp_path, tmp_path):
        pass
    assert source.read_bytes() == b"video"


def test_the_file_behind_an_input_is_known(tmp_path):
    path = tmp_path / "in.mp4"
    path.touch()
    assert input_path(str(path)) == path
    for text in ("demo", "camera:0", "http://host/x.mp4", str(tmp_path / "none"), "a\0b", "x" * 300):
        assert input_path(text) is None


@pytest.mark.parametrize("text", ["", "  ", "a\0b"])
def test_an_output_needs_a_name(text):
    with pytest.raises(UsageError, match="name of the output"):
        output_path(text)


@pytest.mark.parametrize("name", ["x" * 255, "\U0001f600" * 63, "x." + "y" * 253, "-o", "%d", "a\nb", "by\udce9te"])
def test_any_name_that_the_file_system_takes(name, tmp_path):
    with whole_file(tmp_path / name) as handle:
        handle.write("all of it")
    with whole_folder(tmp_path / f"{name[:60]}_") as folder:
        (folder / "000000.png").touch()
    assert (tmp_path / name).read_text() == "all of it"
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"{name[:60]}_"])


@pytest.mark.parametrize("maker", [whole_file, whole_folder])
def test_a_name_that_is_too_long_is_said_plainly(maker, tmp_path):
    with pytest.raises(SinkFailed, match="too long. Choose a shorter name"), maker(tmp_path / ("x" * 300)):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("maker", [whole_file, whole_folder])
@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_a_folder_that_may_not_be_written_to(maker, error, tmp_path, monkeypatch):
    def refuse(*_arguments, **_options):
        raise error

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(SinkFailed, match=f"{error.strerror}. Choose a folder"), maker(tmp_path / "out"):
        pass


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fill(handle):
        handle.write("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(SinkFailed, match="No space left"), whole_file(path) as handle:
        fill(handle)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_written_through(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "real" / "out.txt")
    with whole_file(tmp_path / "file") as handle:
        handle.write("all of it")
    with whole_folder(tmp_path / "folder") as folder:
        (folder / "000000.png").touch()
    assert sorted(os.listdir(tmp_path / "real")) == ["000000.png", "out.txt"]
    assert (tmp_path / "file").is_symlink()
    assert (tmp_path / "folder").is_symlink()


def test_a_device_stays_a_device():
    with whole_file(Path(os.devnull)) as handle:
        handle.write("x")
    assert Path(os.devnull).is_char_device()


def test_a_pipe_is_written_to(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_text()))
    reader.start()
    with whole_file(path) as handle:
        handle.write("all of it")
    reader.join()
    assert got == ["all of it"]
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_may_begin_at_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert output_path("~/out.mp4") == tmp_path / "out.mp4"


def test_two_names_of_the_same_place(tmp_path):
    assert same_place(tmp_path / "out", tmp_path / ".." / tmp_path.name / "out")
    assert not same_place(tmp_path / "out", tmp_path / "other")


def test_a_link_into_a_missing_folder_names_that_folder(tmp_path):
    link = tmp_path / "out.jsonl"
    link.symlink_to(tmp_path / "gone" / "out.jsonl")
    with pytest.raises(SinkFailed, match="gone does not exist"), whole_file(link):
        pass
