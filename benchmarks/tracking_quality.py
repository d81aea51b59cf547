"""How steady, how exact and how quick landmarks are, and whether ids hold: the figures of the tracking in one run.

Real faces (scikit-image's astronaut and, where present, the first frame of every test clip) are moved by exact warps
at 1280x720, get noise and a codec, and go through the whole shared model. Limits are those of the project; the exit
status is 1 where one is missed.

    python benchmarks/tracking_quality.py [--quick]
"""

import argparse
import os
import sys
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from models import croplock, signals, smoothing
from models.appearance import keypoints_of
from models.geometry import box_around, head_pose
from models.landmarks import FaceLandmarks
from models.shared import FaceModel, create_cpu_model
from models.sights import Followed, sight_of
from models.topology import MOUTH_GAP, RIGHT_LOWER_LID, RIGHT_UPPER_LID
from models.tracks import Track
from tests import crowds, moving_faces
from tests.crowds import Placed
from tests.moving_faces import Portrait, Stage, film, pan_roll_scale, score, still, to_and_fro, watch
from tests.posed_face import posed_mesh

MOST_JITTER_PX, MOST_ANCHOR_ERROR, MOST_LAG_MS, MOST_DELAY_FRAMES = 0.3, 1.0, 2.0, 0.5
FACE_HEIGHT_PX = 140.0


class Verdict:
    """Collects what was missed."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def line(self, text: str, good: bool) -> None:
        """Print a result and remember a bad one."""
        print(f"{'ok  ' if good else 'MISS'} {text}", flush=True)
        if not good:
            self.missed.append(text)


def material() -> list[Portrait]:
    """The astronaut and every clip of the test data."""
    default = Path(__file__).resolve().parents[2] / "shared" / "testdata"
    testdata = Path(os.environ.get("FACET_TESTDATA") or default)
    clips = moving_faces.portraits_of(testdata) if testdata.is_dir() else []
    return [moving_faces.astronaut(), *clips]


def still_faces(model: FaceModel, portraits: list[Portrait], seconds: float, verdict: Verdict) -> np.ndarray:
    """Jitter of still pictures; returns the raw landmarks' noise of the first, (n, 478) complex."""
    noise = np.zeros((1, 478), complex)
    for portrait in portraits:
        for fps, codec, size in ((30, "mjpg", 130), (60, "mjpg", 130), (30, "h264", 130), (60, "h264", 200)):
            seen = watch(model, film(Stage(portrait, still, size), fps, seconds, 3.0, codec), portrait)
            result, raw = score(seen, seen.smooth_xy), score(seen, seen.raw_xy)
            text = (
                f"still  {portrait.name:34s} {fps} fps {codec} eyes {size} px apart: jitter {result.jitter_px:.3f} px"
            )
            verdict.line(f"{text} (raw {raw.jitter_px:.3f})", result.jitter_px <= MOST_JITTER_PX)
            if len(noise) == 1:
                noise = seen.raw_xy - seen.raw_xy.mean(axis=0)
    return noise


def moving_portraits(model: FaceModel, portraits: list[Portrait], seconds: float, verdict: Verdict) -> None:
    """Anchor error and lag of moved pictures."""
    for portrait in portraits:
        for motion in (pan_roll_scale, to_and_fro):
            for fps in (15, 30, 60):
                seen = watch(model, film(Stage(portrait, motion, 110), fps, seconds, 2.0, "mjpg"), portrait)
                result, raw = score(seen, seen.smooth_xy), score(seen, seen.raw_xy)
                name = f"{motion.__name__:14s} {portrait.name:34s} {fps} fps"
                text = f"{name}: anchors p95 {result.anchor_p95:.2f} % lag {result.lag_ms:+.2f} ms"
                good = result.anchor_p95 <= MOST_ANCHOR_ERROR and abs(result.lag_ms) <= MOST_LAG_MS
                verdict.line(f"{text} (raw {raw.anchor_p95:.2f} % {raw.lag_ms:+.2f} ms)", good)


def delays(noise_xy: np.ndarray, verdict: Verdict) -> None:
    """How late lids and lips are, with the network's own noise on an exact face."""
    lid = (RIGHT_UPPER_LID[len(RIGHT_UPPER_LID) // 2], RIGHT_LOWER_LID[len(RIGHT_LOWER_LID) // 2])
    for name, pair in (("lids", lid), ("lips", tuple(MOUTH_GAP))):
        for fps in (15, 30, 60):
            late = np.concatenate([_delays(name, pair, fps, noise_xy, seed) for seed in range(4)]) * fps
            p95 = float(np.percentile(late, 95))
            verdict.line(
                f"{name} {fps} fps: late by {np.median(late):.2f}, p95 {p95:.2f} frames", p95 <= MOST_DELAY_FRAMES
            )


def _delays(name: str, pair: tuple[int, int], fps: int, noise_xy: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    starts = np.arange(0.5, 30, 1.2) + rng.uniform(0, 0.3, 25)
    shapes = rng.uniform((0.06, 0.04, 0.08), (0.12, 0.3, 0.2), (25, 3))
    times = np.arange(31 * fps) / fps + rng.uniform(0, 1 / fps)
    state, true_gap, seen_gap = None, [], []
    for index, t_s in enumerate(times):
        moved = max(
            float(np.interp(t_s, start + np.concatenate([[0], np.cumsum(shape)]), [0, 1, 1, 0]))
            for start, shape in zip(starts, shapes, strict=True)
        )
        mesh = posed_mesh(lids=(moved, moved)) if name == "lids" else posed_mesh(mouth_cm=2.5 * moved)
        noisy = mesh.copy()
        noise = noise_xy[index % len(noise_xy)]
        noisy[:, :2] += np.column_stack([noise.real, noise.imag]).astype(np.float32)
        smoothed, state = smoothing.smooth(noisy, float(t_s), state)
        for gaps, points in ((true_gap, mesh), (seen_gap, smoothed)):
            gaps.append(float(np.linalg.norm(points[pair[0], :2] - points[pair[1], :2])))
    half = (min(true_gap) + max(true_gap)) / 2
    late = []
    for rising in (False, True):
        true_s, seen_s = (_crossings(times, np.array(gap), half, rising) for gap in (true_gap, seen_gap))
        late += [seen_s[np.abs(seen_s - t_s).argmin()] - t_s for t_s in true_s]
    return np.array(late)


def _crossings(times: np.ndarray, signal: np.ndarray, level: float, rising: bool) -> np.ndarray:
    above = signal > level
    at = np.flatnonzero((above[1:] != above[:-1]) & (above[1:] == rising))
    share = (level - signal[at]) / (signal[at + 1] - signal[at])
    return times[at] + share * (times[at + 1] - times[at])


def crossing(people: list[crowds.Cutout], speed: float) -> crowds.Scene:
    """Three to the right, two to the left, `speed` face widths a second."""
    width = 0.8 * FACE_HEIGHT_PX
    starts, ways, heights = (-4.2, -2.6, -1.0, 1.6, 3.4), (1, 1, 1, -1, -1), (330, 360, 345, 375, 350)
    return lambda t_s: [
        Placed(who, 640 + (start + way * speed * t_s) * width, y, FACE_HEIGHT_PX)
        for who, start, way, y in zip(people, starts, ways, heights, strict=True)
    ]


def wandering(people: list[crowds.Cutout], seed: int) -> crowds.Scene:
    """Everybody walks straight on and turns at the picture's edges."""
    rng = np.random.default_rng(seed)
    place, angle = rng.uniform([100, 150], [1180, 570], (5, 2)), rng.uniform(0, 2 * np.pi, 5)
    speed = rng.uniform(0.4, 1.4, 5) * 0.8 * FACE_HEIGHT_PX
    velocity = np.stack([np.cos(angle) * speed, 0.5 * np.sin(angle) * speed], axis=1)
    low, high = np.array([80, 120]), np.array([1200, 600])

    def scene(t_s: float) -> Iterator[Placed]:
        u = (place + velocity * t_s - low) % (2 * (high - low))
        at = low + np.where(u < high - low, u, 2 * (high - low) - u)
        return [Placed(who, float(x), float(y), FACE_HEIGHT_PX) for who, (x, y) in zip(people, at, strict=True)]

    return scene


def ids(model: FaceModel, portraits: list[Portrait], wanders: int, verdict: Verdict) -> None:
    """Whether ids hold; crossings are required, wandering for 12 s is reported."""
    if len(portraits) < 5:
        print("--   ids: needs the test data (five people)")
        return
    names = ("astronaut", "glasses", "outdoor", "portrait", "driver_head_motion")
    people = [crowds.cut_out(next(p for p in portraits if p.name.startswith(name))) for name in names]
    for speed in (0.5, 1.0, 1.5):
        seen = crowds.watch(model, crossing(people, speed), 4.6 / speed)
        changed = [who.name for who in people if len(crowds.ids_of(seen, who.name)) != 1]
        verdict.line(f"five faces crossing at {speed} widths a second: changed ids {changed}", not changed)
    kept, missed = 0, []
    for seed in range(wanders):
        seen = crowds.watch(model, wandering(people, seed), 12.0)
        runs = [crowds.ids_of(seen, who.name) for who in people]
        kept += sum(run[0] == run[-1] for run in runs)
        missed += [crowds.missed(seen, who.name) for who in people]
    share = f"{kept} of {5 * wanders} end with the id they began with"
    print(
        f"--   five faces wandering for 12 s: {share}; in plain sight but nobody's on {np.mean(missed):.1%} of frames"
    )


def cost() -> None:
    """Microseconds a face and frame of everything in tracking, smoothing and signals that always runs."""
    before, after = posed_mesh(), posed_mesh(centre_xy=(643, 361))
    pose = head_pose(after)
    crop = croplock.start(before, head_pose(before), 0.0)
    region = croplock.aim(crop, 1 / 30)
    _, state = smoothing.smooth(before, 0.0, None)
    _, gaze = signals.read(before, head_pose(before), 0.0, None)
    box = box_around(before)
    track = Track(1, 0.0, box, keypoints_of(before), box, 1.0, mesh_raw=before)
    followed = Followed(track, region, FaceLandmarks(after, 1.0, np.empty(0, np.float32)), pose)
    steps: dict[str, Callable[[], object]] = {
        "head pose": lambda: head_pose(after),
        "aim": lambda: croplock.aim(crop, 1 / 30),
        "second look?": lambda: croplock.second_look(crop, region, after, pose, 1 / 30),
        "sight": lambda: sight_of(followed, 1 / 30),
        "follow": lambda: croplock.follow(crop, region, after, pose, 1 / 30),
        "smooth": lambda: smoothing.smooth(after, 1 / 30, state),
        "signals": lambda: signals.read(after, pose, 1 / 30, gaze),
    }
    spent = {name: min(timeit.repeat(step, number=200, repeat=7)) / 200 * 1e6 for name, step in steps.items()}
    listing = ", ".join(f"{name} {us:.0f}" for name, us in spent.items())
    print(f"--   cost a face: {sum(spent.values()):.0f} microseconds ({listing})")


def main() -> int:
    """Run everything; 1 where a limit was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two portraits, shorter films")
    quick = parser.parse_args().quick
    portraits, verdict = material(), Verdict()
    some, seconds = (portraits[:2], 2.0) if quick else (portraits, 4.0)
    model = create_cpu_model()
    noise_xy = still_faces(model, some, seconds, verdict)
    moving_portraits(model, some, seconds, verdict)
    delays(noise_xy, verdict)
    ids(model, portraits, 2 if quick else 8, verdict)
    cost()
    model.close()
    print(f"{len(verdict.missed)} limits missed")
    return 1 if verdict.missed else 0


if __name__ == "__main__":
    sys.exit(main())
