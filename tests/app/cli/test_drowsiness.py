import csv
import json
import re
from itertools import pairwise

import numpy as np
import pytest
import tomli_w

from app.__main__ import main
from app.sources import demo_script as script
from effects.monitor.profile import Profile, to_table
from effects.monitor.rows import KEYS
from effects.monitor.signal_csv import write_rows
from tests.effects.monitor.synthetic import CALIBRATED, Course, Shut, frame_times

HEAD = "t,ear_left,ear_right,mar,yaw,pitch,roll,valid\n"
_FRAME_S = 1 / 30


def _table(path, course, seconds=60, fps=30):
    path.write_text("\n".join(write_rows(course.render(frame_times(seconds, fps)))) + "\n")
    return path


def _run(source, folder, *more):
    log, table = folder / "out.jsonl", folder / "out.csv"
    code = main(["drowsiness", str(source), "--log", str(log), "--csv", str(table), *map(str, more)])
    return code, [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else None


def _of(rows, *kinds):
    return [row for row in rows if row["event"] in kinds]


@pytest.fixture(scope="module")
def demo_rows(tmp_path_factory):
    """The demo's script once, as `facet drowsiness demo` sees it."""
    folder = tmp_path_factory.mktemp("demo")
    code, rows = _run("demo", folder)
    assert code == 0
    return rows


def test_every_row_has_every_key_and_they_are_in_order(demo_rows):
    assert all(tuple(row) == KEYS for row in demo_rows)
    times = [row["t_mono"] for row in demo_rows]
    assert times == sorted(times)
    assert len({row["session"] for row in demo_rows}) == 1


@pytest.mark.parametrize("truth", script.BLINKS_A)
def test_the_demos_blinks_are_found_to_a_frame(demo_rows, truth):
    blinks = _of(demo_rows, "blink")

    (found,) = [row for row in blinks if row["t_onset"] < truth.end_s and row["t_end"] > truth.onset_s]
    assert found["t_onset"] == pytest.approx(truth.onset_s, abs=_FRAME_S)
    assert found["t_end"] == pytest.approx(truth.end_s, abs=_FRAME_S)


def test_the_demos_wink_is_no_blink(demo_rows):
    wink = script.WINK_A

    blinks = _of(demo_rows, "blink", "long_blink")
    assert [row for row in blinks if row["t_onset"] < wink.end_s and row["t_end"] > wink.onset_s] == []


def test_the_demos_microsleep_and_sleep(demo_rows):
    first, second = _of(demo_rows, "microsleep")
    (sleep,) = _of(demo_rows, "sleep")
    for row, truth, dwell_s in ((first, script.MICROSLEEP_A, 1.5), (second, script.SLEEP_A, 1.5)):
        assert row["t_onset"] == pytest.approx(truth.onset_s, abs=_FRAME_S)
        assert row["t_mono"] - truth.onset_s == pytest.approx(dwell_s, abs=0.15)
    assert sleep["t_mono"] - script.SLEEP_A.onset_s == pytest.approx(3.0, abs=0.15)
    long = _of(demo_rows, "long_blink")
    assert [row["t_end"] for row in long] == pytest.approx(
        [script.MICROSLEEP_A.end_s, script.SLEEP_A.end_s], abs=_FRAME_S
    )
    assert [row["state_to"] for row in _of(demo_rows, "level")] == ["DROWSY", "SEVERE"]


@pytest.mark.parametrize("clip", ["driver_head_motion_540x960", "driver_head_turn_540x960", "glasses_480"])
def test_no_closed_eye_alarm_on_real_clips(testdata, tmp_path, clip):
    code, rows = _run(testdata / "video" / f"{clip}.mp4", tmp_path)

    assert code == 0
    assert _of(rows, "microsleep", "sleep", "unresponsive") == []
    assert [row for row in rows if row["state_to"] in ("SOFT", "SUSPECTED", "ADVISORY", "DROWSY", "SEVERE")] == []


def test_signals_and_the_table(tmp_path):
    code, rows = _run(_table(tmp_path / "in.csv", Course([Shut(20, 23.5)])), tmp_path)

    assert code == 0
    states = [row["state_to"] for row in rows if row["region"] == "closure"]
    assert states == ["PROLONGED", "SOFT", "MICROSLEEP", "SLEEP", "OPEN"]
    with (tmp_path / "out.csv").open(newline="") as handle:
        seconds = list(csv.DictReader(handle))
    assert list(seconds[0]) == ["t", "o", "p60", "p180", "level", "valid60"]
    assert [int(row["t"]) for row in seconds] == list(range(61))
    assert seconds[5]["p60"] == ""
    assert float(seconds[40]["p60"]) == pytest.approx(3.5 / 40, abs=0.005)
    assert (seconds[10]["level"], seconds[40]["level"]) == ("NORMAL", "SEVERE")


def test_a_calibration_is_used(tmp_path):
    narrow = Course([Shut(5, 7)], open_ear=[(0.0, 0.15)], closed_ear=0.03)
    profile = tmp_path / "me.toml"
    calibration = Profile("me", "", "", _narrow())
    profile.write_text(tomli_w.dumps(to_table(calibration)))

    _, rows = _run(_table(tmp_path / "in.csv", narrow, 10), tmp_path, "--calibration", profile)

    assert len(_of(rows, "microsleep")) == 1
    assert {row["calib_id"] for row in rows} == {"narrow"}
    assert rows[0]["state_to"] == "PROFILE"


def _narrow():
    from dataclasses import replace

    return replace(CALIBRATED, id="narrow", open_ear=0.15, closed_ear=0.03, frozen_open=0.15)


def test_two_runs_tell_the_same(tmp_path):
    source = _table(tmp_path / "in.csv", Course([Shut(20, 23.5)]))
    stories = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _, rows = _run(source, tmp_path / name)
        stories.append([{key: row[key] for key in KEYS if key not in ("t_utc", "session")} for row in rows])

    assert stories[0] == stories[1]


def test_times_that_do_not_advance_are_left_out_and_counted(tmp_path, capsys):
    lines = [f"{t},.28,.28,0,0,0,0,1" for t in (0, 0.1, 0.1, 0.05, 0.2)]
    (tmp_path / "in.csv").write_text(HEAD + "\n".join(lines))

    code, _ = _run(tmp_path / "in.csv", tmp_path)

    assert code == 0
    assert "2 rows were left out" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["\ufeff" + HEAD + "0,.28,.28,0,0,0,0,1\n", HEAD + "0,.28,.28,0,0,0,0,1\r\n\r\n"])
def test_tables_as_spreadsheets_write_them(tmp_path, text):
    (tmp_path / "in.CSV").write_text(text, newline="")

    code, rows = _run(tmp_path / "in.CSV", tmp_path)

    assert code == 0
    assert rows[0]["event"] == "calibration"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"t,ear\n1,2\n", "no column"),
        (HEAD.encode(), "no row"),
        (HEAD.encode() + b"0,x,.28,0,0,0,0,1\n", "line 2"),
        (HEAD.encode() + b"0,.2,.2,0,0,0,0,1\n1,.2\n", "line 3"),
        (HEAD.encode() + b"0,\xff\xfe,.28,0,0,0,0,1\n", "UTF-8"),
        (b"\x00\x01\x02\xff" * 100, "in.csv"),
    ],
)
def test_damaged_tables_fail_in_words_and_leave_nothing(tmp_path, capsys, content, words):
    (tmp_path / "in.csv").write_bytes(content)

    code, rows = _run(tmp_path / "in.csv", tmp_path)

    error = capsys.readouterr().err
    assert (code, rows) == (1, None)
    assert words in error
    assert "Traceback" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["missing.csv", "--log", "out.jsonl"], 1, "missing.csv"),
        (["missing.mp4", "--log", "out.jsonl"], 1, "missing.mp4"),
        (["in.csv"], 2, "--log"),
        (["in.csv", "--log", "in.csv"], 2, "input itself"),
        (["in.csv", "--log", "out", "--csv", "out"], 2, "two files"),
        (["in.csv", "--log", "no/folder/out.jsonl"], 1, "does not exist"),
        (["in.csv", "--log", "."], 2, "is a folder"),
        (["in.csv", "--log", "out", "--calibration", "missing.toml"], 1, "missing.toml"),
        (["in.csv", "--log", "out", "--calibration", "broken.toml"], 1, "broken.toml"),
        (["in.csv", "--log", "out", "--calibration", "wrong.toml"], 1, "schema"),
        (["picture.png", "--log", "out"], 2, "over time"),
        (["in.csv", "--log", "out", "--frames", "x"], 2, "whole number"),
    ],
)
def test_wrong_calls(tmp_path, monkeypatch, capsys, arguments, code, words):
    import cv2

    monkeypatch.chdir(tmp_path)
    _table(tmp_path / "in.csv", Course(), 2)
    (tmp_path / "broken.toml").write_text("= 1")
    (tmp_path / "wrong.toml").write_text("schema = 7")
    cv2.imwrite("picture.png", np.zeros((90, 120, 3), np.uint8))
    before = sorted(path.name for path in tmp_path.iterdir())

    assert main(["drowsiness", *arguments]) == code

    error = capsys.readouterr().err
    assert re.search(re.escape(words), error)
    assert "Traceback" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_frames_stop_it(tmp_path):
    _, rows = _run("demo", tmp_path, "--frames", "50")

    assert all(row["t_mono"] <= 50 / 30 for row in rows)
    with (tmp_path / "out.csv").open(newline="") as handle:
        seconds = [int(row["t"]) for row in csv.DictReader(handle)]
    assert all(after - before == 1 for before, after in pairwise(seconds))
