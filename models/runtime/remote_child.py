"""The child process of a `Remote`: hosts a runtime and answers requests until its parent lets go of the pipe."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from models.errors import BackendFailed, FacetError, ModelUnavailable
from models.runtime.base import BatchNet, Net, Runtime
from models.runtime.remote_talk import (
    Block,
    Deliver,
    Done,
    Drop,
    Facts,
    Failed,
    Load,
    Open,
    Place,
    Results,
    Run,
    Start,
)
from models.types import F32

_POLITE = 10

Pipe = Connection
"""On Windows its sister class; both have the same methods."""


def main(handle: int) -> None:
    """The child's whole life; `handle` is its inherited end of the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="facet-parent-watch", daemon=True).start()
    serve(_pipe(handle))
    # Everything was let go; taking the interpreter and the libraries apart only takes time.
    os._exit(0)


def _pipe(handle: int) -> Pipe:
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)
    return Connection(handle)


def _end_with_parent() -> None:
    """Standard input ends with the parent, however it dies; this thread sees it also while a network hangs."""
    while os.read(0, 1):
        pass
    os._exit(1)


def serve(pipe: Pipe) -> None:
    """Answer requests until the pipe closes."""
    host = Host()
    try:
        while True:
            answer = _answer(host, pipe.recv())
            if answer is not None:
                pipe.send(answer)
    except (EOFError, OSError):
        host.close()


def _answer(host: "Host", request: object) -> object:
    """The answer; a picture may be moving beside the child, so what takes long is done by a thread that gives way."""
    if not isinstance(request, Start | Load):
        return _answered(host, request)
    answers: list[object] = []

    def work() -> None:
        _give_way()
        answers.append(_answered(host, request))

    thread = threading.Thread(target=work, name="facet-load")
    thread.start()
    thread.join()
    return answers[0]


def _give_way() -> None:
    """Only Linux has a priority for each thread; elsewhere it is the process's, and could not be raised again."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _POLITE)


def _answered(host: "Host", request: object) -> object:
    try:
        return host.answer(request)
    except FacetError as error:
        return Failed(str(error), isinstance(error, ModelUnavailable))
    except Exception as error:  # noqa: BLE001 - the top of a process: the parent is told instead of a terminal
        return Failed(f"the backend failed: {type(error).__name__}: {error}", is_unavailable=False)


@dataclass(eq=False, slots=True)
class _Lane:
    """A network with inputs of certain shapes."""

    run: Any
    inputs: Block
    results: Sequence[F32] = ()
    outputs: Block | None = None


class Host:
    """The runtime, its networks and their memory."""

    def __init__(self) -> None:
        self._runtime: Runtime | None = None
        self._nets: dict[int, Net] = {}
        self._lanes: dict[int, _Lane] = {}

    def answer(self, request: object) -> object:
        """Do what is asked; None where no answer is expected."""
        match request:
            case Run(lane):
                return self._run(self._lanes[lane])
            case Start(factory, arguments):
                module, _, name = factory.partition(":")
                self._runtime = getattr(import_module(module), name)(*arguments)
                return self._facts()
            case Load(net, graph, outputs, input_shape):
                self._nets[net] = self._made().load(graph, outputs=outputs, input_shape=input_shape)
                return self._facts(takes_many=isinstance(self._nets[net], BatchNet))
            case Open(lane, net, is_many, inputs):
                return self._open(lane, self._nets[net], is_many, inputs)
            case Deliver(lane, outputs):
                return self._deliver(self._lanes[lane], outputs)
            case Drop(nets, lanes):
                self._drop(nets, lanes)
                return None
        raise TypeError(f"not a request: {request!r}")

    def _made(self) -> Runtime:
        if self._runtime is None:
            raise BackendFailed("the runtime was not started")
        return self._runtime

    def _facts(self, *, takes_many: bool = False) -> Facts:
        runtime = self._made()
        return Facts(getattr(runtime, "device_name", ""), tuple(getattr(runtime, "remarks", ())), takes_many)

    def _open(self, number: int, net: Net, is_many: bool, inputs: Place) -> Results:
        if is_many and not isinstance(net, BatchNet):
            raise BackendFailed(f"the runtime {self._made().name} takes one sample at a time")
        lane = _Lane(net.many if is_many and isinstance(net, BatchNet) else net, Block(inputs.shapes, inputs.name))
        self._lanes[number] = lane
        lane.results = lane.run(*lane.inputs.arrays)
        return Results(tuple(result.shape for result in lane.results))

    def _deliver(self, lane: _Lane, outputs: Place) -> Done:
        lane.outputs = Block(outputs.shapes, outputs.name)
        _lay(lane.results, lane.outputs)
        lane.results = ()
        return Done()

    def _run(self, lane: _Lane) -> Done:
        if lane.outputs is None:
            raise BackendFailed("a network has nowhere to lay its results")
        _lay(lane.run(*lane.inputs.arrays), lane.outputs)
        return Done()

    def _drop(self, nets: Sequence[int], lanes: Sequence[int]) -> None:
        for number in lanes:
            lane = self._lanes.pop(number, None)
            for block in (lane.inputs, lane.outputs) if lane is not None else ():
                if block is not None:
                    block.close()
        for number in nets:
            self._nets.pop(number, None)

    def close(self) -> None:
        """Let everything go."""
        self._drop(list(self._nets), list(self._lanes))
        if self._runtime is not None:
            self._runtime.close()


def _lay(results: Sequence[F32], outputs: Block) -> None:
    for result, array in zip(results, outputs.arrays, strict=True):
        array[...] = result
