"""What a session came to."""

import json

import pytest

from effects.monitor.session_log import SessionLog
from effects.monitor.statistics import session_statistics
from tests.effects.monitor.synthetic import CALIBRATED, Course, Shut, frame_times, readings


def test_nothing() -> None:
    empty = session_statistics([])

    assert (empty.seconds, empty.alarms, empty.highest_level, empty.blink_mean_s) == (0.0, 0, "NORMAL", None)


def test_a_session() -> None:
    rows = []
    log = SessionLog("s", lambda: "now", lambda line, _: rows.append(json.loads(line)))
    course = Course([Shut(5, 5.2), Shut(8, 8.3), Shut(30, 33.5)], unseen=[(50.0, 60.0)])
    readings(course.render(frame_times(120, 30)), CALIBRATED, log.write)

    found = session_statistics(rows)

    assert found.counts["blink"] == 2
    assert found.alarms == 2
    assert found.closed_longest_s == pytest.approx(3.5, abs=0.05)
    assert found.blink_mean_s == pytest.approx(0.25, abs=0.02)
    assert found.highest_level == "SEVERE"
    assert found.unseen_s == pytest.approx(9.8, abs=0.2)
    assert found.level_s["NORMAL"] == pytest.approx(32.4, abs=0.3)
    assert sum(found.level_s.values()) == pytest.approx(found.seconds)
