"""TFLite's operators in torch: a table from an operator's name to the function that makes it ready to run.

Tensors keep TFLite's layout (N, H, W, C). Meanings are those of TFLite's reference kernels; what differs from torch's
habits: "SAME" padding puts the odd pixel after, an average leaves padding out, DEPTH_TO_SPACE keeps channels innermost.

Everything that the graph fixes (weights, axes, sizes) is taken out once, when the operator is made ready. Sizes are
read from the tensors when it runs, so a graph runs at any input size.
"""

from collections.abc import Callable, Mapping
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from models.errors import ModelUnavailable
from models.runtime.tflite_read import Operator
from models.runtime.torch_ready import (
    Known,
    Make,
    Ready,
    activated,
    channels_first,
    fixed,
    numbers,
    optional,
    pixelwise,
    refuse,
)
from models.runtime.torch_windows import (
    average_pool_2d,
    conv_2d,
    depthwise_conv_2d,
    max_pool_2d,
    transposed_with_bias,
)

_TYPES = {0: torch.float32, 2: torch.int32}
"""Of the schema's TensorType, for CAST."""


def make_ready(operator: Operator, known: Known) -> Ready:
    """Raises ModelUnavailable for an operator, or a use of one, that is not in the table."""
    make = OPERATORS.get(operator.kind)
    if make is None:
        raise ModelUnavailable(f"the network needs the operator {operator.kind}, which the torch runtime lacks")
    return make(operator, known)


def _fully_connected(operator: Operator, known: Known) -> Ready:
    weights, bias = fixed(operator, known, 1), optional(known, 2)
    if operator.options["keepNumDims"]:
        raise refuse(operator, "that keeps more than two axes")
    width = int(weights.shape[1])
    return pixelwise(operator, lambda values: F.linear(values.reshape(-1, width), weights, bias))


def _prelu(operator: Operator, known: Known) -> Ready:
    slope = fixed(operator, known, 1)
    if slope.numel() == slope.shape[-1]:
        return Ready(channels_first(partial(F.prelu, weight=slope.flatten())), (0,))
    return Ready(lambda values: torch.where(values >= 0, values, values * slope), (0,))


def _resize_bilinear(operator: Operator, known: Known) -> Ready:
    corners, centers = operator.options["alignCorners"], operator.options["halfPixelCenters"]
    if corners == centers:
        raise refuse(operator, "with neither aligned corners nor half-pixel centers")
    size = numbers(operator, known, 1)
    return Ready(
        channels_first(lambda values: F.interpolate(values, size, mode="bilinear", align_corners=bool(corners))), (0,)
    )


def _depth_to_space(operator: Operator, _known: Known) -> Ready:
    side = operator.options["blockSize"]

    def run(values: Tensor) -> Tensor:
        count, height, width, channels = values.shape
        blocks = values.reshape(count, height, width, side, side, channels // side**2)
        return blocks.permute(0, 1, 3, 2, 4, 5).reshape(count, height * side, width * side, channels // side**2)

    return pixelwise(operator, run)


def _pad(operator: Operator, known: Known) -> Ready:
    pairs = fixed(operator, known, 1).tolist()
    amounts = [int(amount) for pair in reversed(pairs) for amount in pair]
    return pixelwise(operator, lambda values: F.pad(values, amounts))


def _concatenation(operator: Operator, known: Known) -> Ready:
    axis = operator.options["axis"]
    return Ready(activated(operator, lambda *values: torch.cat(values, axis)), tuple(range(len(known))))


def _gather(operator: Operator, known: Known) -> Ready:
    if operator.options["batchDims"]:
        raise refuse(operator, "by batch")
    axis = operator.options["axis"]

    def run(values: Tensor, indices: Tensor) -> Tensor:
        found = values.index_select(axis, indices.flatten())
        start = axis % values.dim()
        return found.reshape(*values.shape[:start], *indices.shape, *values.shape[start + 1 :])

    return Ready(run, (0, 1))


def _slice(operator: Operator, known: Known) -> Ready:
    starts, sizes = numbers(operator, known, 1), numbers(operator, known, 2)
    parts = tuple(slice(start, None if size == -1 else start + size) for start, size in zip(starts, sizes, strict=True))
    return pixelwise(operator, lambda values: values[parts])


def _strided_slice(operator: Operator, known: Known) -> Ready:
    options = operator.options
    starts, ends, steps = (numbers(operator, known, position) for position in (1, 2, 3))
    if options["ellipsisMask"] or options["newAxisMask"] or min(steps) < 1:
        raise refuse(operator, "with an ellipsis, a new axis or a step back")
    parts: list[slice | int] = []
    for axis, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        bit = 1 << axis
        first = None if options["beginMask"] & bit else start
        if options["shrinkAxisMask"] & bit:
            parts.append(first or 0)
        else:
            parts.append(slice(first, None if options["endMask"] & bit else end, step))
    return pixelwise(operator, lambda values: values[tuple(parts)])


def _reshape(operator: Operator, known: Known) -> Ready:
    shape = numbers(operator, known, 1) if len(known) > 1 else [int(side) for side in operator.options["newShape"]]
    return pixelwise(operator, lambda values: values.reshape(shape))


def _transpose(operator: Operator, known: Known) -> Ready:
    order = numbers(operator, known, 1)
    return pixelwise(operator, lambda values: values.permute(order))


def _cast(operator: Operator, _known: Known) -> Ready:
    kind = _TYPES.get(operator.options["outDataType"])
    if kind is None:
        raise refuse(operator, f"to the type {operator.options['outDataType']}")
    return Ready(lambda values: values.to(kind), (0,))


def _reduce(function: Callable[[Tensor, list[int], bool], Tensor]) -> Make:
    def make(operator: Operator, known: Known) -> Ready:
        axes, keep = numbers(operator, known, 1), bool(operator.options["keepDims"])
        return Ready(lambda values: function(values, axes, keep), (0,))

    return make


def _of_one(function: Callable[[Tensor], Tensor]) -> Make:
    return lambda operator, _known: pixelwise(operator, function)


def _of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Make:
    return lambda operator, _known: Ready(activated(operator, function), (0, 1))


OPERATORS: Mapping[str, Make] = {
    "ABS": _of_one(torch.abs),
    "ADD": _of_two(torch.add),
    "AVERAGE_POOL_2D": average_pool_2d,
    "CAST": _cast,
    "CONCATENATION": _concatenation,
    "CONV_2D": conv_2d,
    "Convolution2DTransposeBias": transposed_with_bias,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEPTH_TO_SPACE": _depth_to_space,
    "DEQUANTIZE": _of_one(Tensor.float),
    "DIV": _of_two(torch.div),
    "FLOOR": _of_one(torch.floor),
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "HARD_SWISH": _of_one(F.hardswish),
    "LOGISTIC": _of_one(torch.sigmoid),
    "MAXIMUM": _of_two(torch.maximum),
    "MAX_POOL_2D": max_pool_2d,
    "MEAN": _reduce(lambda values, axes, keep: values.mean(axes, keepdim=keep)),
    "MINIMUM": _of_two(torch.minimum),
    "MUL": _of_two(torch.mul),
    "NEG": _of_one(torch.neg),
    "PAD": _pad,
    "PRELU": _prelu,
    "REDUCE_MAX": _reduce(lambda values, axes, keep: values.amax(axes, keepdim=keep)),
    "REDUCE_MIN": _reduce(lambda values, axes, keep: values.amin(axes, keepdim=keep)),
    "RELU": _of_one(torch.relu),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
    "RSQRT": _of_one(torch.rsqrt),
    "SLICE": _slice,
    "SQRT": _of_one(torch.sqrt),
    "SQUARED_DIFFERENCE": _of_two(lambda one, other: torch.square(one - other)),
    "STRIDED_SLICE": _strided_slice,
    "SUB": _of_two(torch.sub),
    "SUM": _reduce(lambda values, axes, keep: values.sum(axes, keepdim=keep)),
    "TRANSPOSE": _transpose,
}
