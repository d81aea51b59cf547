"""A perception as the JSON object that `perceive` writes (the fields are a contract with other programs)."""

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from app.sinks.target import cannot_write
from app.sources.base import SourceInfo
from models.signals import eye_open, mouth_open
from models.types import Face, Frame, Perception, StageTimes


def source_name(info: SourceInfo, frame: Frame) -> str:
    """The picture's own name in a folder, else the source's."""
    if info.names:
        return info.names[frame.index % len(info.names)]
    return info.name


def _number(value: float, digits: int = 3) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def face_row(face: Face) -> dict[str, Any]:
    """One face; angles in degrees, positions in pixels of the input frame, null where unreadable."""
    signals = face.signals
    yaw, pitch, roll = signals.pose_deg if signals else (math.nan, math.nan, math.nan)
    gaze = [_number(angle, 2) for angle in signals.gaze_deg] if signals else [None, None]
    return {
        "id": face.track_id,
        "score": _number(face.score),
        "box": np.round(face.box_xyxy.astype(float), 2).tolist(),
        "landmarks": None if face.mesh is None else np.round(face.mesh.astype(float), 3).tolist(),
        "coasting": face.coasting,
        "yaw": _number(yaw, 2),
        "pitch": _number(pitch, 2),
        "roll": _number(roll, 2),
        "eye_open": [_number(value) for value in eye_open(signals)] if signals else [None, None],
        "gaze": None if None in gaze else gaze,
        "mouth_open": _number(mouth_open(signals)) if signals else None,
    }


def perception_row(number: int, frame: Frame, name: str, perception: Perception, times: StageTimes) -> dict[str, Any]:
    """One frame; `ms` are this frame's own measured times, 0 where a stage did not run."""
    width, height = frame.size_wh
    matte = perception.matte
    return {
        "frame": number,
        "t": round(frame.t_s, 6),
        "source": name,
        "width": width,
        "height": height,
        "faces": [face_row(face) for face in perception.faces],
        "person_coverage": None if matte is None else round(float(matte.mean()), 4),
        "ms": {
            "detect": round(times.ms.get("detect", 0.0), 3),
            "landmarks": round(times.ms.get("landmarks", 0.0), 3),
            "segment": round(times.ms.get("segment", 0.0), 3),
            "total": round(times.ms.get("perception", 0.0), 3),
        },
        "backend": perception.runtime,
    }


def write_matte(path: Path, frame: Frame, perception: Perception) -> None:
    """The matte as an 8-bit picture of the frame's size; black where there is none."""
    width, height = frame.size_wh
    matte = np.zeros((1, 1), np.float32) if perception.matte is None else perception.matte
    picture = cv2.resize(cv2.convertScaleAbs(matte, alpha=255), (width, height))
    data = cv2.imencode(".png", picture)[1]
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise cannot_write(path, error) from None
