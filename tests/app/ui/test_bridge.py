"""Knocks from other threads are coalesced and answered on the window's thread."""

import threading
import time

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui.bridge import Bridge
from models.errors import FacetError


def test_many_knocks_are_answered_few_times(qtbot: QtBot) -> None:
    bridge, answers = Bridge(), []
    bridge.listen(lambda: answers.append(threading.current_thread()))
    QApplication.processEvents()
    answers.clear()

    def knock() -> None:
        for _ in range(500):
            bridge.wake()

    knockers = [threading.Thread(target=knock) for _ in range(3)]
    for knocker in knockers:
        knocker.start()
    for knocker in knockers:
        knocker.join()
    qtbot.waitUntil(lambda: len(answers) == 1)
    QApplication.processEvents()
    assert answers == [threading.main_thread()]
    bridge.wake()
    qtbot.waitUntil(lambda: len(answers) == 2)
    bridge.close()


def test_a_knock_before_anyone_listens_is_answered(qtbot: QtBot) -> None:
    bridge, answers = Bridge(), []
    bridge.wake()
    QApplication.processEvents()
    bridge.listen(lambda: answers.append(1))
    qtbot.waitUntil(lambda: answers == [1])
    bridge.close()


def test_a_knock_while_answering_is_not_lost(qtbot: QtBot) -> None:
    bridge, answers = Bridge(), []

    def answer() -> None:
        answers.append(1)
        if len(answers) < 3:
            bridge.wake()

    bridge.listen(answer)
    qtbot.waitUntil(lambda: len(answers) == 3)
    bridge.close()


def test_work_is_done_elsewhere_and_its_result_comes_here(qtbot: QtBot) -> None:
    bridge = Bridge()
    results: list[tuple[bool, object]] = []
    bridge.run(
        threading.current_thread, lambda where: results.append((threading.current_thread() is where, where)), str
    )
    qtbot.waitUntil(lambda: len(results) == 1)
    assert results[0][0] is False
    bridge.close()


def test_a_failure_of_work_is_told(qtbot: QtBot) -> None:
    bridge, told = Bridge(), []

    def fail() -> None:
        raise FacetError("no cameras can be listed")

    bridge.run(fail, lambda _result: None, told.append)
    qtbot.waitUntil(lambda: told == ["no cameras can be listed"])
    bridge.close()


def test_after_closing_nothing_is_answered(qtbot: QtBot) -> None:
    bridge, answers = Bridge(), []
    bridge.listen(lambda: answers.append(1))
    bridge.run(lambda: time.sleep(0.05), lambda _result: answers.append(2), str)
    bridge.close()
    bridge.wake()
    QApplication.processEvents()
    assert answers == []
