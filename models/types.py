"""The values that travel between the parts: frames in, perceptions out. No device handles, no Qt, no cv2.

Coordinates are float pixels of the full frame: origin at the top-left corner, pixel centres at +0.5.
Left and right are the person's own. Angles are degrees: yaw positive to the person's own left, pitch
negative downward, roll positive clockwise as seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

Reach = Literal["near", "far", "crowd"]

LANDMARKS = 478
VISIBILITY_SIZE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        index: counts from 0 within its source.
        t_s: media time in seconds from 0; the only time effects and monitor know.
        grabbed_ns: `time.monotonic_ns()` at the grab; for latency only.
        pixels: (H, W, 3) BGR uint8, upright, not mirrored, write-protected, never reused by the source.
    """

    index: int
    t_s: float
    grabbed_ns: int
    pixels: U8

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height


@dataclass(frozen=True, slots=True)
class Signals:
    """Uncalibrated ratios and angles from the RAW mesh. NaN means unreadable, never 'closed'. Own left / right."""

    ear_right: float
    ear_left: float
    mar: float
    mouth_width: float
    brow: float
    pose_deg: tuple[float, float, float]
    """Yaw, pitch, roll."""
    gaze_deg: tuple[float, float]
    """Yaw, pitch in the camera's frame (head included)."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One tracked face, in frame pixels.

    Attributes:
        track_id: stable, from 1.
        coasting: the track was lost less than 0.5 s ago; the box grows with time.
        score: 0..1.
        weight: 0..1, eased over 0.2 s; effects multiply by it instead of popping.
        box_xyxy: (4,) forehead to chin: the mesh's extent, or the detector's box where there is no mesh.
        mesh: (478, 3) smoothed in the face's own frame; None = too small or not asked for.
        mesh_raw: (478, 3) as the network gave it.
        signals: from the raw mesh; None without a mesh.
        visibility: (64, 64) float 0..1 in the face's UV space, 1 = nothing in front of the face.
    """

    track_id: int
    coasting: bool
    score: float
    weight: float
    box_xyxy: F32
    mesh: F32 | None
    mesh_raw: F32 | None
    signals: Signals | None
    visibility: F32 | None
    blendshapes: F32 | None = None
    """(52,) ARKit-like coefficients 0..1, only when `Wants.blendshapes`."""


@dataclass(frozen=True, slots=True, eq=False)
class Perception:
    """All that is known about one frame.

    Attributes:
        matte: (h, w) float32 0..1, 1 = person, to be stretched over the frame; None when not asked for.
        matte_index: the frame index the matte was computed on.
        luma: mean brightness 0..255, share of clipped pixels 0..1, mean absolute change 0..255 since the last frame.
        runtime: name of the runtime that ran the networks.
        frame_size_wh: size of the frame that the coordinates refer to.
    """

    frame_index: int
    t_s: float
    frame_size_wh: tuple[int, int]
    faces: tuple[Face, ...]
    matte: F32 | None
    matte_index: int
    luma: tuple[float, float, float]
    runtime: str


@dataclass(frozen=True, slots=True)
class Wants:
    """What the consumers of a perception need; `|` merges the needs of several.

    Attributes:
        landmarks: run the mesh on the faces (otherwise boxes only).
        matte: run the person matte.
        visibility: make `Face.visibility`.
        blendshapes: make `Face.blendshapes`.
        detect_every_frame: a hiding effect is on; a newcomer must not be bare for a frame.
    """

    landmarks: bool = True
    matte: bool = False
    visibility: bool = False
    blendshapes: bool = False
    detect_every_frame: bool = False

    def __or__(self, other: "Wants") -> "Wants":
        """Need whatever either of the two needs."""
        return Wants(
            landmarks=self.landmarks or other.landmarks,
            matte=self.matte or other.matte,
            visibility=self.visibility or other.visibility,
            blendshapes=self.blendshapes or other.blendshapes,
            detect_every_frame=self.detect_every_frame or other.detect_every_frame,
        )


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Milliseconds per stage of one frame, keyed by frame index; they travel apart from the perception.

    `ms` keys: "preprocess", "detect", "landmarks", "segment", "perception" and what the engine adds
    ("decode", "effect.<id>", "composite", "total"). `ran` names the networks that ran ("detect", "segment").
    """

    frame_index: int
    ms: Mapping[str, float] = field(default_factory=dict)
    ran: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class TrackState:
    """Tracks, filters, visibility references and matte state as numpy and scalars: survives a runtime switch."""

    payload: Mapping[str, Any]


class SharedModel(Protocol):
    """Frame -> Perception; the only place where networks run."""

    name: str
    """Of the runtime, e.g. "cpu"."""

    def track(self, frame: Frame, want: Wants, *, max_faces: int = 5, reach: Reach = "near") -> Perception:
        """Stateful live path; one caller thread."""
        ...

    def still(self, pixels: U8, want: Wants, *, max_faces: int = 20, reach: Reach = "crowd") -> Perception:
        """Stateless; worker threads may call it (photos, gallery, --independent). `pixels` (H, W, 3) BGR uint8."""
        ...

    def times(self) -> StageTimes:
        """Stage times of the latest `track` call (or of this thread's latest `still`)."""
        ...

    def export_state(self) -> TrackState:
        """What another runtime needs to go on with the same tracks."""
        ...

    def import_state(self, state: TrackState) -> None:
        """Go on from an exported state."""
        ...

    def reset(self) -> None:
        """Forget all tracks: a new source begins."""
        ...

    def close(self) -> None:
        """Let the networks go."""
        ...
