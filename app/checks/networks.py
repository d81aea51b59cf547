"""The networks: are their files those that were built, and do they find a face on this processor?"""

import statistics
import threading
import time
from collections.abc import Iterator

from app.checks.finding import Finding, Situation
from app.checks.isolated import Isolated

_RUNS = 4
_RUN_S = 20.0
_TITLE = "Face model on the CPU"
_REINSTALL = "Install Facet again: pip install --force-reinstall facet"
_DIGITS = 8


def examine(situation: Situation, stop: threading.Event) -> Iterator[Finding]:
    """Hashes first; then a run, in a process of its own because a damaged file or an old processor may crash it."""
    run = Isolated("app.checks.networks:run", modest=situation.has_picture)
    yield from files()
    yield from run.findings(_TITLE, _REINSTALL, _RUN_S, stop)


def files() -> Iterator[Finding]:
    """One line for all that are intact, and one for each that is not."""
    from models.networks.listing import built_digests, problems

    digests = built_digests()
    intact = []
    for name, problem in problems():
        if problem:
            yield Finding("bad", name, "missing or damaged", problem)
        else:
            intact.append(f"{name} {digests[name][:_DIGITS]}")
    if intact:
        yield Finding("good", f"{len(intact)} files as they were built", f"SHA-256: {', '.join(intact)}")


def run() -> Iterator[Finding]:
    """In the child: the demo's faces, found on the CPU."""
    from app.backends.rehearsal import stage_frames
    from models.errors import FacetError
    from models.shared import create_cpu_model
    from models.types import Wants

    frames = stage_frames(_RUNS)
    try:
        model = create_cpu_model()
        spent_ms = []
        for frame in frames:
            started_ns = time.perf_counter_ns()
            seen = model.track(frame, Wants(matte=True))
            spent_ms.append((time.perf_counter_ns() - started_ns) / 1e6)
        model.close()
    except FacetError as error:
        yield Finding("bad", _TITLE, str(error), _REINSTALL)
        return
    if not seen.faces:
        yield Finding("bad", _TITLE, "finds no face in the demo's picture", _REINSTALL)
        return
    usual_ms = statistics.median(spent_ms[1:])
    yield Finding("good", _TITLE, f"finds {_faces(len(seen.faces))} in the demo, {usual_ms:.1f} ms a 1280x720 frame")


def _faces(count: int) -> str:
    return "one face" if count == 1 else f"{count} faces"
