from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.checks import gpu_trials
from app.checks.finding import Finding
from models.errors import ModelUnavailable
from models.runtime.litert_cpu import LiteRtCpu
from models.types import F32
from tests.gpu import require_gpu_canvas, require_gpu_networks


class Other:
    """The CPU's runtime under another name, with results that are off by a share."""

    name = "other"
    device_name = "Toy (software)"

    def __init__(self, off: float) -> None:
        self._home, self._off = LiteRtCpu(), off

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> "OtherNet":
        return OtherNet(self._home.load(graph), self._off)

    def close(self) -> None:
        self._home.close()


class OtherNet:
    def __init__(self, net: object, off: float) -> None:
        self._net, self._off = net, off

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        results = self._net(*inputs)  # type: ignore[operator]
        return [np.asarray(result + self._off * max(1.0, np.abs(result).max()), np.float32) for result in results]


def test_the_same_results_are_told_with_their_times() -> None:
    finding = gpu_trials.compared("Networks", "Toy", lambda: Other(0.0), "Mend.")
    assert finding.state == "warning"
    assert finding.detail.startswith("Toy, Toy (software): ")
    assert "3 networks" in finding.detail


def test_wrong_results_are_not_taken_for_speed() -> None:
    for off in (0.05, float("nan")):
        finding = gpu_trials.compared("Networks", "Toy", lambda off=off: Other(off), "Mend.")
        assert (finding.state, finding.mend) == ("bad", "Mend.")
        assert "wrongly" in finding.detail


def test_a_refusal_gives_its_reason() -> None:
    def refuse() -> Other:
        raise ModelUnavailable("no card")

    assert gpu_trials.compared("Networks", "Toy", refuse, "Mend.") == Finding("bad", "Networks", "no card", "Mend.")


def test_the_picture_is_tried_on_a_real_device() -> None:
    require_gpu_canvas()
    *devices, trial = gpu_trials.try_canvas()
    assert devices
    assert {each.title for each in devices} == {"Graphics device"}
    assert trial.title == "Picture on the GPU"
    assert trial.state in ("good", "warning")
    assert "ms a frame" in trial.detail


def test_the_networks_are_tried_on_a_real_device(monkeypatch: pytest.MonkeyPatch) -> None:
    require_gpu_networks()
    monkeypatch.setattr(gpu_trials, "_NETWORKS", ("yunet",))
    (trial,) = gpu_trials.try_networks()
    assert trial.state in ("good", "warning")
    assert "WebGPU" in trial.detail
