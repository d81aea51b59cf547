"""A comparison as JSON and as a table (CSV): the figures only, the pictures stay out."""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from app.pipeline.comparison import Comparison, stage_names
from app.pipeline.verdict import verdict

_COLUMNS = (
    "backend", "ran", "networks", "canvas", "networks_hardware", "canvas_hardware", "software_gpu", "stage",
    "mean_ms", "p50_ms", "p95_ms", "frames",
)  # fmt: skip


def to_json(comparison: Comparison) -> str:
    """Everything measured, the verdict's sentences included."""
    words = verdict(comparison)
    found = comparison.difference
    table: dict[str, Any] = {
        "machine": dict(comparison.machine),
        "input": comparison.input_name,
        "frame_size": list(comparison.size_wh),
        "effects": list(comparison.effects),
        "asked": list(comparison.asked),
        "block_frames": comparison.block_frames,
        "settling_frames": comparison.settling_frames,
        "other_cores_busy": round(comparison.other_cores, 2),
        "ended_early": comparison.ended,
        "verdict": [words.headline, *words.details],
        "cautions": list(words.cautions),
        "runs": [asdict(run) for run in comparison.runs],
        "pictures": None
        if found is None
        else {"delta_e_mean": found.mean, "delta_e_p99": found.p99, "metric": "CIEDE2000", "frames": found.frames},
    }
    return json.dumps(table, indent=2) + "\n"


def to_csv(comparison: Comparison) -> str:
    """One row for each backend and stage."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for run in comparison.runs:
        facts = (run.asked, run.ran, run.networks, run.canvas, run.networks_hardware, run.canvas_hardware, run.software)
        for stage in stage_names(comparison.runs):
            figures = run.stages.get(stage)
            if figures is not None:
                times = (figures.mean_ms, figures.p50_ms, figures.p95_ms)
                writer.writerow((*facts, stage, *(f"{each:.3f}" for each in times), figures.frames))
    return text.getvalue()
