import json

import pytest

from app.__main__ import main

_STATISTICS = {"mean", "p50", "p95", "p99"}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    assert main(["bench", "demo", "--frames", "24", "--json", str(path)]) == 0
    return json.loads(path.read_text())


def test_the_report_has_the_contract_s_keys(report):
    assert set(report) == {"machine", "input", "frame_size", "frames", "runs"}
    assert report["frame_size"] == [1280, 720]
    assert report["frames"] == 24
    (run,) = report["runs"]
    assert {"backend", "networks", "canvas", "device", "stages", "rates", "fps"} <= set(run)
    assert {"cpu_percent", "rss_mb", "first_frame_s"} <= set(run)
    for stage in ("decode", "detect", "landmarks", "segment", "perception", "composite", "total"):
        assert set(run["stages"][stage]) == _STATISTICS
    assert 0 < run["rates"]["segment"] <= 1
    assert run["rss_mb"] > 50


def test_the_totals_add_up_to_the_wall_time(report):
    (run,) = report["runs"]
    assert run["stages"]["total"]["mean"] * run["frames"] == pytest.approx(1e3 * run["frames"] / run["fps"], rel=0.05)


def test_effects_have_rows_of_their_own(tmp_path, capsys):
    path = tmp_path / "bench.json"
    assert main(["bench", "demo", "--frames", "6", "--set", "mesh.on=1", "--json", str(path)]) == 0
    (run,) = json.loads(path.read_text())["runs"]
    assert "effect.mesh" in run["stages"]
    assert "effect.mesh" in capsys.readouterr().out


def test_two_backends_are_two_runs(tmp_path, capsys):
    path = tmp_path / "bench.json"
    assert main(["bench", "demo", "--frames", "3", "--backend", "cpu,mps", "--json", str(path)]) == 0
    assert [run["backend"] for run in json.loads(path.read_text())["runs"]] == ["cpu", "cpu"]
    assert "mps" in capsys.readouterr().err
