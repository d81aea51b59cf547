"""The table of signals: what is read, what is refused and how that is said."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.signal_csv import NEEDED, BadSignals, SignalRow, read_rows, write_rows
from models.types import Signals
from tests.effects.monitor.synthetic import CALIBRATED, Course, Shut, events, frame_times, only

HEAD = "t,ear_left,ear_right,mar,yaw,pitch,roll,valid"


def rows(*lines: str) -> list[SignalRow]:
    return list(read_rows([f"{line}\n" for line in lines], "signals.csv"))


def test_a_header_alone_holds_no_rows() -> None:
    assert rows(HEAD) == []


def test_a_row() -> None:
    (row,) = rows(HEAD, "0.5,0.28,0.30,0.1,5,-3,1,1")

    assert row.t_s == 0.5
    assert row.signals is not None
    assert (row.signals.ear_left, row.signals.ear_right, row.signals.mar) == (0.28, 0.30, 0.1)
    assert row.signals.pose_deg == (5.0, -3.0, 1.0)
    assert (row.luma, row.speed_kmh) == (None, None)


def test_columns_in_any_order_with_spaces_and_unknown_ones() -> None:
    (row,) = rows("valid, T ,note,roll,pitch,yaw,mar,ear_right,ear_left", "1,2,hello,0,0,0,0,0.3,0.2")

    assert row.t_s == 2.0
    assert row.signals is not None
    assert row.signals.ear_left == 0.2


@pytest.mark.parametrize(
    ("line", "left", "right"),
    [
        ("0,,0.3,0,0,0,0,1,1,1", math.nan, 0.3),
        ("0,nan,0.3,0,0,0,0,1,1,1", math.nan, 0.3),
        ("0,inf,-1,0,0,0,0,1,1,1", math.nan, math.nan),
        ("0,0.2,0.3,0,0,0,0,1,0,1", math.nan, 0.3),
        ("0,0.2,0.3,0,0,0,0,1,1,0", 0.2, math.nan),
        ("0,0.2,0.3,0,0,0,0,1,,", 0.2, 0.3),
        ("0,0.2,0.3,0,0,0,0,1,nan,NaN", 0.2, 0.3),
    ],
)
def test_unreadable_eyes(line: str, left: float, right: float) -> None:
    (row,) = rows(f"{HEAD},valid_left,valid_right", line)

    assert row.signals is not None
    assert (row.signals.ear_left, row.signals.ear_right) == pytest.approx((left, right), nan_ok=True)


def test_an_invalid_row_has_no_face() -> None:
    (row,) = rows(HEAD, "0,0.2,0.3,0,0,0,0,0")

    assert row.signals is None


def test_brightness_and_speed() -> None:
    (row,) = rows(f"{HEAD},luma,change,speed_kmh,gaze_yaw", "0,.2,.3,0,0,0,0,1,110,1.5,83,12")

    assert row.luma is not None
    assert (row.luma[0], row.luma[2], row.speed_kmh) == (110.0, 1.5, 83.0)
    assert row.signals is not None
    assert row.signals.gaze_deg[0] == 12.0


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "is empty"),
        (["t,ear_left"], "no column ear_right, mar"),
        ([HEAD.replace(",", ";"), "0;.2"], "Save it with commas"),
        ([HEAD.replace(",", "\t")], "Save it with commas"),
        ([f"{HEAD},t"], "names the column t twice"),
        ([HEAD, "0,0.2"], "line 2: 2 values"),
        ([HEAD, "0,0.2,0.2,0,0,0,0,1,9"], "line 2: 9 values"),
        ([HEAD, "0,.2,.2,0,0,0,0,1", "x,.2,.2,0,0,0,0,1"], "line 3: t is 'x'"),
        ([HEAD, "nan,.2,.2,0,0,0,0,1"], "must be a time"),
        ([HEAD, "0,.2,.2,0,0,0,0,2"], "must be 0 or 1"),
        ([HEAD, "0,.2,.2,0,0,0,0,"], "must be 0 or 1"),
        ([HEAD, "0,wide,.2,0,0,0,0,1"], "ear_left is 'wide'"),
    ],
)
def test_what_is_refused_and_why(lines: list[str], words: str) -> None:
    with pytest.raises(BadSignals, match=words):
        rows(*lines)


NUMBERS = st.floats(-90, 90).map(lambda value: round(value, 3))
EARS = st.one_of(st.just(math.nan), st.floats(0, 1).map(lambda value: round(value, 4)))
SIGNALS = st.builds(
    Signals,
    EARS,
    EARS,
    EARS,
    EARS,
    st.just(math.nan),
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.tuples(NUMBERS, NUMBERS),
)


@given(st.lists(st.tuples(st.one_of(st.none(), SIGNALS), st.one_of(st.none(), st.floats(0, 200))), max_size=5))
def test_what_is_written_is_read_again(what: list[tuple[Signals | None, float | None]]) -> None:
    written = [SignalRow(index / 4, signals, None, speed) for index, (signals, speed) in enumerate(what)]

    again = list(read_rows((f"{line}\n" for line in write_rows(written)), "again"))

    assert [row.t_s for row in again] == [row.t_s for row in written]
    for before, after in zip(written, again, strict=True):
        assert (before.signals is None) == (after.signals is None)
        if before.signals is not None and after.signals is not None:
            assert after.signals.ear_left == pytest.approx(before.signals.ear_left, nan_ok=True)
            assert after.signals.pose_deg == pytest.approx(before.signals.pose_deg)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(BadSignals):
        assert all(math.isfinite(row.t_s) for row in read_rows(text.splitlines(keepends=True), "any"))


@pytest.mark.parametrize("marked_s", [45.0, 50.0, 100.0])
def test_a_marked_false_alarm_is_kept_and_can_be_replayed(marked_s: float) -> None:
    monitor = DrowsinessMonitor(CALIBRATED)
    assert monitor.mark_false_alarm() is None
    for row in Course([Shut(40, 42)]).render(frame_times(marked_s, 30)):
        monitor.update_row(row)

    marked = monitor.mark_false_alarm()

    assert marked is not None
    event, kept = marked
    assert (event.kind, event.cause) == ("false_alarm", "microsleep")
    assert kept[0].t_s == pytest.approx(min(marked_s, 51.5) - 30.0, abs=0.1)
    assert kept[-1].t_s - kept[0].t_s <= 30.0 + 1e-6
    lines = [f"{line}\n" for line in write_rows(kept)]
    assert all(column in lines[0] for column in NEEDED)
    assert len(only(events(read_rows(lines, "kept"), CALIBRATED), "microsleep")) == 1
