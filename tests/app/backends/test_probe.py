"""`auto`: the verdict, what is remembered of it, and trials that crash or hang."""

import math
import sys
import threading
from pathlib import Path

import pytest

from app.backends import probe
from app.backends.catalogue import Machine
from app.backends.pair import Loading, LoadingCancelled, backend_of
from app.backends.probe import Verdict, candidates, choose, machine_key

CARD = (Path("/dev/dri/renderD128"),)
LINUX = Machine(
    "linux", False, frozenset({"wgpu", "torch"}), frozenset({"libvulkan.so.1"}), (Path("/icd/intel.json"),), False, CARD
)


@pytest.mark.parametrize(
    ("networks_ms", "canvas_ms", "chosen"),
    [
        ({"cpu": 4.0, "gpu": 2.0}, {"cpu": 6.0, "gpu": 2.0}, ("gpu", "gpu")),
        ({"cpu": 3.0, "gpu": 9.0}, {"cpu": 6.0, "gpu": 2.0}, ("cpu", "gpu")),
        ({"cpu": 3.0, "gpu": 2.9}, {"cpu": 6.0, "gpu": 5.9}, ("cpu", "cpu")),
        ({"cpu": 3.0, "cuda": 0.5, "gpu": 1.0}, {"cpu": 6.0}, ("cuda", "cpu")),
        ({"cpu": 3.0, "gpu": math.nan}, {"cpu": 6.0}, ("cpu", "cpu")),
        ({}, {}, ("cpu", "cpu")),
    ],
)
def test_networks_and_canvas_are_chosen_each_for_itself(
    networks_ms: dict[str, float], canvas_ms: dict[str, float], chosen: tuple[str, str]
) -> None:
    verdict = Verdict(networks_ms, canvas_ms)
    assert (verdict.networks, verdict.canvas) == chosen


@pytest.mark.parametrize(
    ("networks", "canvas", "name"),
    [("cpu", "cpu", "cpu"), ("gpu", "gpu", "gpu"), ("cuda", "gpu", "cuda"), ("cuda", "cpu", "cuda"),
     ("torch-cpu", "cpu", "torch-cpu"), ("cpu", "gpu", "cpu+gpu"), ("gpu", "cpu", "gpu+cpu")],
)  # fmt: skip
def test_names_of_mixtures(networks: str, canvas: str, name: str) -> None:
    assert backend_of(networks, canvas) == name


class Trials:
    """Stands in for the child process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.verdict = Verdict({"cpu": 4.0, "gpu": 1.0}, {"cpu": 4.0, "gpu": 1.0})
        monkeypatch.setattr(probe, "look", lambda: self.machine)
        monkeypatch.setattr(probe, "_tried_in_child", self._try)
        self.machine = LINUX

    def _try(self, names: tuple[str, ...], _loading: Loading) -> Verdict:
        self.asked.append(names)
        return self.verdict


def test_a_verdict_is_kept_until_the_machine_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials(monkeypatch)
    for _ in range(3):
        assert choose(Loading(), tmp_path) == ("gpu", "gpu")
    assert trials.asked == [("gpu",)]
    trials.machine = Machine(
        "linux", False, LINUX.modules, LINUX.libraries, LINUX.vulkan_drivers, False, (Path("/dev/dri/renderD129"),)
    )
    choose(Loading(), tmp_path)
    assert len(trials.asked) == 2


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"key": 1}', '{"key": "KEY", "verdict": {}}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    trials = Trials(monkeypatch)
    (tmp_path / "backends.json").write_text(text.replace("KEY", machine_key(LINUX)))
    assert choose(Loading(), tmp_path) == ("gpu", "gpu")
    assert len(trials.asked) == 1


def test_without_a_graphics_card_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trials = Trials(monkeypatch)
    trials.machine = Machine("linux", False, LINUX.modules, LINUX.libraries, LINUX.vulkan_drivers)
    assert choose(Loading(), tmp_path) == ("cpu", "cpu")
    assert trials.asked == []
    assert list(tmp_path.iterdir()) == []


def test_candidates() -> None:
    assert candidates(LINUX) == ("gpu",)
    with_cuda = Machine("linux", False, LINUX.modules, LINUX.libraries | {"libcuda.so.1"}, LINUX.vulkan_drivers)
    assert candidates(with_cuda) == ("cuda",)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import os; os.abort()", "broke down"),
        ("print('{}')", "broke down"),
        ("import time; time.sleep(60)", "took longer"),
    ],
)
def test_a_trial_that_crashes_or_hangs_speaks_for_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    _replace_child(tmp_path, monkeypatch, script)
    verdict = probe._tried_in_child(("gpu",), Loading())
    assert (verdict.networks, verdict.canvas) == ("cpu", "cpu")
    assert reason in verdict.reasons["trial"]


def test_a_trial_nobody_waits_for_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _replace_child(tmp_path, monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(probe, "_LIMIT_S", 60.0)
    loading = Loading()
    timer = threading.Timer(0.3, loading.cancel)
    timer.start()
    with pytest.raises(LoadingCancelled):
        probe._tried_in_child(("gpu",), loading)
    timer.join()


def _replace_child(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A Python that runs the script whatever it is asked to."""
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{script}"\n')
    python.chmod(0o755)
    monkeypatch.setattr(probe.sys, "executable", str(python))
    monkeypatch.setattr(probe, "_LIMIT_S", 2.0)


def test_the_trial_itself_runs_what_there_is() -> None:
    verdict = probe.try_all(("cpu",))
    assert 0 < verdict.networks_ms["cpu"] < 10_000
    assert 0 < verdict.canvas_ms["cpu"] < 10_000
    assert verdict.reasons == {}
