"""What the operators of `torch_ops` are made of: the value they become and how they read what the graph fixes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from models.errors import ModelUnavailable
from models.runtime.tflite_read import Operator

Run = Callable[..., Tensor]


@dataclass(frozen=True, slots=True)
class Ready:
    """An operator made ready: `run` takes the values of those of its inputs that `needs` names by position."""

    run: Run
    needs: tuple[int, ...]


Known = Sequence[Tensor | None]
"""One for each input of an operator: its value where the graph fixes it, else None."""

Make = Callable[[Operator, Known], Ready]

_ACTIVATIONS: Mapping[int, Run | None] = {0: None, 1: torch.relu, 3: F.relu6}
"""Of the schema's ActivationFunctionType."""


def refuse(operator: Operator, why: str) -> ModelUnavailable:
    """The error for a use of an operator that is not provided for."""
    return ModelUnavailable(f"the torch runtime cannot run {operator.kind} {why}")


def fixed(operator: Operator, known: Known, position: int) -> Tensor:
    """An input that the graph must fix; raises ModelUnavailable where it is computed."""
    value = known[position] if position < len(known) else None
    if value is None:
        raise refuse(operator, f"whose input {position} is computed")
    return value


def numbers(operator: Operator, known: Known, position: int) -> list[int]:
    """A fixed list of integers, such as axes or a shape."""
    return [int(number) for number in fixed(operator, known, position).flatten().tolist()]


def optional(known: Known, position: int) -> Tensor | None:
    """An input that may be left out, such as a bias."""
    return known[position] if position < len(known) else None


def activated(operator: Operator, run: Run) -> Run:
    """With the activation that is fused into the operator."""
    kind = operator.options.get("fusedActivationFunction", 0)
    if kind not in _ACTIVATIONS:
        raise refuse(operator, f"with the activation {kind}")
    activation = _ACTIVATIONS[kind]
    if activation is None:
        return run
    return lambda *values: activation(run(*values))


def pixelwise(operator: Operator, function: Callable[[Tensor], Tensor]) -> Ready:
    """One input, which stays as it is laid out."""
    return Ready(activated(operator, function), (0,))


def channels_first(function: Callable[[Tensor], Tensor]) -> Run:
    """Give `function` (N, C, H, W) and take the same back, without copying."""
    return lambda values: function(values.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
