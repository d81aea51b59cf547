"""The log survives kills, full disks and read-only folders, and never stops the monitor."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from effects.monitor.log import LineLog, csv_line, json_line
from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.rows import KEYS, SECOND_KEYS
from effects.monitor.session_log import SessionLog
from tests.effects.monitor.synthetic import CALIBRATED, Course, Shut, frame_times, readings

ROOT = Path(__file__).resolve().parents[3]


def test_lines_are_there_at_once(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "log")
    log.write("one", 0.0)
    log.write("two", 0.1, flush=True)

    assert (tmp_path / "log").read_text() == "one\ntwo\n"
    log.close()
    assert log.problem is None


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    for word in ("one", "two"):
        log = LineLog(tmp_path / "log", header="head")
        log.write(word, 0.0)
        log.close()

    assert (tmp_path / "log").read_text() == "head\none\ntwo\n"


def test_half_a_line_from_a_power_cut_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"a":1}\n{"b":')
    log = LineLog(tmp_path / "log")
    log.write('{"c":2}', 0.0)
    log.close()

    assert (tmp_path / "log").read_text() == '{"a":1}\n{"c":2}\n'


def test_it_is_rotated(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "log", most_bytes=40, generations=2, header="head")
    for number in range(20):
        log.write(f"line {number:4}", 0.0)
    log.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1", "log.2"]
    assert all(path.stat().st_size <= 40 for path in tmp_path.iterdir())
    assert all(path.read_text().startswith("head\n") for path in tmp_path.iterdir())
    assert (tmp_path / "log").read_text().endswith("line   19\n")


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "log")
    log.write("one", 0.0)
    log.close()

    assert (tmp_path / "log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES])
def test_a_failing_disk_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    log = LineLog(tmp_path / "log")
    log.write("one", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(os, "write", _failing(number))
        log.write("two", 1.0)
        assert log.problem is not None
        assert os.strerror(number) in log.problem
        log.write("three", 1.5)
    log.write("four", 10.0)
    log.close()

    assert log.problem is None
    assert log.lost == 2
    assert (tmp_path / "log").read_text() == "one\nfour\n"


def test_a_half_written_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LineLog(tmp_path / "log")
    log.write("one", 0.0)
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: real(handle, data[:2]))
        log.write("two", 1.0)
    log.close()

    assert (tmp_path / "log").read_text() == "one\n"
    assert log.lost == 1


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    log = LineLog(tmp_path / "missing" / "log")
    log.write("one", 0.0)

    assert log.problem is not None
    (tmp_path / "missing").mkdir()
    log.write("two", 5.0)
    log.close()
    assert (tmp_path / "missing" / "log").read_text() == "two\n"


def _failing(number: int):
    def write(_handle: int, _data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    return write


_SESSION = """
import sys, time
from pathlib import Path
from effects.monitor.log import LineLog
from effects.monitor.session_log import SessionLog
from effects.monitor.monitor import DrowsinessMonitor
from tests.effects.monitor.synthetic import Course, Shut, frame_times
events, seconds = LineLog(Path(sys.argv[1])), LineLog(Path(sys.argv[2]))
log = SessionLog("s", lambda: "now", lambda line, urgent: events.write(line, 0.0, flush=urgent),
                 lambda line, urgent: seconds.write(line, 0.0))
monitor = DrowsinessMonitor()
shuts = [Shut(t, t + 0.2) for t in range(2, 2000, 2)]
print("ready", flush=True)
for row in Course(shuts).render(frame_times(2000, 30)):
    log.write(monitor.update_row(row))
    print(row.t_s, flush=True)
    time.sleep(0.001)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_kill_loses_at_most_a_second(tmp_path: Path) -> None:
    events, seconds = tmp_path / "log.jsonl", tmp_path / "log.csv"
    with subprocess.Popen(
        [sys.executable, "-c", _SESSION, str(events), str(seconds)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(1.5)
        process.kill()
        said = process.stdout.read().split(b"\n")
    reached_s = float(said[-2])

    rows = [json.loads(line) for line in events.read_text().splitlines()]
    assert rows[-1]["t_mono"] > reached_s - 3
    assert float(seconds.read_text().splitlines()[-1].split(",")[0]) > reached_s - 1.05


def session(course: Course, seconds: float) -> tuple[list[dict], list[list[str]], list[bool]]:
    rows: list[dict] = []
    table: list[list[str]] = []
    urgency: list[bool] = []

    def event(line: str, urgent: bool) -> None:
        rows.append(json.loads(line))
        urgency.append(urgent)

    log = SessionLog("s1", lambda: "2026-01-01T00:00:00+00:00", event, lambda line, _: table.append(line.split(",")))
    readings(course.render(frame_times(seconds, 30)), CALIBRATED, log.write)
    return rows, table, urgency


def test_every_row_has_every_key() -> None:
    rows, table, _ = session(Course([Shut(20, 24)], unseen=[(40, 45)], yaw=[(50, 0), (50.2, 40), (60, 40)]), 80)

    assert len({row["event"] for row in rows}) >= 7
    assert all(tuple(row) == KEYS for row in rows)
    assert all(row["schema"] == 1 and row["session"] == "s1" for row in rows)
    assert [row["t_mono"] for row in rows] == sorted(row["t_mono"] for row in rows)
    assert [int(row[0]) for row in table] == list(range(81))
    assert all(len(row) == len(SECOND_KEYS) for row in table)


def test_what_must_survive_a_power_cut_is_flushed() -> None:
    rows, _, urgency = session(Course([Shut(20, 24)]), 40)

    urgent = [row["event"] for row, now in zip(rows, urgency, strict=True) if now]
    assert urgent == ["microsleep", "sleep", "level"]


def test_a_microsleep_row() -> None:
    rows, _, _ = session(Course([Shut(20, 22)]), 40)

    (row,) = [row for row in rows if row["event"] == "microsleep"]
    assert (row["region"], row["state_from"], row["state_to"]) == ("closure", "SOFT", "MICROSLEEP")
    assert row["t_onset"] == pytest.approx(20.0, abs=0.02)
    assert row["t_end"] is None
    assert 0 <= row["latency_ms"] <= 100
    assert row["o"] < 0.1
    assert (row["fps"], row["calib_id"], row["ack"]) == (30.0, "test", None)


def test_nothing_that_is_not_a_number_is_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_line({"a": float("nan")})
    assert csv_line(["1", "", "2"]) == "1,,2"


def test_an_acknowledgement_is_logged() -> None:
    rows: list[str] = []
    log = SessionLog("s", lambda: "now", lambda line, _: rows.append(line))
    log.write(DrowsinessMonitor(CALIBRATED).tick(1.0, None, ack=True))

    assert json.loads(rows[-1])["event"] == "ack"
    assert json.loads(rows[-1])["ack"] is True
