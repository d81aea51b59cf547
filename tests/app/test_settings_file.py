"""Settings that survive."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.config import Settings
from app.settings_file import NAME, CannotSave, load_settings, save_settings
from effects.library.mesh import Mesh
from effects.library.privacy import Privacy

SOME = Settings(effects=(("mesh", Mesh(opacity=0.5)), ("privacy", Privacy(keep=3))), max_faces=7, fail_secure="block")


def test_nothing_saved_is_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == (Settings(), ())


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    save_settings(SOME, tmp_path / "new" / "folder")
    assert load_settings(tmp_path / "new" / "folder") == (SOME, ())


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    path = save_settings(SOME, tmp_path / "facet")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_saving_leaves_no_other_file(tmp_path: Path) -> None:
    save_settings(Settings(), tmp_path)
    save_settings(SOME, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("content", [b"", b"schema = 1\nmax_f", b"\x00\xff\xfe", b"schema = 99", b"[[["])
def test_a_corrupt_file_is_set_aside_and_said_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    settings, messages = load_settings(tmp_path)
    assert settings == Settings()
    assert len(messages) == 1
    assert "damaged" in messages[0]
    assert (tmp_path / f"{NAME}.broken").read_bytes() == content
    assert not (tmp_path / NAME).exists()
    assert load_settings(tmp_path) == (Settings(), ())


def test_a_corrupt_file_bares_no_face(tmp_path: Path) -> None:
    path = save_settings(SOME, tmp_path)
    path.write_text(path.read_text()[:-3] + "[[[")
    settings, messages = load_settings(tmp_path)
    assert settings == Settings(effects=(("privacy", Privacy()),))
    assert "Privacy" in messages[0]


def test_a_wrong_value_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    path = save_settings(SOME, tmp_path)
    path.write_text(path.read_text().replace("max_faces = 7", "max_faces = 700"))
    settings, messages = load_settings(tmp_path)
    assert settings.effects == SOME.effects
    assert settings.max_faces == 5
    assert "max_faces" in messages[0]
    assert path.exists()


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotSave, match="cannot be saved"):
        save_settings(SOME, tmp_path / "file" / "sub")


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_kill_at_any_moment_leaves_old_or_new_settings(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.config import Settings; from app.settings_file import *\n"
        "n = 0\nwhile True:\n n += 1\n save_settings(Settings(max_faces=1 + n % 20), Path(sys.argv[1]))\n"
        " if n == 1: print('ready', flush=True)\n"
    )
    for pause_s in (0.0, 0.003, 0.011):
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(pause_s)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        settings, messages = load_settings(tmp_path)
        assert messages == ()
        assert 1 <= settings.max_faces <= 20
