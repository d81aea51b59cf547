"""A TFLite graph as a torch program: its operators one after the other, nothing compiled.

Fixed parts of the graph (weights stored as float16, for instance) are worked out once, when the program is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.errors import ModelUnavailable
from models.runtime.tflite_read import ABSENT, Graph
from models.runtime.torch_ops import make_ready
from models.runtime.torch_ready import Run


@dataclass(frozen=True, slots=True)
class _Step:
    """One operator: which values it takes, where its result goes, and which values nobody needs after it."""

    run: Run
    inputs: tuple[int, ...]
    output: int
    spent: tuple[int, ...]


class Program:
    """Holds nothing of a run, so threads may share it. Raises ModelUnavailable for an operator that the table lacks."""

    def __init__(self, graph: Graph, outputs: Sequence[str], device: torch.device) -> None:
        """`outputs` orders the results by name; all of them where none is named."""
        self.input_shapes = tuple(graph.shapes[index] for index in graph.inputs)
        self._inputs, self._outputs = graph.inputs, graph.index_of_outputs(outputs)
        fixed = {index: torch.tensor(values, device=device) for index, values in graph.constants.items()}
        self._steps = self._without_fixed_parts(graph, fixed)
        used = {index for step in self._steps for index in step.inputs} | set(self._outputs)
        self._fixed = {index: value for index, value in fixed.items() if index in used}
        self._size = len(graph.shapes)

    def _without_fixed_parts(self, graph: Graph, fixed: dict[int, Tensor]) -> tuple[_Step, ...]:
        """The operators that depend on an input; the results of the others go to `fixed`."""
        drafts: list[tuple[Run, tuple[int, ...], int]] = []
        for operator in graph.operators:
            if len(operator.outputs) != 1:
                raise ModelUnavailable(f"the torch runtime cannot run {operator.kind} with several results")
            ready = make_ready(operator, [fixed.get(index) for index in operator.inputs])
            inputs, output = tuple(operator.inputs[need] for need in ready.needs), operator.outputs[0]
            if all(index in fixed for index in operator.inputs if index != ABSENT):
                fixed[output] = ready.run(*(fixed[index] for index in inputs))
            else:
                drafts.append((ready.run, inputs, output))
        kept = set(fixed) | set(self._outputs)
        steps: list[_Step] = []
        for run, inputs, output in reversed(drafts):
            spent = tuple(index for index in dict.fromkeys(inputs) if index not in kept)
            kept.update(spent)
            steps.append(_Step(run, inputs, output, spent))
        return tuple(reversed(steps))

    def __call__(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run once; to be called in inference mode, with tensors on the program's device."""
        values: list[Tensor | None] = [None] * self._size
        for index, value in self._fixed.items():
            values[index] = value
        for index, value in zip(self._inputs, inputs, strict=True):
            values[index] = value
        for step in self._steps:
            values[step.output] = step.run(*[values[index] for index in step.inputs])
            for index in step.spent:
                values[index] = None
        return [result for index in self._outputs if (result := values[index]) is not None]

    def many(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run n samples at once: every input and every result has one more axis in front, of length n."""
        results: list[Tensor] = torch.vmap(lambda *sample: self(sample))(*inputs)
        return results
