"""Two runtimes held against each other: network by network on the very same input, and as whole pipelines on clips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.geometry import inter_ocular_px
from models.runtime.base import Net, Runtime
from models.shared import FaceModel
from models.types import F32, Frame, Perception, Wants

EVERYTHING = Wants(matte=True, visibility=True, blendshapes=True)


class Twin:
    """A `Runtime` that asks two, answers with the first one's results, and keeps how far the second one's are off.

    `largest` holds the largest difference by ("face_mesh", index of the result); `runs` counts by network.
    """

    def __init__(self, one: Runtime, other: Runtime) -> None:
        self.name = one.name
        self._both = one, other
        self.largest: dict[tuple[str, int], float] = {}
        self.runs: dict[str, int] = {}

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> Net:
        one, other = (each.load(graph, outputs=outputs, input_shape=input_shape) for each in self._both)

        def run(*inputs: F32) -> Sequence[F32]:
            results = one(*inputs)
            self.runs[graph.stem] = self.runs.get(graph.stem, 0) + 1
            for index, (mine, theirs) in enumerate(zip(results, other(*inputs), strict=True)):
                assert mine.shape == theirs.shape
                key = graph.stem, index
                self.largest[key] = max(self.largest.get(key, 0.0), float(np.abs(mine - theirs).max()))
            return results

        return run

    def close(self) -> None:
        for each in self._both:
            each.close()


def perceive(
    make_runtime: Callable[[], Runtime], frames: Sequence[Frame], want: Wants = EVERYTHING
) -> list[Perception]:
    """The whole live pipeline over the frames."""
    model = FaceModel(make_runtime, helper=False)
    try:
        return [model.track(frame, want) for frame in frames]
    finally:
        model.close()


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two pipelines' answers are apart.

    Attributes:
        landmarks_p95: in shares of the face's inter-ocular distance, over all points of all faces.
        boxes: the largest difference of a side, in the same unit.
        matte, blendshapes: the largest difference.
    """

    landmarks_p95: float
    boxes: float
    matte: float
    blendshapes: float
    faces: int


def distance(one: Sequence[Perception], other: Sequence[Perception]) -> Distance:
    """Between two runs over the same frames, which must have found the same faces under the same ids."""
    shares: list[F32] = []
    boxes, mattes, expressions = [0.0], [0.0], [0.0]
    for mine, theirs in zip(one, other, strict=True):
        assert [face.track_id for face in mine.faces] == [face.track_id for face in theirs.faces]
        if mine.matte is not None and theirs.matte is not None:
            mattes.append(float(np.abs(mine.matte - theirs.matte).max()))
        for a, b in zip(mine.faces, theirs.faces, strict=True):
            if a.mesh is not None and b.mesh is not None:
                size_px = inter_ocular_px(a.mesh)
                shares.append(np.linalg.norm(a.mesh[:, :2] - b.mesh[:, :2], axis=1) / size_px)
                boxes.append(float(np.abs(a.box_xyxy - b.box_xyxy).max()) / size_px)
            if a.blendshapes is not None and b.blendshapes is not None:
                expressions.append(float(np.abs(a.blendshapes - b.blendshapes).max()))
    p95 = float(np.percentile(np.concatenate(shares), 95))
    return Distance(p95, max(boxes), max(mattes), max(expressions), len(shares))
