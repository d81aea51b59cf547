"""The shared face model: one frame in, one `Perception` out, for every effect and the monitor.

The only place where networks run. `track` is the stateful live path of one thread; `still` is stateless, has networks
of its own behind a lock, and may be called by any worker.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from models.blendshapes import Blendshapes
from models.detector import Detector
from models.geometry import box_around
from models.landmarks import FaceMesh, region_from_keypoints, region_from_mesh
from models.live_faces import LiveFaces, Track
from models.luma import LumaMeter
from models.runtime.base import Runtime
from models.types import F32, U8, Face, Frame, Perception, Reach, SharedModel, StageTimes, TrackState, Wants

if TYPE_CHECKING:
    from models.segmentation import PersonMatte

_PRESENT = 0.5
_SMALLEST_MESH_PX = 20.0


def create_cpu_model() -> SharedModel:
    """The shared model on the default runtime. Networks are loaded when they are first wanted."""
    from models.runtime.litert_cpu import LiteRtCpu

    return FaceModel(LiteRtCpu)


class FaceModel:
    """A `SharedModel` on any runtime; `make_runtime` is called once for the live path and once for stills."""

    def __init__(self, make_runtime: Callable[[], Runtime]) -> None:
        self._live = _Networks(make_runtime())
        self._stills = _Networks(make_runtime())
        self._still_lock = threading.Lock()
        self._times = threading.local()
        self.name = self._live.runtime.name
        self._luma = LumaMeter()
        self._faces: LiveFaces | None = None

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: Reach = "near") -> Perception:
        """See `SharedModel.track`."""
        clock = _Clock()
        nets = self._live
        with clock.stage("preprocess"):
            luma = self._luma.measure(frame.pixels)
        if self._faces is None:
            self._faces = LiveFaces(nets.detector, nets.mesh)
        with clock.stage("landmarks"):
            tracks = self._faces.follow(
                frame.pixels,
                frame.t_s,
                landmarks=want.landmarks,
                max_faces=max_faces,
                reach=reach,
                always=want.detect_every_frame,
                cut=self._luma.cut,
            )
        if self._faces.detected:
            clock.ran.add("detect")
        matte, matte_index = None, frame.index
        if want.matte:
            with clock.stage("segment"):
                boxes = np.array([track.box_xyxy for track in tracks], np.float32).reshape(-1, 4)
                matte, matte_index, ran = nets.matte.track(frame.pixels, frame.t_s, frame.index, boxes)
                if ran:
                    clock.ran.add("segment")
        faces = tuple(self._face(track, want) for track in tracks)
        self._times.latest = clock.times(frame.index)
        return Perception(frame.index, frame.t_s, frame.size_wh, faces, matte, matte_index, luma, self.name)

    def _face(self, track: Track, want: Wants) -> Face:
        blendshapes = self._live.blendshapes(track.mesh) if want.blendshapes and track.mesh is not None else None
        return Face(
            track.track_id, track.coasting, track.score, track.weight, track.box_xyxy, track.mesh, track.mesh,
            None, None, blendshapes,
        )  # fmt: skip

    def still(self, pixels: U8, want: Wants, *, max_faces: int = 20, reach: Reach = "crowd") -> Perception:
        """See `SharedModel.still`."""
        with self._still_lock:
            clock = _Clock()
            nets = self._stills
            with clock.stage("preprocess"):
                luma = LumaMeter().measure(pixels)
            with clock.stage("detect"):
                found = nets.detector.detect(pixels, reach)
                clock.ran.add("detect")
            areas = np.prod(found.boxes_xyxy[:, 2:] - found.boxes_xyxy[:, :2], axis=1)
            found = found.pick(np.argsort(-areas, kind="stable")[:max_faces])
            faces = []
            with clock.stage("landmarks"):
                for index in range(len(found)):
                    mesh = self._still_mesh(pixels, found.boxes_xyxy[index], found.keypoints_xy[index], want)
                    box = found.boxes_xyxy[index] if mesh is None else box_around(mesh)
                    score = float(found.scores[index])
                    blend = nets.blendshapes(mesh) if want.blendshapes and mesh is not None else None
                    faces.append(Face(index + 1, False, score, 1.0, box, mesh, mesh, None, None, blend))
            matte = None
            if want.matte:
                with clock.stage("segment"):
                    boxes = np.array([face.box_xyxy for face in faces], np.float32).reshape(-1, 4)
                    matte = nets.matte.still(pixels, boxes)
                    clock.ran.add("segment")
            self._times.latest = clock.times(0)
            height, width = pixels.shape[:2]
            return Perception(0, 0.0, (width, height), tuple(faces), matte, 0, luma, self.name)

    def _still_mesh(self, pixels: U8, box_xyxy: F32, keypoints_xy: F32, want: Wants) -> F32 | None:
        if not want.landmarks or max(box_xyxy[2:] - box_xyxy[:2]) < _SMALLEST_MESH_PX:
            return None
        region = region_from_keypoints(box_xyxy, keypoints_xy)
        for _ in range(2):
            found = self._stills.mesh(pixels, [region])[0]
            if found.presence < _PRESENT:
                return None
            region = region_from_mesh(found.mesh)
        return found.mesh

    def times(self) -> StageTimes:
        """See `SharedModel.times`."""
        latest: StageTimes = getattr(self._times, "latest", StageTimes(0))
        return latest

    def export_state(self) -> TrackState:
        """See `SharedModel.export_state`."""
        return TrackState({})

    def import_state(self, state: TrackState) -> None:
        """See `SharedModel.import_state`."""

    def reset(self) -> None:
        """See `SharedModel.reset`."""
        self._luma.reset()
        if self._faces is not None:
            self._faces.reset()
        self._live.reset()

    def close(self) -> None:
        """Free the networks."""
        self._live.close()
        self._stills.close()


class _Networks:
    """The networks of one owner, each loaded when first wanted."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._detector: Detector | None = None
        self._mesh: FaceMesh | None = None
        self._blendshapes: Blendshapes | None = None
        self._matte: PersonMatte | None = None

    @property
    def detector(self) -> Detector:
        if self._detector is None:
            self._detector = Detector(self.runtime)
        return self._detector

    @property
    def mesh(self) -> FaceMesh:
        if self._mesh is None:
            self._mesh = FaceMesh(self.runtime)
        return self._mesh

    @property
    def blendshapes(self) -> Blendshapes:
        if self._blendshapes is None:
            self._blendshapes = Blendshapes(self.runtime)
        return self._blendshapes

    @property
    def matte(self) -> "PersonMatte":
        if self._matte is None:
            from models.segmentation import PersonMatte

            self._matte = PersonMatte(self.runtime)
        return self._matte

    def reset(self) -> None:
        if self._matte is not None:
            self._matte.reset()

    def close(self) -> None:
        self._detector = self._mesh = self._blendshapes = self._matte = None
        self.runtime.close()


class _Clock:
    """Milliseconds per stage of one frame."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}
        self.ran: set[str] = set()
        self._start_ns = time.perf_counter_ns()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start_ns = time.perf_counter_ns()
        yield
        self._ms[name] = self._ms.get(name, 0.0) + (time.perf_counter_ns() - start_ns) / 1e6

    def times(self, frame_index: int) -> StageTimes:
        whole_ms = (time.perf_counter_ns() - self._start_ns) / 1e6
        return StageTimes(frame_index, {**self._ms, "perception": whole_ms}, frozenset(self.ran))
