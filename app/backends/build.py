"""Makes backends.

The runtimes of other devices than the CPU live in processes of their own (`models.runtime.remote`): loading them would
stop this one's threads for up to seconds, and a driver that crashes would take it along.
"""

from app.backends.pair import Loading, Pair
from app.machine import cpu_name
from effects.canvas import Device
from models.errors import BackendFailed, FacetError
from models.types import SharedModel

_PARTS = {
    "cpu": ("cpu", "cpu"),
    "gpu": ("gpu", "gpu"),
    "cuda": ("cuda", "gpu"),
    "mps": ("mps", "gpu"),
    "torch-cpu": ("torch-cpu", "cpu"),
}
"""Networks and canvas of each backend."""
_CANVAS_MAY_LACK = ("cuda", "mps")
"""Backends whose networks are worth having with the canvas on the CPU too: servers often have CUDA without Vulkan."""


def parts_of(name: str) -> tuple[str, str]:
    """Networks and canvas of a backend; a mixture is written "networks+canvas"."""
    if name in _PARTS:
        return _PARTS[name]
    networks, _, canvas = name.partition("+")
    return networks, canvas


def make_pair(name: str, loading: Loading | None = None) -> Pair:
    """A backend whose networks are loaded when they are first wanted; raises BackendFailed or ModelUnavailable."""
    watched = loading or Loading()
    networks, canvas = parts_of(name)
    watched.step("opening the device")
    remarks: tuple[str, ...] = ()
    try:
        device = make_device(canvas)
    except FacetError as error:
        if name not in _CANVAS_MAY_LACK:
            raise
        device = make_device("cpu")
        remarks = (f"The picture stays on the CPU: {error}",)
    pair = make_networks(networks, device)
    pair.remarks = remarks
    watched.holds(pair.close)
    return pair


def make_device(name: str) -> Device:
    """Where pictures live: "cpu" or "gpu"; raises BackendFailed."""
    if name == "gpu":
        from effects.ops.building import built_device

        return built_device()
    from effects.devices.cpu import CpuDevice

    return CpuDevice()


def make_networks(name: str, device: Device) -> Pair:
    """The shared model on a runtime, with a canvas device that is there; networks load when they are first wanted."""
    from models.shared import FaceModel, create_cpu_model

    if name == "cpu":
        return Pair(create_cpu_model(), device, lambda: _hardware(cpu_name(), device))
    from models.runtime.remote import Remote, torch_remote

    runtime: Remote
    match name:
        case "gpu":
            runtime = Remote("models.runtime.litert_gpu:LiteRtGpu", name="gpu")
        case "cuda" | "mps":
            runtime = torch_remote(name)
        case "torch-cpu":
            runtime = torch_remote("cpu")
        case _:
            raise BackendFailed(f"there are no networks for '{name}'")
    # Stills and live frames share the process: the program's own stills are made at home, on the CPU.
    model: SharedModel = FaceModel(lambda: runtime)
    plain_name = cpu_name() if name == "torch-cpu" else ""
    return Pair(model, device, lambda: _hardware(plain_name or runtime.device_name, device))


def _hardware(networks: str, device: Device) -> str:
    """One line for what computes; the canvas is named where it is known to be something else."""
    canvas = getattr(device, "description", "")
    if not canvas or not networks:
        return networks or canvas
    return networks if canvas.startswith(networks.split(" (")[0]) else f"{networks}; canvas {canvas}"
