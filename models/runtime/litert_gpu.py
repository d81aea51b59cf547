"""The same graphs on any vendor's GPU: LiteRT with its WebGPU accelerator (Vulkan, Metal or Direct3D 12).

The only module that imports LiteRT's compiled model. In fp32, like the CPU; a graph that would not run on the GPU as a
whole is refused, because LiteRT would run the rest on its slow path on the CPU and call it accelerated.

LiteRT's bindings hold the interpreter lock while they load (0.2 to 2 s a network, shaders are compiled) and while they
run and wait for the GPU: every other thread of the process stands still meanwhile. Where a picture is moving, host this
runtime in a child process (`models.runtime.remote`).
"""

import atexit
import math
import os
import re
import struct
import threading
import weakref
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.environment import Environment
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import GpuOptions, Options

from models.errors import BackendFailed, ModelUnavailable
from models.runtime.hush import hushed
from models.types import F32

_MEND = "Install or update the graphics driver (on Linux its Vulkan part as well), or use the CPU."
_MEND_LOST = "Choose the GPU again; if it fails often, update the graphics driver."
_ADAPTER = re.compile(r"Selected adapter: (.+?), arch=.*?adapterType=(.+)")
_REFUSED_OPERATOR = re.compile(r"^([A-Z][A-Z0-9_]+): (.*\S)")
_LEVELS = ("INFO", "WARNING", "ERROR")
_NO_PLAIN_REASON = "LiteRT gives no reason"


class LiteRtGpu:
    """Loads networks for the GPU; a `Runtime`. Loading is safe in any thread, one network at a time."""

    name = "gpu"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._environment: Any = None
        self._nets: weakref.WeakSet[LiteRtGpuNet] = weakref.WeakSet()
        self.device_name = ""
        """What the driver calls the GPU, and "(software)" where it is none; known after the first load."""

    def load(
        self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None
    ) -> "LiteRtGpuNet":
        """Load a `.tflite` file and run it once, on zeros: what the driver builds at the first run is built then.

        Raises ModelUnavailable when there is no file, no GPU, or a part of the graph that the GPU cannot run, and
        BackendFailed when the GPU was lost.
        """
        content = _read(graph, input_shape)
        chatter: list[str] = []
        try:
            with self._lock, hushed(_all_of_it) as chatter:
                net = self._make(graph, content, outputs)
        except RuntimeError as error:
            raise ModelUnavailable(_plain_reason(graph, str(error), chatter)) from error
        self._nets.add(net)
        self.device_name = self.device_name or _device_name(chatter)
        return net

    def _make(self, graph: Path, content: bytes, outputs: Sequence[str]) -> "LiteRtGpuNet":
        _quiet()
        self._environment = self._environment or Environment.create()
        try:
            return LiteRtGpuNet(graph, content, outputs, self._environment)
        except BaseException:
            if not self._nets:
                self._free()
            raise

    def _free(self) -> None:
        """Not left to the garbage collector, which would let LiteRT report it on the terminal."""
        if self._environment is not None:
            self._environment.close()
        self._environment = None

    def close(self) -> None:
        """Free every network's and the runtime's own memory on the GPU. The networks cannot be used any more."""
        with self._lock, hushed(_all_of_it):
            for net in list(self._nets):
                net.close()
            self._nets.clear()
            self._free()


class LiteRtGpuNet:
    """One loaded network; a `Net`. Not thread-safe."""

    def __init__(self, graph: Path, content: bytes, outputs: Sequence[str], environment: Any) -> None:
        self._name = graph.stem
        self._content = content
        self._model: Any = None
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        try:
            self._open(graph, outputs, environment)
        except BaseException:
            self.close()
            raise

    def _open(self, graph: Path, outputs: Sequence[str], environment: Any) -> None:
        options = Options(hardware_accelerators=HardwareAccelerator.GPU, gpu_options=GpuOptions(enforce_f32=True))
        self._model = CompiledModel.from_buffer(self._content, environment=environment, options=options)
        if not self._model.is_fully_accelerated():
            raise ModelUnavailable(f"the GPU runs only a part of the network {graph}. Use the CPU.")
        (signature, names), *_ = self._model.get_signature_list().items()
        results: list[str] = names["outputs"]
        missing = [name for name in outputs if name not in results]
        if missing:
            raise ModelUnavailable(f"the network {graph} has no result called {missing[0]}")
        self._order = [results.index(name) for name in outputs or results]
        self._inputs, self._outputs = self._model.create_input_buffers(0), self._model.create_output_buffers(0)
        taken = self._model.get_input_tensor_details(signature)
        given = self._model.get_output_tensor_details(signature)
        self._input_shapes = [tuple(taken[name]["shape"]) for name in names["inputs"]]
        self._output_shapes = [tuple(given[name]["shape"]) for name in results]
        self(*(np.zeros(shape, np.float32) for shape in self._input_shapes))

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        """Run once and wait for the results; raises BackendFailed, also when the GPU was lost."""
        if self._model is None:
            raise BackendFailed(f"the network {self._name} was closed already")
        if [values.shape for values in inputs] != self._input_shapes:
            raise BackendFailed(f"the network {self._name} takes {self._input_shapes}, not what it was given")
        try:
            for buffer, values in zip(self._inputs, inputs, strict=True):
                buffer.write(values)
            self._model.run_by_index(0, self._inputs, self._outputs)
            return [self._result(index) for index in self._order]
        except (ValueError, RuntimeError) as error:
            reason = f"while it ran the network {self._name} ({_last_line(str(error))})"
            raise BackendFailed(f"the GPU stopped answering {reason}. {_MEND_LOST}") from error

    def _result(self, index: int) -> F32:
        shape = self._output_shapes[index]
        values: F32 = self._outputs[index].read(math.prod(shape), np.float32)
        return values.reshape(shape)

    def close(self) -> None:
        """Free its memory on the GPU."""
        self._inputs, self._outputs, self._model = [], [], None


def _read(graph: Path, input_shape: Sequence[int] | None) -> bytes:
    """The file, with another size of its first input where that is asked for: every other size follows from it.

    LiteRT's own way, `resize_input_tensor`, leaves it unknown whether the GPU still runs the whole graph.
    """
    try:
        content = bytearray(graph.read_bytes())
        if input_shape is not None:
            network = schema.Model.GetRootAs(content, 0).Subgraphs(0)
            network.Tensors(network.Inputs(0)).ShapeAsNumpy()[:] = input_shape
    except OSError as error:
        raise ModelUnavailable(f"the network {graph} cannot be loaded: {error.strerror}") from error
    except (struct.error, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelUnavailable(f"the network {graph} cannot be loaded: it is damaged. Install Facet again.") from error
    return bytes(content)


def _all_of_it(_line: str) -> bool:
    """Whether a line is LiteRT's or the driver's: they hold the interpreter lock, nobody else writes meanwhile."""
    return True


def _plain_reason(graph: Path, error: str, chatter: list[str]) -> str:
    """What went wrong, for a user: LiteRT's exception says less than its log."""
    said = "\n".join(chatter)
    if "No adapters found" in said:
        return f"no GPU that can run the networks was found. {_MEND}"
    if "not accelerated" in error:
        found = [_REFUSED_OPERATOR.match(line) for line in chatter]
        operators = "; ".join(each[0].rstrip(". ") for each in found if each and each[1] not in _LEVELS)
        return f"the GPU cannot run the network {graph}: {operators or _NO_PLAIN_REASON}. Use the CPU."
    if "Failed to build" in error or "load model" in error:
        return f"the network {graph} cannot be loaded: it is damaged. Install Facet again."
    return f"the GPU cannot load the network {graph}: {_last_line(error)}. {_MEND}"


def _last_line(error: str) -> str:
    lines = [line.strip("└├─ ").rstrip(".") for line in error.splitlines() if line.strip()]
    return lines[-1] if lines else _NO_PLAIN_REASON


def _device_name(chatter: list[str]) -> str:
    for line in chatter:
        if found := _ADAPTER.search(line):
            return f"{found[1]} (software)" if "CPU" in found[2] else found[1]
    return ""


@cache
def _quiet() -> None:
    """Keep quiet what cannot be caught while loading.

    That is a remark on standard output where OpenCL, which is not used, is missing; and what LiteRT's own exit handlers
    say they free, after everybody else has spoken.
    """
    os.environ.setdefault("LITERT_DISABLE_OPENCL", "1")
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))
