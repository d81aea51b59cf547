"""Write YuNet's ONNX file as TFLite, at build time only.

YuNet (Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023) has only convolutions, ReLU, max
pooling, nearest up-scaling by two and additions; the transposes, reshapes and sigmoids at its end are left to the
reader of the results. Three things are written another way, with the same result:

- the four branches of each level (class, box, objectness, key points: 1 + 4 + 1 + 10 channels) become one, so that a
  level is one (1, H, W, 16) result and the graph has 18 convolutions less;
- up-scaling is "concatenate four copies, depth to space", which holds no size: one file serves every input size;
- symmetric padding at stride two is an explicit PAD, because TFLite's "SAME" would pad after only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.networks.flatgraph import pack
from models.networks.protobuf import fields, floats, integers, messages, text

INPUT_HW = (160, 256)
STRIDES = (8, 16, 32)
BRANCHES = ("cls", "bbox", "obj", "kps")
"""Order of the channels in a level: class 1, box 4, objectness 1, key points 10."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Node:
    """One ONNX operator."""

    kind: str
    inputs: list[str]
    output: str
    stride: int
    group: int


def to_tflite(schema: Any, onnx: bytes) -> bytes:
    """The TFLite file: input (1, H, W, 3) BGR 0..255; results "level_8", "level_16", "level_32" before the sigmoid."""
    nodes, weights = _read_onnx(onnx)
    writer = _Writer(schema, weights)
    for node in nodes:
        if node.kind in ("Transpose", "Reshape", "Sigmoid"):
            break
        if not any("bbox_head" in name for name in _chain_names(node)):
            writer.add(node)
    heads = {stride: _head_input(nodes, level) for level, stride in enumerate(STRIDES)}
    for level, stride in enumerate(STRIDES):
        writer.add_head(level, heads[stride], f"level_{stride}")
    return writer.finish([f"level_{stride}" for stride in STRIDES])


def _chain_names(node: Node) -> list[str]:
    return [name for name in node.inputs if "." in name]


def _head_input(nodes: list[Node], level: int) -> str:
    weight = f"bbox_head.multi_level_cls.{level}.conv1.weight"
    return next(node.inputs[0] for node in nodes if weight in node.inputs)


def _read_onnx(content: bytes) -> tuple[list[Node], dict[str, F32]]:
    """Operators and constants; field numbers from onnx.proto (ModelProto 7, GraphProto 1 and 5)."""
    graph = fields(messages(fields(content), 7)[0])
    weights: dict[str, F32] = {}
    for raw in messages(graph, 5):
        tensor = fields(raw)
        data = messages(tensor, 9)[0] if 9 in tensor else b""
        if integers(tensor, 2) == [1]:
            values = np.frombuffer(data, np.float32) if data else np.array(floats(tensor, 4), np.float32)
            weights[text(tensor, 8)] = values.reshape(integers(tensor, 1))
    nodes = []
    for raw in messages(graph, 1):
        node = fields(raw)
        attributes = {text(a, 1): a for a in map(fields, messages(node, 5))}
        stride = integers(attributes["strides"], 8)[0] if "strides" in attributes else 1
        group = integers(attributes["group"], 3)[0] if "group" in attributes else 1
        inputs = [name.decode() for name in messages(node, 1)]
        nodes.append(Node(text(node, 4), inputs, text(node, 2), stride, group))
    return nodes, weights


class _Writer:
    """Builds one TFLite graph; tensors are named as in the ONNX file."""

    def __init__(self, schema: Any, weights: dict[str, F32]) -> None:
        self._schema = schema
        self._weights = weights
        self._buffers = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: list[int] = []
        self._index: dict[str, int] = {}
        self._maker: dict[str, Any] = {}
        self._tensor("input", (1, *INPUT_HW, 3))

    def add(self, node: Node) -> None:
        match node.kind:
            case "Conv":
                weight, bias = self._weights[node.inputs[1]], self._weights[node.inputs[2]]
                self._convolution(node.inputs[0], weight, bias, node.output, node.stride, node.group > 1)
            case "Relu":
                self._fuse_relu(node.inputs[0], node.output)
            case "MaxPool":
                self._max_pool(node.inputs[0], node.output)
            case "Resize":
                self._double(node.inputs[0], node.output)
            case "Add":
                options = self._schema.AddOptionsT()
                self._operator("ADD", node.inputs, node.output, self._shape(node.inputs[0]), options)
            case kind:
                raise ValueError(f"YuNet has an operator that this writer does not know: {kind}")

    def add_head(self, level: int, source: str, output: str) -> None:
        """The four branches of a level as one: 1x1 convolution to 16 channels, then a 3x3 per channel."""
        parts = [f"bbox_head.multi_level_{branch}.{level}" for branch in BRANCHES]
        stacked = {
            key: np.concatenate([self._weights[f"{part}.{key}"] for part in parts])
            for key in ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias")
        }
        middle = f"{output}_mixed"
        self._convolution(source, stacked["conv1.weight"], stacked["conv1.bias"], middle, 1, False)
        self._convolution(middle, stacked["conv2.weight"], stacked["conv2.bias"], output, 1, True)

    def finish(self, outputs: list[str]) -> bytes:
        graph = self._schema.SubGraphT()
        graph.name = b"main"
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs = [self._index["input"]]
        graph.outputs = [self._index[name] for name in outputs]
        model = self._schema.ModelT()
        model.version = 3
        model.description = b"YuNet 2023mar (MIT)"
        model.subgraphs, model.buffers = [graph], self._buffers
        model.operatorCodes = [self._code(code) for code in self._codes]
        return pack(model)

    def _convolution(self, source: str, weight: F32, bias: F32, output: str, stride: int, depthwise: bool) -> None:
        """ONNX weights are (out, in, H, W); TFLite wants (out, H, W, in), depthwise (1, H, W, out)."""
        schema = self._schema
        kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        moved = weight.transpose(1, 2, 3, 0) if depthwise else weight.transpose(0, 2, 3, 1)
        options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        if depthwise:
            options.depthMultiplier = 1
        options.padding = schema.Padding.SAME if stride == 1 else schema.Padding.VALID
        if stride > 1:
            source = self._pad_by_one(source)
        height, width = self._shape(source)[1:3]
        size = (height, width) if stride == 1 else ((height - 3) // stride + 1, (width - 3) // stride + 1)
        names = [source, self._constant(f"{output}_weight", moved), self._constant(f"{output}_bias", bias)]
        self._operator(kind, names, output, (1, *size, weight.shape[0]), options)

    def _pad_by_one(self, source: str) -> str:
        _, height, width, channels = self._shape(source)
        pads = self._constant(f"{source}_pads", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        shape = (1, height + 2, width + 2, channels)
        self._operator("PAD", [source, pads], f"{source}_padded", shape, self._schema.PadOptionsT())
        return f"{source}_padded"

    def _fuse_relu(self, source: str, output: str) -> None:
        self._maker[source].builtinOptions.fusedActivationFunction = self._schema.ActivationFunctionType.RELU
        self._index[output] = self._index[source]
        self._maker[output] = self._maker[source]

    def _max_pool(self, source: str, output: str) -> None:
        options = self._schema.Pool2DOptionsT()
        options.padding = self._schema.Padding.VALID
        options.strideH = options.strideW = options.filterHeight = options.filterWidth = 2
        _, height, width, channels = self._shape(source)
        self._operator("MAX_POOL_2D", [source], output, (1, height // 2, width // 2, channels), options)

    def _double(self, source: str, output: str) -> None:
        _, height, width, channels = self._shape(source)
        join = self._schema.ConcatenationOptionsT()
        join.axis = 3
        four = f"{output}_four"
        self._operator("CONCATENATION", [source] * 4, four, (1, height, width, 4 * channels), join)
        spread = self._schema.DepthToSpaceOptionsT()
        spread.blockSize = 2
        self._operator("DEPTH_TO_SPACE", [four], output, (1, 2 * height, 2 * width, channels), spread)

    def _operator(self, kind: str, inputs: list[str], output: str, shape: tuple[int, ...], options: Any) -> None:
        code = getattr(self._schema.BuiltinOperator, kind)
        if code not in self._codes:
            self._codes.append(code)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._codes.index(code)
        operator.inputs = [self._index[name] for name in inputs]
        operator.outputs = [self._tensor(output, shape)]
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self._operators.append(operator)
        self._maker[output] = operator

    def _tensor(self, name: str, shape: tuple[int, ...], buffer: int = 0, dtype: str = "FLOAT32") -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name.encode(), list(shape), buffer
        tensor.type = getattr(self._schema.TensorType, dtype)
        self._tensors.append(tensor)
        self._index[name] = len(self._tensors) - 1
        return self._index[name]

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._buffers.append(buffer)
        dtype = "INT32" if values.dtype == np.int32 else "FLOAT32"
        self._tensor(name, values.shape, len(self._buffers) - 1, dtype)
        return name

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._tensors[self._index[name]].shape)

    def _code(self, code: int) -> Any:
        entry = self._schema.OperatorCodeT()
        entry.builtinCode = code
        entry.deprecatedBuiltinCode = min(code, 127)
        entry.version = 1
        return entry
