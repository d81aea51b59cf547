"""Operators that slide a window over the picture: convolutions and pools.

A convolution sees a permuted view of (N, H, W, C), which is what torch calls channels_last, so nothing is copied.
"""

import struct
from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from models.runtime.tflite_read import Operator
from models.runtime.torch_ready import Known, Ready, activated, channels_first, fixed, optional, refuse

Pair = tuple[int, int]

_SAME_IN_OPTIONS, _SAME_IN_CUSTOM = 0, 1
"""Schema's Padding.SAME; kTfLitePaddingSame in a custom operator's own struct."""


def _is_same(operator: Operator) -> bool:
    return bool(operator.options["padding"] == _SAME_IN_OPTIONS)


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> Pair:
    """Pixels before and after one axis, so that the result is ceil(size / stride) long; the odd one comes after."""
    steps = -(-size // stride)
    total = max((steps - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def _same_padded(values: Tensor, kernel: Pair, stride: Pair, dilation: Pair, filler: float) -> tuple[Tensor, Pair]:
    """(N, C, H, W) with the part of its padding that is not the same on both sides, and the rest, for torch to add."""
    (top, bottom), (left, right) = (
        same_padding(size, *rest) for size, *rest in zip(values.shape[2:], kernel, stride, dilation, strict=True)
    )
    if top == bottom and left == right:
        return values, (top, left)
    return F.pad(values, (left, right, top, bottom), value=filler), (0, 0)


def _convolve(operator: Operator, known: Known, weights: Tensor, groups: int) -> Ready:
    """`weights` (out, in, kernel height, kernel width)."""
    bias = optional(known, 2)
    weights = weights.contiguous(memory_format=torch.channels_last)
    options = operator.options
    kernel: Pair = (int(weights.shape[2]), int(weights.shape[3]))
    stride: Pair = (options["strideH"], options["strideW"])
    dilation: Pair = (options["dilationHFactor"], options["dilationWFactor"])
    is_same = _is_same(operator)

    def run(values: Tensor) -> Tensor:
        padding: Pair = (0, 0)
        if is_same:
            values, padding = _same_padded(values, kernel, stride, dilation, 0.0)
        return F.conv2d(values, weights, bias, stride, padding, dilation, groups)

    return Ready(activated(operator, channels_first(run)), (0,))


def conv_2d(operator: Operator, known: Known) -> Ready:
    """Weights (out, kernel height, kernel width, in)."""
    return _convolve(operator, known, fixed(operator, known, 1).permute(0, 3, 1, 2), 1)


def depthwise_conv_2d(operator: Operator, known: Known) -> Ready:
    """Weights (1, kernel height, kernel width, out)."""
    weights = fixed(operator, known, 1).permute(3, 0, 1, 2)
    return _convolve(operator, known, weights, len(weights) // operator.options["depthMultiplier"])


def transposed_with_bias(operator: Operator, known: Known) -> Ready:
    """MediaPipe's Convolution2DTransposeBias: weights (out, kernel height, kernel width, in)."""
    padding, stride_w, stride_h = struct.unpack("<3i", operator.custom[:12])
    weights, bias = fixed(operator, known, 1).permute(3, 0, 1, 2).contiguous(), optional(known, 2)
    if padding != _SAME_IN_CUSTOM or tuple(weights.shape[2:]) != (stride_h, stride_w):
        raise refuse(operator, "whose kernel is not as large as its stride")
    return Ready(channels_first(lambda values: F.conv_transpose2d(values, weights, bias, (stride_h, stride_w))), (0,))


def _pool(operator: Operator, pool: Callable[[Tensor, Pair, Pair], Tensor]) -> Ready:
    options = operator.options
    kernel: Pair = (options["filterHeight"], options["filterWidth"])
    stride: Pair = (options["strideH"], options["strideW"])
    return Ready(activated(operator, channels_first(lambda values: pool(values, kernel, stride))), (0,))


def max_pool_2d(operator: Operator, _known: Known) -> Ready:
    """Padding is never the largest."""
    is_same = _is_same(operator)

    def pool(values: Tensor, kernel: Pair, stride: Pair) -> Tensor:
        padding: Pair = (0, 0)
        if is_same:
            values, padding = _same_padded(values, kernel, stride, (1, 1), float("-inf"))
        return F.max_pool2d(values, kernel, stride, padding)

    return _pool(operator, pool)


def average_pool_2d(operator: Operator, _known: Known) -> Ready:
    """Padding does not count."""
    is_same = _is_same(operator)

    def pool(values: Tensor, kernel: Pair, stride: Pair) -> Tensor:
        if tuple(values.shape[2:]) == kernel:
            # As one mean: a GPU's pooling walks each window in a single thread.
            return values.mean((2, 3), keepdim=True)
        if is_same:
            (top, bottom), (left, right) = (
                same_padding(*each) for each in zip(values.shape[2:], kernel, stride, strict=True)
            )
            inside = F.pad(torch.ones_like(values[:1, :1]), (left, right, top, bottom))
            share = F.avg_pool2d(inside, kernel, stride)
            return F.avg_pool2d(F.pad(values, (left, right, top, bottom)), kernel, stride) / share
        return F.avg_pool2d(values, kernel, stride)

    return _pool(operator, pool)
