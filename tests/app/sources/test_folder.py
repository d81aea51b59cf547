from pathlib import Path

import pytest

from app.sources.base import BadInput, SourceStalled
from app.sources.folder import FolderSource
from tests.app.media import corners, write_picture


def _fill(folder: Path) -> None:
    for number, name in enumerate(("b.png", "A.JPG", "c.webp")):
        write_picture(folder / name.lower(), corners(10 + number, 8)).rename(folder / name)
    write_picture(folder / "hidden.png", corners(3, 3)).rename(folder / "._b.png")
    (folder / "notes.txt").write_text("not a picture")
    (folder / "sub.png").mkdir()


def test_gives_every_picture_once_by_name(tmp_path: Path) -> None:
    _fill(tmp_path)
    source = FolderSource(tmp_path, paced=False, loop=False)
    frames = []
    while (frame := source.read(0.0)) is not None:
        assert source.picture_of(frame) is source.picture
        frames.append(frame)
    assert source.info.names == ("A.JPG", "b.png", "c.webp")
    assert source.info.frame_count == 3
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.t_s for frame in frames] == [0.0, 1.0, 2.0]
    assert [frame.size_wh for frame in frames] == [(11, 8), (10, 8), (12, 8)]
    assert source.info.size_wh == (11, 8)
    assert source.picture_of(frames[0]) is None


def test_begins_again_when_it_loops(tmp_path: Path) -> None:
    _fill(tmp_path)
    source = FolderSource(tmp_path, paced=False, loop=True)
    sizes = [frame.size_wh[0] for _ in range(7) if (frame := source.read(0.0))]
    assert sizes == [11, 10, 12, 11, 10, 12, 11]
    source.close()
    assert source.read(0.0) is None


def test_is_a_slide_show_in_the_window(tmp_path: Path) -> None:
    _fill(tmp_path)
    source = FolderSource(tmp_path, paced=True, loop=False)
    first, second = source.read(1.0), source.read(1.0)
    assert first is not None
    assert second is not None
    assert second.t_s == pytest.approx(1 / 30)
    assert second.pixels is first.pixels
    with pytest.raises(SourceStalled):
        source.read(0.0)


@pytest.mark.parametrize("content", [[], ["notes.txt"], [".hidden.png"]])
def test_a_folder_without_pictures_is_bad_input(tmp_path: Path, content: list[str]) -> None:
    for name in content:
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(BadInput, match="holds no pictures"):
        FolderSource(tmp_path, paced=False, loop=False)


def test_names_the_broken_picture(tmp_path: Path) -> None:
    _fill(tmp_path)
    (tmp_path / "b.png").write_bytes(b"broken")
    source = FolderSource(tmp_path, paced=False, loop=False)
    assert source.read(0.0) is not None
    with pytest.raises(BadInput, match=r"b\.png"):
        source.read(0.0)
