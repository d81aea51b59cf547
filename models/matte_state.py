"""What the live matte remembers between two frames: numpy and scalars only, so that it survives a change of runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.matte_motion import fitted
from models.matte_regions import Region
from models.types import F32, U8

_LONG_PX = 256


@dataclass(slots=True)
class MatteState:
    """All that the matte remembers between frames.

    Attributes:
        alpha: (h, w) 0..1 over the whole frame, before `levels`.
        seen: grey picture of the latest frame; `looked`: the same, each region as when the network last ran there.
        regions: where the network looks.
        t_s: media time of the latest frame; `ran_s` and `ran_index`: of the latest frame on which a network ran.
        cut: the latest run was forced by a scene cut.
        credit: how many looks the motion has earned.
        out: the matte as it was last given out; None = `alpha` changed since.
    """

    alpha: F32
    seen: U8
    looked: U8
    regions: tuple[Region, ...] = ()
    t_s: float = 0.0
    ran_s: float = 0.0
    ran_index: int = 0
    cut: bool = False
    credit: float = 1.0
    out: F32 | None = field(default=None, repr=False)


def begin(shape: tuple[int, ...], grey: U8) -> MatteState:
    """An empty matte of 256 px for frames of that shape, the first of which is `grey`."""
    width, height = fitted(shape, _LONG_PX)
    return MatteState(alpha=np.zeros((height, width), np.float32), seen=grey, looked=grey.copy())


def to_payload(state: MatteState) -> Mapping[str, Any]:
    """A copy of the state as plain values."""
    regions = [(*r.anchor, *r.growth, np.nan if r.updated_s is None else r.updated_s) for r in state.regions]
    return {
        "alpha": state.alpha.copy(),
        "seen": state.seen.copy(),
        "looked": state.looked.copy(),
        "regions": np.array(regions, np.float64).reshape(-1, 8),
        "t_s": state.t_s,
        "ran_s": state.ran_s,
        "ran_index": state.ran_index,
        "cut": state.cut,
        "credit": state.credit,
    }


def from_payload(payload: Mapping[str, Any]) -> MatteState:
    """The state that `to_payload` copied."""
    regions = tuple(
        Region((row[0], row[1], row[2], row[3]), (row[4], row[5], row[6]), None if np.isnan(row[7]) else row[7])
        for row in np.asarray(payload["regions"], np.float64).tolist()
    )
    return MatteState(
        alpha=np.array(payload["alpha"], np.float32),
        seen=np.array(payload["seen"], np.uint8),
        looked=np.array(payload["looked"], np.uint8),
        regions=regions,
        t_s=float(payload["t_s"]),
        ran_s=float(payload["ran_s"]),
        ran_index=int(payload["ran_index"]),
        cut=bool(payload["cut"]),
        credit=float(payload["credit"]),
    )
