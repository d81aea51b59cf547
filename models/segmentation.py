"""The person matte of live video: who is a person, smooth in time, without trailing behind.

The network runs on a few frames only: it looks at one region a time (models/matte_regions.py), mixes what it finds into
a matte of the whole frame, and between two looks the matte is carried along by the picture's motion
(models/matte_motion.py). What a user sees as flicker is averaged away where nothing moves; what moved is taken anew.
Measured by benchmarks/matte_truth.py.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from models import matte_motion as motion
from models.matte_net import PersonNet, levels
from models.matte_regions import Part, Region, after_run, follow_faces, inside, say, to_pixels
from models.matte_state import MatteState, begin, from_payload, to_payload
from models.matte_stills import StillMatte
from models.runtime.base import Runtime
from models.types import F32, U8

Quality = Literal["governed", "best"]

_CHANGED = 12
_CHANGED_SHARE = 0.01
"""A region is looked at again when more than this share of it changed by more than `_CHANGED` grey levels."""
_CUT_SHARE = 0.6
"""Two frames that differ in more than this share are of two scenes."""
_IDLE_S = 0.125
"""At the latest every fourth frame at 30 fps; the half frame less lets camera clocks jitter."""
_LOOKS_PER_S = (15.0, 18.5)
"""While things move, with one region and with several, which take turns: at 30 fps every other frame, three in five."""
_MOST_CREDIT = 1.5
_ENOUGH = 0.9
_GAP_S = 1.0
_FADE = 0.5
_MIX_S = 0.37
"""What does not change is averaged over this time: a third at a time, looked at every 0.133 s."""
_MIX_MOST = 0.3
_MIX_PER_LEVEL = 0.15
_MIX_FROM = 4

_CHANGEDNESS = np.clip(_MIX_PER_LEVEL * (np.arange(256) - _MIX_FROM), 0.0, 1.0).astype(np.float32)
"""By how many grey levels the picture changed since the network's last answer, how much the new one replaces it."""


class PersonMatte:
    """The person matte, live (`track`) and of single pictures (`still`). Not thread-safe: one owner thread."""

    def __init__(self, runtime: Runtime, *, quality: Quality = "governed") -> None:
        """`best` looks at everybody on every moving frame: two to three times the cost. Raises ModelUnavailable."""
        self._runtime = runtime
        self._net = PersonNet(runtime, "selfie_landscape")
        self._flow = motion.make_flow()
        self._state: MatteState | None = None
        self._stills: StillMatte | None = None
        self.quality: Quality = quality

    def track(self, pixels: U8, t_s: float, frame_index: int, boxes_xyxy: F32) -> tuple[F32, int, bool]:
        """The matte of the next frame of a video.

        `pixels` (H, W, 3) BGR uint8; `t_s` media time; `boxes_xyxy` (n, 4) tracked faces, forehead to chin, in frame
        pixels, n may be 0. Returns the matte (h, w) 0..1, read-only, to be stretched over the frame; the index of the
        frame on which the network last ran; whether it ran on this one.
        """
        grey = motion.shrink(pixels)
        state = self._state
        if state is None or state.seen.shape != grey.shape or not 0.0 <= t_s - state.t_s <= _GAP_S:
            state = self._state = begin(pixels.shape, grey)
        state.regions = follow_faces(state.regions, boxes_xyxy, (pixels.shape[1], pixels.shape[0]))
        state.credit = min(state.credit + (t_s - state.t_s) * _looks_per_s(len(state.regions)), _MOST_CREDIT)
        before, state.seen, state.t_s = state.seen, grey, t_s
        stepped = motion.change(grey, before)
        cut = not state.cut and motion.share_above(stepped, _CHANGED) > _CUT_SHARE
        if cut:
            state.alpha, state.out = np.zeros_like(state.alpha), None
            state.regions = tuple(Region(region.anchor) for region in state.regions)
        changed = motion.change(grey, state.looked)
        due = self._due(state, changed)
        # A look replaces what moved fast by itself; carrying that as well is worth its time at best quality only.
        if (len(due) < len(state.regions) or self.quality == "best") and motion.moves(stepped):
            state.alpha, state.out = motion.carried(state.alpha, grey, before, self._flow), None
        for index in due:
            self._look(state, index, pixels, changed)
        if due:
            state.ran_s, state.ran_index, state.cut = t_s, frame_index, cut
            state.credit = max(state.credit - len(due), -1.0)
        if state.out is None:
            state.out = levels(state.alpha)
        return state.out, state.ran_index, bool(due)

    def still(self, pixels: U8, boxes_xyxy: F32) -> F32:
        """The matte (h, w) 0..1 of one picture, slower and better; leaves the video's state alone. Same arguments."""
        if self._stills is None:
            self._stills = StillMatte(self._runtime)
        return self._stills(pixels, boxes_xyxy)

    def reset(self) -> None:
        """Forget everything: a new source begins."""
        self._state = None

    def export_state(self) -> Mapping[str, Any]:
        """The state as numpy and scalars; empty before the first frame."""
        return {} if self._state is None else to_payload(self._state)

    def import_state(self, payload: Mapping[str, Any]) -> None:
        """Go on from what `export_state` of another instance gave."""
        self._state = from_payload(payload) if payload else None

    def _due(self, state: MatteState, changed: U8) -> list[int]:
        """The regions to look at in this frame.

        Those that are new; else, after a while, the one that waited longest; else of those that changed the one that
        waited longest, as far as the credit goes (`best`: all that changed).
        """
        new = [index for index, region in enumerate(state.regions) if region.updated_s is None]
        if new:
            return new
        longest = min(range(len(state.regions)), key=lambda index: state.regions[index].updated_s or 0.0)
        if state.t_s - state.ran_s >= _IDLE_S:
            return [longest]
        best = self.quality == "best"
        if state.credit < _ENOUGH and not best:
            return []
        moved = [
            index
            for index, region in enumerate(state.regions)
            if motion.share_above(_part(changed, region), _CHANGED) > _CHANGED_SHARE
        ]
        return moved if best else sorted(moved, key=lambda index: state.regions[index].updated_s or 0.0)[:1]

    def _look(self, state: MatteState, index: int, pixels: U8, changed: U8) -> None:
        """Run the network on one region and mix what it finds into the matte."""
        region = state.regions[index]
        size_wh = (state.alpha.shape[1], state.alpha.shape[0])
        grey_wh = (state.seen.shape[1], state.seen.shape[0])
        parts = tuple(to_pixels(each.box, size_wh) for each in state.regions)
        y0, y1, x0, x1 = parts[index]
        person = self._net(_crop(pixels, parts[index], size_wh))
        fitted = np.asarray(cv2.resize(person, (x1 - x0, y1 - y0)), np.float32)
        share, first = say(parts, index)
        weight = (
            share
            if region.updated_s is None
            else _weight(_part(changed, region), share, first, state.t_s - region.updated_s)
        )
        here = state.alpha[y0:y1, x0:x1]
        fitted -= here
        fitted *= weight
        fitted += here
        state.alpha[~inside(parts, size_wh)] *= _FADE
        state.alpha[y0:y1, x0:x1] = fitted
        grey_parts = [to_pixels(each.box, grey_wh) for each in state.regions]
        np.copyto(_part(state.looked, region), _part(state.seen, region), where=say(grey_parts, index)[1])
        regions = list(state.regions)
        regions[index] = after_run(region, person, state.t_s)
        state.regions = tuple(regions)
        state.out = None


def _looks_per_s(regions: int) -> float:
    return _LOOKS_PER_S[min(regions, len(_LOOKS_PER_S)) - 1]


def _crop(pixels: U8, part: Part, size_wh: tuple[int, int]) -> U8:
    """The pixels of the frame that a part of the matte covers."""
    y0, y1, x0, x1 = part
    to_x, to_y = pixels.shape[1] / size_wh[0], pixels.shape[0] / size_wh[1]
    top, left = round(y0 * to_y), round(x0 * to_x)
    return pixels[top : max(round(y1 * to_y), top + 1), left : max(round(x1 * to_x), left + 1)]


def _weight(changed: U8, share: F32, first: NDArray[np.bool_], age_s: float) -> F32:
    """Weight (h, w) of a new answer: little where the picture is as it was at the last look, up to 1 where it changed.

    What did not change is decided by all regions together, else their seams would show; what changed by the first
    alone, else the others' older answers would trail.
    """
    alone = np.asarray(cv2.resize(_CHANGEDNESS[changed], (share.shape[1], share.shape[0])), np.float32)
    least = min(1 - math.exp(-age_s / _MIX_S), _MIX_MOST)
    weight = np.minimum(alone + np.float32(least), np.float32(1))
    if not first.all():
        weight *= share + alone * (first - share)
    return np.asarray(weight, np.float32)


def _part(grey_map: U8, region: Region) -> U8:
    """What a map of the grey picture's size shows of a region; a view."""
    y0, y1, x0, x1 = to_pixels(region.box, (grey_map.shape[1], grey_map.shape[0]))
    return grey_map[y0:y1, x0:x1]
