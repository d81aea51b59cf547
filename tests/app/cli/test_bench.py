import json
import multiprocessing

import numpy as np
import pytest

from app.__main__ import main
from tests.app import media

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


def test_several_backends_are_as_many_runs_each_measured_for_itself(tmp_path, capfd):
    path = tmp_path / "bench.json"
    assert main(["bench", "demo", "--frames", "3", "--backend", "cpu,mps", "--json", str(path)]) == 0
    runs = json.loads(path.read_text())["runs"]
    assert [run["backend"] for run in runs] == ["cpu", "cpu"]
    assert all(run["rss_mb"] < 500 for run in runs)
    (complaint,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("facet:")]
    assert "mps" in complaint
    assert multiprocessing.active_children() == []


def test_an_error_in_one_of_several_runs_is_told_like_any_other(tmp_path, capfd):
    missing = tmp_path / "none.mp4"
    assert main(["bench", str(missing), "--frames", "3", "--backend", "cpu,cpu"]) == 1
    (complaint,) = capfd.readouterr().err.splitlines()
    assert str(missing) in complaint


def test_a_backend_that_fails_on_the_way_is_measured_anew_as_the_cpu(tmp_path, capsys, monkeypatch):
    from app import bootstrap
    from app.backends.pair import Pair
    from tests.backend_fakes import FrailModel

    class Short(FrailModel):
        def track(self, frame, want, **options):
            if len(self.asked) == 12:
                self.broken.add("track")
            return super().track(frame, want, **options)

    def make(backend, wants=None):
        engine = bootstrap.make_home_engine(wants)
        if backend == "cuda":
            engine.exchange(Pair(Short(name="cuda"), engine.home.device))
        return engine

    monkeypatch.setattr(bootstrap, "make_engine", make)
    monkeypatch.setattr("effects.devices.cpu.CpuDevice.close", lambda _self: None)
    path = tmp_path / "bench.json"
    assert main(["bench", "demo", "--frames", "8", "--backend", "cuda", "--json", str(path)]) == 0
    (run,) = json.loads(path.read_text())["runs"]
    assert (run["backend"], run["networks"], run["frames"]) == ("cpu", "cpu", 8)
    assert run["stages"]["detect"]["mean"] > 0


def test_a_picture_is_repeated_until_there_are_enough_frames(tmp_path):
    picture, out = tmp_path / "wall.png", tmp_path / "bench.json"
    media.write_picture(picture, np.full((90, 120, 3), 90, np.uint8))
    assert main(["bench", str(picture), "--frames", "7", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert (report["frames"], report["frame_size"], report["input"]) == (7, [120, 90], str(picture))
    assert report["runs"][0]["fps"] > 0


def test_a_short_video_is_looped(tmp_path):
    video, out = tmp_path / "short.mp4", tmp_path / "bench.json"
    media.write_video(video, [np.full((90, 120, 3), 90, np.uint8)] * 3)
    assert main(["bench", str(video), "--frames", "9", "--json", str(out)]) == 0
    report = json.loads(out.read_text())
    assert report["frames"] == 9
    assert report["runs"][0]["stages"]["decode"]["mean"] > 0


def test_the_input_is_never_overwritten(tmp_path, capsys):
    picture = media.write_picture(tmp_path / "wall.png", np.full((9, 12, 3), 90, np.uint8))
    before = picture.read_bytes()
    assert main(["bench", str(picture), "--json", str(picture), "--frames", "1"]) == 2
    assert "is the input itself" in capsys.readouterr().err
    assert picture.read_bytes() == before


def test_statistics_are_in_order(report):
    (run,) = report["runs"]
    for stage in run["stages"].values():
        assert 0 <= stage["p50"] <= stage["p95"] <= stage["p99"]
    assert run["stages"]["total"]["mean"] >= run["stages"]["perception"]["mean"]
    assert run["first_frame_s"] > 0
    assert run["cpu_percent"] > 0
