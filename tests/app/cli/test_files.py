import pytest

from app.cli.files import whole_file, whole_folder
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
