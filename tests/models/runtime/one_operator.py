"""Writes a `.tflite` file of one operator, for comparing runtimes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from models.networks.flatgraph import GraphWriter, pack

Given = tuple[int, ...] | NDArray[Any]
"""A computed input's shape, or a fixed input's values."""


def write(
    path: Path,
    kind: str,
    inputs: Sequence[Given],
    options: tuple[str, Mapping[str, Any]] | None,
    custom: bytes = b"",
    shape: tuple[int, ...] = (),
) -> Path:
    """`options`: name of the schema's table without its T, and what differs from its defaults.

    `shape` of the result need only be right for a custom operator: it follows from the inputs elsewhere.
    """
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.operatorCodes, model.buffers = 3, [], [schema.BufferT()]
    graph.tensors, graph.operators = [], []
    model.subgraphs = [graph]
    writer = GraphWriter(schema, model)
    names = [_input(writer, number, given) for number, given in enumerate(inputs)]
    result = writer.tensor("result", shape)
    if custom:
        _custom(model, graph, kind, custom, len(names), writer.index[result])
    else:
        writer.operator(kind, names, (), _options(options), name=result)
    graph.inputs = [number for number, given in enumerate(inputs) if isinstance(given, tuple)]
    graph.outputs = [writer.index[result]]
    path.write_bytes(pack(model))
    return path


def _input(writer: GraphWriter, number: int, given: Given) -> str:
    if isinstance(given, tuple):
        return writer.tensor(f"input_{number}", given)
    return writer.constant(given, f"input_{number}")


def _options(wanted: tuple[str, Mapping[str, Any]] | None) -> Any:
    if wanted is None:
        return None
    options = getattr(schema, f"{wanted[0]}T")()
    for name, value in wanted[1].items():
        if not hasattr(options, name):
            raise AttributeError(name)
        setattr(options, name, value)
    return options


def _custom(model: Any, graph: Any, kind: str, custom: bytes, inputs: int, result: int) -> None:
    code, operator = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode, code.version = kind.encode(), 1
    model.operatorCodes.append(code)
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, list(range(inputs)), [result]
    operator.customOptions = np.frombuffer(custom, np.uint8)
    graph.operators.append(operator)
