"""How well the visibility map finds what is in front of a face: drawn occluders move over clips and over the demo.

Prints, for each clip, the share of the bare face that is wrongly hidden, and recall / IoU of each occluder in UV space
on frames where it covers at least 6 % of the face. The meshes are those of the live path on the covered pictures, so
an occluder that pulls the mesh off counts in full. Hands from anywhere count together. Also the processor time of one
update, with the caches warm and after something else has filled them.

    python benchmarks/visibility.py [CLIP ...] [--frames N] [--json OUT]

Without a clip: the demo, and the clips of the test data where those are present.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from app.sources.open import open_source
from models.occlusion import Visibility
from models.shared import create_cpu_model
from models.types import F32, Frame
from tests.occluder_scenes import MOVES, Score, bare_run, covered_run, random_hand

_CLIPS = (
    "portrait_720p_30fps",
    "glasses_480",
    "head_eyes_480",
    "expressions_512",
    "driver_head_motion_540x960",
    "driver_head_turn_540x960",
)
_RANDOM_HANDS = 6
_SWEPT_MB = 24
_TESTDATA = Path(__file__).resolve().parents[2] / "shared" / "testdata"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", nargs="*", help="videos, or `demo`")
    parser.add_argument("--frames", type=int, default=300, help="of each clip, from its beginning")
    parser.add_argument("--seed", type=int, default=7, help="of the hands from anywhere")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    model = create_cpu_model()
    figures: dict[str, dict[str, float | list[float]]] = {}
    for clip in options.clips or _default_clips():
        meshes, bare = bare_run(model, _frames(clip, options.frames))
        if not any(mesh is not None for mesh in meshes):
            print(f"{Path(clip).stem}: no face")
            continue
        row: dict[str, float | list[float]] = {"wrongly_hidden_percent": bare.false_percent}
        print(f"\n{Path(clip).stem}: {len(meshes)} frames, wrongly hidden {bare.false_percent:.2f} %", flush=True)
        for name, move in MOVES.items():
            score = covered_run(model, _frames(clip, options.frames), meshes, move)
            row[name] = [score.recall, score.iou]
            print(f"  {name:14s} recall {score.recall:.2f}  IoU {score.iou:.2f}", flush=True)
        total, rng = Score(), np.random.default_rng(options.seed)
        for _ in range(_RANDOM_HANDS):
            score = covered_run(model, _frames(clip, options.frames), meshes, random_hand(rng))
            total.found, total.missed = total.found + score.found, total.missed + score.missed
            total.extra += score.extra
        row["hands from anywhere"] = [total.recall, total.iou]
        print(f"  hands anywhere recall {total.recall:.2f}  IoU {total.iou:.2f}", flush=True)
        row["update_ms"], row["update_cold_ms"] = (
            _update_ms(_frames(clip, 80), meshes, swept_mb) for swept_mb in (0, _SWEPT_MB)
        )
        print(f"  update {row['update_ms']:.2f} ms CPU (median), {row['update_cold_ms']:.2f} cold", flush=True)
        figures[Path(clip).stem] = row
    model.close()
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def _default_clips() -> list[str]:
    folder = Path(os.environ.get("FACET_TESTDATA") or _TESTDATA) / "video"
    return ["demo", *(str(path) for name in _CLIPS if (path := folder / f"{name}.mp4").is_file())]


def _frames(clip: str, count: int) -> Iterator[Frame]:
    source = open_source(clip, live=False)
    try:
        for _ in range(count):
            frame = source.read(10.0)
            if frame is None:
                return
            yield frame
    finally:
        source.close()


def _update_ms(frames: Iterator[Frame], meshes: list[F32 | None], swept_mb: int) -> float:
    """Median processor time of this thread for one face; this much other memory is used between two frames."""
    visibility, times_ms, other = Visibility(), [], np.zeros(swept_mb << 18, np.float32)
    for frame, mesh in zip(frames, meshes, strict=False):
        if mesh is None:
            continue
        other += 1
        start_s = time.thread_time()
        visibility.update(1, frame.pixels, mesh, (0.0, 0.0, 0.0), frame.t_s)
        times_ms.append(1e3 * (time.thread_time() - start_s))
    return float(np.median(times_ms[5:]))


if __name__ == "__main__":
    main()
