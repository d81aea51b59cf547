"""What perception costs, beside MediaPipe's FaceMesh (refined) + SelfieSegmentation (landscape) on the same frames.

Both see every frame of a clip, in turns and in the same process, so that a busy machine slows both. Ours: detector on
its cadence, 478 landmarks with irises, tracking, smoothing, signals and the governed matte; a second row adds the
visibility map. Times are wall milliseconds a frame; CPU is the processor time of all threads at 30 frames a second.

    python benchmarks/perception_vs_mediapipe.py [CLIP ...] [--frames N] [--json OUT]

Without a clip: the demo, and the portrait of the test data where that is present.
"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from app.machine import machine
from app.sources.open import open_source
from models.shared import create_cpu_model
from models.types import Frame, Wants

FPS = 30.0
SIZES_WH = ((1280, 720), (1920, 1080))
WARM_UP = 20
REST_S = 0.004
"""Between two contenders: worker threads of the one before spin for a while, on the other's cores."""
FACES = (1, 2, 3, 4)
MATTE = Wants(matte=True)
EVERYTHING = Wants(matte=True, visibility=True)
MESH_ONLY = Wants()


@dataclass
class Spent:
    """Times of one contender, in milliseconds a frame."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    segment_runs: int = 0
    detect_runs: int = 0

    def row(self) -> dict[str, float]:
        """Mean, p50, p95, share of a core at 30 frames a second, runs a frame."""
        wall = np.array(self.wall_ms[WARM_UP:])
        return {
            "mean": float(wall.mean()),
            "p50": float(np.percentile(wall, 50)),
            "p95": float(np.percentile(wall, 95)),
            "cpu_percent_at_30fps": float(np.mean(self.cpu_ms[WARM_UP:])) * FPS / 10,
            "segment_rate": self.segment_runs / len(self.wall_ms),
            "detect_rate": self.detect_runs / len(self.wall_ms),
        }


class Ours:
    """The shared model, asked for one thing all along."""

    def __init__(self, want: Wants, max_faces: int = 1) -> None:
        self._model = create_cpu_model()
        self._want, self._max_faces = want, max_faces
        self.spent = Spent()
        self.faces = 0

    def see(self, frame: Frame, _rgb: np.ndarray) -> None:
        """Track one frame."""
        with _Clock(self.spent):
            perception = self._model.track(frame, self._want, max_faces=self._max_faces)
        ran = self._model.times().ran
        self.spent.segment_runs += "segment" in ran
        self.spent.detect_runs += "detect" in ran
        self.faces = sum(face.mesh is not None for face in perception.faces)

    def close(self) -> None:
        """Free the networks."""
        self._model.close()


class MediaPipe:
    """The peer, as its documentation uses it for live video. It is given RGB, so it converts nothing."""

    def __init__(self) -> None:
        import mediapipe

        solutions: Any = mediapipe.solutions
        self._mesh = solutions.face_mesh.FaceMesh(refine_landmarks=True, max_num_faces=1)
        self._matte = solutions.selfie_segmentation.SelfieSegmentation(model_selection=1)
        self.spent = Spent()

    def see(self, _frame: Frame, rgb: np.ndarray) -> None:
        """Process one frame."""
        with _Clock(self.spent):
            self._mesh.process(rgb)
            self._matte.process(rgb)
        self.spent.segment_runs += 1

    def close(self) -> None:
        """Free the networks."""
        self._mesh.close()
        self._matte.close()


class _Clock:
    """Adds the wall and processor time of its block to a contender's."""

    def __init__(self, spent: Spent) -> None:
        self._spent = spent

    def __enter__(self) -> None:
        self._cpu_ns, self._wall_ns = time.process_time_ns(), time.perf_counter_ns()

    def __exit__(self, *_: object) -> None:
        wall_ns, cpu_ns = time.perf_counter_ns() - self._wall_ns, time.process_time_ns() - self._cpu_ns
        self._spent.wall_ms.append(wall_ns / 1e6)
        self._spent.cpu_ms.append(cpu_ns / 1e6)


def frames(text: str, count: int, size_wh: tuple[int, int]) -> Iterator[Frame]:
    """Frames of a clip at a size, its own shape kept by cropping; indices and times are those of a 30 fps source."""
    source = open_source(text, live=False)
    try:
        for index in range(count):
            frame = source.read(10.0)
            if frame is None:
                return
            pixels = _filled(frame.pixels, size_wh)
            pixels.setflags(write=False)
            yield Frame(index, index / FPS, 0, pixels)
    finally:
        source.close()


def _filled(pixels: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    height, width = pixels.shape[:2]
    scale = max(size_wh[0] / width, size_wh[1] / height)
    if scale != 1:
        size = (max(round(width * scale), size_wh[0]), max(round(height * scale), size_wh[1]))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    x, y = (pixels.shape[1] - size_wh[0]) // 2, (pixels.shape[0] - size_wh[1]) // 2
    return np.ascontiguousarray(pixels[y : y + size_wh[1], x : x + size_wh[0]])


def race(contenders: Sequence[Any], clip: Iterator[Frame]) -> None:
    """Let all see every frame, each time in another order."""
    for frame in clip:
        rgb = np.ascontiguousarray(frame.pixels[..., ::-1])
        turn = frame.index % len(contenders)
        for contender in [*contenders[turn:], *contenders[:turn]]:
            time.sleep(REST_S)
            contender.see(frame, rgb)


def further_faces(count: int) -> dict[str, Any]:
    """Mean cost without matte of one to four copies of the demo's actor, and the slope."""
    runs = {number: Ours(MESH_ONLY, number) for number in FACES}
    for frame in frames("demo", count, (640, 720)):
        face = cv2.resize(frame.pixels, (320, 360), interpolation=cv2.INTER_AREA)
        for number, ours in runs.items():
            canvas = np.full((720, 1280, 3), 110, np.uint8)
            for place in range(number):
                canvas[180:540, 320 * place : 320 * place + 320] = face
            canvas.setflags(write=False)
            ours.see(Frame(frame.index, frame.t_s, 0, canvas), canvas)
    means = {number: ours.spent.row()["mean"] for number, ours in runs.items()}
    seen = {number: ours.faces for number, ours in runs.items()}
    for ours in runs.values():
        ours.close()
    return {"mean": means, "faces": seen, "per_face": float(np.polyfit(FACES, list(means.values()), 1)[0])}


def compare(text: str, count: int, size_wh: tuple[int, int]) -> dict[str, Any]:
    """One table: the peer, ours, ours with visibility."""
    made: dict[str, Callable[[], Any]] = {
        "mediapipe": MediaPipe,
        "facet": lambda: Ours(MATTE),
        "facet + visibility": lambda: Ours(EVERYTHING),
    }
    contenders = {name: make() for name, make in made.items()}
    gc.collect()
    race(list(contenders.values()), frames(text, count, size_wh))
    rows = {name: contender.spent.row() for name, contender in contenders.items()}
    for contender in contenders.values():
        contender.close()
    for row in rows.values():
        row["of_mediapipe"] = row["mean"] / rows["mediapipe"]["mean"]
    return {"input": Path(text).name, "size_wh": list(size_wh), "rows": rows}


def show(table: dict[str, Any]) -> None:
    """Print one table."""
    width, height = table["size_wh"]
    print(f"\n{table['input']} at {width}x{height}, one face")
    print(f"{'':20} {'mean':>7} {'p50':>7} {'p95':>7} {'ratio':>7} {'CPU %':>7} {'matte':>7} {'detect':>7}")
    for name, row in table["rows"].items():
        print(
            f"{name:20} {row['mean']:7.2f} {row['p50']:7.2f} {row['p95']:7.2f} {row['of_mediapipe']:7.3f}"
            f" {row['cpu_percent_at_30fps']:7.1f} {row['segment_rate']:7.2f} {row['detect_rate']:7.2f}"
        )


def main() -> int:
    """Print the tables; 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    facts = machine()
    print(f"{facts['cpu']}, {facts['cores']} cores, load {os.getloadavg()[0]:.1f}; milliseconds a frame")
    tables = []
    for text in arguments.clips or _clips():
        for size_wh in SIZES_WH:
            tables.append(compare(text, arguments.frames, size_wh))
            show(tables[-1])
    more = further_faces(min(arguments.frames, 100))
    per_count = ", ".join(f"{number}: {mean:.2f}" for number, mean in more["mean"].items())
    print(f"\nfaces without matte, 1280x720: {per_count}; each further face {more['per_face']:.2f} ms")
    if arguments.json:
        report = {"machine": facts, "tables": tables, "faces": more}
        arguments.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0


def _clips() -> list[str]:
    folder = Path(os.environ.get("FACET_TESTDATA") or Path(__file__).resolve().parents[2] / "shared" / "testdata")
    portrait = folder / "video" / "portrait_720p_30fps.mp4"
    return ["demo", *([str(portrait)] if portrait.is_file() else [])]


if __name__ == "__main__":
    sys.exit(main())
