"""Cut and write TFLite graphs with the FlatBuffer object API, at build time only.

The schema classes come with the mediapipe wheel and are loaded by path: nothing at run time needs them.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import flatbuffers

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


def cut(schema: Any, content: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The part of a graph that leads from the tensors `inputs` to the tensors `outputs`, as a file of its own."""
    model = unpack(schema, content)
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
    wanted = set(graph.outputs)
    kept = []
    for operator in reversed(graph.operators):
        made = set(operator.outputs) - set(graph.inputs)
        if made & wanted:
            kept.append(operator)
            wanted |= set(operator.inputs)
    return kept[::-1]


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
