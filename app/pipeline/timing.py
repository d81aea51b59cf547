"""Rolling windows of measured times. Recording costs O(1) a frame; percentiles are computed only when asked for."""

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.pipeline.types import LatencyStats, Percentiles

WINDOW_FRAMES = 300
SPARKLINE_FRAMES = 120
FPS_WINDOW_S = 3.0

CAPTURE_TO_PAINT = "capture-to-paint"
HAND_OVER = "hand-over"
PAINT = "paint"


class FrameWindow:
    """The times of the last frames: one row a frame, one column a stage, NaN where a stage did not run."""

    def __init__(self, frames: int = WINDOW_FRAMES) -> None:
        self._rows: NDArray[np.float64] = np.full((frames, 16), np.nan)
        self._columns: dict[str, int] = {}
        self._count = 0

    def add(self, ms: Mapping[str, float]) -> None:
        """Record one frame's stages."""
        columns = [self._column(stage) for stage in ms]
        row = self._rows[self._count % len(self._rows)]
        row[:] = np.nan
        row[columns] = list(ms.values())
        self._count += 1

    def percentiles(self) -> dict[str, Percentiles]:
        """Per stage, over the frames of the window on which it ran."""
        found: dict[str, Percentiles] = {}
        for stage, column in self._columns.items():
            values = self._rows[:, column]
            values = values[~np.isnan(values)]
            if values.size:
                p50, p95, p99 = (float(value) for value in np.percentile(values, (50, 95, 99)))
                found[stage] = Percentiles(p50, p95, p99, float(values.mean()))
        return found

    def latest(self, stage: str, frames: int) -> tuple[float, ...]:
        """One stage's values on the last `frames` frames on which it ran, oldest first."""
        if stage not in self._columns:
            return ()
        kept = min(self._count, len(self._rows))
        order = np.arange(self._count - kept, self._count) % len(self._rows)
        values = self._rows[order, self._columns[stage]]
        return tuple(float(value) for value in values[~np.isnan(values)][-frames:])

    def _column(self, stage: str) -> int:
        if stage not in self._columns:
            if len(self._columns) == self._rows.shape[1]:
                self._rows = np.concatenate([self._rows, np.full_like(self._rows, np.nan)], axis=1)
            self._columns[stage] = len(self._columns)
        return self._columns[stage]


class RateWindow:
    """Events a second over the last seconds: (N - 1) / span."""

    def __init__(self, events: int = 256) -> None:
        self._times_ns: NDArray[np.int64] = np.zeros(events, np.int64)
        self._count = 0

    def add(self, time_ns: int) -> None:
        """Record one event; times do not go backwards."""
        self._times_ns[self._count % len(self._times_ns)] = time_ns
        self._count += 1

    def per_second(self, now_ns: int) -> float:
        """The rate over the events of the last 3 s; 0 with fewer than two of them."""
        times = self._times_ns[: min(self._count, len(self._times_ns))]
        recent = times[times >= now_ns - int(FPS_WINDOW_S * 1e9)]
        span_ns = int(recent.max() - recent.min()) if recent.size > 1 else 0
        return (recent.size - 1) / (span_ns / 1e9) if span_ns > 0 else 0.0


class Timing:
    """All that the overlay shows about time; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._devices = ("", "")
        self.clear()

    def clear(self) -> None:
        """Begin anew: another source, other times."""
        with self._lock:
            self._engine = FrameWindow()
            self._window = FrameWindow()
            self._grabs = RateWindow()
            self._paints = RateWindow()
            self._age_ms = 0.0

    def grabbed(self, grabbed_ns: int) -> None:
        """A frame came out of the source."""
        with self._lock:
            self._grabs.add(grabbed_ns)

    def processed(self, ms: Mapping[str, float], networks: str, canvas: str) -> None:
        """The engine finished a frame on these devices; times of other devices are no longer counted."""
        with self._lock:
            if (networks, canvas) != self._devices:
                self._devices = (networks, canvas)
                self._engine = FrameWindow()
            self._engine.add(ms)

    def painted(self, grabbed_ns: int, painted_ns: int, paint_ms: float, handover_ms: float) -> None:
        """The window finished painting a frame."""
        age_ms = (painted_ns - grabbed_ns) / 1e6
        with self._lock:
            self._paints.add(painted_ns)
            self._window.add({CAPTURE_TO_PAINT: age_ms, HAND_OVER: handover_ms, PAINT: paint_ms})
            self._age_ms = age_ms

    def stats(self, now_ns: int, dropped: Mapping[str, int]) -> LatencyStats:
        """The figures of the moment."""
        with self._lock:
            window = self._window.percentiles()
            capture_to_paint = window.pop(CAPTURE_TO_PAINT, None)
            return LatencyStats(
                stages=self._engine.percentiles() | window,
                capture_to_paint=capture_to_paint,
                frame_age_ms=self._age_ms,
                camera_fps=self._grabs.per_second(now_ns),
                shown_fps=self._paints.per_second(now_ns),
                dropped=dict(dropped),
                recent_ms=self._window.latest(CAPTURE_TO_PAINT, SPARKLINE_FRAMES),
                networks=self._devices[0],
                canvas=self._devices[1],
            )
