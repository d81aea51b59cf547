"""The picture: own pixels, one report a frame, clicks through the mirror, before and after."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.pipeline.types import Output
from app.ui.own_image import OwnImage
from app.ui.picture import PictureView
from tests.app.ui.window_fakes import make_output


class Watched(PictureView):
    """A picture view that writes down its reports."""

    def __init__(self) -> None:
        self.paints: list[Output] = []
        super().__init__(self._note)

    def _note(self, output: Output, painted_ns: int, paint_ms: float, handover_ms: float) -> None:
        assert painted_ns > 0
        assert paint_ms >= 0
        assert handover_ms >= 0
        self.paints.append(output)


@pytest.fixture
def view(qtbot: QtBot) -> Watched:
    picture = Watched()
    qtbot.addWidget(picture)
    picture.resize(656, 376)
    picture.show()
    qtbot.waitExposed(picture)
    return picture


def _halves(level_left: int, level_right: int) -> Output:
    output = make_output()
    output.bgra[:, :320] = level_left
    output.bgra[:, 320:] = level_right
    return output


def _grey_at(view: PictureView, x: int, y: int) -> int:
    return view.grab().toImage().pixelColor(x, y).green()


def test_the_pixels_are_its_own(view: Watched) -> None:
    output = make_output(level=200)
    view.show_output(output)
    output.bgra[:] = 10
    assert _grey_at(view, 300, 200) == 200


def test_each_output_is_reported_once(view: Watched) -> None:
    first, second = make_output(0), make_output(1)
    view.show_output(first)
    view.repaint()
    view.show_output(second)
    view.repaint()
    view.grab()
    assert view.paints == [first, second]


def test_a_hidden_window_reports_no_paint(qtbot: QtBot) -> None:
    view = Watched()
    qtbot.addWidget(view)
    view.show_output(make_output())
    assert view.paints == []


def test_one_to_one_shows_every_pixel(view: Watched) -> None:
    output = make_output()
    rng = np.random.default_rng(1)
    output.bgra[..., :3] = rng.integers(0, 256, output.bgra[..., :3].shape)
    view.show_output(output)
    grabbed = view.grab().toImage()
    for x, y in ((40, 40), (333, 222), (600, 300)):
        blue, green, red = (int(part) for part in output.bgra[y - 8, x - 8, :3])
        assert grabbed.pixelColor(x, y) == QColor(red, green, blue)


def test_mirrored(view: Watched) -> None:
    view.show_output(_halves(20, 220))
    assert (_grey_at(view, 100, 200), _grey_at(view, 500, 200)) == (20, 220)
    view.set_mirrored(True)
    assert (_grey_at(view, 100, 200), _grey_at(view, 500, 200)) == (220, 20)


@pytest.mark.parametrize(("mirrored", "expected"), [(False, (92.0, 52.0)), (True, (548.0, 52.0))])
def test_a_click_is_told_in_frame_pixels(
    view: Watched, qtbot: QtBot, mirrored: bool, expected: tuple[float, float]
) -> None:
    view.show_output(make_output())
    view.set_mirrored(mirrored)
    with qtbot.waitSignal(view.clicked) as told:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert told.args == pytest.approx(expected)


def test_a_click_beside_the_picture_is_none(view: Watched) -> None:
    clicks: list[tuple[float, float]] = []
    view.clicked.connect(lambda x, y: clicks.append((x, y)))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    view.show_output(make_output())
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert clicks == []


def test_before_is_the_untouched_frame_while_held(view: Watched) -> None:
    output = make_output(level=250)
    view.show_output(output)
    view.set_before(True)
    blue, green, red = (int(part) for part in output.frame.pixels[192, 292])
    assert view.grab().toImage().pixelColor(300, 200) == QColor(red, green, blue)
    view.set_before(False)
    assert _grey_at(view, 300, 200) == 250


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_split_line_shows_before_at_its_left_and_can_be_dragged(view: Watched, mirrored: bool) -> None:
    output = make_output(level=250)
    view.set_mirrored(mirrored)
    view.show_output(output)
    view.set_split(True)
    frame = output.frame.pixels[:, ::-1] if mirrored else output.frame.pixels
    grabbed = view.grab().toImage()
    assert grabbed.pixelColor(200, 100).green() == int(frame[92, 192, 1])
    assert grabbed.pixelColor(500, 100).green() == 250
    line = QPoint(round(8 + 320), 60)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=line)
    view.mouseMoveEvent(_move(view, QPoint(168, 60)))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(168, 60))
    assert view.split.at == pytest.approx(0.75 if mirrored else 0.25)
    assert view.grab().toImage().pixelColor(200, 100).green() == 250
    assert not view.split.dragging


def test_dragging_the_line_is_no_click(view: Watched) -> None:
    clicks: list[float] = []
    view.clicked.connect(lambda x, _y: clicks.append(x))
    view.show_output(make_output())
    view.set_split(True)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(328, 60))
    assert clicks == []


def test_the_split_line_moves_by_keyboard(view: Watched) -> None:
    view.show_output(make_output())
    view.set_split(True)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.split.at == pytest.approx(0.52)
    view.set_mirrored(True)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.split.at == pytest.approx(0.50)


def test_cleared_it_shows_nothing_and_reports_nothing(view: Watched) -> None:
    view.show_output(make_output())
    view.clear()
    view.repaint()
    assert view.output is None
    assert len(view.paints) == 1
    assert _grey_at(view, 300, 200) < 250


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 5), (641, 359), (360, 640), (3840, 2160), (37, 2000)])
def test_odd_sizes(view: Watched, size_wh: tuple[int, int]) -> None:
    view.set_mirrored(True)
    view.set_split(True)
    view.show_output(make_output(size_wh=size_wh, level=200))
    assert len(view.paints) == 1
    assert view.transform() is not None


def test_sizes_may_change_from_frame_to_frame(view: Watched) -> None:
    for index in range(60):
        view.show_output(make_output(index, (640 - 7 * index, 360 - 3 * index)))
    assert len(view.paints) == 60


def test_an_own_image_takes_arrays_that_are_not_contiguous() -> None:
    image = OwnImage()
    wide = np.zeros((4, 20, 4), np.uint8)
    wide[:, ::2] = 90
    image.copy_bgra(wide[:, ::2], mirrored=False)
    assert image.image.pixelColor(9, 3).green() == 90
    image.copy_bgr(wide[:, ::2, :3], mirrored=True)
    assert image.image.pixelColor(0, 0).green() == 90


def _move(view: PictureView, pos: QPoint) -> "object":
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    spot = QPointF(pos)
    return QMouseEvent(
        QEvent.Type.MouseMove, spot, QPointF(view.mapToGlobal(pos)), left, left, Qt.KeyboardModifier.NoModifier
    )
