"""Watch a driver in INPUT for drowsiness and write what happened: an event log, and one row a second.

INPUT is demo, camera:N, a video, a URL, or a .csv of signals. A camera or stream is watched until Ctrl-C.
"""

import argparse
import secrets
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from app.cli import options
from app.cli.files import input_path, output_path, same_place, whole_file
from app.cli.frames import frames_of, shortfall
from app.cli.progress import progress
from app.paths import path_of
from app.sources.base import STILL_KINDS, BadInput, Source
from app.streams import complain
from effects.monitor.calibration import Calibration
from effects.monitor.monitor import DrowsinessMonitor
from effects.monitor.playback import Playback
from effects.monitor.profile import from_table
from effects.monitor.rows import SECOND_KEYS
from effects.monitor.session_log import SessionLog, Writer
from effects.monitor.signal_csv import read_rows
from models.errors import UsageError
from models.types import Wants

_MAX_FACES = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `facet drowsiness`."""
    parser.add_argument("input", metavar="INPUT")
    parser.add_argument("--log", required=True, type=output_path, metavar="OUT.jsonl", help="the events")
    parser.add_argument("--csv", type=output_path, metavar="OUT.csv", help="also one row a second")
    parser.add_argument("--calibration", type=path_of, metavar="FILE", help="a profile saved by the window (TOML)")
    parser.add_argument("--frames", type=options.frame_count, metavar="N", help="stop after N frames")
    options.add_backend(parser)


def run(arguments: argparse.Namespace) -> int:
    """Watch every frame; see the module's docstring."""
    if arguments.csv is not None and same_place(arguments.csv, arguments.log):
        raise UsageError(f"{arguments.log} cannot be the log and the table. Name two files.")
    calibration = _calibration(arguments.calibration)
    if _is_table(arguments.input):
        return _watch_table(arguments, calibration)
    from app import bootstrap

    with ExitStack() as stack:
        taken = input_path(arguments.input)
        source = bootstrap.open_source(arguments.input, live=False)
        stack.callback(source.close)
        if source.info.kind in STILL_KINDS:
            raise UsageError(f"{source.info.name} is a still: drowsiness shows only over time. Name a video.")
        if source.info.live:
            from app.cli.drowsiness_live import watch_live

            return watch_live(source, arguments, calibration, stack)
        return _watch_video(source, arguments, calibration, taken, stack)


def file_log(arguments: argparse.Namespace, taken: Path | None, stack: ExitStack) -> SessionLog:
    """A log of something recorded: its files appear whole or not at all."""
    events = stack.enter_context(whole_file(arguments.log, taken))
    seconds: Writer | None = None
    if arguments.csv is not None:
        table = stack.enter_context(whole_file(arguments.csv, taken))
        table.write(",".join(SECOND_KEYS) + "\n")
        seconds = _writer(table.write)
    return SessionLog(secrets.token_hex(6), utc_now, _writer(events.write), seconds)


def utc_now() -> str:
    """The wall time for the log."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _writer(write: Callable[[str], int]) -> Writer:
    def line(text: str, _urgent: bool) -> None:
        write(f"{text}\n")

    return line


def _is_table(text: str) -> bool:
    return "://" not in text and text.lower().endswith(".csv")


def _calibration(path: Path | None) -> Calibration:
    if path is None:
        return Calibration()
    try:
        return from_table(tomllib.loads(path.read_text(encoding="utf-8"))).calibration
    except OSError as error:
        why = error.strerror or str(error)
        raise BadInput(f"The calibration {path} cannot be read: {why}. Check the name.") from None
    except (ValueError, UsageError) as error:
        why = str(error).rstrip(".")
        raise BadInput(f"The calibration {path} cannot be used: {why}. Save it again from the window.") from None


def _watch_table(arguments: argparse.Namespace, calibration: Calibration) -> int:
    """Run the monitor over a table of signals."""
    path = path_of(arguments.input)
    monitor = DrowsinessMonitor(calibration)
    playback = Playback(monitor)
    with ExitStack() as stack:
        try:
            lines = stack.enter_context(path.open(encoding="utf-8-sig", newline=""))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BadInput(f"{arguments.input} cannot be read: {why}. Check the name.") from None
        log = file_log(arguments, path, stack)
        bar = stack.enter_context(progress(arguments.frames, unit="row"))
        count = 0
        for row in read_rows(lines, path.name):
            if arguments.frames is not None and count >= arguments.frames:
                break
            for reading in playback.frame(row.t_s, lambda row=row: monitor.update_row(row)):  # type: ignore[misc]
                log.write(reading)
            count += 1
            bar.update()
        if count == 0:
            raise BadInput(f"{path.name} holds no row of signals. Choose another file.")
        for reading in playback.finish():
            log.write(reading)
    if monitor.rejected:
        complain(f"{monitor.rejected} rows were left out: their time is not after the row before.")
    return 0


def _watch_video(
    source: Source, arguments: argparse.Namespace, calibration: Calibration, taken: Path | None, stack: ExitStack
) -> int:
    """Run networks and monitor over every frame of a file."""
    from app import bootstrap

    log = file_log(arguments, taken, stack)
    model = bootstrap.make_model(arguments.backend)
    stack.callback(model.close)
    monitor = DrowsinessMonitor(calibration)
    playback = Playback(monitor)
    bar = stack.enter_context(progress(arguments.frames or source.info.frame_count))
    count = 0
    for frame in frames_of(source, arguments.frames):
        perception = model.track(frame, Wants(landmarks=True), max_faces=_MAX_FACES)
        for reading in playback.frame(frame.t_s, lambda p=perception: monitor.see(p.t_s, None, p)):  # type: ignore[misc]
            log.write(reading)
        count += 1
        bar.update()
    if count == 0:
        raise BadInput(f"{source.info.name} holds no picture. Choose another input.")
    for reading in playback.finish():
        log.write(reading)
    missing = shortfall(source, count, arguments.frames)
    if missing:
        complain(missing)
        return 1
    return 0
