import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import streams
from app.__main__ import main
from app.cli.progress import progress
from tests.app.cli.processes import ended

_FULL = Path("/dev/full")
_needs_full = pytest.mark.skipif(not _FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture(scope="module")
def wall(tmp_path_factory):
    """A picture without a face: the shortest work there is."""
    path = tmp_path_factory.mktemp("wall") / "wall.ppm"
    path.write_bytes(b"P6 2 2 255\n" + bytes(12))
    return path


@_needs_full
def test_a_full_standard_output_is_said_plainly(tmp_path):
    with _FULL.open("w") as full:
        code, _, error = ended(["effects"], tmp_path, stdout=full)
    assert code == 1
    assert error == "facet: the result cannot be printed: no space is left where the output goes.\n"


@_needs_full
def test_nobody_need_listen_to_the_messages(tmp_path):
    with _FULL.open("w") as full:
        assert ended(["nonsense"], tmp_path, stderr=full)[0] == 2


def test_a_reader_that_goes_away_ends_a_list_quietly(tmp_path):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as gone:
        code, _, error = ended(["effects", "--json"], tmp_path, stdout=gone)
    assert (code, error) == (1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the streams")
def test_closed_streams_do_no_harm(wall, tmp_path):
    line = f'exec "{sys.executable}" -m app perceive "{wall}" -o out.jsonl --backend mps <&- >&- 2>&-'
    root = Path(__file__).resolve().parents[2]
    finished = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=dict(os.environ, PYTHONPATH=str(root)), check=False)
    assert finished.returncode == 0
    assert (tmp_path / "out.jsonl").read_text().startswith('{"frame":0,')


def test_no_progress_bar_in_a_pipe(wall, tmp_path):
    assert ended(["perceive", str(wall), "-o", "out.jsonl"], tmp_path) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("size", [(0, 0), (24, 0), (0, 100), (24, 100)])
def test_a_progress_bar_on_a_terminal(size, monkeypatch):
    import pty
    import termios

    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, size)
    with os.fdopen(outer, "rb", buffering=0) as screen, os.fdopen(inner, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress(3) as bar:
            bar.update()
        terminal.write("end of the test")
        terminal.flush()
        assert b"0/3 [" in screen.read(8192)


@_needs_full
def test_a_full_device_is_a_plain_message(wall, tmp_path, capsys):
    assert main(["perceive", str(wall), "-o", str(_FULL)]) == 1
    assert "/dev/full cannot be written: No space left" in capsys.readouterr().err


def test_a_name_that_no_terminal_shows_is_escaped(capsys):
    streams.open_missing_streams()
    sys.stdout.write("name\udce9.mp4\n")
    assert capsys.readouterr().out == "name\\udce9.mp4\n"
