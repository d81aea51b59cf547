"""What perception asks of an inference runtime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from models.types import F32


class Net(Protocol):
    """One loaded network. Not thread-safe: one owner thread."""

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        """Run once; arrays are NHWC float32. The results belong to the caller."""
        ...


@runtime_checkable
class BatchNet(Net, Protocol):
    """A network that takes several samples at once."""

    def many(self, *inputs: F32) -> Sequence[F32]:
        """Run n samples at once: `net.many(x)[k][i]` is `net(x[i])[k]`; inputs and results have one more axis."""
        ...


class Runtime(Protocol):
    """Loads networks."""

    name: str

    def load(self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None) -> Net:
        """Load a `.tflite` file; raises ModelUnavailable.

        `outputs` orders the results by tensor name. `input_shape` resizes the first input of a graph that holds no
        size of its own ("yunet").
        """
        ...

    def close(self) -> None:
        """Let the networks go."""
        ...
