"""The canvas that effects draw on. Pixel operations are free functions, one per file in `effects/ops/`."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Protocol

from models.types import U8, Frame


class Image(Protocol):
    """Opaque (H, W, 1 or 4) uint8 on one device; valid until the step ends unless made by `Device.keep`."""

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...


class Device(Protocol):
    """Where pictures live: "cpu" or "gpu"."""

    name: str

    def upload(self, frame: Frame) -> Image:
        """The frame as a fresh BGRA image, alpha 255."""
        ...

    def keep(self, key: Hashable, pixels: U8) -> Image:
        """Upload once and remember under `key` (LRU); state and assets hold keys, not Images."""
        ...

    def download(self, image: Image) -> U8:
        """(H, W, 4) BGRA uint8 that belongs to the caller and is never written again."""
        ...

    def close(self) -> None:
        """Free what was kept."""
        ...


@dataclass(slots=True)
class Canvas:
    """Engine-owned, changed in place by ops only. BGRA, straight alpha.

    `source` is the untouched frame (CPU, read-only): statistics (skin colour, light) are taken from it at low
    resolution, so that no GPU read-back is needed.
    """

    image: Image
    source: Frame
    device: Device
