"""The comparison in the window: what it asks of the session, what it shows, what it saves."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from app.backends.offer import Offer
from app.pipeline.comparison import Comparison, PictureDifference, Progress, StageFigures
from app.settings import Settings
from app.sources.base import SourceInfo
from app.ui import tokens
from app.ui.compare_bars import fastest, title_of
from app.ui.compare_sheet import HEIGHT, WIDTH, CompareSheet
from app.ui.compare_view import CompareView
from app.ui.window import MainWindow
from models.types import Frame
from tests.app.pipeline.test_verdict import make_comparison, make_run
from tests.app.ui.conftest import MakeWindow
from tests.app.ui.window_fakes import FakeSession, make_output

_OFFERS = (
    Offer("auto", "Automatic", ""),
    Offer("cpu", "CPU", ""),
    Offer("gpu", "GPU", ""),
    Offer("cuda", "NVIDIA CUDA", "", there=False, reason="PyTorch is not installed.", mend="Install it."),
)
_DEMO = SourceInfo("demo", "Demo", (640, 360), 30.0, live=True)


class FakeRun:
    """A comparison that goes on when it is told to."""

    def __init__(self, asked: tuple[str, str], settings: Settings, text: str, info: SourceInfo) -> None:
        self.begun_with = (asked, settings, text, info)
        self.progress = Progress("Measuring the GPU, block 2 of 4", 0.4, "gpu")
        self.result: Comparison | None = None
        self.wanted = 0
        self.frames: list[Frame] = []
        self.stopped = False
        self.joined = False

    @property
    def wants_frames(self) -> bool:
        return len(self.frames) < self.wanted

    def lend(self, frame: Frame) -> bool:
        self.frames.append(frame)
        return self.wants_frames

    def stop(self) -> None:
        self.stopped = True

    def join(self, timeout_s: float) -> bool:
        self.joined = timeout_s > 0
        return True


class Lab:
    """A window with a comparison of fakes."""

    def __init__(self, make_window: MakeWindow, offers: Sequence[Offer] = _OFFERS) -> None:
        self.runs: list[FakeRun] = []

        def compare(*arguments: Any) -> FakeRun:
            self.runs.append(FakeRun(*arguments))
            return self.runs[-1]

        self.window: MainWindow = make_window(compare=compare, list_backends=lambda: offers)
        session: Any = self.window._parts.session
        self.session: FakeSession = session
        self.session.info = _DEMO

    def open(self) -> CompareView:
        self.window.commands.do("compare")
        view = self.window.compare.view
        assert view is not None
        return view

    def finish(self, result: Comparison) -> None:
        self.runs[-1].result = result
        self.window.compare.look()


@pytest.fixture
def lab(make_window: MakeWindow) -> Iterator[Lab]:
    lab = Lab(make_window)
    yield lab
    lab.window.compare.close()


def _result(**changes: Any) -> Comparison:
    shape = (36, 64, 4)
    pictures = [np.full(shape, level, np.uint8) for level in (40, 60, 200)]
    found = PictureDifference(0.04, 0.88, 12, 158, pictures[0], pictures[1], pictures[2], 16)
    machine = {"cpu": "Test chip", "cores": 2, "memory_gb": 8.0, "system": "Linux", "facet": "0.1.0"}
    runs = make_run("cpu", 4.0, 8.0), make_run("gpu", 2.0, 3.0)
    return make_comparison(*runs, difference=found, machine=machine, **changes)


def test_the_key_opens_it_over_the_whole_window_and_escape_closes_it(lab: Lab, qtbot: QtBot) -> None:
    lab.window.stage.picture.setFocus()
    qtbot.keyClick(lab.window, Qt.Key.Key_C)
    view = lab.window.compare.view
    assert view is not None
    assert view.isVisible()
    assert view.geometry() == lab.window.rect()
    assert [button.text() for button in view.choosers] == ["CPU", "GPU"]
    lab.window.resize(1000, 600)
    qtbot.waitUntil(lambda: view.width() == 1000)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert len(lab.runs) == 1
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.isVisible()
    assert lab.window.focusWidget() is lab.window.stage.picture
    assert lab.runs[0].stopped
    assert lab.runs[0].joined


def test_without_a_comparison_in_the_parts_nothing_opens(make_window: MakeWindow) -> None:
    window = make_window()
    window.commands.do("compare")
    assert window.compare.view is None


def test_it_measures_the_present_source_with_the_present_settings_while_the_picture_rests(lab: Lab) -> None:
    view = lab.open()
    view.start.click()
    asked, settings, text, info = lab.runs[0].begun_with
    assert (asked, text, info) == (("cpu", "gpu"), "demo", _DEMO)
    assert settings is lab.window.model.settings
    assert lab.session.last("freeze") is True
    assert view.progress == lab.runs[0].progress
    assert view.stop.isVisible()
    assert not view.start.isVisible()
    assert not view.choosers[0].isEnabled()
    view.start.click()
    assert len(lab.runs) == 1


def test_the_outcome_lets_the_picture_run_again(lab: Lab) -> None:
    view = lab.open()
    view.start.click()
    result = _result()
    lab.finish(result)
    assert lab.session.last("freeze") is False
    assert view.sheet is not None
    assert view.sheet.verdict.headline in view.accessibleDescription()
    assert view.start.text() == "Compare again"
    assert view.save.isVisible()
    assert not view.grab().toImage().isNull()


def test_a_picture_that_was_frozen_stays_so(lab: Lab) -> None:
    lab.session.play(make_output())
    lab.window.link.answer()
    lab.window.commands.freeze(True)
    lab.open().start.click()
    lab.finish(_result())
    assert lab.session.last("freeze") is True


def test_a_camera_lends_its_frames_and_rests_in_between(lab: Lab) -> None:
    view = lab.open()
    view.start.click()
    run = lab.runs[0]
    run.wanted = 2
    lab.window.compare.look()
    assert lab.session.last("freeze") is False
    for index in (1, 2, 3):
        lab.session.play(make_output(index))
        lab.window.link.answer()
    assert [frame.index for frame in run.frames] == [1, 2]
    assert lab.session.last("freeze") is True
    lab.finish(_result())
    lab.session.play(make_output(4))
    lab.window.link.answer()
    assert len(run.frames) == 2


def test_stop_asks_it_to_end(lab: Lab) -> None:
    view = lab.open()
    view.start.click()
    view.stop.click()
    assert lab.runs[0].stopped


@pytest.mark.parametrize(
    ("offers", "info", "recording", "words"),
    [
        (_OFFERS[:2] + _OFFERS[3:], _DEMO, None, "NVIDIA CUDA is not here. PyTorch is not installed. Install it."),
        (_OFFERS, None, None, "Open a camera, a video or the demo first."),
        (_OFFERS, _DEMO, Path("clip.mp4"), "Finish the recording first"),
    ],
)
def test_what_cannot_be_compared_says_why(
    make_window: MakeWindow, offers: Sequence[Offer], info: SourceInfo | None, recording: Path | None, words: str
) -> None:
    lab = Lab(make_window, offers)
    lab.session.info, lab.session.path = info, recording
    view = lab.open()
    assert words in view.trouble
    assert not view.start.isEnabled()
    lab.window.compare.start()
    assert lab.runs == []
    assert not view.grab().toImage().isNull()


def test_another_backend_can_be_chosen(make_window: MakeWindow) -> None:
    there = Offer("cuda", "NVIDIA CUDA", "")
    lab = Lab(make_window, (*_OFFERS[:3], there))
    view = lab.open()
    view.chosen.emit(1, "cuda")
    assert view.choosers[1].text() == "NVIDIA CUDA"
    view.start.click()
    assert lab.runs[0].begun_with[0] == ("cpu", "cuda")


def test_a_comparison_of_nothing_is_told_and_not_saved(lab: Lab) -> None:
    view = lab.open()
    view.start.click()
    lab.finish(Comparison("Demo", (0, 0), (), ("cpu", "gpu"), ended="The GPU cannot be used: no driver."))
    assert "Nothing was compared. The GPU cannot be used: no driver." in view.accessibleDescription()
    assert not view.save.isVisible()
    assert not view.grab().toImage().isNull()


def test_saving_writes_a_sheet_a_table_and_figures_that_agree(lab: Lab, tmp_path: Path) -> None:
    view = lab.open()
    view.start.click()
    result = _result()
    lab.finish(result)
    view.save.click()
    files = {path.suffix: path for path in (tmp_path / "pictures").iterdir()}
    assert set(files) == {".png", ".csv", ".json"}
    assert QImage(str(files[".png"])).size().toTuple() == (2400, 1500)
    table = json.loads(files[".json"].read_text(encoding="utf-8"))
    rows = list(csv.DictReader(files[".csv"].read_text(encoding="utf-8").splitlines()))
    for run, entry in zip(result.runs, table["runs"], strict=True):
        assert entry["stages"]["total"]["mean_ms"] == run.stages["total"].mean_ms
        mine = [row for row in rows if row["backend"] == run.asked and row["stage"] == "total"]
        assert float(mine[0]["mean_ms"]) == run.stages["total"].mean_ms
    assert table["pictures"] == {"delta_e_mean": 0.04, "delta_e_p99": 0.88, "metric": "CIEDE2000", "frames": 12}
    assert view.note.text() == "Saved as PNG, CSV and JSON"
    assert view.folder.isVisible()


def test_where_it_cannot_be_saved_it_says_so(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("in the way", encoding="utf-8")
    view = lab.open()
    view.start.click()
    lab.finish(_result())
    view.save.click()
    assert "It cannot be saved" in view.note.text()
    assert not view.folder.isVisible()


def test_closing_the_window_ends_a_comparison(lab: Lab) -> None:
    lab.open().start.click()
    lab.window.close()
    assert lab.runs[0].stopped
    assert lab.runs[0].joined


def _inked(sheet: CompareSheet, theme: tokens.Palette, box: QRectF) -> int:
    """Distinct colours within a part of the sheet."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    sheet.paint(painter, QRectF(image.rect()), theme)
    painter.end()
    part = image.copy(box.toRect())
    pixels = np.frombuffer(part.constBits(), np.uint32).reshape(part.height(), -1)[:, : part.width()]
    return int(np.unique(pixels).size)


@pytest.mark.parametrize("theme", [tokens.DARK, tokens.LIGHT])
def test_every_part_of_the_sheet_is_filled(qapp: object, theme: tokens.Palette) -> None:
    del qapp
    sheet = CompareSheet(_result(), {"cpu": "CPU", "gpu": "GPU"})
    for box in (
        QRectF(48, 30, 900, 60),
        QRectF(48, 200, 900, 500),
        QRectF(1024, 200, 500, 300),
        QRectF(48, 944, 900, 40),
    ):
        assert _inked(sheet, theme, box) > 8


def test_more_stages_than_there_is_room_for_are_counted(qapp: object) -> None:
    del qapp
    run = make_run("cpu", 4.0, 8.0)
    stages = {**run.stages, **{f"effect.e{n}": StageFigures(1.0 + n, 1.0, 2.0 + n, 220) for n in range(20)}}
    result = make_comparison(*(make_run(name, 4.0, 8.0, stages=stages) for name in ("cpu", "gpu")))
    assert _inked(CompareSheet(result, {}), tokens.DARK, QRectF(48, 250, 900, 690)) > 8


@pytest.mark.parametrize(
    ("stage", "title"),
    [("total", "Whole frame"), ("detect", "Detect"), ("effect.hide", "Privacy"), ("effect.other", "other")],
)
def test_stages_have_titles(stage: str, title: str) -> None:
    assert title_of(stage, {"hide": "Privacy"}) == title


@pytest.mark.parametrize(
    ("stage", "first", "second", "canvases", "faster"),
    [
        ("detect", (2.0, 2.0), (3.0, 3.0), ("cpu", "gpu"), 0),
        ("detect", (3.0, 3.0), (2.0, 2.0), ("cpu", "gpu"), 1),
        ("detect", (2.0, 2.0), (2.05, 2.05), ("cpu", "gpu"), None),
        ("detect", (0.02, 0.02), (0.06, 0.06), ("cpu", "gpu"), None),
        ("detect", (2.0, 2.0), (3.0, 2.0), ("cpu", "gpu"), None),
        ("effect.hide", (3.0, 3.0), (1.0, 1.0), ("cpu", "gpu"), None),
        ("effect.hide", (3.0, 3.0), (1.0, 1.0), ("cpu", "cpu"), 1),
        ("picture", (3.0, 3.0), (1.0, 1.0), ("cpu", "gpu"), 1),
    ],
)
def test_only_what_is_clearly_faster_is_marked(
    stage: str,
    first: tuple[float, float],
    second: tuple[float, float],
    canvases: tuple[str, str],
    faster: int | None,
) -> None:
    runs = tuple(
        make_run(canvas, 1.0, 1.0, canvas=canvas, stages={stage: StageFigures(*times, 9.0, 220)})
        for canvas, times in zip(canvases, (first, second), strict=True)
    )
    assert fastest(stage, make_comparison(*runs)) is (None if faster is None else runs[faster])
    busy = make_comparison(*runs, other_cores=1.0)
    assert fastest(stage, busy) is (None if faster is None or stage == "detect" else runs[faster])


def test_a_stage_that_only_one_ran_marks_nobody() -> None:
    other = make_run("gpu", 1.0, 1.0, stages={"detect": StageFigures(1.0, 1.0, 1.0, 9)})
    assert fastest("detect", make_comparison(make_run("cpu", 1.0, 1.0), other)) is None
