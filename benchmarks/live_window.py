"""The real window on a paced source: capture-to-paint, memory over time, and the time to the first processed frame.

    python benchmarks/live_window.py [INPUT] [--seconds 600] [--preset P] [--set EFFECT.PARAM=V] [--overlay] [--runs 5]

Needs a display (Xvfb will do). Prints a row every 30 s and a summary; with --first-frame only launches the program
--runs times and prints the seconds from process start to the end of the first paint of a processed frame.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def _first_frame(arguments: argparse.Namespace) -> None:
    seconds = []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"XDG_CONFIG_HOME": folder}
            command = [sys.executable, __file__, arguments.input, "--one-launch"]
            for text in arguments.sets:
                command += ["--set", text]
            result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
            seconds.append(float(result.stdout.strip().splitlines()[-1]))
    print(f"first processed frame painted after {', '.join(f'{value:.2f}' for value in seconds)} s")
    print(f"median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s")


def _one_launch(arguments: argparse.Namespace) -> None:
    """As `facet run INPUT` does it, display probe included; leaves at the first paint."""
    from app import bootstrap
    from app.display import DisplayProbe

    probe = DisplayProbe()
    settings, messages = bootstrap.window_settings(None, arguments.sets, "auto")
    if not probe.answer():
        sys.exit("no display")
    from app.live import live_session
    from app.pipeline.runner import Runner

    class FirstPaint(Runner):
        """Leaves the process at the end of the first paint."""

        def painted(self, *_values: object) -> None:
            from app.machine import seconds_since_process_start

            print(f"{seconds_since_process_start():.3f}", flush=True)
            os._exit(0)

    session = live_session(settings, runner=FirstPaint)
    from app.window_main import WindowRun

    WindowRun(session, arguments.input, settings, messages).run()


def _soak(arguments: argparse.Namespace) -> None:
    import psutil
    from PySide6.QtCore import QTimer

    from app import bootstrap
    from app.live import live_session
    from app.window_main import WindowRun

    os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="facet-bench-")
    settings = bootstrap.command_settings(arguments.preset, arguments.sets, "auto")
    run = WindowRun(live_session(settings), arguments.input, settings)
    if arguments.overlay:
        run.window.view.set(overlay=True)
    process = psutil.Process()
    rows: list[tuple[float, float, float, float]] = []
    started_s = time.monotonic()
    cpu_s = time.process_time()

    def look() -> None:
        stats = run.session.stats()
        paint = stats.capture_to_paint
        if paint is None:
            return
        elapsed_s = time.monotonic() - started_s
        rss_mb = process.memory_info().rss / 2**20
        rows.append((elapsed_s, paint.p50, paint.p95, rss_mb))
        print(
            f"{elapsed_s:6.0f} s  capture-to-paint p50 {paint.p50:5.1f}  p95 {paint.p95:5.1f}  p99 {paint.p99:5.1f} ms"
            f"  shown {stats.shown_fps:4.1f} fps  age {stats.frame_age_ms:5.1f} ms  dropped {stats.dropped}"
            f"  RSS {rss_mb:5.0f} MB  CPU {100 * (time.process_time() - cpu_s) / elapsed_s:4.0f} %",
            flush=True,
        )

    timer = QTimer(run.window)
    timer.timeout.connect(look)
    timer.start(arguments.every * 1000)
    QTimer.singleShot(arguments.seconds * 1000, run.window.close)
    run.run()
    if len(rows) > 1:
        print(f"p95 first {rows[0][2]:.1f} ms, last {rows[-1][2]:.1f} ms, worst {max(row[2] for row in rows):.1f} ms")
        print(f"RSS first {rows[0][3]:.0f} MB, last {rows[-1][3]:.0f} MB, peak {max(row[3] for row in rows):.0f} MB")


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", default="demo")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--every", type=int, default=30)
    parser.add_argument("--preset")
    parser.add_argument("--set", dest="sets", action="append", default=[])
    parser.add_argument("--overlay", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--first-frame", action="store_true")
    parser.add_argument("--one-launch", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one_launch:
        _one_launch(arguments)
    elif arguments.first_frame:
        _first_frame(arguments)
    else:
        _soak(arguments)


if __name__ == "__main__":
    main()
