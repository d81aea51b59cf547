"""The torch runtime: the same `.tflite` graphs on CUDA, on Apple's GPUs (MPS), and on the CPU as a reference.

Never needed to use the program. Importing torch takes seconds and stalls the other threads of its process meanwhile, so
it is imported when a runtime is made, and where a picture is moving the runtime lives in a child process
(`models.runtime.remote`).
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from models.errors import ModelUnavailable
from models.runtime.tflite_read import read_graph

if TYPE_CHECKING:
    from models.runtime.torch_graph import Program
    from models.runtime.torch_nets import TorchNet

DeviceName = Literal["cuda", "mps", "cpu"]

NAMES: dict[DeviceName, str] = {"cuda": "cuda", "mps": "mps", "cpu": "torch-cpu"}
"""What the runtime is called on each device."""


class TorchRuntime:
    """Loads networks for torch; a `Runtime`. Loading is safe in any thread, one network at a time.

    Everything runs in fp32, without TF32: regression loses 0.03 px (fp16) to 0.2 px (bf16) otherwise.
    """

    def __init__(self, device: DeviceName = "cpu") -> None:
        """Imports torch and finds the device; raises ModelUnavailable where one of them is missing."""
        self.name = NAMES[device]
        try:
            from models.runtime import torch_nets
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise ModelUnavailable(
                f"the backend {self.name} needs PyTorch, which is not installed: `pip install 'facet[torch]'` adds it"
            ) from error
        except (ImportError, OSError) as error:
            raise ModelUnavailable(
                f"PyTorch is installed but cannot be loaded: {error}. Install it again: "
                "`pip install --force-reinstall 'facet[torch]'`"
            ) from error
        self._device, self.device_name = torch_nets.find_device(device)
        self._make_net = torch_nets.TorchNet
        self._programs: dict[tuple[Path, tuple[str, ...]], Program] = {}
        self._lock = threading.Lock()
        self.remarks: list[str] = []
        """Plain sentences about what is not as fast as it should be."""

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> "TorchNet":
        """Load a `.tflite` file; raises ModelUnavailable. Networks from one file share its weights.

        On CUDA it is also run and captured, so that its first call is as fast as all others.
        """
        with self._lock:
            program = self._program(graph, tuple(outputs))
            shapes = list(program.input_shapes)
            if input_shape is not None:
                shapes[0] = tuple(input_shape)
            return self._make_net(graph.stem, program, shapes, self._device, self.remarks.append)

    def _program(self, graph: Path, outputs: tuple[str, ...]) -> "Program":
        from models.runtime.torch_graph import Program

        if (graph, outputs) not in self._programs:
            try:
                self._programs[graph, outputs] = Program(read_graph(graph), outputs, self._device)
            except (RuntimeError, LookupError, ValueError, TypeError) as error:
                raise ModelUnavailable(f"the network {graph} cannot be loaded: {error}. Reinstall facet.") from error
        return self._programs[graph, outputs]

    def close(self) -> None:
        """Let the weights go; each network goes with its last reference."""
        self._programs.clear()
