"""That *privacy* leaves no face bare: on the demo against its exact truth, on real clips against a second look.

The cover is drawn as a block of one colour, so that "covered" is exact: a pixel has that colour or it leaks. Blur and
pixelate are drawn through the same masks. By default the frames that are hard are played (the first ones, the hand,
everything with the second actor); with FACET_FULL=1 the whole script is.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.pipeline.engine import Engine
from app.settings import Settings
from app.sources import demo_script as script
from app.sources.demo_render import Renderer
from app.sources.demo_truth import truth
from effects.devices.cpu import CpuDevice
from effects.library.privacy import Privacy
from effects.registry import specs
from models.shared import create_cpu_model
from models.topology import FACE_OVAL
from models.types import F32, U8, Frame, SharedModel, Wants
from tests.clips import clip_frames

SIZE_WH = (1280, 720)
FPS = 30
RUN_UP_S = 1.5
"""Before a hard part, as a viewer would have seen it."""
GREEN = (0, 255, 0)
BLOCK = Settings(effects=(("privacy", Privacy(style="block", colour="#00FF00")),))
HARD_S = (
    (0.0, 0.7),
    (script.HAND_ON_STAGE_S[0], script.HAND_ON_STAGE_S[1]),
    (script.B_ON_STAGE_S[0], script.B_ON_STAGE_S[1]),
)


@pytest.fixture(scope="module")
def model() -> Iterator[SharedModel]:
    made = create_cpu_model()
    yield made
    made.close()


def parts() -> Sequence[tuple[float, float]]:
    return [(0.0, script.DURATION_S)] if os.environ.get("FACET_FULL") == "1" else HARD_S


def filled(size_wh: tuple[int, int], polygon_xy: F32, beneath: Sequence[F32] = ()) -> NDArray[np.bool_]:
    """The pixels inside a polygon and outside those that lie over it."""
    area = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    cv2.fillPoly(area, [np.round(polygon_xy * 16 - 8).astype(np.int32)], 1, shift=4)
    for polygon in beneath:
        cv2.fillPoly(area, [np.round(polygon * 16 - 8).astype(np.int32)], 0, shift=4)
    return area.astype(np.bool_)


def is_covered(bgra: U8) -> NDArray[np.bool_]:
    return np.asarray((bgra[..., :3] == GREEN).all(axis=2))


@pytest.mark.parametrize("part_s", parts(), ids=lambda part: f"{part[0]:.0f}-{part[1]:.0f}s")
def test_no_true_face_shows_on_any_frame_of_the_demo(model: SharedModel, part_s: tuple[float, float]) -> None:
    engine, renderer = Engine(model, CpuDevice(), specs()), Renderer(SIZE_WH)
    engine.restart()
    leaks: list[tuple[int, str, int]] = []
    first = round(max(0.0, part_s[0] - RUN_UP_S) * FPS)
    for index in range(first, round(part_s[1] * FPS)):
        pixels = renderer.draw(index / FPS)
        pixels.flags.writeable = False
        output = engine.step(Frame(index, index / FPS, 0, pixels), BLOCK)
        assert output.faults == ()
        bare = ~is_covered(output.bgra)
        seen = truth(index, SIZE_WH, FPS)
        for actor in seen.actors:
            shows = int(np.count_nonzero(filled(SIZE_WH, actor.polygon_xy, seen.covers(actor.name)) & bare))
            if shows:
                leaks.append((index, actor.name, shows))
    assert leaks == []


def test_the_rest_of_the_demo_is_left_alone(model: SharedModel) -> None:
    """A cover of everything would leak nothing either."""
    engine, renderer = Engine(model, CpuDevice(), specs()), Renderer(SIZE_WH)
    engine.restart()
    shares = []
    for index in range(20):
        pixels = renderer.draw(index / FPS)
        pixels.flags.writeable = False
        shares.append(is_covered(engine.step(Frame(index, index / FPS, 0, pixels), BLOCK).bgra).mean())
    assert max(shares) < 0.15


@pytest.mark.parametrize(
    "name",
    [
        "portrait_720p_30fps",
        "outdoor_hands_720x1364",
        "expressions_512",
        "head_eyes_480",
        "glasses_480",
        "driver_head_motion_540x960",
        "driver_head_turn_540x960",
    ],
)
def test_no_face_of_a_clip_shows(model: SharedModel, testdata: Path, name: str) -> None:
    engine = Engine(model, CpuDevice(), specs())
    engine.restart()
    leaks: list[tuple[int, int]] = []
    looked_at = 0
    for frame in clip_frames(testdata / "video" / f"{name}.mp4", 10_000 if os.environ.get("FACET_FULL") else 61):
        bare = ~is_covered(engine.step(frame, BLOCK).bgra)
        if frame.index % 15:
            continue
        for face in model.still(frame.pixels, Wants(), max_faces=3).faces:
            if face.mesh is not None:
                looked_at += 1
                shows = int(np.count_nonzero(filled(frame.size_wh, face.mesh[FACE_OVAL, :2]) & bare))
                leaks += [(frame.index, shows)] * (shows > 0)
    assert looked_at >= 4
    assert leaks == []


def test_every_face_of_a_crowd_is_hidden_in_a_still(model: SharedModel, testdata: Path) -> None:
    pixels = cv2.imread(str(testdata / "image" / "six_faces.jpg"))
    assert pixels is not None
    frame = Frame(0, 0.0, 0, np.asarray(pixels, np.uint8))
    engine = Engine(model, CpuDevice(), specs())
    bare = ~is_covered(engine.still(frame, BLOCK).bgra)
    faces = model.still(frame.pixels, Wants()).faces
    assert len(faces) == 6
    for face in faces:
        assert face.mesh is not None
        assert not (filled(frame.size_wh, face.mesh[FACE_OVAL, :2]) & bare).any()
