"""Puts the live session together, without Qt: so that it loads its networks while the window is still imported."""

import threading
from pathlib import Path

from app import bootstrap
from app.pipeline.comparison import RunningComparison
from app.pipeline.engine import Engine
from app.pipeline.prepare import WorkerPreparer
from app.pipeline.runner import Runner
from app.settings import Settings
from app.sinks.base import Sink, SinkFailed
from app.sources.base import Source, SourceInfo
from models.types import Wants


def live_session(
    settings: Settings,
    size_wh: tuple[int, int] | None = None,
    fps: float | None = None,
    runner: type[Runner] = Runner,
) -> Runner:
    """A session that has begun to load its networks.

    Args:
        settings: to begin with.
        size_wh: asked of a camera or the demo.
        fps: likewise.
        runner: for benchmarks that watch it.
    """

    def open_source(text: str, cancel: threading.Event) -> Source:
        return bootstrap.open_source(text, live=True, loop=True, size_wh=size_wh, fps=fps, cancel=cancel)

    session = runner(
        open_source=open_source,
        make_engine=_live_engine,
        make_recorder=_make_recorder,
        make_still=_make_still,
        settings=settings,
        build=bootstrap.build_live,
    )
    session.prepare()
    return session


def compare(asked: tuple[str, str], settings: Settings, text: str, info: SourceInfo) -> RunningComparison:
    """Begin to measure two backends against each other on what the window shows.

    Args:
        asked: the two backends.
        settings: the effects to draw; with none, the whole perception is measured.
        text: the input as it was opened.
        info: of its source. A camera or stream lends the comparison its frames; of all else it opens its own.
    """
    from app.pipeline.compare_run import ComparisonRun, LentFrames, OwnFrames

    wants = Wants(landmarks=not settings.effects, matte=not settings.effects)

    def open_own() -> Source:
        size_wh, fps = (info.size_wh, info.fps) if info.kind == "demo" else (None, None)
        return bootstrap.open_source(text, live=False, loop=True, size_wh=size_wh, fps=fps)

    return ComparisonRun(
        asked,
        lambda name, loading: bootstrap.make_compared_engine(name, loading, wants),
        settings,
        info.name,
        LentFrames() if info.kind in ("camera", "stream") else OwnFrames(open_own),
    )


def _live_engine() -> Engine:
    """It begins on the CPU, whatever was chosen: the picture need not wait for a graphics driver."""
    return bootstrap.make_home_engine(preparer=WorkerPreparer("facet-prepare"))


def _make_recorder(path: Path, size_wh: tuple[int, int], fps: float) -> Sink:
    from app.sinks.video import VideoSink

    _make_folder(path.parent)
    return VideoSink(path, size_wh=size_wh, fps=fps, live=True)


def _make_still(path: Path) -> Sink:
    from app.sinks.still import StillSink

    _make_folder(path.parent)
    return StillSink(path)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkFailed(f"The folder {folder} cannot be made: {error.strerror}. Choose another folder.") from error
