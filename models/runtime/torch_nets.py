"""Programs on a device: one call copies the inputs there, runs, and copies the results back.

On CUDA a network of this size costs more to launch, operator by operator, than to run. So it is captured once as a CUDA
graph with fixed buffers, and a call is three launches: inputs up, replay, results down, all on one stream.
(docs.pytorch.org/docs/stable/notes/cuda.html, "CUDA Graphs".)
"""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from models.errors import BackendFailed, ModelUnavailable
from models.runtime.torch_graph import Program
from models.types import F32

Shape = tuple[int, ...]

_WARM_UPS = 3
"""Runs before a capture: libraries choose their algorithms and the allocator finds its sizes."""
_CAPTURE_LIMIT = 1_000_000
"""Numbers in the inputs. Larger ones are whole photos: seen once, so that a capture would never pay."""


class Runner(Protocol):
    """A program with inputs of certain shapes."""

    def __call__(self, inputs: Sequence[F32]) -> list[F32]:
        """The results belong to the caller."""
        ...


MakeRunner = Callable[[Callable[[Sequence[Tensor]], list[Tensor]], Sequence[Shape], torch.device], Runner]


def find_device(name: str) -> tuple[torch.device, str]:
    """The device and what its driver calls it; raises ModelUnavailable with the reason and the mend."""
    if name == "cuda":
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            is_there = torch.cuda.is_available()
        if not is_there:
            raise ModelUnavailable(_no_cuda(torch.version.cuda is not None, [str(each.message) for each in said]))
        return torch.device("cuda"), torch.cuda.get_device_name()
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise ModelUnavailable(
                "the backend mps needs a Mac with an Apple GPU and macOS 14 or later. Use the backend gpu or cpu."
            )
        return torch.device("mps"), "Apple GPU"
    # The operators are too small to share: two threads are no faster, and would be taken from the picture.
    torch.set_num_threads(1)
    return torch.device("cpu"), "CPU"


def _no_cuda(is_built: bool, said: Sequence[str]) -> str:
    if not is_built:
        return "this PyTorch is built without CUDA. Install one with it (pytorch.org), or use the backend gpu."
    reason = f" ({said[0].splitlines()[0].strip()})" if said else ""
    return (
        f"no NVIDIA GPU that CUDA can use was found{reason}. "
        "Install or update NVIDIA's driver, or use the backend gpu, which needs no CUDA."
    )


class TorchNet:
    """One loaded network; a `BatchNet`. Not thread-safe.

    Args:
        name: for messages.
        program: shared with other networks.
        shapes: of the inputs of one sample.
        remark: is told, in plain words, what could not be done the fast way.
        capture: makes a runner of fixed shapes; tests put another one here.
    """

    def __init__(
        self,
        name: str,
        program: Program,
        shapes: Sequence[Shape],
        device: torch.device,
        remark: Callable[[str], None],
        capture: MakeRunner | None = None,
    ) -> None:
        self._name, self._program, self._device, self._remark = name, program, device, remark
        self.input_shapes = tuple(shapes)
        self._capture = capture or (CudaGraph if device.type == "cuda" else None)
        self._runners: dict[int, Runner] = {}
        if self._capture is not None:
            with self._failing_as(ModelUnavailable):
                self._runner(0)

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        """Run once; raises BackendFailed."""
        return self._run(inputs, 0)

    def many(self, *inputs: F32) -> Sequence[F32]:
        """See `BatchNet.many`; raises BackendFailed. On CUDA the first call with another n captures again."""
        return self._run(inputs, len(inputs[0]))

    def _run(self, inputs: Sequence[F32], count: int) -> Sequence[F32]:
        shapes = self._shapes(count)
        if [values.shape for values in inputs] != shapes:
            raise BackendFailed(f"the network {self._name} takes inputs of {shapes}, not what it was given")
        with self._failing_as(BackendFailed):
            return self._runner(count)(inputs)

    def _shapes(self, count: int) -> list[Shape]:
        """Of the inputs for `count` samples at once; 0 stands for one sample without an axis for it."""
        return [(count, *shape) if count else shape for shape in self.input_shapes]

    def _runner(self, count: int) -> Runner:
        if count not in self._runners:
            self._runners[count] = self._make_runner(count)
        return self._runners[count]

    def _make_runner(self, count: int) -> Runner:
        run = self._program.many if count else self._program
        shapes = self._shapes(count)
        if self._capture is not None and sum(math.prod(shape) for shape in shapes) <= _CAPTURE_LIMIT:
            try:
                return self._capture(run, shapes, self._device)
            except RuntimeError as error:
                self._remark(f"CUDA cannot record the network {self._name} ({_first_line(error)}); it runs slower.")
        return Eager(run, shapes, self._device)

    @contextlib.contextmanager
    def _failing_as(self, kind: type[BackendFailed | ModelUnavailable]) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise kind(
                "the graphics card's memory is full. Close other programs that use it, or use the CPU."
            ) from error
        except RuntimeError as error:
            reason = _first_line(error)
            raise kind(f"the network {self._name} failed on {self._device.type}: {reason}. Use the CPU.") from error


class Eager:
    """Operator by operator; any shapes."""

    def __init__(
        self, run: Callable[[Sequence[Tensor]], list[Tensor]], _shapes: Sequence[Shape], device: torch.device
    ) -> None:
        self._run, self._device = run, device

    def __call__(self, inputs: Sequence[F32]) -> list[F32]:
        """See Runner."""
        with torch.inference_mode(), _exact(self._device):
            results = self._run([torch.tensor(values, device=self._device) for values in inputs])
            return [np.array(result.cpu().numpy(), np.float32, order="C") for result in results]


class CudaGraph:
    """One recorded run on a stream of its own. Raises RuntimeError where it cannot be recorded."""

    def __init__(
        self, run: Callable[[Sequence[Tensor]], list[Tensor]], shapes: Sequence[Shape], device: torch.device
    ) -> None:
        make_stream: Any = torch.cuda.Stream
        self._stream = make_stream(device)
        self._graph = torch.cuda.CUDAGraph()
        with torch.inference_mode(), _exact(device):
            self._sent = [_pinned(shape) for shape in shapes]
            self._stream.wait_stream(torch.cuda.current_stream(device))
            with torch.cuda.stream(self._stream):
                self._inputs = [torch.zeros(shape, device=device) for shape in shapes]
                for _ in range(_WARM_UPS):
                    run(self._inputs)
            self._stream.synchronize()
            # Only what this thread does is recorded, so that other threads may go on using the GPU.
            with torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode="thread_local"):
                self._outputs = [result.contiguous() for result in run(self._inputs)]
            self._received = [_pinned(tuple(result.shape)) for result in self._outputs]

    def __call__(self, inputs: Sequence[F32]) -> list[F32]:
        """See Runner."""
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            for values, sent, there in zip(inputs, self._sent, self._inputs, strict=True):
                np.copyto(sent.numpy(), values)
                there.copy_(sent, non_blocking=True)
            self._graph.replay()
            for result, received in zip(self._outputs, self._received, strict=True):
                received.copy_(result, non_blocking=True)
        self._stream.synchronize()
        return [np.array(received.numpy()) for received in self._received]


def _pinned(shape: Shape) -> Tensor:
    """Memory of ours that the GPU reads and writes by itself."""
    return torch.zeros(shape, pin_memory=True)


def _exact(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Convolutions of fp32 in fp32: cuDNN would round their factors to 10 bits (TF32) otherwise."""
    if device.type != "cuda":
        return contextlib.nullcontext()
    flags: contextlib.AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    return flags


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
