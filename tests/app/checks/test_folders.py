import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from app.checks import folders

Usage = namedtuple("Usage", "total used free")


def test_a_folder_that_is_there_or_can_be_made(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "a" / "b"):
        assert folders.kept("Settings", folder).state == "good"


def test_one_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    finding = folders.kept("Settings", tmp_path / "a")
    assert finding.state == "bad"
    assert str(tmp_path) in finding.mend


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "facet").touch()
    assert folders.kept("Settings", tmp_path / "facet").state == "bad"


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 10**6))
    assert folders.kept("Settings", tmp_path).state == "warning"
