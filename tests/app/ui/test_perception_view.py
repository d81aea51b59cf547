"""The perception view paints what it is told, and only that."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.pipeline.types import Output
from app.ui.perception_marks import axes_xy
from app.ui.perception_view import DEFAULT_LAYERS, LAYERS, PerceptionLayer
from app.ui.picture import PictureView
from models.types import Face, Perception, Signals
from tests.app.ui.window_fakes import make_output
from tests.pipeline_fakes import make_face

_SIGNALS = Signals(0.3, 0.3, 0.1, 0.4, 0.2, (20.0, -5.0, 3.0), (15.0, -4.0))


def _seen(*faces: Face, matte: object = None) -> Output:
    output = make_output()
    seen: Perception = replace(output.perception, faces=faces, matte=matte)  # type: ignore[arg-type]
    return replace(output, perception=seen)


@pytest.fixture
def view(qtbot: QtBot) -> PictureView:
    picture = PictureView(lambda *_: None)
    qtbot.addWidget(picture)
    picture.resize(656, 376)
    return picture


def _drawn(view: PictureView, output: Output, *parts: str, mirrored: bool = False) -> QImage:
    layer = PerceptionLayer()
    layer.on, layer.shown = True, frozenset(parts)
    view.layers = [layer]
    view.set_mirrored(mirrored)
    view.show_output(output)
    return view.grab().toImage()


def _whole_face(**changes: object) -> Face:
    face = make_face(1, (320.0, 180.0), 200.0)
    full = replace(face, signals=_SIGNALS, visibility=np.ones((64, 64), np.float32))
    return replace(full, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("part", [name for name, _ in LAYERS])
def test_each_part_draws_something_of_its_own(view: PictureView, part: str) -> None:
    matte = np.zeros((144, 256), np.float32)
    output = _seen(_whole_face(), matte=matte)
    nothing = _drawn(view, output)
    assert _drawn(view, output, part) != nothing


def test_off_draws_nothing(view: PictureView) -> None:
    output = _seen(_whole_face())
    layer = PerceptionLayer()
    view.show_output(output)
    plain = view.grab().toImage()
    view.layers = [layer]
    assert view.grab().toImage() == plain


@pytest.mark.parametrize(
    "faces",
    [
        (),
        (make_face(1, (100.0, 100.0), with_mesh=False),),
        (make_face(1, (-200.0, 900.0), 300.0),),
        (make_face(1, (320.0, 100.0), 12.0, coasting=True, weight=0.0),),
        (_whole_face(signals=replace(_SIGNALS, gaze_deg=(math.nan, math.nan), pose_deg=(math.nan,) * 3)),),
        tuple(_whole_face(track_id=number) for number in range(1, 8)),
    ],
    ids=["none", "no mesh", "outside", "tiny and coasting", "unreadable", "seven"],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_any_faces(view: PictureView, faces: tuple[Face, ...], mirrored: bool) -> None:
    every = [name for name, _ in LAYERS]
    assert not _drawn(view, _seen(*faces, matte=np.ones((90, 160), np.float32)), *every, mirrored=mirrored).isNull()


def test_the_matte_darkens_what_is_no_person(view: PictureView) -> None:
    matte = np.zeros((144, 256), np.float32)
    matte[:, :128] = 1.0
    image = _drawn(view, _seen(matte=matte), "matte")
    assert image.pixelColor(100, 200).green() == 200
    assert image.pixelColor(600, 200).green() < 120
    mirrored = _drawn(view, _seen(matte=matte), "matte", mirrored=True)
    assert mirrored.pixelColor(100, 200).green() < 120


def test_marks_follow_the_mirror(view: PictureView) -> None:
    output = _seen(make_face(1, (160.0, 180.0)))
    image = _drawn(view, output, "mesh")
    mirrored = _drawn(view, output, "mesh", mirrored=True)
    left = [image.pixelColor(x, 188).rgb() for x in range(90, 240)]
    assert len(set(left)) > 3
    right = {mirrored.pixelColor(x, 188).rgb() for x in range(656 - 240, 656 - 90)}
    assert len(right) > 3
    assert len({mirrored.pixelColor(x, 188).rgb() for x in range(90, 240)}) == 1


@pytest.mark.parametrize(
    ("pose_deg", "axis", "xy"),
    [
        ((0.0, 0.0, 0.0), 0, (1.0, 0.0)),
        ((0.0, 0.0, 0.0), 1, (0.0, -1.0)),
        ((0.0, 0.0, 0.0), 2, (0.0, 0.0)),
        ((90.0, 0.0, 0.0), 2, (1.0, 0.0)),
        ((0.0, -90.0, 0.0), 2, (0.0, 1.0)),
        ((0.0, 0.0, 90.0), 0, (0.0, 1.0)),
        ((0.0, 0.0, 90.0), 1, (1.0, 0.0)),
    ],
    ids=["left", "up", "forward", "turned left", "looking down", "rolled: left", "rolled: up"],
)
def test_axes(pose_deg: tuple[float, float, float], axis: int, xy: tuple[float, float]) -> None:
    assert axes_xy(pose_deg)[axis] == pytest.approx(xy, abs=1e-9)


def test_the_default_shows_no_heavy_part() -> None:
    assert not DEFAULT_LAYERS & {"matte", "visibility"}
