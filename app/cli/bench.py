"""Measure every stage on this machine: mean, p50, p95 and p99 in milliseconds, rates, memory and CPU share.

Without --preset and --set it runs the whole perception, matte included, and no effect. Of several backends each is
measured in a process of its own, one after the other: else the second one's memory and first frame would be the first
one's too.
"""

import argparse
import json
import sys
import time
from contextlib import ExitStack, nullcontext, suppress
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np

from app.backends.pair import HOME
from app.cli import options
from app.cli.files import input_path, output_path, whole_file
from app.cli.frames import frames_of
from app.cli.progress import progress
from app.interrupts import Stopped, check_stopped, stop_on_signals
from app.machine import cpu_name, cpu_seconds, machine, peak_rss_mb, seconds_since_process_start
from app.sources.base import BadInput
from models.errors import BackendFailed, FacetError
from models.types import Wants

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_DEFAULT_FRAMES = 600
_WARM_UP_FRAMES = 10
_ORDER = ("decode", "preprocess", "detect", "landmarks", "segment", "perception")
Measured = tuple[dict[str, Any], tuple[int, int]]
"""One entry of "runs", and the size of the pictures."""
_POLL_S = 0.1
_RATES = ("detect", "segment")
_ALWAYS = ("decode", "detect", "landmarks", "segment", "perception", "composite", "total")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet bench`."""
    parser.add_argument("input", metavar="INPUT", nargs="?", default="demo")
    parser.add_argument("--frames", type=options.frame_count, default=_DEFAULT_FRAMES, metavar="N")
    parser.add_argument("--size", type=options.size_wh, metavar="WxH", help="of the demo or a camera")
    parser.add_argument("--json", type=output_path, metavar="OUT", help="also write the figures as JSON")
    parser.add_argument("--backend", type=options.backend_names, default=["cpu"], metavar="B[,B...]")
    options.add_effects(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run each backend in turn over the same frames and print a table each."""
    file = whole_file(arguments.json, input_path(arguments.input)) if arguments.json else nullcontext()
    with file as handle:
        report = _report(arguments)
        if handle is not None:
            json.dump(report, handle, indent=2)
    return 0


def _report(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure each backend, print its table; the object of `--json`."""
    from app import bootstrap

    runs: list[dict[str, Any]] = []
    size: tuple[int, int] = (0, 0)
    measure = _measure if len(arguments.backend) == 1 else _measure_apart
    bootstrap.command_settings(arguments.preset, arguments.sets, HOME)
    for backend in arguments.backend:
        figures, size = measure(arguments, backend)
        runs.append(figures)
        _print(figures, size)
    return {
        "machine": machine(),
        "input": arguments.input,
        "frame_size": list(size),
        "frames": runs[0]["frames"],
        "runs": runs,
    }


def _measure_apart(arguments: argparse.Namespace, backend: str) -> Measured:
    """`_measure` in a fresh process, which ends with this one."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_send_measured, args=(theirs, arguments, backend))
    child.start()
    theirs.close()
    try:
        while not ours.poll(_POLL_S):
            check_stopped()
        answer: Measured | FacetError = ours.recv()
    except EOFError:
        raise BackendFailed(f"measuring the backend {backend} broke down. Try it alone: --backend {backend}") from None
    finally:
        ours.close()
        child.join(_POLL_S)
        if child.is_alive():
            child.terminate()
        child.join()
    if isinstance(answer, FacetError):
        raise answer
    return answer


def _send_measured(pipe: "Connection[Any, Any]", arguments: argparse.Namespace, backend: str) -> None:
    """The whole life of that process."""
    with suppress(Stopped), stop_on_signals():
        try:
            pipe.send(_measure(arguments, backend))
        except FacetError as error:
            pipe.send(error)


def _measure(arguments: argparse.Namespace, backend: str) -> Measured:
    """Measure one backend; one that fails on the way is measured anew as what it has become, the CPU."""
    figures, size, held = _run_once(arguments, backend)
    if held:
        return figures, size
    figures, size, _held = _run_once(arguments, HOME)
    return figures, size


def _run_once(arguments: argparse.Namespace, backend: str) -> tuple[dict[str, Any], tuple[int, int], bool]:
    """Figures, size of the pictures, and whether all frames ran on one backend."""
    from app import bootstrap

    settings = bootstrap.command_settings(arguments.preset, arguments.sets, backend)

    perceive_all = Wants(landmarks=True, matte=True)
    with ExitStack() as stack:
        source = bootstrap.open_source(arguments.input, live=False, loop=True, size_wh=arguments.size)
        stack.callback(source.close)
        engine = bootstrap.make_engine(backend, wants=None if settings.effects else perceive_all)
        stack.callback(engine.close)
        engine.wait_ready(settings)
        began_on = engine.pair
        bar = stack.enter_context(progress(arguments.frames + _WARM_UP_FRAMES))
        samples: dict[str, list[float]] = {}
        ran: dict[str, int] = dict.fromkeys(_RATES, 0)
        count, first_frame_s, size = 0, 0.0, (0, 0)
        started_ns, cpu_s = 0, 0.0
        before_ns = time.perf_counter_ns()
        for number, frame in enumerate(frames_of(source, arguments.frames + _WARM_UP_FRAMES)):
            engine.step(frame, settings)
            times = engine.take_times()
            now_ns = time.perf_counter_ns()
            if number == 0:
                first_frame_s, size = seconds_since_process_start(), frame.size_wh
            if number >= _WARM_UP_FRAMES:
                whole = {"decode": source.decode_ms, "total": (now_ns - before_ns) / 1e6}
                for stage, ms in (dict(times.ms) | whole).items():
                    samples.setdefault(stage, []).append(ms)
                for name in ran:
                    ran[name] += name in times.ran
                count += 1
            else:
                started_ns, cpu_s = now_ns, cpu_seconds()
            before_ns = now_ns
            bar.update()
        if count == 0:
            raise BadInput(f"{source.info.name} ended before anything could be measured. Choose a longer input.")
        wall_ns = max(1, before_ns - started_ns)
        used_ns = round(1e9 * (cpu_seconds() - cpu_s))
        facts = {
            "backend": engine.backend,
            "networks": engine.networks,
            "canvas": engine.canvas,
            "device": engine.pair.describe() or cpu_name(),
        }
        figures = facts | _figures(samples, ran, count, first_frame_s, wall_ns, used_ns)
        return figures, size, engine.pair is began_on


def _figures(
    samples: dict[str, list[float]], ran: dict[str, int], count: int, first_frame_s: float, wall_ns: int, used_ns: int
) -> dict[str, Any]:
    """One entry of the report's "runs"; stage times are over the frames it ran on, 0 if it never did."""
    stages = {}
    for stage in sorted({*samples, *_ALWAYS}, key=_rank):
        values = np.asarray(samples.get(stage) or [0.0])
        p50, p95, p99 = np.percentile(values, (50, 95, 99))
        stages[stage] = {
            "mean": round(float(values.mean()), 3),
            "p50": round(float(p50), 3),
            "p95": round(float(p95), 3),
            "p99": round(float(p99), 3),
        }
    return {
        "frames": count,
        "stages": stages,
        "rates": {name: round(times / max(1, count), 3) for name, times in ran.items()},
        "fps": round(count / (wall_ns / 1e9), 1),
        "cpu_percent": round(100 * used_ns / wall_ns, 1),
        "rss_mb": round(peak_rss_mb(), 1),
        "first_frame_s": round(first_frame_s, 2),
    }


def _rank(stage: str) -> tuple[int, str]:
    if stage in _ORDER:
        return _ORDER.index(stage), stage
    return {"composite": 90, "total": 99}.get(stage, 50), stage


def _print(figures: dict[str, Any], size: tuple[int, int]) -> None:
    out = sys.stdout
    out.write(
        f"{figures['backend']}: networks {figures['networks']}, canvas {figures['canvas']}, {figures['device']}, "
        f"{size[0]}x{size[1]}, {figures['frames']} frames\n"
    )
    out.write(f"{'stage':<20}{'mean':>9}{'p50':>9}{'p95':>9}{'p99':>9}  ms\n")
    for stage, values in figures["stages"].items():
        cells = "".join(f"{values[key]:>9.2f}" for key in ("mean", "p50", "p95", "p99"))
        rate = figures["rates"].get(stage)
        note = f"  on {100 * rate:.0f} % of the frames" if rate is not None and rate < 1 else ""
        out.write(f"{stage:<20}{cells}{note}\n")
    out.write(
        f"{figures['fps']} frames a second, {figures['cpu_percent']} % of one core, "
        f"peak memory {figures['rss_mb']} MB, first frame {figures['first_frame_s']} s after process start\n\n"
    )
