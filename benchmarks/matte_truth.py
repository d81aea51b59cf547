"""How good, how late, how restless and how dear the person matte is, on clips whose truth is known.

Synthetic clips (benchmarks/matte_scenes.py: one, two and three people, still, at 150 and at 600 px/s), stills of the
same people, and the test data's own clips, of which only the calm is known: pixels that did not change should keep
their alpha. The rival on the same frames is the landscape network on the whole frame, run on every frame.

    python benchmarks/matte_truth.py [--json OUT] [--quality best] [--quick]

IoU of the mattes cut at one half, at 640x360. Lag: by how many pixels of a 1280-px frame the matte must be shifted
along the motion to fit the truth best, one person, steady motion. Flicker: mean |change| of alpha from frame to frame
over the whole still picture, in grey levels. Times: processor time of the calling thread, and beside it what the bare
network took in the same minutes. The people and most backgrounds come from FACET_TESTDATA (default
../shared/testdata), which is never part of the project. Exits 1 where a bound does not hold.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np

from benchmarks.matte_cutouts import CutOut, people
from benchmarks.matte_scenes import FPS, SCENES, Role, Shot, backgrounds, clip, upright
from models.detector import Detector
from models.matte_net import PersonNet
from models.runtime.base import Runtime
from models.runtime.litert_cpu import LiteRtCpu
from models.segmentation import PersonMatte, Quality
from models.types import F32, U8

ROOT = Path(__file__).resolve().parents[1]
SPEEDS_PX_S = (0.0, 150.0, 600.0)
JUDGED_WH = (640, 360)
WARM_UP = 8
SEARCH_PX = 20
UNCHANGED_BELOW = 3.0
CALM_AROUND_PX = 25

Track = Callable[[U8, float, int, F32], F32]


@dataclass
class Judged:
    """What was measured on one clip."""

    people: int
    speed_px_s: float
    iou: list[float] = field(default_factory=list)
    lag_px: list[float] = field(default_factory=list)
    flicker: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Bound:
    """One line of the report: a value and what it must not pass."""

    name: str
    value: float
    least: float = -np.inf
    most: float = np.inf

    @property
    def holds(self) -> bool:
        """Whether the value lies within."""
        return bool(self.least <= self.value <= self.most)

    def __str__(self) -> str:
        limit = f">= {self.least:g}" if np.isfinite(self.least) else f"<= {self.most:g}"
        return f"{'ok  ' if self.holds else 'MISS'} {self.name:54s} {self.value:8.3f}   {limit}"


def judge(shots: Iterable[Shot], track: Track, people_n: int, speed_px_s: float) -> Judged:
    """Run a matte over a clip and compare it with the truth."""
    judged = Judged(people_n, speed_px_s)
    before: F32 | None = None
    for index, shot in enumerate(shots):
        start = time.thread_time()
        matte = track(shot.bgr, index / FPS, index, shot.faces_xyxy)
        spent_ms = 1e3 * (time.thread_time() - start)
        if index >= WARM_UP:
            alpha, truth = _judged(matte), _judged(shot.alpha)
            judged.cpu_ms.append(spent_ms)
            judged.iou.append(iou(alpha, truth))
            if people_n == 1 and shot.way:
                judged.lag_px.append(lag_px(alpha, truth, shot.way))
            if speed_px_s == 0 and before is not None:
                judged.flicker.append(255 * float(np.abs(matte - before).mean()))
        before = matte
    return judged


def iou(alpha: F32, truth: F32) -> float:
    """Intersection over union of two mattes cut at one half."""
    a, b = alpha > 0.5, truth > 0.5
    return float(np.count_nonzero(a & b) / max(int(np.count_nonzero(a | b)), 1))


def lag_px(alpha: F32, truth: F32, way: int) -> float:
    """Pixels of a 1280-px frame by which a matte (360, 640) trails behind the truth; least squares, parabola."""
    width = truth.shape[1]
    inner = truth[:, SEARCH_PX : width - SEARCH_PX]
    errors = [
        float(np.sum((alpha[:, SEARCH_PX + shift : width - SEARCH_PX + shift] - inner) ** 2))
        for shift in range(-SEARCH_PX, SEARCH_PX + 1)
    ]
    best = int(np.argmin(errors))
    finer = 0.0
    if 0 < best < 2 * SEARCH_PX:
        left, middle, right = errors[best - 1 : best + 2]
        finer = (left - right) / (2 * (left - 2 * middle + right))
    return -(best - SEARCH_PX + finer) * way * 1280 / JUDGED_WH[0]


def still_shots(cast_of: dict[str, CutOut], rooms: dict[str, U8], number: int) -> Iterator[Shot]:
    """Stills with one, two and three people of all sizes, every fourth upright; the same every time."""
    rng = np.random.default_rng(21)
    names = [name for name in cast_of if name.lstrip("~") in ("dress", "hand", "astronaut", "driver")]
    middles = {1: (0.5,), 2: (0.28, 0.72), 3: (0.2, 0.5, 0.8)}
    sizes = {1: (0.22, 0.5), 2: (0.18, 0.32), 3: (0.15, 0.26)}
    for index in range(number):
        upright_one = index % 4 == 3
        count = 1 if upright_one else index % 4 + 1
        size = (0.15, 0.33) if upright_one else sizes[count]
        spread = 0.0 if upright_one else 0.06
        roles = [
            Role(str(rng.choice(names)), rng.uniform(*size), middle + rng.uniform(-spread, spread))
            for middle in middles[count]
        ]
        room = rooms[sorted(rooms)[index % len(rooms)]]
        shot = next(clip(room, [(cast_of[role.who], role) for role in roles], 0.0, frames=1, seed=index))
        yield upright(shot) if upright_one else shot


def calm(runtime: Runtime, path: Path, quality: Quality, frames: int) -> float:
    """Mean |change| of alpha, in grey levels, where a real clip did not change from one frame to the next.

    Not changed: the 5x5 mean of the grey difference stays under 3 levels there and up to 12 px around.
    """
    matte, detector = PersonMatte(runtime, quality=quality), Detector(runtime)
    video = cv2.VideoCapture(str(path))
    fps = video.get(cv2.CAP_PROP_FPS)
    moved: list[float] = []
    before: tuple[U8, F32] | None = None
    for index in range(frames):
        ok, picture = video.read()
        if not ok:
            break
        pixels = np.asarray(picture, np.uint8)
        alpha, _, _ = matte.track(pixels, index / fps, index, detector.detect(pixels, "near").boxes_xyxy)
        if before is not None:
            difference = cv2.blur(cv2.cvtColor(cv2.absdiff(pixels, before[0]), cv2.COLOR_BGR2GRAY), (5, 5))
            changed = np.asarray(difference >= UNCHANGED_BELOW, np.uint8)
            changed = np.asarray(cv2.dilate(changed, np.ones((CALM_AROUND_PX, CALM_AROUND_PX), np.uint8)), np.uint8)
            size_wh = (alpha.shape[1], alpha.shape[0])
            same = cv2.resize(changed * 255, size_wh, interpolation=cv2.INTER_AREA) == 0
            if same.any():
                moved.append(255 * float(np.abs(alpha - before[1])[same].mean()))
        before = (pixels, alpha)
    video.release()
    return float(np.mean(moved))


def _judged(alpha: F32) -> F32:
    how = cv2.INTER_AREA if alpha.shape[1] > JUDGED_WH[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(alpha, JUDGED_WH, interpolation=how), np.float32)


def _mean(judged: list[Judged], what: str, *, speed: float | None = None, people_n: int | None = None) -> float:
    values = [
        value
        for clip_ in judged
        if (speed is None or clip_.speed_px_s == speed) and (people_n is None or clip_.people == people_n)
        for value in getattr(clip_, what)
    ]
    return float(np.mean(values))


def _clips(
    runtime: Runtime,
    cast_of: dict[str, CutOut],
    rooms: dict[str, U8],
    quality: Quality,
    scenes: Sequence[tuple[str, tuple[Role, ...]]],
) -> tuple[list[Judged], list[Judged], list[float]]:
    """Ours and the rival's on every clip, and what the bare network took meanwhile, in milliseconds."""
    matte, net = PersonMatte(runtime, quality=quality), PersonNet(runtime, "selfie_landscape")
    ours, rival, bare_ms = [], [], []

    def bare(pixels: U8, _t_s: float, _index: int, _faces_xyxy: F32) -> F32:
        start = time.thread_time()
        alpha = net(pixels)
        bare_ms.append(1e3 * (time.thread_time() - start))
        return alpha

    for index, (room, roles) in enumerate(scenes):
        cast = [(cast_of[role.who], role) for role in roles]
        for speed in SPEEDS_PX_S:
            shots = list(clip(rooms[room], cast, speed, seed=index))
            matte.reset()
            ours.append(judge(shots, lambda *args: matte.track(*args)[0], len(cast), speed))
            rival.append(judge(shots, bare, len(cast), speed))
    return ours, rival, bare_ms


def _stills(runtime: Runtime, cast_of: dict[str, CutOut], rooms: dict[str, U8], number: int) -> tuple[float, float]:
    """Mean IoU of our stills and of the landscape network on the whole picture."""
    matte, net = PersonMatte(runtime), PersonNet(runtime, "selfie_landscape")
    ours: list[float] = []
    rival: list[float] = []
    for shot in still_shots(cast_of, rooms, number):
        size_wh = (shot.bgr.shape[1], shot.bgr.shape[0])
        for scores, alpha in ((ours, matte.still(shot.bgr, shot.faces_xyxy)), (rival, net(shot.bgr))):
            scores.append(iou(np.asarray(cv2.resize(alpha, size_wh), np.float32), shot.alpha))
    return float(np.mean(ours)), float(np.mean(rival))


def main() -> int:
    """Measure, print a report, and say by the exit code whether all bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--quality", choices=("governed", "best"), default="governed")
    parser.add_argument("--quick", action="store_true", help="a quarter of the clips and stills")
    args = parser.parse_args()
    testdata = Path(os.environ.get("FACET_TESTDATA") or ROOT.parent / "shared" / "testdata")
    if not testdata.is_dir():
        print(f"no test data at {testdata}: set FACET_TESTDATA")
        return 1
    cv2.setNumThreads(1)
    runtime = LiteRtCpu(1)
    cast_of, rooms = people(testdata), backgrounds(testdata)
    ours, rival, bare_ms = _clips(runtime, cast_of, rooms, args.quality, SCENES[3::4] if args.quick else SCENES)
    still, still_rival = _stills(runtime, cast_of, rooms, 12 if args.quick else 48)
    calm_by_clip = {
        path.stem: calm(runtime, path, args.quality, 40 if args.quick else 120)
        for path in sorted((testdata / "video").glob("*.mp4"))
    }
    moving_ms = float(np.mean([_mean(ours, "cpu_ms", speed=speed) for speed in SPEEDS_PX_S[1:]]))
    bounds = [
        Bound("IoU", _mean(ours, "iou"), least=0.945),
        *(Bound(f"IoU, {n} people", _mean(ours, "iou", people_n=n), least=0.945) for n in (1, 2, 3)),
        Bound("lag at 600 px/s, px", _mean(ours, "lag_px", speed=600.0), most=4.5),
        Bound("lag at 150 px/s, px", _mean(ours, "lag_px", speed=150.0), most=2.5),
        Bound("flicker while still, grey levels", _mean(ours, "flicker"), most=0.3),
        Bound("processor time while still, ms a frame", _mean(ours, "cpu_ms", speed=0.0), most=1.8),
        Bound("processor time in motion, ms a frame", moving_ms, most=np.inf if args.quality == "best" else 2.7),
        Bound("stills: IoU gained over the landscape network", still - still_rival, least=0.01),
        Bound(
            "real clips: alpha of unchanged pixels, grey levels", float(np.mean(list(calm_by_clip.values()))), most=0.2
        ),
    ]
    for bound in bounds:
        print(bound)
    beside = {
        "landscape network, whole frame, every frame: IoU": _mean(rival, "iou"),
        **{f"  the same, {n} people": _mean(rival, "iou", people_n=n) for n in (1, 2, 3)},
        "  the same: flicker": _mean(rival, "flicker"),
        "  the same: processor time, ms": float(np.mean(bare_ms)),
        "stills: IoU": still,
        "stills: IoU of the landscape network": still_rival,
        **{f"unchanged pixels, {name}": value for name, value in calm_by_clip.items()},
    }
    for name, value in beside.items():
        print(f"     {name:54s} {value:8.3f}")
    if args.json:
        args.json.write_text(json.dumps({**{bound.name: bound.value for bound in bounds}, **beside}, indent=1))
    return 0 if all(bound.holds for bound in bounds) else 1


if __name__ == "__main__":
    sys.exit(main())
