"""Reads a `.tflite` file into plain values: which operators run on which tensors, with which weights.

For runtimes that execute the graph themselves. The FlatBuffer schema is the one that LiteRT's own wheel carries.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelUnavailable

ABSENT = -1
"""Index of an optional input that is not there."""

_TYPES = ("FLOAT32", "FLOAT16", "INT32", "INT64")
_IDENTIFIER = slice(4, 8)
_MAGIC = b"TFL3"
_DAMAGE = (struct.error, TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError)
"""What reading a damaged FlatBuffer in Python can end in: offsets and lengths lead anywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator of a graph.

    Attributes:
        kind: the name in the schema's BuiltinOperator ("CONV_2D"), or that of a custom operator.
        options: the built-in options by the schema's names ("strideH"); empty where there are none.
        custom: a custom operator's options, as they are.
        inputs: indices of tensors; ABSENT for an optional input that is not there.
        outputs: indices of tensors.
    """

    kind: str
    options: Mapping[str, Any]
    custom: bytes
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The one graph of a file. Operators come in an order in which they can run.

    Attributes:
        names, shapes: of every tensor.
        constants: values of the tensors that have some, by index.
        inputs, outputs: indices of tensors.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: Mapping[int, NDArray[Any]]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def index_of_outputs(self, names: Sequence[str]) -> tuple[int, ...]:
        """Indices of results by name, all of them where none is named; raises ModelUnavailable."""
        by_name = {self.names[index]: index for index in self.outputs}
        missing = [name for name in names if name not in by_name]
        if missing:
            raise ModelUnavailable(f"the network has no result called {missing[0]}")
        return tuple(by_name[name] for name in names) or self.outputs


def read_graph(path: Path) -> Graph:
    """Raises ModelUnavailable where the file is missing, damaged or not of one graph."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(f"the network {path} cannot be loaded: {error.strerror}") from error
    if content[_IDENTIFIER] != _MAGIC:
        raise ModelUnavailable(f"the network {path} cannot be loaded: it is not a .tflite file")
    try:
        return _parse(content)
    except _DAMAGE as error:
        raise ModelUnavailable(f"the network {path} cannot be loaded: the file is damaged; reinstall facet") from error


def _parse(content: bytes) -> Graph:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    (graph,) = model.subgraphs
    kinds = _names(schema.BuiltinOperator)
    return Graph(
        names=tuple(tensor.name.decode() for tensor in graph.tensors),
        shapes=tuple(() if tensor.shape is None else _indices(tensor.shape) for tensor in graph.tensors),
        constants=_constants(schema, model, graph),
        operators=tuple(_operator(operator, model.operatorCodes, kinds) for operator in graph.operators),
        inputs=_indices(graph.inputs),
        outputs=_indices(graph.outputs),
    )


def _operator(operator: Any, codes: Sequence[Any], kinds: Mapping[int, str]) -> Operator:
    code = codes[operator.opcodeIndex]
    # Old files hold the code in a byte; what is beyond that has it in the newer field only.
    kind = kinds[max(code.builtinCode, code.deprecatedBuiltinCode)]
    return Operator(
        kind=code.customCode.decode() if kind == "CUSTOM" else kind,
        options={} if operator.builtinOptions is None else vars(operator.builtinOptions),
        custom=b"" if operator.customOptions is None else bytes(operator.customOptions),
        inputs=_indices(operator.inputs),
        outputs=_indices(operator.outputs),
    )


def _constants(schema: Any, model: Any, graph: Any) -> dict[int, NDArray[Any]]:
    kinds = {getattr(schema.TensorType, name): np.dtype(name.lower()) for name in _TYPES}
    found: dict[int, NDArray[Any]] = {}
    for index, tensor in enumerate(graph.tensors):
        data = model.buffers[tensor.buffer].data
        if data is None or len(data) == 0:
            continue
        if tensor.sparsity is not None:
            raise ValueError(f"{tensor.name} is stored sparse")
        shape = () if tensor.shape is None else _indices(tensor.shape)
        found[index] = np.frombuffer(bytes(data), kinds[tensor.type]).reshape(shape)
    return found


def _names(enumeration: Any) -> dict[int, str]:
    return {number: name for name, number in vars(enumeration).items() if not name.startswith("_")}


def _indices(values: Any) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
