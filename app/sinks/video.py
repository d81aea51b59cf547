"""Records outputs to MP4 on a thread of its own, whole or not at all."""

import queue
import threading
from pathlib import Path

import av

from app.pipeline.types import Output
from app.sinks.base import SinkFailed
from app.sinks.mp4 import Mp4Writer
from app.sinks.target import Target, cannot_write, check_suffix
from app.sources.video import Origin

VIDEO_SUFFIXES = (".mp4", ".m4v")
_QUEUE_BYTES = 64 * 2**20
_MOST_QUEUED = 8
_FEWEST_QUEUED = 2
_LOOK_S = 0.1


class VideoSink:
    """See Sink. Raises UsageError and SinkFailed at once when `path` cannot be written.

    Args:
        path: .mp4 or .m4v; takes its name only when finished well.
        size_wh: of the file; outputs of another size are fitted in.
        fps: nominal, 0 = unknown; the outputs' own times decide.
        origin: the video file that the outputs come from, for its sound and colours.
        live: never block: a full queue drops the output and counts it. Otherwise `put` waits.
    """

    def __init__(
        self, path: Path, *, size_wh: tuple[int, int], fps: float, origin: Origin | None = None, live: bool = False
    ) -> None:
        check_suffix(path, VIDEO_SUFFIXES)
        self.dropped = 0
        self._live = live
        self._target = Target(path, origin.path if origin else None)
        self._failure: Exception | None = None
        self._given_up = threading.Event()
        self._finished = False
        fits = _QUEUE_BYTES // max(1, size_wh[0] * size_wh[1] * 4)
        self._queue: queue.Queue[Output | None] = queue.Queue(max(_FEWEST_QUEUED, min(_MOST_QUEUED, fits)))
        try:
            self._writer = Mp4Writer(self._target.temporary, size_wh, fps, origin)
        except BaseException as error:
            self._target.discard()
            if isinstance(error, av.FFmpegError | OSError | ValueError):
                raise cannot_write(path, error) from None
            raise
        self._thread = threading.Thread(target=self._run, name="facet-recorder", daemon=True)
        self._thread.start()

    def put(self, output: Output) -> None:
        """See Sink."""
        if self._live:
            self._check()
            try:
                self._queue.put_nowait(output)
            except queue.Full:
                self.dropped += 1
        else:
            self._hand_over(output)

    def finish(self, ok: bool) -> None:
        """See Sink; may be called again."""
        if self._finished:
            return
        self._finished = True
        whole = False
        try:
            if ok:
                self._hand_over(None)
                self._thread.join()
                self._check()
                whole = True
        finally:
            if not whole:
                self._give_up()
        if whole:
            self._target.keep()

    def _hand_over(self, item: Output | None) -> None:
        """Queue `item`, waiting for room as long as the writer lives."""
        while True:
            self._check()
            try:
                self._queue.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return

    def _check(self) -> None:
        if isinstance(self._failure, SinkFailed):
            raise self._failure
        if self._failure is not None:
            raise cannot_write(self._target.path, self._failure)

    def _give_up(self) -> None:
        self._given_up.set()
        self._thread.join()
        self._target.discard()

    def _run(self) -> None:
        try:
            whole = self._write_all()
            if whole and self._writer.empty:
                raise SinkFailed(f"{self._target.path} was not written: there was no picture.")  # noqa: TRY301
            if whole:
                self._writer.finish()
        except Exception as error:  # noqa: BLE001 - the top of the thread: `put` and `finish` tell the caller
            self._failure = error
        finally:
            self._close_writer()

    def _close_writer(self) -> None:
        try:
            self._writer.close()
        except Exception as error:  # noqa: BLE001 - the top of the thread, see above
            self._failure = self._failure or error

    def _write_all(self) -> bool:
        """Encode until the end (True) or until the recording is given up (False)."""
        while not self._given_up.is_set():
            try:
                output = self._queue.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if output is None:
                return True
            self._writer.write(output.bgra, output.frame.t_s)
        return False
