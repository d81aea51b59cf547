"""The trials of the graphics card; each runs in a child process and compares the result with the CPU's."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from app.checks.finding import Finding
from app.checks.graphics import SOFTWARE, UPDATE

if TYPE_CHECKING:
    from effects.canvas import Device
    from models.runtime.base import Runtime
    from models.types import F32, U8

T = TypeVar("T")

_SIZE_WH = (1280, 720)
_RUNS = 8
_RUN_S = 0.4
"""Slow devices are timed on fewer runs."""
_OUTPUTS_NEAR = 1e-3
"""Share of the largest value; the networks run in fp32 on both."""
_LEVELS_NEAR = 3
_NETWORKS = ("yunet", "face_mesh", "selfie_landscape")
_ADD_TORCH = "pip install --force-reinstall 'facet[torch]'"


def try_canvas() -> Iterator[Finding]:
    """Draw on wgpu's best device, and list all of them."""
    from effects.devices import gpu_adapter
    from effects.devices.cpu import CpuDevice
    from effects.devices.gpu import GpuDevice
    from models.errors import FacetError

    for adapter in gpu_adapter.adapters():
        yield Finding("good", "Graphics device", gpu_adapter.describe(adapter.info))
    title = "Picture on the GPU"
    try:
        device = GpuDevice()
        drawn, gpu_ms = _drawn(device)
        device.close()
    except FacetError as error:
        yield Finding("bad", title, str(error), UPDATE)
        return
    right, cpu_ms = _drawn(CpuDevice())
    off = int(abs(drawn.astype("int16") - right).max())
    words = f"wgpu, {device.description.split(',')[0]}: {gpu_ms:.1f} ms a frame, the CPU needs {cpu_ms:.1f} ms"
    if off > _LEVELS_NEAR:
        yield Finding("bad", title, f"wgpu draws wrongly, {off} levels off", UPDATE)
    elif device.is_software:
        yield Finding("warning", title, words, SOFTWARE)
    else:
        yield Finding("good", title, words)


def try_networks() -> Iterator[Finding]:
    """Run networks on LiteRT's WebGPU."""
    from models.runtime.litert_gpu import LiteRtGpu

    yield compared("Networks on the GPU", "WebGPU", LiteRtGpu, UPDATE)


def try_cuda() -> Iterator[Finding]:
    """Run networks with PyTorch on CUDA."""
    from models.runtime.torch_ import TorchRuntime

    yield compared("Networks on CUDA", "PyTorch", lambda: TorchRuntime("cuda"), _ADD_TORCH)


def try_mps() -> Iterator[Finding]:
    """Run networks with PyTorch on Apple's Metal."""
    from models.runtime.torch_ import TorchRuntime

    yield compared("Networks on Metal", "PyTorch", lambda: TorchRuntime("mps"), _ADD_TORCH)


def compared(title: str, through: str, make: "Callable[[], Runtime]", mend: str) -> Finding:
    """A few networks on another runtime against the CPU: the same results, and how fast."""
    import numpy as np

    from models.errors import FacetError
    from models.networks import network_path
    from models.runtime.litert_cpu import LiteRtCpu

    home, spent_ms, cpu_ms = LiteRtCpu(), 0.0, 0.0
    try:
        runtime = make()
        for name in _NETWORKS:
            values = _noise(name)
            right, took_ms = _timed(home.load(network_path(name)), values)
            cpu_ms += took_ms
            got, took_ms = _timed(runtime.load(network_path(name)), values)
            spent_ms += took_ms
            far = max(float(np.abs(a - b).max() / max(1.0, np.abs(b).max())) for a, b in zip(got, right, strict=True))
            if not far <= _OUTPUTS_NEAR:
                return Finding("bad", title, f"{through} computes {name} wrongly, {far:.1%} off", mend)
        device = str(getattr(runtime, "device_name", ""))
        runtime.close()
    except FacetError as error:
        return Finding("bad", title, str(error), mend)
    about = f"{through}, {device}" if device else through
    words = f"{about}: {spent_ms:.1f} ms for {len(_NETWORKS)} networks, the CPU needs {cpu_ms:.1f} ms"
    return Finding("warning", title, words, SOFTWARE) if "(software)" in device else Finding("good", title, words)


def _noise(name: str) -> "F32":
    import numpy as np

    shapes = {"yunet": (1, 160, 256, 3), "face_mesh": (1, 192, 192, 3), "selfie_landscape": (1, 144, 256, 3)}
    return np.random.default_rng(1).random(shapes[name], np.float32)


def _timed(net: "Callable[[F32], Any]", values: "F32") -> "tuple[list[F32], float]":
    """Its results, and the usual milliseconds of a run."""
    return _repeated(lambda: [result.copy() for result in net(values)])


def _repeated(work: "Callable[[], T]") -> "tuple[T, float]":
    """The result, and the usual milliseconds once it is warm."""
    result = work()
    spent_ms: list[float] = []
    while len(spent_ms) < _RUNS and sum(spent_ms) < 1000 * _RUN_S:
        started_ns = time.perf_counter_ns()
        result = work()
        spent_ms.append((time.perf_counter_ns() - started_ns) / 1e6)
    return result, statistics.median(spent_ms)


def _drawn(device: "Device") -> "tuple[U8, float]":
    """A picture with half of it covered, and the usual milliseconds from frame to finished picture."""
    import numpy as np

    from effects.canvas import Canvas
    from effects.ops.blend import blend_colour
    from effects.ops.masks import Oval, oval_mask
    from models.types import Frame

    width, height = _SIZE_WH
    ramp = np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8)[None, :, None], (height, width, 3))
    mask = oval_mask(Oval((width / 2, height / 2), (width / 4, height / 3)), 0.3, _SIZE_WH)
    frame = Frame(0, 0.0, 0, np.ascontiguousarray(ramp))

    def draw() -> "U8":
        canvas = Canvas(device.upload(frame), frame, device)
        if mask is not None:
            blend_colour(canvas, mask, (40, 160, 220))
        return device.download(canvas.image)

    return _repeated(draw)
