"""Write the attention mesh as one graph of built-in operators, at build time only.

The original graph stops LiteRT at three custom operators. Each is a few lines of arithmetic, written here with the
operators that every TFLite runtime has: the same points to 1e-4 px, in one call, without the interpreter lock. The
numpy version that the tests compare with is tests/models/attention_reference.py.

- `Landmarks2TransformMatrix`: the box of a region's points in a frame turned along its axis, times 1.5, over the shared
  feature map; placed for lips and both eyes at once.
- `TransformTensorBilinear`: 16x16 bilinear samples of the map in that box; a sample outside the map is 0.
- `TransformLandmarks`: what the heads answer, in quarter samples, back in pixels of the network's input.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.networks.flatgraph import GraphWriter, trimmed, unpack
from models.networks.recipes import attention_options

Indices = NDArray[np.int32]

RESULTS = ("points", "conv_faceflag", "p_re_lu_3")
"""(478, 3) in pixels of the 192x192 input, the presence before its sigmoid, the (1, 48, 48, 32) feature map."""

_MAP_PX = 48
_MAP_SCALE = 0.25
"""Pixels of the map per pixel of the input."""
_MESH, _LANDMARKS = 468, 478
_EYE_CONTOUR, _IRIS = 16, 5
_CROPS = ("transform_tensor_bilinear_v2", "transform_tensor_bilinear_v2_1", "transform_tensor_bilinear_v2_2")
_REGION_ANSWERS = ("reshape_1", "reshape_3", "reshape_6")
_IRIS_ANSWERS = ("reshape_4", "reshape_7")
_FAR = 1e9


def to_tflite(schema: Any, content: bytes) -> bytes:
    """The TFLite file: input (1, 192, 192, 3) RGB 0..1; results `RESULTS`."""
    model = unpack(schema, content)
    options = attention_options(model)
    graph = model.subgraphs[0]
    graph.operators = [each for each in graph.operators if model.operatorCodes[each.opcodeIndex].customCode is None]
    math = _Math(schema, model)
    points = [np.array(option["subset_idxs"], np.int32) for option in options]
    axes = np.array([[option["left_rotation_idx"], option["right_rotation_idx"]] for option in options], np.int32)
    size = int(options[0]["output_width"])
    placement = _place(math, points, axes, float(options[0]["scale_x"]), size)
    _sample(math, placement, size)
    _assemble(math, points, placement)
    return trimmed(model, ["input_1"], RESULTS)


def _place(math: "_Math", points: list[Indices], axes: Indices, scale: float, size: int) -> tuple[str, str, str]:
    """Sample (i, j) of a region lies at along i + across j + corner: three (6, 1), x of the three regions, then y."""
    mesh = math.reshape("output_mesh", (_MESH * 3,))
    longest = max(len(chosen) for chosen in points)
    padded: Indices = np.stack([np.resize(chosen, longest) for chosen in points]).astype(np.int32) * 3
    x, y = math.gather(mesh, padded), math.gather(mesh, padded + 1)
    coordinates: Indices = np.arange(2).astype(np.int32)
    ends = [math.gather(mesh, (axes[:, end : end + 1] * 3 + coordinates).astype(np.int32)) for end in (0, 1)]
    axis = math.sub(ends[1], ends[0])
    unit = math.mul(axis, math.unary("RSQRT", math.clip(math.reduce("SUM", math.mul(axis, axis)), 1e-12, _FAR)))
    cos, sin = (math.part(unit, (0, column), (len(points), 1)) for column in (0, 1))
    turned_x = math.add(math.mul(x, cos), math.mul(y, sin))
    turned_y = math.sub(math.mul(y, cos), math.mul(x, sin))
    turned = math.join([turned_x, turned_y], 0)
    low, high = math.reduce("REDUCE_MIN", turned), math.reduce("REDUCE_MAX", turned)
    steps = math.times(math.sub(high, low), scale * _MAP_SCALE / size)
    middles = math.times(math.add(low, high), _MAP_SCALE / 2)
    first, second = (0, 0), (len(points), 0)
    half = (len(points), 1)
    turn_x, turn_y = math.join([cos, sin], 0), math.join([math.times(sin, -1), cos], 0)

    def both(column: str, start: tuple[int, int]) -> str:
        one = math.part(column, start, half)
        return math.join([one, one], 0)

    along, across = math.mul(turn_x, both(steps, first)), math.mul(turn_y, both(steps, second))
    center = math.add(math.mul(turn_x, both(middles, first)), math.mul(turn_y, both(middles, second)))
    return along, across, math.sub(center, math.times(math.add(along, across), size / 2))


def _sample(math: "_Math", placed: tuple[str, str, str], size: int) -> None:
    along, across, corner = placed
    rows, columns = np.mgrid[:size, :size].astype(np.float32) + 0.5
    i, j = math.constant(columns.reshape(1, -1)), math.constant(rows.reshape(1, -1))
    at = math.add(math.add(math.mul(along, i), math.mul(across, j)), math.plus(corner, -0.5))
    floor = math.clip(math.unary("FLOOR", at), 0, _MAP_PX - 2)
    beyond = math.sub(at, floor)
    inside = math.is_within(at, _MAP_PX - 1)
    count = len(_CROPS) * size * size
    (x, y), (right, below), (inside_x, inside_y) = (
        [math.reshape(math.part(each, (row, 0), (len(_CROPS), size * size)), (count, 1)) for row in (0, len(_CROPS))]
        for each in (floor, beyond, inside)
    )
    known = math.mul(inside_x, inside_y)
    left, above = math.mul(math.one_minus(right), known), math.one_minus(below)
    right = math.mul(right, known)
    start = math.to_int(math.reshape(math.add(math.times(y, _MAP_PX), x), (count,)))
    channels = math.shape("p_re_lu_3")[-1]
    cells = math.reshape("p_re_lu_3", (_MAP_PX * _MAP_PX, channels))
    crops = ""
    for offset, column, row in (
        (0, left, above),
        (1, right, above),
        (_MAP_PX, left, below),
        (_MAP_PX + 1, right, below),
    ):
        part = math.mul(math.gather_rows(cells, math.plus_int(start, offset)), math.mul(column, row))
        crops = math.add(crops, part) if crops else part
    crops = math.reshape(crops, (len(_CROPS), size, size, channels))
    for region, name in enumerate(_CROPS):
        math.part(crops, (region, 0, 0, 0), (1, size, size, channels), name=name)


def _assemble(math: "_Math", points: list[Indices], placed: tuple[str, str, str]) -> None:
    """The mesh's points, replaced where a head knows better; z stays the mesh's, an iris takes its eye contour's."""
    mesh = math.reshape("output_mesh", (_MESH, 3))
    refined = _back(math, placed)
    flat = math.join([math.part(mesh, (0, 0), (_MESH, 2)), refined], 0)
    source = np.arange(_LANDMARKS, dtype=np.int32)
    filled = _MESH
    irises = [np.arange(first, first + _IRIS, dtype=np.int32) for first in (_MESH, _MESH + _IRIS)]
    for chosen in [*points, *irises]:
        source[chosen] = filled + np.arange(len(chosen))
        filled += len(chosen)
    xy = math.gather(flat, source)
    depth = math.reshape(math.part(mesh, (0, 2), (_MESH, 1)), (_MESH,))
    contours = np.stack([chosen[:_EYE_CONTOUR] for chosen in points[1:]])
    means = math.reshape(math.reduce("MEAN", math.gather(depth, contours)), (len(contours),))
    source = np.minimum(np.arange(_LANDMARKS), _MESH).astype(np.int32)
    source[_MESH + _IRIS :] = _MESH + 1
    math.join([xy, math.gather(math.join([depth, means], 0), source[:, None])], 1, name=RESULTS[0])


def _back(math: "_Math", placed: tuple[str, str, str]) -> str:
    """(232, 2): what the heads answer, region by region, then the irises, in pixels of the input."""
    names = [*_REGION_ANSWERS, *_IRIS_ANSWERS]
    counts = [math.shape(name)[1] for name in names]
    regions = np.repeat(np.array([0, 1, 2, 1, 2], np.int32), counts)
    parts = [math.reshape(name, (count, 2)) for name, count in zip(names, counts, strict=True)]
    ones = math.constant(np.ones((len(regions), 1), np.float32))
    answers = math.join([math.join(parts, 0), ones], 1)
    along, across, corner = placed
    table = math.join([along, across, math.times(corner, 1 / _MAP_SCALE)], 1)
    columns = []
    for first in (0, len(_CROPS)):
        rows = math.gather(table, regions + np.int32(first))
        columns.append(math.reduce("SUM", math.mul(rows, answers)))
    return math.join(columns, 1)


class _Math(GraphWriter):
    """Arithmetic as operators: every method takes and gives names of tensors."""

    def number(self, value: float) -> str:
        return self.constant(np.array([value], np.float32))

    def add(self, one: str, other: str) -> str:
        return self._elementwise("ADD", one, other, self.schema.AddOptionsT())

    def sub(self, one: str, other: str) -> str:
        return self._elementwise("SUB", one, other, self.schema.SubOptionsT())

    def mul(self, one: str, other: str) -> str:
        return self._elementwise("MUL", one, other, self.schema.MulOptionsT())

    def _elementwise(self, kind: str, one: str, other: str, options: Any) -> str:
        return self.operator(kind, [one, other], np.broadcast_shapes(self.shape(one), self.shape(other)), options)

    def times(self, one: str, factor: float) -> str:
        return self.mul(one, self.number(factor))

    def plus(self, one: str, summand: float) -> str:
        return self.add(one, self.number(summand)) if summand else one

    def plus_int(self, one: str, summand: int) -> str:
        if not summand:
            return one
        constant = self.constant(np.array([summand], np.int32))
        return self.operator("ADD", [one, constant], self.shape(one), self.schema.AddOptionsT(), dtype="INT32")

    def one_minus(self, one: str) -> str:
        return self.sub(self.number(1), one)

    def clip(self, one: str, low: float, high: float) -> str:
        options = self.schema.MaximumMinimumOptionsT()
        raised = self._elementwise("MAXIMUM", one, self.number(low), options)
        return self._elementwise("MINIMUM", raised, self.number(high), options)

    def is_within(self, one: str, high: float) -> str:
        """1 where 0 <= value <= high, else 0."""
        beyond = self.unary("ABS", self.sub(one, self.clip(one, 0, high)), self.schema.AbsOptionsT())
        return self.one_minus(self.clip(self.times(beyond, _FAR), 0, 1))

    def unary(self, kind: str, one: str, options: Any = None) -> str:
        return self.operator(kind, [one], self.shape(one), options)

    def reduce(self, kind: str, one: str) -> str:
        """Along the second axis, which stays as 1."""
        options = self.schema.ReducerOptionsT()
        options.keepDims = True
        return self.operator(kind, [one, self.constant(np.array([1], np.int32))], (self.shape(one)[0], 1), options)

    def reshape(self, one: str, shape: tuple[int, ...]) -> str:
        options = self.schema.ReshapeOptionsT()
        options.newShape = list(shape)
        return self.operator("RESHAPE", [one, self.constant(np.array(shape, np.int32))], shape, options)

    def part(self, one: str, begin: tuple[int, ...], size: tuple[int, ...], *, name: str = "") -> str:
        inputs = [one, self.constant(np.array(begin, np.int32)), self.constant(np.array(size, np.int32))]
        return self.operator("SLICE", inputs, size, self.schema.SliceOptionsT(), name=name)

    def join(self, parts: list[str], axis: int, *, name: str = "") -> str:
        options = self.schema.ConcatenationOptionsT()
        options.axis = axis
        shape = list(self.shape(parts[0]))
        shape[axis] = sum(self.shape(part)[axis] for part in parts)
        return self.operator("CONCATENATION", parts, shape, options, name=name)

    def gather(self, one: str, indices: Indices) -> str:
        """Along the first axis. WebGPU takes a list of indices only, not a table."""
        rest = self.shape(one)[1:]
        inputs = [one, self.constant(indices.ravel())]
        found = self.operator("GATHER", inputs, (indices.size, *rest), self.schema.GatherOptionsT())
        return found if indices.ndim == 1 else self.reshape(found, (*indices.shape, *rest))

    def gather_rows(self, table: str, index: str) -> str:
        shape = (*self.shape(index), self.shape(table)[1])
        return self.operator("GATHER", [table, index], shape, self.schema.GatherOptionsT())

    def to_int(self, one: str) -> str:
        options = self.schema.CastOptionsT()
        options.inDataType, options.outDataType = self.schema.TensorType.FLOAT32, self.schema.TensorType.INT32
        return self.operator("CAST", [one], self.shape(one), options, dtype="INT32")
