"""The default runtime: LiteRT with XNNPACK on the CPU.

The only module that imports LiteRT's interpreter. Feeding a network and reading its results costs one copy each
(10 microseconds for a 192x192 crop), which keeps every array the caller's own.
"""

import os
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from models.errors import BackendFailed, ModelUnavailable
from models.networks import network_path
from models.runtime.hush import hushed
from models.types import F32

_CHATTER = "XNNPACK delegate"
_PROBE_RUNS = 5
_PROBE_GAIN = 1.25
"""A second thread must make a network this much faster to be worth the core it takes."""

_first_load = threading.Lock()
_loaded_before = False


class LiteRtCpu:
    """Loads networks for XNNPACK; a `Runtime`."""

    name = "cpu"

    def __init__(self, threads: int | None = None) -> None:
        """`threads` per network; None measures once, at the first load, whether a second thread pays."""
        self._threads = threads

    def load(
        self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None
    ) -> "LiteRtNet":
        """Load a `.tflite` file; raises ModelUnavailable. `outputs` orders the results by tensor name."""
        if self._threads is None:
            self._threads = _probe_threads()
        return LiteRtNet(graph, outputs, input_shape, self._threads)

    def close(self) -> None:
        """Nothing is shared between the networks; each goes with its last reference."""


class LiteRtNet:
    """One loaded network; a `Net`. Not thread-safe."""

    def __init__(self, graph: Path, outputs: Sequence[str], input_shape: Sequence[int] | None, threads: int) -> None:
        try:
            with _hushed():
                self._interpreter: Any = Interpreter(model_path=str(graph), num_threads=threads)
                if input_shape is not None:
                    index = self._interpreter.get_input_details()[0]["index"]
                    self._interpreter.resize_tensor_input(index, list(input_shape))
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"the network {graph} cannot be loaded: {error}") from error
        self._inputs = [int(detail["index"]) for detail in self._interpreter.get_input_details()]
        index_by_name = {str(d["name"]): int(d["index"]) for d in self._interpreter.get_output_details()}
        missing = [name for name in outputs if name not in index_by_name]
        if missing:
            raise ModelUnavailable(f"the network {graph} has no result called {missing[0]}")
        self._outputs = [index_by_name[name] for name in outputs or index_by_name]

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        """Run once; raises BackendFailed."""
        interpreter = self._interpreter
        try:
            for index, values in zip(self._inputs, inputs, strict=True):
                interpreter.set_tensor(index, values)
            interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise BackendFailed(f"a network failed on the CPU: {error}") from error
        return [interpreter.get_tensor(index) for index in self._outputs]


def _probe_threads() -> int:
    """1 or 2, by running the detector with both, in turns; costs about 20 ms.

    Two cores are never probed: the second one decodes, draws and paints.
    """
    if (os.cpu_count() or 1) <= 2:
        return 1
    graph = network_path("yunet")
    nets = [LiteRtNet(graph, (), None, threads) for threads in (1, 2)]
    picture = np.zeros((1, 160, 256, 3), np.float32)
    spent_ns: tuple[list[int], list[int]] = ([], [])
    for _ in range(_PROBE_RUNS + 1):
        for net, spent in zip(nets, spent_ns, strict=True):
            start = time.perf_counter_ns()
            net(picture)
            spent.append(time.perf_counter_ns() - start)
    one, two = (statistics.median(spent[1:]) for spent in spent_ns)
    return 2 if two * _PROBE_GAIN < one else 1


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep LiteRT's greeting, which it writes once a process from C++, off the user's terminal."""
    global _loaded_before  # noqa: PLW0603
    with _first_load:
        if _loaded_before:
            yield
            return
        with hushed(lambda line: _CHATTER in line):
            yield
        _loaded_before = True
