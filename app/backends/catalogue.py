"""Which backends there are, and which of them this machine seems to have: a look, without loading anything heavy."""

import ctypes
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from app.backends.offer import Offer

NAMES = ("auto", "cpu", "gpu", "cuda", "mps", "torch-cpu")

_OFFERS = (
    Offer("auto", "Automatic", "Tries what is there and keeps the fastest"),
    Offer("cpu", "CPU", "Networks and picture on the processor"),
    Offer("gpu", "GPU", "Networks and picture on the graphics card, any vendor"),
    Offer("cuda", "NVIDIA CUDA", "Networks with PyTorch on CUDA, picture on the graphics card"),
    Offer("mps", "Apple Metal", "Networks with PyTorch on Metal, picture on the graphics card"),
    Offer("torch-cpu", "PyTorch on the CPU", "The reference, slower than the CPU backend"),
)
_ADD_TORCH = "Install it with: pip install 'facet[torch]'"
_MANIFESTS = ("/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d")
_MANIFEST_LISTS = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")
_CARDS = ("dri/renderD*", "nvidia[0-9]*", "dxg")
_SOFTWARE = ("lvp", "llvmpipe", "swiftshader")
"""In the name of a Vulkan driver that plays a graphics card on the processor."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found out about this computer by looking.

    Attributes:
        system: `sys.platform`. arm: whether the processor is an ARM.
        modules: Python packages that can be imported.
        libraries: shared libraries that can be loaded.
        vulkan_drivers: manifests of Vulkan drivers (Linux; Mesa installs those of every vendor).
        chosen_driver: whether the user named the Vulkan driver in the environment.
        cards: device files of graphics cards (Linux).
    """

    system: str
    arm: bool
    modules: frozenset[str]
    libraries: frozenset[str]
    vulkan_drivers: tuple[Path, ...] = ()
    chosen_driver: bool = False
    cards: tuple[Path, ...] = ()

    @property
    def may_be_fast(self) -> bool:
        """False where there is no graphics card, or its driver plays one on the processor, which is never faster."""
        if self.system != "linux":
            return True
        return bool(self.cards) and any(not _is_software(driver) for driver in self.vulkan_drivers)


def look() -> Machine:
    """Look at this computer; takes about a millisecond."""
    modules = ("wgpu", "torch")
    libraries = {"linux": ("libvulkan.so.1", "libcuda.so.1"), "win32": ("nvcuda.dll",)}.get(sys.platform, ())
    return Machine(
        system=sys.platform,
        arm=platform.machine().lower() in ("arm64", "aarch64"),
        modules=frozenset(name for name in modules if find_spec(name) is not None),
        libraries=frozenset(name for name in libraries if _loads(name)),
        vulkan_drivers=tuple(vulkan_drivers(os.environ)) if sys.platform == "linux" else (),
        chosen_driver=any(os.environ.get(name) for name in _MANIFEST_LISTS),
        cards=tuple(path for pattern in _CARDS for path in sorted(Path("/dev").glob(pattern))),
    )


def offers(machine: Machine | None = None) -> tuple[Offer, ...]:
    """All backends in the order in which a menu shows them."""
    found = machine or look()
    return tuple(_judged(offer, found) for offer in _OFFERS)


def offer(name: str, machine: Machine | None = None) -> Offer:
    """One backend by its name; raises KeyError."""
    return {each.name: each for each in offers(machine)}[name]


def title_of(name: str) -> str:
    """What people call a backend; a mixture "networks+canvas" by both its parts."""
    titles = {each.name: each.title for each in _OFFERS}
    return titles.get(name) or " + ".join(titles.get(part, part) for part in name.split("+"))


def spoken(name: str) -> str:
    """A backend's title within a sentence."""
    return f"the {title_of(name)}" if name in ("cpu", "gpu") else title_of(name)


def vulkan_drivers(environment: Mapping[str, str]) -> list[Path]:
    """The manifests of the Vulkan drivers that the loader would find (its own rules, without the user's folders)."""
    for name in _MANIFEST_LISTS:
        if environment.get(name):
            return [path for text in environment[name].split(os.pathsep) if (path := Path(text)).is_file()]
    return [path for folder in _MANIFESTS for path in sorted(Path(folder).glob("*.json"))]


def _judged(offer: Offer, machine: Machine) -> Offer:
    reason, mend = _lack(offer.name, machine)
    return replace(offer, there=not reason, reason=reason, mend=mend)


def _lack(name: str, machine: Machine) -> tuple[str, str]:
    """Why a backend is not there, and what to do; ("", "") where it is."""
    if name == "gpu":
        return _graphics_lack(machine)
    if name == "cuda":
        if machine.system == "darwin" or not machine.libraries & {"libcuda.so.1", "nvcuda.dll"}:
            return "There is no NVIDIA graphics card with its driver.", ""
        return _torch_lack(machine)
    if name == "mps":
        if machine.system != "darwin" or not machine.arm:
            return "This is not a Mac with an Apple processor.", ""
        return _torch_lack(machine)
    if name == "torch-cpu":
        return _torch_lack(machine)
    return "", ""


def _torch_lack(machine: Machine) -> tuple[str, str]:
    return ("", "") if "torch" in machine.modules else ("PyTorch is not installed.", _ADD_TORCH)


def _graphics_lack(machine: Machine) -> tuple[str, str]:
    if "wgpu" not in machine.modules:
        return "The graphics library wgpu is not installed.", "Install it with: pip install wgpu"
    if machine.system != "linux":
        return "", ""
    if "libvulkan.so.1" not in machine.libraries:
        return "Vulkan, the interface to the graphics card, is not installed.", _add_vulkan()
    if not machine.vulkan_drivers:
        return "No graphics driver with Vulkan is installed.", _add_vulkan()
    if not machine.cards and not machine.chosen_driver:
        return "No graphics card was found.", ""
    return "", ""


def _add_vulkan() -> str:
    return (
        "Install your graphics card's driver with its Vulkan part "
        "(Debian, Ubuntu: sudo apt install libvulkan1 mesa-vulkan-drivers)."
    )


def _is_software(driver: Path) -> bool:
    return any(word in driver.name.lower() for word in _SOFTWARE)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
