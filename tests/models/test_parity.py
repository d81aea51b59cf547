"""The whole live pipeline against MediaPipe's still mode: how far apart the landmarks are, and that no face is missing.

In shares of the outer inter-ocular distance. MediaPipe's own video and still modes differ by 1.75 % (p95 5.0 %) on the
same frames of the test clips; the limits here are 1.8 % and 4 %.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.sources.demo import DemoSource
from models.geometry import inter_ocular_px
from models.runtime.base import Net
from models.runtime.litert_cpu import LiteRtCpu
from models.shared import FaceModel
from models.types import F32, U8, Frame, Wants
from tests import parity
from tests.clips import clip_frames

MEAN_LIMIT, P95_LIMIT = 0.018, 0.04
EVERY = 10
DEMO_STRETCHES_S = ((0.0, 1.5), (4.0, 7.0), (11.0, 14.0), (16.0, 19.0))


@dataclass
class Differences:
    """Of every compared frame: relative distances of all landmarks, ours live and still."""

    live: list[F32]
    still: list[F32]
    missing: list[int]


@pytest.fixture(scope="module")
def mediapipe_still() -> Iterator[Any]:
    mediapipe: Any = pytest.importorskip("mediapipe")
    peer = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1)
    yield peer
    peer.close()


def peer_mesh(peer: Any, pixels: U8) -> F32 | None:
    found = peer.process(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)).multi_face_landmarks
    if not found:
        return None
    height, width = pixels.shape[:2]
    return np.array([[p.x * width, p.y * height, p.z * width] for p in found[0].landmark], np.float32)


def nearest(meshes: list[F32], truth: F32) -> F32 | None:
    """Relative distances of the mesh that lies on the face in question."""
    if not meshes:
        return None
    apart = [np.linalg.norm((mesh - truth)[:, :2], axis=1) / inter_ocular_px(truth) for mesh in meshes]
    return min(apart, key=lambda distances: float(distances.mean()))


def compare(frames: Iterator[Frame], peer: Any) -> Differences:
    model = FaceModel(lambda: LiteRtCpu(1))
    found = Differences([], [], [])
    for frame in frames:
        seen = model.track(frame, Wants(), max_faces=5)
        if frame.index % EVERY:
            continue
        truth = peer_mesh(peer, frame.pixels)
        if truth is None:
            continue
        still = model.still(frame.pixels, Wants(), reach="near")
        for perception, into in ((seen, found.live), (still, found.still)):
            distances = nearest([face.mesh for face in perception.faces if face.mesh is not None], truth)
            if distances is None or float(np.median(distances)) > 0.5:
                found.missing.append(frame.index)
            else:
                into.append(distances)
    model.close()
    return found


def assert_within(found: list[F32]) -> None:
    distances = np.concatenate(found)
    assert distances.mean() <= MEAN_LIMIT
    assert np.percentile(distances, 95) <= P95_LIMIT


def test_demo(mediapipe_still: Any) -> None:
    found = Differences([], [], [])
    for start_s, end_s in DEMO_STRETCHES_S:
        part = compare(demo_stretch(start_s, end_s), mediapipe_still)
        found.live += part.live
        found.still += part.still
        found.missing += part.missing
    assert len(found.live) > 20
    assert found.missing == []
    assert_within(found.live)
    assert_within(found.still)


def demo_stretch(start_s: float, end_s: float) -> Iterator[Frame]:
    source = DemoSource((1280, 720), 30.0, paced=False)
    source._index = round(start_s * 30)
    for index in range(round((end_s - start_s) * 30)):
        frame = source.read(1.0)
        assert frame is not None
        yield Frame(index, index / 30, 0, frame.pixels)


def test_clips(mediapipe_still: Any, testdata: Path) -> None:
    live: list[F32] = []
    still: list[F32] = []
    for clip in sorted((testdata / "video").glob("*.mp4")):
        found = compare(clip_frames(clip, 200), mediapipe_still)
        assert found.missing == [], clip.name
        live += found.live
        still += found.still
    assert len(live) > 100
    assert_within(live)
    assert_within(still)


class Trembling:
    """LiteRT with noise in its last digits, a little more than two runtimes differ by."""

    def __init__(self, noise_px: float) -> None:
        self._runtime, self._noise_px = LiteRtCpu(1), noise_px
        self._rng = np.random.default_rng(7)
        self.name = self._runtime.name

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> Net:
        net = self._runtime.load(graph, outputs=outputs, input_shape=input_shape)
        if graph.stem != "face_mesh":
            return net

        def run(*inputs: F32) -> Sequence[F32]:
            points, *others = net(*inputs)
            return [points + self._rng.normal(0, self._noise_px, points.shape).astype(np.float32), *others]

        return run

    def close(self) -> None:
        self._runtime.close()


@pytest.mark.parametrize("clip", ["driver_head_turn", "driver_head_motion", "outdoor_hands"])
def test_the_last_digits_of_a_runtime_do_not_grow(testdata: Path, clip: str) -> None:
    frames = list(clip_frames(next(testdata.glob(f"video/{clip}*.mp4")), 70))
    plain = parity.perceive(lambda: LiteRtCpu(1), frames, Wants())
    apart = parity.distance(plain, parity.perceive(lambda: Trembling(2e-4), frames, Wants()))
    assert apart.faces >= 60
    assert apart.landmarks_p95 < 0.002
