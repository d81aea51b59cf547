"""Every operator of the torch runtime against LiteRT, and what is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import ModelUnavailable
from models.networks import FOLDER, network_path
from models.runtime.litert_cpu import LiteRtCpu
from models.runtime.tflite_read import read_graph
from models.types import F32
from tests.models.runtime.one_operator import Given, write
from tests.need_torch import require_torch

SAME, VALID = 0, 1
RELU, RELU6 = 1, 3


@pytest.fixture(autouse=True)
def _torch() -> None:
    require_torch()


def noise(*shape: int, low: float = -2.0) -> F32:
    return np.random.default_rng(sum(shape)).uniform(low, 2.0, shape).astype(np.float32)


def ints(*values: Any) -> np.ndarray[Any, Any]:
    return np.array(values, np.int32)


@dataclass
class Case:
    """One operator as it may stand in a graph."""

    kind: str
    inputs: Sequence[Given]
    options: tuple[str, Mapping[str, Any]] | None = None
    custom: bytes = b""
    result: tuple[int, ...] = ()
    low: float = -2.0
    """Least value of the inputs."""
    words: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.words}".strip()


def conv(words: str, size: tuple[int, ...], weights: tuple[int, ...], **options: int) -> Case:
    chosen = {"padding": SAME, "strideH": 1, "strideW": 1} | options
    return Case("CONV_2D", [size, noise(*weights), noise(weights[0])], ("Conv2DOptions", chosen), words=words)


def depthwise(words: str, size: tuple[int, ...], weights: tuple[int, ...], **options: int) -> Case:
    chosen = {"padding": SAME, "strideH": 1, "strideW": 1, "depthMultiplier": 1} | options
    inputs: list[Given] = [size, noise(*weights), noise(weights[3])]
    return Case("DEPTHWISE_CONV_2D", inputs, ("DepthwiseConv2DOptions", chosen), words=words)


def pool(kind: str, words: str, size: tuple[int, ...], side: int, stride: int, padding: int) -> Case:
    chosen = {"padding": padding, "strideH": stride, "strideW": stride, "filterHeight": side, "filterWidth": side}
    return Case(kind, [size], ("Pool2DOptions", chosen), words=words)


def elementwise(kind: str, options: str, **chosen: int) -> list[Case]:
    return [
        Case(kind, [(1, 4, 5, 3), (1, 4, 5, 3)], (options, chosen), low=0.5, words="of two computed"),
        Case(kind, [(1, 4, 5, 3), noise(3, low=0.5)], (options, chosen), low=0.5, words="with a fixed row"),
        Case(kind, [noise(1, low=0.5), (1, 4, 5, 3)], (options, chosen), low=0.5, words="of a fixed number"),
    ]


def reduction(kind: str) -> list[Case]:
    return [
        Case(kind, [(1, 4, 5, 3), ints(1, 2)], ("ReducerOptions", {"keepDims": True}), words="over the picture"),
        Case(kind, [(1, 4, 5, 3), ints(-1)], ("ReducerOptions", {"keepDims": False}), words="over the last axis"),
    ]


def strided(words: str, size: tuple[int, ...], parts: Sequence[Given], **masks: int) -> Case:
    return Case("STRIDED_SLICE", [size, *parts], ("StridedSliceOptions", masks), words=words)


def resize(words: str, to: tuple[int, int], **options: bool) -> Case:
    return Case("RESIZE_BILINEAR", [(1, 6, 7, 3), ints(*to)], ("ResizeBilinearOptions", options), words=words)


def transposed(padding: int = 1) -> Case:
    options = ints(padding, 2, 2).tobytes()
    return Case(
        "Convolution2DTransposeBias", [(1, 4, 5, 3), noise(2, 2, 2, 3), noise(2)], custom=options, result=(1, 8, 10, 2)
    )


CASES = [
    conv("1x1", (1, 6, 7, 3), (4, 1, 1, 3), padding=VALID),
    conv("3x3", (1, 6, 7, 3), (4, 3, 3, 3), fusedActivationFunction=RELU),
    conv("5x5 stride 2, even side", (1, 8, 8, 3), (4, 5, 5, 3), strideH=2, strideW=2, fusedActivationFunction=RELU6),
    conv("3x3 stride 2, odd side", (1, 9, 7, 3), (4, 3, 3, 3), strideH=2, strideW=2),
    conv("3x3 valid", (1, 9, 8, 3), (4, 3, 3, 3), padding=VALID, strideH=2, strideW=2),
    conv("dilated", (1, 9, 8, 3), (4, 3, 3, 3), dilationHFactor=2, dilationWFactor=3),
    conv("of unequal sides", (1, 9, 8, 3), (4, 1, 3, 3), strideH=1, strideW=2),
    depthwise("3x3", (1, 6, 7, 4), (1, 3, 3, 4), fusedActivationFunction=RELU),
    depthwise("stride 2", (1, 6, 8, 4), (1, 3, 3, 4), strideH=2, strideW=2),
    depthwise("valid", (1, 6, 8, 4), (1, 5, 5, 4), padding=VALID),
    depthwise("two results each", (1, 6, 8, 4), (1, 3, 3, 8), depthMultiplier=2),
    transposed(),
    pool("MAX_POOL_2D", "valid", (1, 6, 7, 3), 2, 2, VALID),
    pool("MAX_POOL_2D", "same, odd side", (1, 7, 7, 3), 2, 2, SAME),
    pool("MAX_POOL_2D", "same, overlapping", (1, 8, 7, 3), 3, 2, SAME),
    pool("AVERAGE_POOL_2D", "whole picture", (1, 6, 6, 3), 6, 6, VALID),
    pool("AVERAGE_POOL_2D", "valid", (1, 6, 7, 3), 2, 2, VALID),
    pool("AVERAGE_POOL_2D", "same, odd side", (1, 7, 8, 3), 3, 2, SAME),
    Case("FULLY_CONNECTED", [(2, 6), noise(4, 6), noise(4)], ("FullyConnectedOptions", {})),
    Case("FULLY_CONNECTED", [(2, 6), noise(4, 6), noise(4)], ("FullyConnectedOptions", {"fusedActivationFunction": 1})),
    Case("PRELU", [(1, 4, 5, 3), noise(1, 1, 3)], words="a slope per channel"),
    Case("PRELU", [(1, 4, 5, 3), noise(4, 5, 3)], words="a slope per pixel"),
    resize("up, half-pixel centers", (12, 14), halfPixelCenters=True),
    resize("odd, half-pixel centers", (9, 5), halfPixelCenters=True),
    resize("aligned corners", (11, 13), alignCorners=True),
    Case("DEPTH_TO_SPACE", [(1, 3, 4, 12)], ("DepthToSpaceOptions", {"blockSize": 2})),
    Case("PAD", [(1, 3, 4, 2), ints((0, 0), (1, 2), (3, 0), (0, 1))], ("PadOptions", {})),
    Case("CONCATENATION", [(1, 3, 4), (1, 3, 2)], ("ConcatenationOptions", {"axis": -1})),
    Case("CONCATENATION", [(1, 3, 4), noise(2, 3, 4), (3, 3, 4)], ("ConcatenationOptions", {"axis": 0})),
    Case("GATHER", [(5, 3), ints(4, 0, 0)], ("GatherOptions", {"axis": 0})),
    Case("GATHER", [(2, 5, 3), ints((4, 0, 1), (2, 3, 3))], ("GatherOptions", {"axis": 1}), words="by a table"),
    Case("SLICE", [(3, 4, 5), ints(1, 0, 2), ints(2, -1, 3)], ("SliceOptions", {})),
    strided("whole", (2, 5), (ints(0, 0), ints(0, 0), ints(1, 1)), beginMask=3, endMask=3),
    strided("from the end", (2, 5), (ints(0, -3), ints(2, -1), ints(1, 1))),
    strided("every other", (2, 5), (ints(0, 1), ints(2, 5), ints(1, 2))),
    strided("without an axis", (2, 5), (ints(1, 0), ints(2, 5), ints(1, 1)), shrinkAxisMask=1),
    Case("RESHAPE", [(2, 6), ints(3, -1)], ("ReshapeOptions", {"newShape": [3, -1]})),
    Case("RESHAPE", [(2, 6)], ("ReshapeOptions", {"newShape": [4, 3]}), words="by its options"),
    Case("TRANSPOSE", [(2, 3, 4), ints(2, 0, 1)], ("TransposeOptions", {})),
    Case("ABS", [(2, 5)], ("AbsOptions", {})),
    Case("FLOOR", [(2, 5)]),
    Case("HARD_SWISH", [(2, 5)], ("HardSwishOptions", {})),
    Case("LOGISTIC", [(2, 5)]),
    Case("NEG", [(2, 5)], ("NegOptions", {})),
    Case("RELU", [(2, 5)]),
    Case("RSQRT", [(2, 5)], low=0.1),
    Case("SQRT", [(2, 5)], low=0.1),
    *elementwise("ADD", "AddOptions"),
    *elementwise("ADD", "AddOptions", fusedActivationFunction=RELU),
    *elementwise("SUB", "SubOptions"),
    *elementwise("MUL", "MulOptions"),
    *elementwise("DIV", "DivOptions"),
    *elementwise("MAXIMUM", "MaximumMinimumOptions"),
    *elementwise("MINIMUM", "MaximumMinimumOptions"),
    *elementwise("SQUARED_DIFFERENCE", "SquaredDifferenceOptions"),
    *reduction("MEAN"),
    *reduction("SUM"),
    *reduction("REDUCE_MAX"),
    *reduction("REDUCE_MIN"),
]

WITHOUT_A_CASE = {"DEQUANTIZE": "its input is always fixed: every network tests it", "CAST": "its result is an index"}


def run_torch(graph: Path, inputs: Sequence[F32]) -> F32:
    from models.runtime.torch_ import TorchRuntime

    return TorchRuntime("cpu").load(graph)(*inputs)[0]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_like_litert(case: Case, tmp_path: Path) -> None:
    graph = write(tmp_path / "one.tflite", case.kind, case.inputs, case.options, case.custom, case.result)
    inputs = [noise(*given, low=case.low) for given in case.inputs if isinstance(given, tuple)]
    wanted = run_litert(graph, inputs)
    found = run_torch(graph, inputs)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-6)


def run_litert(graph: Path, inputs: Sequence[F32]) -> F32:
    return LiteRtCpu(1).load(graph)(*inputs)[0]


def test_every_operator_has_a_case() -> None:
    from models.runtime.torch_ops import OPERATORS

    assert set(OPERATORS) == {case.kind for case in CASES} | set(WITHOUT_A_CASE)


def test_the_table_holds_what_the_networks_use() -> None:
    from models.runtime.torch_ops import OPERATORS

    used = {operator.kind for path in FOLDER.glob("*.tflite") for operator in read_graph(path).operators}
    assert used <= set(OPERATORS)


@given(
    size=st.tuples(st.integers(5, 12), st.integers(5, 12)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.integers(1, 3),
    padding=st.sampled_from([SAME, VALID]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_convolution(
    tmp_path: Path, size: tuple[int, int], kernel: tuple[int, int], stride: int, padding: int
) -> None:
    case = conv("", (1, *size, 2), (3, *kernel, 2), padding=padding, strideH=stride, strideW=stride)
    graph = write(tmp_path / "any.tflite", case.kind, case.inputs, case.options)
    picture = noise(1, *size, 2)
    np.testing.assert_allclose(run_torch(graph, [picture]), run_litert(graph, [picture]), rtol=1e-5, atol=2e-6)


def refused(kind: str, inputs: Sequence[Given], options: tuple[str, Mapping[str, Any]] | None, words: str) -> Any:
    return pytest.param(kind, inputs, options, words, id=f"{kind} {words}")


@pytest.mark.parametrize(
    ("kind", "inputs", "options", "words"),
    [
        refused("COS", [(2, 5)], None, "needs the operator COS"),
        refused("ADD", [(2, 5), (2, 5)], ("AddOptions", {"fusedActivationFunction": 4}), "with the activation 4"),
        refused("RESHAPE", [(2, 6), (2,)], ("ReshapeOptions", {}), "whose input 1 is computed"),
        refused("GATHER", [(2, 6), ints(0)], ("GatherOptions", {"batchDims": 1}), "by batch"),
        refused("CAST", [(2, 6)], ("CastOptions", {"outDataType": 4}), "to the type 4"),
        refused(
            "RESIZE_BILINEAR", [(1, 4, 4, 1), ints(8, 8)], ("ResizeBilinearOptions", {}), "with neither aligned corners"
        ),
        refused(
            "STRIDED_SLICE",
            [(2, 5), ints(1, 4), ints(0, 0), ints(-1, -1)],
            ("StridedSliceOptions", {}),
            "a step back",
        ),
        refused(
            "FULLY_CONNECTED",
            [(2, 6), noise(4, 6), noise(4)],
            ("FullyConnectedOptions", {"keepNumDims": True}),
            "more than two axes",
        ),
    ],
)
def test_what_is_not_provided_for_is_refused(
    kind: str, inputs: Sequence[Given], options: Any, words: str, tmp_path: Path
) -> None:
    graph = write(tmp_path / "one.tflite", kind, inputs, options)
    with pytest.raises(ModelUnavailable, match=words):
        run_torch(graph, [noise(*given) for given in inputs if isinstance(given, tuple)])


def test_a_transposed_convolution_of_another_padding_is_refused(tmp_path: Path) -> None:
    case = transposed(padding=2)
    graph = write(tmp_path / "one.tflite", case.kind, case.inputs, None, case.custom)
    with pytest.raises(ModelUnavailable, match="kernel is not as large as its stride"):
        run_torch(graph, [noise(1, 4, 5, 3)])


def test_fixed_parts_are_worked_out_once(tmp_path: Path) -> None:
    """Half the operators of the mesh make float32 weights of float16 ones; none of them runs with each face."""
    from models.runtime.torch_graph import Program

    graph = read_graph(network_path("face_mesh"))
    import torch

    program = Program(graph, (), torch.device("cpu"))
    thawed = sum(operator.kind == "DEQUANTIZE" for operator in graph.operators)
    assert thawed > 100
    assert len(program._steps) == len(graph.operators) - thawed


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x1c\x00\x00\x00TFL3" + bytes(64)])
def test_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    graph = tmp_path / "bad.tflite"
    graph.write_bytes(content)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        read_graph(graph)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="No such file"):
        read_graph(tmp_path / "none.tflite")


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_refused_or_harmless(data: st.DataObject, tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "one.tflite", "ADD", [(2, 5), noise(5)], ("AddOptions", {})).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    graph = tmp_path / "bad.tflite"
    graph.write_bytes(content[: data.draw(st.integers(8, len(content)))])
    try:
        found = read_graph(graph)
    except ModelUnavailable:
        return
    assert len(found.operators) <= len(content)
