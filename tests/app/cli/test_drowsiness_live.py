"""`facet drowsiness` on a camera: goes on through whatever goes wrong, and its log is whole at any moment."""

import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from app import bootstrap
from app.__main__ import main
from app.interrupts import Stopped
from app.sources.base import CameraLost, SourceInfo, SourceStalled
from models.errors import BackendFailed
from models.types import Face, Frame, Signals
from tests.pipeline_fakes import FakeModel

OPEN = Signals(0.28, 0.28, 0.05, 0.5, 0.0, (0.0, 0.0, 0.0), (0.0, 0.0))
SHUT = replace(OPEN, ear_left=0.05, ear_right=0.05)


class Script:
    """A camera whose frames carry on at 30 fps of a made-up clock, as the given steps say."""

    def __init__(self, *steps):
        self.info = SourceInfo("camera", "a camera", (64, 48), 30.0, live=True)
        self.decode_ms = 0.0
        self._steps = [step for step, count in steps for _ in range(count)]
        self._index = 0
        self.step = "open"

    def read(self, timeout_s):
        if not self._steps:
            return None
        self.step = self._steps.pop(0)
        if self.step == "stalled":
            CLOCK.advance(timeout_s)
            raise SourceStalled("no frame")
        if self.step == "lost":
            CLOCK.advance(timeout_s)
            raise CameraLost("unplugged")
        if self.step == "suspend":
            CLOCK.wall_s += 10.0
        if self.step == "stop":
            raise Stopped(2)
        CLOCK.advance(1 / 30)
        self._index += 1
        rng = np.random.default_rng(self._index)
        pixels = rng.integers(60, 180, (48, 64, 3)).astype(np.uint8)
        return Frame(self._index, self._index / 30, CLOCK.monotonic_ns(), pixels)

    def close(self):
        pass


class Clock:
    """Stands in for the module `time`."""

    def __init__(self):
        self.now_s, self.wall_s = 100.0, 1_000_000.0

    def advance(self, seconds):
        self.now_s += seconds
        self.wall_s += seconds

    def monotonic_ns(self):
        return round(self.now_s * 1e9)

    def monotonic(self):
        return self.now_s

    def time(self):
        return self.wall_s


CLOCK = Clock()


class ScriptedModel(FakeModel):
    """Sees a driver who does what the script says."""

    def __init__(self, script):
        super().__init__()
        self._script = script

    def track(self, frame, want, *, max_faces=5, reach="near"):
        if self._script.step == "broken":
            raise BackendFailed("the network failed")
        shut = self._script.step == "shut"
        box = np.array([10, 5, 40, 40], np.float32)
        face = Face(1, False, 0.9, 1.0, box, None, None, SHUT if shut else OPEN, None)
        luma = (1.0, 1.0, 1.0) if self._script.step == "dark" else (110.0, 0.0, 2.0)
        seen = () if self._script.step == "nobody" else (face,)
        return replace(super().track(frame, want), faces=seen, luma=luma, frame_size_wh=(64, 48))


@pytest.fixture
def watch(monkeypatch, tmp_path):
    """Runs the command on a script; gives the exit code and the rows of the log."""
    from app.cli import drowsiness_live

    def run(*steps, log=tmp_path / "out.jsonl"):
        script = Script(*steps)
        monkeypatch.setattr(bootstrap, "open_source", lambda *_a, **_k: script)
        monkeypatch.setattr(bootstrap, "make_model", lambda _backend: ScriptedModel(script))
        monkeypatch.setattr(drowsiness_live, "time", CLOCK)
        code = main(["drowsiness", "camera:0", "--log", str(log), "--csv", str(tmp_path / "out.csv")])
        lines = log.read_text().splitlines() if log.exists() else []
        return code, [json.loads(line) for line in lines]

    return run


def _states(rows, event):
    return [(row["state_to"], row["cause"]) for row in rows if row["event"] == event]


def test_a_microsleep_in_front_of_a_camera(watch, tmp_path):
    code, rows = watch(("open", 90), ("shut", 60), ("open", 60))

    (row,) = [row for row in rows if row["event"] == "microsleep"]
    assert code == 0
    assert row["t_mono"] - row["t_onset"] == pytest.approx(1.5, abs=0.1)
    assert (tmp_path / "out.csv").read_text().startswith("t,o,p60,p180,level,valid60\n")


@pytest.mark.parametrize("how", ["stalled", "lost"])
def test_a_camera_that_goes_away_and_comes_back(watch, how):
    _, rows = watch(("open", 90), (how, 40), ("open", 90))

    assert _states(rows, "sensor") == [("STALLED", "no_frame"), ("OK", "back")]
    stalled = next(row for row in rows if row["event"] == "sensor")
    assert stalled["t_mono"] - 3.0 == pytest.approx(1.0, abs=0.5)


def test_a_failing_network_is_announced_and_recovers(watch, capsys):
    _, rows = watch(("open", 90), ("broken", 60), ("open", 90))

    assert _states(rows, "sensor") == [("STALLED", "no_frame"), ("OK", "back")]
    assert capsys.readouterr().err.count("the network failed") == 1


def test_a_black_picture(watch):
    _, rows = watch(("open", 90), ("dark", 120), ("open", 90))

    assert _states(rows, "sensor") == [("FAULT", "dark"), ("OK", "back")]


def test_nobody_there(watch):
    _, rows = watch(("open", 90), ("nobody", 60), ("open", 60))

    assert [state for state, _ in _states(rows, "face")] == ["SEARCH", "TRACKED"]


def test_a_suspend(watch):
    _, rows = watch(("open", 90), ("suspend", 1), ("open", 60))

    assert ("OK", "suspend") in _states(rows, "sensor")


def test_it_is_stopped_by_a_signal_and_keeps_what_was_watched(watch):
    code, rows = watch(("open", 90), ("shut", 60), ("stop", 1))

    assert code == 130
    assert any(row["event"] == "microsleep" for row in rows)


def test_an_older_log_gives_way(watch, tmp_path):
    (tmp_path / "out.jsonl").write_text("old\n")

    code, rows = watch(("open", 5))

    assert code == 0
    assert rows[0]["event"] == "calibration"


def test_a_folder_that_is_not_there(watch, tmp_path, capsys):
    code, rows = watch(("open", 5), log=tmp_path / "missing" / "out.jsonl")

    assert (code, rows) == (1, [])
    assert "does not exist" in capsys.readouterr().err


def test_a_full_disk_is_announced_and_watching_goes_on(watch, monkeypatch, capsys):
    written = []

    def write(handle, data):
        if 4 <= len(written) < 8:
            written.append(None)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(data)
        return real(handle, data)

    real = os.write
    monkeypatch.setattr(os, "write", write)
    code, _ = watch(("open", 300), ("shut", 60), ("open", 300))

    assert code == 0
    assert "cannot be written" in capsys.readouterr().err
    assert len(written) > 12
