"""What a comparison says: never more than its figures carry."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.pipeline.comparison import HEADLINE, BackendRun, Comparison, PictureDifference, StageFigures
from app.pipeline.verdict import verdict

_PICTURE = np.zeros((2, 2, 4), np.uint8)


def make_run(asked: str, perception: float, picture: float, **changes: Any) -> BackendRun:
    times = {"perception": perception, "picture": picture, "total": perception + picture}
    run = BackendRun(
        asked=asked,
        ran=asked,
        networks=asked,
        canvas=asked,
        networks_hardware=f"{asked} chip",
        canvas_hardware=f"{asked} chip",
        software=False,
        stages={name: StageFigures(ms, ms, 1.5 * ms, 220) for name, ms in times.items()},
        block_ms={name: (times[name],) * 4 for name in HEADLINE},
        frames=220,
    )
    return replace(run, **changes)


def make_comparison(*runs: BackendRun, pictures: tuple[float, float] | None = (0.0, 0.0), **changes: Any) -> Comparison:
    found = None
    if pictures is not None:
        found = PictureDifference(*pictures, 12, 3, _PICTURE, _PICTURE, _PICTURE, 16)
    asked = (runs[0].asked, runs[1].asked) if len(runs) == 2 else ("cpu", "gpu")
    comparison = Comparison("Demo", (1280, 720), ("privacy",), asked, runs, found, 60, 5)
    return replace(comparison, **changes)


@pytest.mark.parametrize(
    ("cpu", "gpu", "call", "words"),
    [
        ((4.0, 8.0), (2.0, 3.0), "second", "The GPU is 2.4 times as fast as the CPU: 5.0 ms a frame instead of 12.0."),
        ((4.0, 8.0), (100.0, 80.0), "first", "The CPU is 15 times as fast as the GPU"),
        ((4.0, 8.0), (5.0, 8.2), "first", "The CPU is 10 % faster than the GPU"),
        ((4.0, 8.0), (4.0, 8.3), "same", "The CPU and the GPU are equally fast here: 12.0 and 12.3 ms a frame."),
        ((0.01, 0.02), (0.02, 0.04), "same", "equally fast"),
    ],
)
def test_the_headline(cpu: tuple[float, float], gpu: tuple[float, float], call: str, words: str) -> None:
    found = verdict(make_comparison(make_run("cpu", *cpu), make_run("gpu", *gpu)))
    assert found.call == call
    assert words in found.headline
    assert found.cautions == ()


def test_blocks_that_disagree_make_it_unsure() -> None:
    slow = make_run("gpu", 8.0, 6.0)
    slow = replace(slow, block_ms={**slow.block_ms, "total": (10.0, 14.0, 16.0, 16.0)})
    found = verdict(make_comparison(make_run("cpu", 4.0, 8.0), slow))
    assert found.call == "unsure"
    assert "Not certain whether the CPU or the GPU is faster here: 12.0 and 14.0 ms a frame." in found.headline


@pytest.mark.parametrize(("ms", "call"), [(4.8, "unsure"), (7.0, "unsure"), (9.0, "second"), (4.1, "same")])
def test_shaky_figures_carry_a_large_gain_only(ms: float, call: str) -> None:
    runs = [make_run(name, perception, 0.0) for name, perception in (("cpu", ms), ("gpu", 4.0))]
    assert verdict(make_comparison(*runs, other_cores=0.9)).call == call
    short = [replace(run, block_ms={stage: means[:1] for stage, means in run.block_ms.items()}) for run in runs]
    assert verdict(make_comparison(*short)).call == call


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        ((0.0, 0.0), "The pictures are identical, pixel by pixel."),
        ((0.001, 0.0), "The pictures look the same (Delta E < 0.01 on average, 0.00 for"),
        ((0.5, 2.0), "The pictures look the same"),
        ((0.51, 1.0), "The pictures differ visibly"),
        ((0.1, 2.5), "The pictures differ visibly (Delta E 0.10 on average, 2.50"),
    ],
)
def test_the_pictures(pictures: tuple[float, float], words: str) -> None:
    found = verdict(make_comparison(make_run("cpu", 3.0, 8.0), make_run("gpu", 8.0, 2.0), pictures=pictures))
    assert words in found.details[1]


def test_without_effects_the_pictures_say_nothing() -> None:
    runs = make_run("cpu", 3.0, 0.3), make_run("gpu", 8.0, 0.3)
    assert verdict(make_comparison(*runs, effects=())).details[1] == "No effect is on, so only the networks differ."
    assert len(verdict(make_comparison(*runs, pictures=None)).details) == 1


def test_what_must_be_known_is_said() -> None:
    runs = (
        make_run("cpu", 3.0, 8.0),
        make_run("cuda", 1.0, 8.0, ran="cuda+cpu", canvas="cpu", software=True, notes=("The picture stays behind.",)),
    )
    found = verdict(make_comparison(*runs, other_cores=1.24, ended="The plug was pulled."))
    text = "\n".join(found.cautions)
    for words in (
        "It ended early: The plug was pulled.",
        "NVIDIA CUDA here is a software one, played by the processor.",
        "NVIDIA CUDA ran with networks on cuda and the picture on cpu.",
        "The picture stays behind.",
        "Other programs kept 1.2 processor cores busy",
    ):
        assert words in text


def test_nothing_measured_is_no_verdict() -> None:
    found = verdict(make_comparison(pictures=None, ended="The GPU cannot be used: it is not there."))
    assert found.call is None
    assert found.headline == "Nothing was compared. The GPU cannot be used: it is not there."
