"""Cut and write TFLite graphs with the FlatBuffer object API, at build time only.

The schema classes come with the mediapipe wheel and are loaded by path: nothing at run time needs them.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

_IDENTIFIER = b"TFL3"


def load_schema(source: Path) -> ModuleType:
    """Import `schema_py_generated.py` from a file."""
    spec = importlib.util.spec_from_file_location("facet_tflite_schema", source)
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unpack(schema: Any, content: bytes) -> Any:
    """A `.tflite` file as a tree of objects (ModelT)."""
    return schema.ModelT.InitFromPackedBuf(content, 0)


def pack(model: Any) -> bytes:
    """A tree of objects as a `.tflite` file."""
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


class GraphWriter:
    """Adds tensors and operators to the one graph of a model (ModelT), by name."""

    def __init__(self, schema: Any, model: Any) -> None:
        self.schema, self.model = schema, model
        self.graph = model.subgraphs[0]
        self.index = {tensor.name.decode(): index for index, tensor in enumerate(self.graph.tensors)}

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor."""
        return tuple(int(side) for side in self.graph.tensors[self.index[name]].shape)

    def tensor(self, name: str, shape: Sequence[int], *, dtype: str = "FLOAT32", buffer: int = 0) -> str:
        """A new tensor; gives its name back."""
        tensor = self.schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
        tensor.type = getattr(self.schema.TensorType, dtype)
        self.graph.tensors.append(tensor)
        self.index[name] = len(self.graph.tensors) - 1
        return name

    def constant(self, values: NDArray[Any], name: str = "") -> str:
        """A new tensor that holds float32 or int32 values."""
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        dtype = "INT32" if values.dtype == np.int32 else "FLOAT32"
        name = name or f"constant_{len(self.model.buffers)}"
        return self.tensor(name, values.shape, dtype=dtype, buffer=len(self.model.buffers) - 1)

    def operator(
        self,
        kind: str,
        inputs: Sequence[str],
        shape: Sequence[int],
        options: Any = None,
        *,
        name: str = "",
        dtype: str = "FLOAT32",
    ) -> str:
        """A new operator with one result of that shape; gives the result's name. An existing `name` is written to."""
        name = name or f"{kind.lower()}_{len(self.graph.tensors)}"
        operator = self.schema.OperatorT()
        operator.opcodeIndex = self._code(getattr(self.schema.BuiltinOperator, kind))
        operator.inputs = [self.index[each] for each in inputs]
        operator.outputs = [self.index[name if name in self.index else self.tensor(name, shape, dtype=dtype)]]
        if options is not None:
            operator.builtinOptions = options
            kind_of_options = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, kind_of_options)
        self.graph.operators.append(operator)
        return name

    def _code(self, code: int) -> int:
        for position, known in enumerate(self.model.operatorCodes):
            if known.customCode is None and max(known.builtinCode, known.deprecatedBuiltinCode) == code:
                return position
        entry = self.schema.OperatorCodeT()
        entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, 127), 1
        self.model.operatorCodes.append(entry)
        return len(self.model.operatorCodes) - 1


def cut(schema: Any, content: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The part of a graph that leads from the tensors `inputs` to the tensors `outputs`, as a file of its own."""
    return trimmed(unpack(schema, content), inputs, outputs)


def trimmed(model: Any, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The same for a model that is unpacked already; its operators may be in any order."""
    graph = model.subgraphs[0]
    index_by_name = {tensor.name.decode(): index for index, tensor in enumerate(graph.tensors)}
    graph.inputs = [index_by_name[name] for name in inputs]
    graph.outputs = [index_by_name[name] for name in outputs]
    graph.operators = _operators_between(graph)
    _renumber_tensors(model, graph)
    _renumber_codes(model, graph)
    model.metadata, model.metadataBuffer, model.signatureDefs = None, None, None
    return pack(model)


def _operators_between(graph: Any) -> list[Any]:
    """What the results need, in the old order as far as each operator's inputs are made by then.

    The order matters for speed: runs of operators that one delegate takes should not be torn apart.
    """
    maker = {index: position for position, operator in enumerate(graph.operators) for index in operator.outputs}
    given = set(graph.inputs)
    needs: dict[int, set[int]] = {}
    waiting = list(graph.outputs)
    while waiting:
        index = waiting.pop()
        if index in given or index not in maker or maker[index] in needs:
            continue
        inputs = graph.operators[maker[index]].inputs
        needs[maker[index]] = {maker[each] for each in inputs if each in maker and each not in given}
        waiting.extend(inputs)
    ordered: list[int] = []
    while needs:
        ready = min(position for position, before in needs.items() if not before)
        del needs[ready]
        ordered.append(ready)
        for before in needs.values():
            before.discard(ready)
    return [graph.operators[position] for position in ordered]


def _renumber_tensors(model: Any, graph: Any) -> None:
    used = dict.fromkeys([*graph.inputs, *graph.outputs])
    for operator in graph.operators:
        used |= dict.fromkeys(index for index in [*operator.inputs, *operator.outputs] if index >= 0)
    new = {old: position for position, old in enumerate(used)}
    new[-1] = -1
    graph.tensors = [graph.tensors[old] for old in used]
    graph.inputs = [new[index] for index in graph.inputs]
    graph.outputs = [new[index] for index in graph.outputs]
    for operator in graph.operators:
        operator.inputs = [new[index] for index in operator.inputs]
        operator.outputs = [new[index] for index in operator.outputs]
        operator.intermediates = None
    buffers = dict.fromkeys([0, *(tensor.buffer for tensor in graph.tensors)])
    model.buffers = [model.buffers[old] for old in buffers]
    position_by_buffer = {old: position for position, old in enumerate(buffers)}
    for tensor in graph.tensors:
        tensor.buffer = position_by_buffer[tensor.buffer]


def _renumber_codes(model: Any, graph: Any) -> None:
    codes = dict.fromkeys(operator.opcodeIndex for operator in graph.operators)
    model.operatorCodes = [model.operatorCodes[old] for old in codes]
    new = {old: position for position, old in enumerate(codes)}
    for operator in graph.operators:
        operator.opcodeIndex = new[operator.opcodeIndex]
