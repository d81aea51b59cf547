"""A runtime in a child process, for those that would hurt their process.

`import torch` stalls the threads beside it for 0.4 to 1 s, LiteRT's WebGPU stalls them at every load and run, and a
fault in a GPU's driver ends the process. Hosted here none of that reaches the picture: the parent only copies arrays
into shared memory and waits, for a limited time, without the interpreter lock.

The child is a fresh interpreter (not multiprocessing's, which would import the program's `__main__` again). It ends
with its parent, however that ends.
"""

import threading
import weakref
from collections import deque
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TypeVar

from models.errors import BackendFailed, ModelUnavailable
from models.runtime.remote_process import Child
from models.runtime.remote_talk import (
    Block,
    Deliver,
    Done,
    Drop,
    Facts,
    Failed,
    Load,
    Open,
    Results,
    Run,
    Start,
)
from models.runtime.torch_ import NAMES, DeviceName
from models.types import F32

_GRACE_S = 0.5
"""For the child to let go of its device by itself."""
_FIRST_RUN = 5
"""Times the limit of a run: a driver may build what the new shape needs."""
_NOTICE_S = 0.3
"""For a call under way to notice that its child is gone."""

Answer = TypeVar("Answer")


def torch_remote(device: DeviceName) -> "Remote":
    """The torch runtime in a process of its own, which starts at the first `start` or `load`."""
    return Remote("models.runtime.torch_:TorchRuntime", (device,), name=NAMES[device])


class Remote:
    """A `Runtime` whose networks run in a child process. Any thread may load, call and close; calls take turns.

    Args:
        factory: "module:name" of what makes the runtime, in the child.
        arguments: picklable; what it is called with.
        name: of the runtime.
        start_limit_s: the longest the start or a load may take.
        call_limit_s: the longest a run may take; five times that for the first one on inputs of a new shape.
    """

    def __init__(
        self,
        factory: str,
        arguments: tuple[object, ...] = (),
        *,
        name: str,
        start_limit_s: float = 120.0,
        call_limit_s: float = 2.0,
    ) -> None:
        self.name = name
        self._start = Start(factory, arguments)
        self._start_limit_s, self._call_limit_s = start_limit_s, call_limit_s
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._broken = ""
        self._numbers = count()
        self._forgotten: deque[int] = deque()
        self._lanes: dict[int, _Lane] = {}
        self._facts = Facts("", ())

    @property
    def device_name(self) -> str:
        """What computes, as the runtime calls it; "" before it has started."""
        return self._facts.device_name

    @property
    def remarks(self) -> tuple[str, ...]:
        """Plain sentences about what is not as fast as it should be."""
        return self._facts.remarks

    def start(self) -> None:
        """Start the child and make the runtime, and wait for it; raises ModelUnavailable or BackendFailed."""
        with self._lock:
            self._started()

    def load(
        self, graph: Path, *, outputs: Sequence[str] = (), input_shape: Sequence[int] | None = None
    ) -> "RemoteNet":
        """Load a network in the child; raises ModelUnavailable, or BackendFailed where the child broke down."""
        shape = None if input_shape is None else tuple(input_shape)
        with self._lock:
            self._started()
            number = next(self._numbers)
            self._facts = self._ask(Load(number, graph, tuple(outputs), shape), Facts, self._start_limit_s)
            net = (RemoteBatchNet if self._facts.takes_many else RemoteNet)(self, number)
        weakref.finalize(net, self._forgotten.append, number).atexit = False
        return net

    def close(self) -> None:
        """End the child, within 2 s, also while it hangs; whoever waits for it gets BackendFailed."""
        self._broken = self._broken or f"the backend {self.name} was closed"
        is_idle = self._lock.acquire(blocking=False)
        if not is_idle:
            if self._child is not None:
                self._child.kill()
            is_idle = self._lock.acquire(timeout=_NOTICE_S)
        if self._child is not None:
            self._child.end(_GRACE_S)
        if is_idle:
            for lane in self._lanes.values():
                lane.close()
            self._lanes.clear()
            self._lock.release()

    def run(self, net: int, is_many: bool, inputs: Sequence[F32]) -> list[F32]:
        """Run a network on inputs of any shapes; raises BackendFailed."""
        with self._lock:
            lane = self._lane(net, is_many, inputs)
            for array, values in zip(lane.inputs.arrays, inputs, strict=True):
                array[...] = values
            if lane.outputs is None:
                self._open(lane)
            else:
                self._ask(Run(lane.number), Done, self._call_limit_s)
            return [] if lane.outputs is None else [array.copy() for array in lane.outputs.arrays]

    def _started(self) -> None:
        self._check()
        if self._child is None:
            self._child = Child(self.name)
            weakref.finalize(self, self._child.kill)
            try:
                self._facts = self._ask(self._start, Facts, self._start_limit_s)
            except BaseException as error:
                self._child.kill()
                self._broken = self._broken or str(error)
                raise

    def _lane(self, net: int, is_many: bool, inputs: Sequence[F32]) -> "_Lane":
        shapes = tuple(values.shape for values in inputs)
        for lane in self._lanes.values():
            if (lane.net, lane.is_many, lane.inputs.place.shapes) == (net, is_many, shapes):
                return lane
        self._check()
        lane = _Lane(next(self._numbers), net, is_many, Block(shapes))
        self._lanes[lane.number] = lane
        return lane

    def _open(self, lane: "_Lane") -> None:
        """The first run: its results tell how much memory they need."""
        limit_s = _FIRST_RUN * self._call_limit_s
        try:
            try:
                request = Open(lane.number, lane.net, lane.is_many, lane.inputs.place)
                results = self._ask(request, Results, limit_s)
            finally:
                lane.inputs.forget_name()
            lane.outputs = Block(results.shapes)
            try:
                self._ask(Deliver(lane.number, lane.outputs.place), Done, limit_s)
            finally:
                lane.outputs.forget_name()
        except BaseException:
            self._drop((), [lane])
            raise

    def _ask(self, request: object, kind: type[Answer], limit_s: float) -> Answer:
        """The child's answer; raises what it raised, and BackendFailed where it broke down."""
        self._check()
        child = self._child
        if child is None:
            raise BackendFailed(f"the backend {self.name} was not started")
        try:
            self._forget()
            answer = child.ask(request, limit_s)
        except BackendFailed as error:
            self._broken = self._broken or str(error)
            raise BackendFailed(self._broken) from error
        except BaseException:
            # An answer may still come: nothing after it could be trusted.
            child.kill()
            self._broken = self._broken or f"the backend {self.name} was interrupted"
            raise
        if isinstance(answer, Failed):
            raise (ModelUnavailable if answer.is_unavailable else BackendFailed)(answer.message)
        if not isinstance(answer, kind):
            raise BackendFailed(f"the backend {self.name} gave an answer that was not asked for")
        return answer

    def _check(self) -> None:
        if self._broken:
            raise BackendFailed(self._broken)

    def _forget(self) -> None:
        """Let networks go that nobody holds any more."""
        nets = {self._forgotten.popleft() for _ in range(len(self._forgotten))}
        if nets:
            self._drop(tuple(nets), [lane for lane in self._lanes.values() if lane.net in nets])

    def _drop(self, nets: tuple[int, ...], lanes: Sequence["_Lane"]) -> None:
        if self._child is not None:
            self._child.tell(Drop(nets, tuple(lane.number for lane in lanes)))
        for lane in lanes:
            lane.close()
            del self._lanes[lane.number]


class RemoteNet:
    """One network of the child; a `Net`."""

    def __init__(self, remote: Remote, number: int) -> None:
        self._remote, self._number = remote, number

    def __call__(self, *inputs: F32) -> Sequence[F32]:
        """Run once; raises BackendFailed."""
        return self._remote.run(self._number, False, inputs)


class RemoteBatchNet(RemoteNet):
    """One that takes several samples at once; a `BatchNet`."""

    def many(self, *inputs: F32) -> Sequence[F32]:
        """See `BatchNet.many`; raises BackendFailed."""
        return self._remote.run(self._number, True, inputs)


class _Lane:
    """A network with inputs of certain shapes, and where they lie."""

    def __init__(self, number: int, net: int, is_many: bool, inputs: Block) -> None:
        self.number, self.net, self.is_many, self.inputs = number, net, is_many, inputs
        self.outputs: Block | None = None

    def close(self) -> None:
        self.inputs.close()
        if self.outputs is not None:
            self.outputs.close()
