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

from models.networks.flatgraph import GraphWriter, trimmed
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


class _Writer(GraphWriter):
    """Builds one TFLite graph; tensors are named as in the ONNX file."""

    def __init__(self, schema: Any, weights: dict[str, F32]) -> None:
        model = schema.ModelT()
        model.version, model.description = 3, b"YuNet 2023mar (MIT)"
        model.subgraphs, model.buffers, model.operatorCodes = [schema.SubGraphT()], [schema.BufferT()], []
        graph = model.subgraphs[0]
        graph.name, graph.tensors, graph.operators = b"main", [], []
        super().__init__(schema, model)
        self._weights = weights
        self.tensor("input", (1, *INPUT_HW, 3))

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
                shape = self.shape(node.inputs[0])
                self.operator("ADD", node.inputs, shape, self.schema.AddOptionsT(), name=node.output)
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
        return trimmed(self.model, ["input"], outputs)

    def _convolution(self, source: str, weight: F32, bias: F32, output: str, stride: int, depthwise: bool) -> None:
        """ONNX weights are (out, in, H, W); TFLite wants (out, H, W, in), depthwise (1, H, W, out)."""
        schema = self.schema
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
        height, width = self.shape(source)[1:3]
        size = (height, width) if stride == 1 else ((height - 3) // stride + 1, (width - 3) // stride + 1)
        names = [source, self.constant(moved, f"{output}_weight"), self.constant(bias, f"{output}_bias")]
        self.operator(kind, names, (1, *size, weight.shape[0]), options, name=output)

    def _pad_by_one(self, source: str) -> str:
        _, height, width, channels = self.shape(source)
        pads = self.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32), f"{source}_pads")
        shape = (1, height + 2, width + 2, channels)
        return self.operator("PAD", [source, pads], shape, self.schema.PadOptionsT(), name=f"{source}_padded")

    def _fuse_relu(self, source: str, output: str) -> None:
        """Every ReLU follows the convolution that was written last."""
        convolution = self.graph.operators[-1]
        if convolution.outputs != [self.index[source]]:
            raise ValueError(f"the ReLU {output} does not follow what makes its input")
        convolution.builtinOptions.fusedActivationFunction = self.schema.ActivationFunctionType.RELU
        self.index[output] = self.index[source]

    def _max_pool(self, source: str, output: str) -> None:
        options = self.schema.Pool2DOptionsT()
        options.padding = self.schema.Padding.VALID
        options.strideH = options.strideW = options.filterHeight = options.filterWidth = 2
        _, height, width, channels = self.shape(source)
        self.operator("MAX_POOL_2D", [source], (1, height // 2, width // 2, channels), options, name=output)

    def _double(self, source: str, output: str) -> None:
        _, height, width, channels = self.shape(source)
        join, spread = self.schema.ConcatenationOptionsT(), self.schema.DepthToSpaceOptionsT()
        join.axis, spread.blockSize = 3, 2
        four = self.operator("CONCATENATION", [source] * 4, (1, height, width, 4 * channels), join)
        self.operator("DEPTH_TO_SPACE", [four], (1, 2 * height, 2 * width, channels), spread, name=output)
