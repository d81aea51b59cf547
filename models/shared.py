"""The shared face model: one frame in, one `Perception` out, for every effect and the monitor.

The only place where networks run. `track` is the stateful live path of one thread; `still` is stateless, has networks
of its own behind a lock, and may be called by any worker.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from models.geometry import box_around
from models.hands import Hands, Job
from models.live_faces import Ask, LiveFaces, first_look
from models.luma import LumaMeter
from models.network_set import NetworkSet
from models.occlusion import Visibility
from models.runtime.base import Runtime
from models.signals import read_still
from models.stage_clock import StageClock
from models.tracks import Track
from models.types import F32, U8, Face, Frame, Perception, Reach, SharedModel, Signals, StageTimes, TrackState, Wants


def create_cpu_model() -> SharedModel:
    """The shared model on the default runtime. Networks are loaded when they are first wanted."""
    from models.runtime.litert_cpu import LiteRtCpu

    return FaceModel(LiteRtCpu)


class FaceModel:
    """A `SharedModel` on any runtime.

    Args:
        make_runtime: called once for the live path and once for stills.
        helper: whether a second thread may work on a frame; None = where there is more than one core.
    """

    def __init__(self, make_runtime: Callable[[], Runtime], *, helper: bool | None = None) -> None:
        self._live, self._stills = NetworkSet(make_runtime()), NetworkSet(make_runtime())
        self.name = self._live.runtime.name
        self._hands = Hands(helper=helper)
        self._luma = LumaMeter()
        self._faces = LiveFaces(lambda: self._live.detector, self._live.mesh, self._hands)
        self._occlusion = Visibility()
        self._watched: set[int] = set()
        self._still_lock = threading.Lock()
        self._latest = threading.local()

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: Reach = "near") -> Perception:
        """See `SharedModel.track`."""
        clock = StageClock()
        luma = _LumaJob(self._luma, frame, clock)
        ask = Ask(want.landmarks, max_faces, reach, want.detect_every_frame, lambda: self._luma.cut)
        matte = _MatteJob(self._live, frame, clock) if want.matte else None
        # The matte needs to know where faces are; where they were one frame ago will do, and saves waiting for them.
        early = matte is not None and bool(self._faces.tracks)
        with self._hands.beside([matte.job(self._faces.tracks)] if matte is not None and early else []):
            tracks = self._faces.follow(frame.pixels, frame.t_s, ask, clock, [luma])
            maps = self._visibility(frame, tracks, clock) if want.visibility else {}
        if matte is not None and not early:
            matte.job(tracks)(0)
        faces = tuple(self._face(track, want, maps.get(track.track_id)) for track in tracks)
        self._latest.times = clock.times(frame.index)
        found, found_index = (matte.alpha, matte.index) if matte is not None else (None, frame.index)
        return Perception(frame.index, frame.t_s, frame.size_wh, faces, found, found_index, luma.found, self.name)

    def still(self, pixels: U8, want: Wants, *, max_faces: int = 20, reach: Reach = "crowd") -> Perception:
        """See `SharedModel.still`."""
        with self._still_lock:
            clock, nets = StageClock(), self._stills
            with clock.stage("preprocess"):
                luma = LumaMeter().measure(pixels)
            with clock.stage("detect"):
                found = nets.detector.detect(pixels, reach)
                nets.detector.release_large()
                clock.ran.add("detect")
            sizes = np.prod(found.boxes_xyxy[:, 2:] - found.boxes_xyxy[:, :2], axis=1)
            found = found.pick(np.argsort(-sizes, kind="stable")[:max_faces])
            faces = []
            with clock.stage("landmarks"):
                for index, box in enumerate(found.boxes_xyxy):
                    seen = first_look(nets.mesh(0), pixels, box, found.keypoints_xy[index]) if want.landmarks else None
                    mesh = None if seen is None else seen.mesh
                    faces.append(self._still_face(index + 1, box, float(found.scores[index]), mesh, want))
            if want.visibility:
                with clock.stage("visibility"):
                    faces = [self._with_hands(pixels, face) for face in faces]
            matte = None
            if want.matte:
                with clock.stage("segment"):
                    matte = nets.matte.still(pixels, _boxes([face.box_xyxy for face in faces]))
                    clock.ran.add("segment")
            self._latest.times = clock.times(0)
            height, width = pixels.shape[:2]
            return Perception(0, 0.0, (width, height), tuple(faces), matte, 0, luma, self.name)

    def _visibility(self, frame: Frame, tracks: list[Track], clock: StageClock) -> dict[int, F32]:
        """What is in front of each face that has a mesh on this frame, by track id."""
        maps: dict[int, F32] = {}

        def look(track_id: int, mesh: F32, signals: Signals, _hand: int) -> None:
            with clock.stage("visibility"):
                pose_deg = signals.pose_deg
                maps[track_id] = self._occlusion.update(track_id, frame.pixels, mesh, pose_deg, frame.t_s)

        watched = {track.track_id for track in tracks}
        for gone in self._watched - watched:
            self._occlusion.forget(gone)
        self._watched = watched
        seen = ((track.track_id, track.mesh, track.signals) for track in tracks if not track.coasting)
        self._hands.run(
            [partial(look, id_, mesh, signals) for id_, mesh, signals in seen if mesh is not None and signals]
        )
        return maps

    def _face(self, track: Track, want: Wants, visibility: F32 | None) -> Face:
        expression = self._live.blendshapes(track.mesh) if want.blendshapes and track.mesh is not None else None
        return Face(
            track_id=track.track_id,
            coasting=track.coasting,
            score=track.score,
            weight=track.weight,
            box_xyxy=track.box_xyxy,
            mesh=track.mesh,
            mesh_raw=track.mesh_raw,
            signals=track.signals,
            visibility=visibility,
            blendshapes=expression,
        )

    def _still_face(self, track_id: int, box_xyxy: F32, score: float, mesh: F32 | None, want: Wants) -> Face:
        expression = self._stills.blendshapes(mesh) if want.blendshapes and mesh is not None else None
        return Face(
            track_id=track_id,
            coasting=False,
            score=score,
            weight=1.0,
            box_xyxy=box_xyxy if mesh is None else box_around(mesh),
            mesh=mesh,
            mesh_raw=mesh,
            signals=None if mesh is None else read_still(mesh),
            visibility=None,
            blendshapes=expression,
        )

    def _with_hands(self, pixels: U8, face: Face) -> Face:
        """The face of a still with what hands leave free of it: there is no earlier frame to compare with."""
        if face.mesh is None:
            return face
        return replace(face, visibility=self._stills.hand_visibility(pixels, face.mesh))

    def times(self) -> StageTimes:
        """See `SharedModel.times`."""
        times: StageTimes = getattr(self._latest, "times", StageTimes(0))
        return times

    def export_state(self) -> TrackState:
        """See `SharedModel.export_state`."""
        return TrackState(
            {
                "faces": self._faces.export_state(),
                "matte": self._live.export_matte(),
                "visibility": self._occlusion.export_state(),
            }
        )

    def import_state(self, state: TrackState) -> None:
        """Go on from what `export_state` of another model gave."""
        self._faces.import_state(state.payload["faces"])
        self._live.import_matte(state.payload["matte"])
        self._occlusion.import_state(state.payload["visibility"])

    def reset(self) -> None:
        """See `SharedModel.reset`."""
        self._luma.reset()
        self._faces.reset()
        self._occlusion.clear()
        self._live.import_matte({})

    def close(self) -> None:
        """Free the networks and end the helper thread."""
        self._hands.close()
        self._live.close()
        self._stills.close()


class _LumaJob:
    """The brightness of one frame, to be measured on either hand."""

    def __init__(self, meter: LumaMeter, frame: Frame, clock: StageClock) -> None:
        self._meter, self._frame, self._clock = meter, frame, clock
        self.found = (0.0, 0.0, 0.0)

    def __call__(self, _hand: int = 0) -> None:
        with self._clock.stage("preprocess"):
            self.found = self._meter.measure(self._frame.pixels)


class _MatteJob:
    """The matte of one frame, to be made on either hand."""

    def __init__(self, nets: NetworkSet, frame: Frame, clock: StageClock) -> None:
        self._nets, self._frame, self._clock = nets, frame, clock
        self.alpha: F32 | None = None
        self.index = frame.index

    def job(self, tracks: list[Track]) -> Job:
        boxes = _boxes([track.held_xyxy for track in tracks])

        def run(_hand: int) -> None:
            frame = self._frame
            with self._clock.stage("segment"):
                self.alpha, self.index, ran = self._nets.matte.track(frame.pixels, frame.t_s, frame.index, boxes)
            if ran:
                self._clock.ran.add("segment")

        return run


def _boxes(boxes_xyxy: list[F32]) -> F32:
    return np.array(boxes_xyxy, np.float32).reshape(-1, 4)
