import os
from pathlib import Path

import pytest

from app.checks import virtual_camera


def test_none_is_installed(tmp_path: Path) -> None:
    (finding,) = virtual_camera.linux(tmp_path / "none", tmp_path, tmp_path / "modules")
    assert finding.state == "warning"
    assert "v4l2loopback-dkms" in finding.mend


def test_installed_but_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "modules.dep").write_text("kernel/a.ko:\nupdates/dkms/v4l2loopback.ko.zst: kernel/videodev.ko\n")
    (finding,) = virtual_camera.linux(tmp_path / "none", tmp_path, tmp_path)
    assert finding.state == "warning"
    assert finding.mend.startswith("sudo modprobe v4l2loopback")


def test_one_that_can_be_written_to_and_one_that_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, label in (("video9", "Facet"), ("video8", None)):
        (tmp_path / "sys" / name).mkdir(parents=True)
        if label:
            (tmp_path / "sys" / name / "name").write_text(f"{label}\n")
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name == "video9")
    locked, usable = virtual_camera.linux(tmp_path / "sys", tmp_path, tmp_path)
    assert (usable.state, usable.detail) == ("good", "Facet (v4l2loopback, video9)")
    assert locked.state == "warning"
    assert "usermod" in locked.mend
    assert "unnamed" in locked.detail
