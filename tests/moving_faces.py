"""Real faces moved by exact warps, so that where every landmark should be is known to a fraction of a pixel.

Material is scikit-image's public-domain portrait and, where present, the test data. A picture is moved as a whole by a
similarity of the plane, sampled through an anti-aliasing blur, and then gets what a camera adds: noise and a codec.
"""

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from models.detector import Detector
from models.geometry import Similarity, inter_ocular_px
from models.landmarks import FaceMesh
from models.live_faces import first_look
from models.runtime.litert_cpu import LiteRtCpu
from models.shared import FaceModel
from models.topology import OUTER_EYE_CORNERS
from models.types import F32, LANDMARKS, U8, Frame, Wants

SIZE_WH = (1280, 720)
SETTLE_S = 0.5
"""Left out of every score: the tracks fade in, the filters settle."""

# Brow, nose, eye corners, mouth corners, cheeks, chin, temples: where stickers hang and masks are pinned.
ANCHORS = np.array([10, 151, 9, 168, 6, 1, 4, 33, 133, 362, 263, 61, 291, 152, 234, 454, 50, 280, 105, 334])

Motion = Callable[[float, float], Similarity]
"""(t_s, face width in px) -> where the picture, its face at the origin and upright in it, is at that time."""


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A picture (H, W, 3) BGR with one face of interest, and the face's landmarks (478, 3) in it."""

    name: str
    pixels: U8
    mesh: F32


@lru_cache(maxsize=1)
def _networks() -> tuple[Detector, FaceMesh]:
    runtime = LiteRtCpu(1)
    return Detector(runtime), FaceMesh(runtime)


def faces_of(name: str, pixels: U8) -> list[Portrait]:
    """Every face in a picture, the largest first."""
    detector, mesh = _networks()
    found = detector.detect(pixels, "far")
    heights = found.boxes_xyxy[:, 3] - found.boxes_xyxy[:, 1]
    portraits = []
    for index in np.argsort(-heights):
        seen = first_look(mesh, pixels, found.boxes_xyxy[index], found.keypoints_xy[index])
        if seen is not None:
            portraits.append(Portrait(f"{name}-{len(portraits)}", pixels, seen.mesh))
    return portraits


@lru_cache(maxsize=1)
def astronaut() -> Portrait:
    """The portrait that scikit-image ships (NASA, public domain)."""
    from skimage.data import astronaut as picture

    return faces_of("astronaut", np.ascontiguousarray(picture()[..., ::-1]))[0]


def portraits_of(testdata: Path) -> list[Portrait]:
    """The first frame of every clip of the test data, one face each."""
    return [faces_of(path.stem, first_frame(path))[0] for path in sorted(testdata.glob("video/*.mp4"))]


def first_frame(path: Path) -> U8:
    """Of a video, (H, W, 3) BGR."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def still(_t_s: float, _width_px: float) -> Similarity:
    """No motion."""
    return Similarity()


def pan_roll_scale(t_s: float, width_px: float) -> Similarity:
    """Panning up to one face width a second while rolling up to 14 degrees and growing and shrinking by a fifth."""
    across, up = math.tau * 0.45, math.tau * 0.6
    scale = math.exp(0.18 * math.sin(math.tau * 0.3 * t_s + 0.5))
    turn = math.radians(14) * math.sin(math.tau * 0.38 * t_s + 2)
    shift = complex(width_px / across * math.sin(across * t_s), 0.35 * width_px / up * math.sin(up * t_s + 1))
    return Similarity(scale * complex(math.cos(turn), math.sin(turn)), shift)


def to_and_fro(t_s: float, width_px: float) -> Similarity:
    """Panning at exactly one face width a second, turning back at once at either end."""
    period_s = 2.4
    return Similarity(1, width_px * period_s / 4 * (4 * abs((t_s / period_s) % 1 - 0.5) - 1) + 0j)


class Stage:
    """A portrait in the middle of the picture, moved."""

    def __init__(self, portrait: Portrait, motion: Motion, inter_ocular: float) -> None:
        """`inter_ocular` is the outer inter-ocular distance in px of the frame while the motion's scale is 1."""
        scale = inter_ocular / inter_ocular_px(portrait.mesh)
        # The source comes at about the wanted size, so that one cubic sample of it is enough.
        small = min(2 * scale, 1.0)
        self._source = portrait.pixels
        if small < 1:
            self._source = cv2.resize(portrait.pixels, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
        self._source = cv2.GaussianBlur(self._source, (0, 0), 0.45 * small / scale)
        self._from_source = 1 / small
        low, high = portrait.mesh[:, :2].min(axis=0), portrait.mesh[:, :2].max(axis=0)
        centre = complex(*(low + high) / 2)
        self._home = Similarity(scale + 0j, -scale * centre)
        self._width_px = float(high[0] - low[0]) * scale
        self._motion = motion
        self._middle = complex(SIZE_WH[0] / 2, SIZE_WH[1] / 2)

    def placed(self, t_s: float) -> Similarity:
        """Portrait pixels to frame pixels."""
        moved = self._motion(t_s, self._width_px).after(self._home)
        return Similarity(moved.a, moved.b + self._middle)

    def draw(self, t_s: float) -> U8:
        """(720, 1280, 3) BGR; beyond the portrait's edge it is mirrored."""
        matrix = self.placed(t_s).matrix
        # Warps count pixel centres from 0, coordinates here from 0.5.
        matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
        matrix[:, 2] += matrix[:, :2] @ np.full(2, (self._from_source - 1) / 2)
        matrix[:, :2] *= self._from_source
        drawn = cv2.warpAffine(self._source, matrix, SIZE_WH, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(drawn, np.uint8)


class CameraNoise:
    """Gaussian noise of a given number of grey levels, another one on every frame."""

    def __init__(self, levels: float, seed: int = 0) -> None:
        width, height = SIZE_WH
        shape = (height + 64, width + 64, 3)
        self._rng = np.random.default_rng(seed)
        self._field = np.round(self._rng.standard_normal(shape, dtype=np.float32) * levels).astype(np.int16)

    def __call__(self, pixels: U8) -> U8:
        """`pixels` with noise."""
        x, y = self._rng.integers(0, 64, 2)
        flip = self._rng.choice([-1, 1])
        noise = self._field[y : y + SIZE_WH[1], x : x + SIZE_WH[0]] * flip
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def through_jpeg(pixels: U8, quality: int = 85) -> U8:
    """What a webcam's MJPG makes of a frame."""
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def through_h264(frames: Iterator[U8], fps: int, crf: int = 23) -> Iterator[U8]:
    """What a video file makes of frames."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "veryfast"})
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What the model said of a moved portrait, n frames of it.

    Attributes:
        t_s: (n,) media times.
        placed: where the portrait was.
        raw_xy, smooth_xy: (n, 478) complex landmarks in frame pixels.
    """

    t_s: np.ndarray
    placed: list[Similarity]
    raw_xy: np.ndarray
    smooth_xy: np.ndarray


def film(stage: Stage, fps: int, seconds: float, noise: float, codec: str) -> Iterator[tuple[float, Similarity, U8]]:
    """Frames of a stage with their times; `codec` is "mjpg", "h264" or "none"."""
    times = [index / fps for index in range(round(seconds * fps))]
    camera = CameraNoise(noise)
    frames: Iterator[U8] = (camera(stage.draw(t_s)) for t_s in times)
    if codec == "mjpg":
        frames = (through_jpeg(pixels) for pixels in frames)
    elif codec == "h264":
        frames = through_h264(frames, fps)
    for t_s, pixels in zip(times, frames, strict=True):
        yield t_s, stage.placed(t_s), pixels


def watch(model: FaceModel, shots: Iterator[tuple[float, Similarity, U8]], portrait: Portrait) -> Recording:
    """Let the model track the portrait's face; a frame without its landmarks is an AssertionError."""
    model.reset()
    times, placed, raw, smooth = [], [], [], []
    for index, (t_s, place, pixels) in enumerate(shots):
        pixels.setflags(write=False)
        seen = model.track(Frame(index, t_s, 0, pixels), Wants())
        nose = place.apply(portrait.mesh[[1], :2])[0]
        # Mirrored edges of the picture may show the face once more.
        face = min(seen.faces, key=lambda face: float(np.abs((face.box_xyxy[:2] + face.box_xyxy[2:]) / 2 - nose).sum()))
        assert face.mesh is not None, f"no landmarks at {t_s:.2f} s"
        assert face.mesh_raw is not None, f"no landmarks at {t_s:.2f} s"
        times.append(t_s)
        placed.append(place)
        raw.append(_complex(face.mesh_raw))
        smooth.append(_complex(face.mesh))
    return Recording(np.array(times), placed, np.array(raw), np.array(smooth))


def _complex(mesh: F32) -> np.ndarray:
    assert mesh.shape == (LANDMARKS, 3)
    return mesh[:, 0].astype(float) + 1j * mesh[:, 1]


@dataclass(frozen=True, slots=True)
class Score:
    """How well landmarks held to a face.

    Attributes:
        jitter_px: RMS distance of all landmarks from where they should be, the constant bias taken out.
        anchor_p95: 95th percentile of the anchors' distances, in percent of the outer inter-ocular distance.
        lag_ms: the delay that explains most of the error; meaningful only in motion.
    """

    jitter_px: float
    anchor_p95: float
    lag_ms: float


def score(recording: Recording, landmarks_xy: np.ndarray) -> Score:
    """Compare (n, 478) landmarks with the truth, leaving out the first half second."""
    keep = recording.t_s >= SETTLE_S
    scale = np.array([place.a for place in recording.placed])[keep]
    shift = np.array([place.b for place in recording.placed])[keep]
    in_picture = (landmarks_xy[keep] - shift[:, None]) / scale[:, None]
    settled = in_picture.mean(axis=0)
    error = (in_picture - settled) * scale[:, None]
    right, left = OUTER_EYE_CORNERS
    between = abs(settled[left] - settled[right]) * np.abs(scale)
    relative = 100 * np.abs(error[:, ANCHORS]) / between[:, None]
    truth = settled * scale[:, None] + shift[:, None]
    speed = np.gradient(truth, recording.t_s[keep], axis=0)
    moved = float((np.abs(speed) ** 2).sum())
    lag_ms = -1e3 * float((error * speed.conj()).real.sum()) / moved if moved > 0 else 0.0
    return Score(math.sqrt(float((np.abs(error) ** 2).mean())), float(np.percentile(relative, 95)), lag_ms)
