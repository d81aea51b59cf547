"""Landmarks on real faces moved by exact warps: steady when still, without lag when moving.

Short versions of `benchmarks/tracking_quality.py`, on the same limits.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.shared import FaceModel, create_cpu_model
from tests import moving_faces
from tests.moving_faces import Portrait, Stage, film, pan_roll_scale, score, still, to_and_fro, watch

MOST_JITTER_PX = 0.3
MOST_ANCHOR_ERROR = 1.0
MOST_LAG_MS = 2.0


@pytest.fixture(scope="module")
def model() -> Iterator[FaceModel]:
    made = create_cpu_model()
    yield made
    made.close()


@pytest.fixture(scope="module", params=["astronaut", "clip"])
def portrait(request: pytest.FixtureRequest) -> Portrait:
    if request.param == "astronaut":
        return moving_faces.astronaut()
    testdata: Path = request.getfixturevalue("testdata")
    clip = sorted(testdata.glob("video/portrait*.mp4"))[0]
    return moving_faces.faces_of(clip.stem, moving_faces.first_frame(clip))[0]


@pytest.mark.parametrize(("fps", "codec"), [(30, "mjpg"), (60, "h264")])
def test_a_still_face_does_not_tremble(model: FaceModel, portrait: Portrait, fps: int, codec: str) -> None:
    seen = watch(model, film(Stage(portrait, still, 130), fps, 1.8, 3.0, codec), portrait)
    assert score(seen, seen.smooth_xy).jitter_px <= MOST_JITTER_PX


@pytest.mark.parametrize("motion", [pan_roll_scale, to_and_fro])
def test_a_moving_face_is_followed_exactly(model: FaceModel, portrait: Portrait, motion: moving_faces.Motion) -> None:
    seen = watch(model, film(Stage(portrait, motion, 110), 30, 3.0, 2.0, "mjpg"), portrait)
    result = score(seen, seen.smooth_xy)
    assert result.anchor_p95 <= MOST_ANCHOR_ERROR
    assert abs(result.lag_ms) <= MOST_LAG_MS
