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


class _Placement:
    """Sample (i, j) of region r lies at (xx i + xy j + x, yx i + yy j + y) on the map; each (3, 1), by name."""

    def __init__(self, xx: str, xy: str, yx: str, yy: str, x: str, y: str) -> None:
        self.xx, self.xy, self.yx, self.yy, self.x, self.y = xx, xy, yx, yy, x, y


def _place(math: "_Math", points: list[Indices], axes: Indices, scale: float, size: int) -> _Placement:
    longest = max(len(chosen) for chosen in points)
    padded = np.stack([np.resize(chosen, longest) for chosen in points])
    columns = [math.column("output_mesh", axis) for axis in (0, 1)]
    x, y = (math.gather(column, padded) for column in columns)
    first_x, first_y = (math.gather(column, axes[:, :1]) for column in columns)
    second_x, second_y = (math.gather(column, axes[:, 1:]) for column in columns)
    along_x, along_y = math.sub(second_x, first_x), math.sub(second_y, first_y)
    length_sq = math.add(math.mul(along_x, along_x), math.mul(along_y, along_y))
    shorten = math.unary("RSQRT", math.clip(length_sq, 1e-12, _FAR))
    cos, sin = math.mul(along_x, shorten), math.mul(along_y, shorten)
    turned_x = math.add(math.mul(x, cos), math.mul(y, sin))
    turned_y = math.sub(math.mul(y, cos), math.mul(x, sin))
    low_x, high_x = math.reduce("REDUCE_MIN", turned_x), math.reduce("REDUCE_MAX", turned_x)
    low_y, high_y = math.reduce("REDUCE_MIN", turned_y), math.reduce("REDUCE_MAX", turned_y)
    step = scale * _MAP_SCALE / size
    step_x, step_y = math.times(math.sub(high_x, low_x), step), math.times(math.sub(high_y, low_y), step)
    middle_x = math.times(math.add(low_x, high_x), _MAP_SCALE / 2)
    middle_y = math.times(math.add(low_y, high_y), _MAP_SCALE / 2)
    xx, yx = math.mul(cos, step_x), math.mul(sin, step_x)
    xy, yy = math.times(math.mul(sin, step_y), -1), math.mul(cos, step_y)
    center_x = math.sub(math.mul(cos, middle_x), math.mul(sin, middle_y))
    center_y = math.add(math.mul(sin, middle_x), math.mul(cos, middle_y))
    corner_x = math.sub(center_x, math.times(math.add(xx, xy), size / 2))
    corner_y = math.sub(center_y, math.times(math.add(yx, yy), size / 2))
    return _Placement(xx, xy, yx, yy, corner_x, corner_y)


def _sample(math: "_Math", at: _Placement, size: int) -> None:
    rows, columns = np.mgrid[:size, :size].astype(np.float32) + 0.5
    across, down = math.constant(columns.reshape(1, -1)), math.constant(rows.reshape(1, -1))
    x = math.plus(math.add(math.add(math.mul(at.xx, across), math.mul(at.xy, down)), at.x), -0.5)
    y = math.plus(math.add(math.add(math.mul(at.yx, across), math.mul(at.yy, down)), at.y), -0.5)
    corner_x = math.clip(math.unary("FLOOR", x), 0, _MAP_PX - 2)
    corner_y = math.clip(math.unary("FLOOR", y), 0, _MAP_PX - 2)
    right, below = math.sub(x, corner_x), math.sub(y, corner_y)
    inside = math.mul(math.is_within(x, _MAP_PX - 1), math.is_within(y, _MAP_PX - 1))
    left, above = math.mul(math.one_minus(right), inside), math.one_minus(below)
    right = math.mul(right, inside)
    start = math.add(math.times(corner_y, _MAP_PX), corner_x)
    count = len(_CROPS) * size * size
    channels = math.shape("p_re_lu_3")[-1]
    cells = math.reshape("p_re_lu_3", (_MAP_PX * _MAP_PX, channels))
    crops = ""
    for offset, share in (
        (0, math.mul(left, above)),
        (1, math.mul(right, above)),
        (_MAP_PX, math.mul(left, below)),
        (_MAP_PX + 1, math.mul(right, below)),
    ):
        index = math.to_int(math.reshape(math.plus(start, offset), (count,)))
        part = math.mul(math.gather_rows(cells, index), math.reshape(share, (count, 1)))
        crops = math.add(crops, part) if crops else part
    crops = math.reshape(crops, (len(_CROPS), size, size, channels))
    for region, name in enumerate(_CROPS):
        math.part(crops, (region, 0, 0, 0), (1, size, size, channels), name=name)


def _assemble(math: "_Math", points: list[Indices], at: _Placement) -> None:
    """The mesh's points, replaced where a head knows better; z stays the mesh's, an iris takes its eye contour's."""
    mesh = math.reshape("output_mesh", (_MESH, 3))
    answers = [*zip(_REGION_ANSWERS, (0, 1, 2), strict=True), *zip(_IRIS_ANSWERS, (1, 2), strict=True)]
    refined = [_back(math, name, at, region) for name, region in answers]
    flat = math.join([math.part(mesh, (0, 0), (_MESH, 2)), *refined], 0)
    source = np.arange(_LANDMARKS, dtype=np.int32)
    filled = _MESH
    irises = [np.arange(first, first + _IRIS, dtype=np.int32) for first in (_MESH, _MESH + _IRIS)]
    for chosen in [*points, *irises]:
        source[chosen] = filled + np.arange(len(chosen))
        filled += len(chosen)
    xy = math.gather(flat, source, shape=(_LANDMARKS, 2))
    depth = math.column("output_mesh", 2)
    means = [math.reduce("MEAN", math.gather(depth, chosen[:_EYE_CONTOUR][None])) for chosen in points[1:]]
    depths = math.join([depth, *(math.reshape(mean, (1,)) for mean in means)], 0)
    source = np.minimum(np.arange(_LANDMARKS), _MESH).astype(np.int32)
    source[_MESH + _IRIS :] = _MESH + 1
    math.join([xy, math.gather(depths, source[:, None])], 1, name=RESULTS[0])


def _back(math: "_Math", name: str, at: _Placement, region: int) -> str:
    """(n, 2) of a head's answer, in pixels of the input."""
    count = math.shape(name)[1]
    answer = math.reshape(name, (count, 2))
    i, j = math.part(answer, (0, 0), (count, 1)), math.part(answer, (0, 1), (count, 1))

    def own(placed: str) -> str:
        return math.part(placed, (region, 0), (1, 1))

    x = math.add(math.add(math.mul(i, own(at.xx)), math.mul(j, own(at.xy))), math.times(own(at.x), 1 / _MAP_SCALE))
    y = math.add(math.add(math.mul(i, own(at.yx)), math.mul(j, own(at.yy))), math.times(own(at.y), 1 / _MAP_SCALE))
    return math.join([x, y], 1)


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

    def column(self, mesh: str, axis: int) -> str:
        """(468,) one coordinate of all points."""
        return self.reshape(self.part(self.reshape(mesh, (_MESH, 3)), (0, axis), (_MESH, 1)), (_MESH,))

    def gather(self, one: str, indices: Indices, *, shape: tuple[int, ...] = ()) -> str:
        return self.operator(
            "GATHER", [one, self.constant(indices)], shape or indices.shape, self.schema.GatherOptionsT()
        )

    def gather_rows(self, table: str, index: str) -> str:
        shape = (*self.shape(index), self.shape(table)[1])
        return self.operator("GATHER", [table, index], shape, self.schema.GatherOptionsT())

    def to_int(self, one: str) -> str:
        options = self.schema.CastOptionsT()
        options.inDataType, options.outDataType = self.schema.TensorType.FLOAT32, self.schema.TensorType.INT32
        return self.operator("CAST", [one], self.shape(one), options, dtype="INT32")
