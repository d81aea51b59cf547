"""--backend on the command line: what fails is one line on stderr, the work is done on the CPU, exit code 0."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import bootstrap
from app.__main__ import main
from app.backends import build
from app.backends.offer import Offer
from app.backends.pair import Pair
from effects.devices.cpu import CpuDevice
from models.errors import BackendFailed
from models.types import Frame, Perception, Wants
from tests.backend_fakes import LOST, FrailModel
from tests.pipeline_fakes import make_face

FACES = (make_face(1, (640, 300), 200.0),)


class Lasting(FrailModel):
    """Works for two frames."""

    def track(self, frame: Frame, want: Wants, **options: Any) -> Perception:
        if len(self.asked) == 2:
            self.broken.add("track")
        return super().track(frame, want, **options)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Lasting:
    """A machine with a CUDA that fails on the third frame."""
    model = Lasting(FACES)
    monkeypatch.setattr(bootstrap, "_usable", lambda name: name)
    monkeypatch.setattr(build, "make_pair", lambda _name: Pair(model, CpuDevice()))
    monkeypatch.setattr(build, "make_networks", lambda _name, device: Pair(model, device))
    return model


def _complaints(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def test_perceive_names_what_really_ran_on_each_frame(
    cuda: Lasting, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    assert main(["perceive", "demo", "-o", str(out), "--frames", "4", "--backend", "cuda"]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["backend"] for row in rows] == ["cuda", "cuda", "cpu", "cpu"]
    assert all(row["faces"] for row in rows)
    (complaint,) = _complaints(capsys.readouterr().err)
    assert complaint == f"facet: backend cuda cannot be used: {LOST[:-1]}. The CPU is used."
    assert cuda.closed


def test_render_goes_on_when_a_backend_fails(cuda: Lasting, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.mp4"
    arguments = ["render", "demo", "-o", str(out), "--frames", "4", "--backend", "cuda", "--preset", "privacy"]
    assert main(arguments) == 0
    assert out.stat().st_size > 1000
    assert len(_complaints(capsys.readouterr().err)) == 1


def test_a_backend_that_cannot_be_built_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_name: str) -> Pair:
        raise BackendFailed("The driver is too old. Update it.")

    monkeypatch.setattr(bootstrap, "_usable", lambda name: name)
    monkeypatch.setattr(build, "make_pair", fail)
    out = tmp_path / "out.mp4"
    assert main(["render", "demo", "-o", str(out), "--frames", "2", "--backend", "gpu"]) == 0
    assert _complaints(capsys.readouterr().err) == [
        "facet: backend gpu cannot be used: The driver is too old. Update it. The CPU is used."
    ]


def test_what_the_machine_lacks_is_said_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = Offer("cuda", "NVIDIA CUDA", "", False, "PyTorch is not installed.", "Install it with: pip install x")
    monkeypatch.setattr("app.backends.catalogue.offer", lambda _name: lacking)
    assert not bootstrap.check_backend("cuda")
    assert _complaints(capsys.readouterr().err) == [
        "facet: backend cuda cannot be used: PyTorch is not installed. Install it with: pip install x. The CPU is used."
    ]


@pytest.mark.parametrize("command", ["run", "render", "perceive", "bench"])
def test_every_command_knows_the_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "--backend" in capsys.readouterr().out


def test_without_the_option_the_window_uses_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import Settings

    monkeypatch.setattr(bootstrap, "load_settings", lambda: (Settings(backend="gpu"), ()))
    assert bootstrap.window_settings(None, [], None)[0].backend == "gpu"
    assert bootstrap.window_settings(None, [], "cpu")[0].backend == "cpu"
