from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sinks.base import SinkFailed
from app.sinks.still import StillFolderSink, StillSink
from app.sources.folder import FolderSource
from models.errors import UsageError
from tests.app.media import corners, write_picture
from tests.app.sinks.outputs import output, outputs_of


def test_writes_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "out.png"
    sink = StillSink(path)
    sink.put(output(corners(9, 7)))
    sink.finish(ok=True)
    np.testing.assert_array_equal(cv2.imread(str(path)), corners(9, 7))
    assert list(tmp_path.iterdir()) == [path]
    assert sink.dropped == 0


@pytest.mark.parametrize("pictures", [0, 1])
def test_leaves_nothing_when_the_work_failed(tmp_path: Path, pictures: int) -> None:
    sink = StillSink(tmp_path / "out.png")
    for _ in range(pictures):
        sink.put(output(corners(9, 7)))
    sink.finish(ok=False)
    assert list(tmp_path.iterdir()) == []


def test_no_picture_is_a_failure(tmp_path: Path) -> None:
    sink = StillSink(tmp_path / "out.png")
    with pytest.raises(SinkFailed, match="no picture"):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


def test_a_second_picture_is_wrong_usage(tmp_path: Path) -> None:
    sink = StillSink(tmp_path / "out.png")
    sink.put(output(corners(9, 7)))
    with pytest.raises(UsageError, match=r"\.mp4"):
        sink.put(output(corners(9, 7), 1))
    sink.finish(ok=False)
    assert list(tmp_path.iterdir()) == []


def test_a_size_that_the_file_cannot_hold_is_told(tmp_path: Path) -> None:
    sink = StillSink(tmp_path / "out.webp")
    sink.put(output(np.zeros((2, 17000, 3), np.uint8)))
    with pytest.raises(SinkFailed, match=r"out\.webp cannot be written"):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    sink = StillSink(tmp_path / "out.png")
    sink.put(output(corners(9, 7)))
    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(SinkFailed, match="No space left"):
        sink.finish(ok=True)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.png"):
        StillSink(tmp_path / "out.mp4")


def _folder(tmp_path: Path) -> FolderSource:
    folder = tmp_path / "in"
    folder.mkdir()
    write_picture(folder / "a.jpg", corners(12, 8))
    write_picture(folder / "b.png", corners(8, 12).astype(np.uint16) * 257 + 3)
    return FolderSource(folder, paced=False, loop=False)


def _sink(path: Path, source: FolderSource) -> StillFolderSink:
    return StillFolderSink(
        path,
        name_of=lambda frame: source.info.names[frame.index],
        picture_of=source.picture_of,
        input_path=path.parent / "in",
    )


def test_a_folder_comes_out_as_a_folder(tmp_path: Path) -> None:
    source = _folder(tmp_path)
    sink = _sink(tmp_path / "out", source)
    for item in outputs_of(source):
        sink.put(item)
        assert not (tmp_path / "out").exists()
    sink.finish(ok=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.png"]
    for name in ("a.jpg", "b.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "in" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    source = _folder(tmp_path)
    sink = _sink(tmp_path / "out", source)
    sink.put(next(outputs_of(source)))
    sink.finish(ok=False)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_impossible_folders_are_told_before_any_work(tmp_path: Path) -> None:
    source = _folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        _sink(tmp_path / "file", source)
    with pytest.raises(UsageError, match="is the input itself"):
        _sink(tmp_path / "in", source)
    with pytest.raises(SinkFailed, match="does not exist"):
        _sink(tmp_path / "none" / "out", source)
