"""The two person networks as one typed call: a crop of any size in, alpha out."""

import cv2
import numpy as np

from models.networks import network_path
from models.runtime.base import Runtime
from models.types import F32, U8

_SIZES_WH = {"selfie_landscape": (256, 144), "selfie_square": (256, 256)}


class PersonNet:
    """MediaPipe's selfie segmentation. Crops are stretched to the input, never letterboxed. One owner thread."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        """`name` is "selfie_landscape" or "selfie_square"; raises ModelUnavailable."""
        self.size_wh = _SIZES_WH[name]
        self._net = runtime.load(network_path(name))
        self._input = np.empty((1, self.size_wh[1], self.size_wh[0], 3), np.float32)
        self._half_way_wh = (self.size_wh[0] * 3 // 2, self.size_wh[1] * 3 // 2)

    def __call__(self, crop: U8, *, mirrored: bool = False) -> F32:
        """Alpha (h, w) 0..1 at the network's size of (H, W, 3) BGR uint8; `mirrored`: seen in a mirror and put back.

        Large crops are shrunk in two linear steps: one would alias noise, and INTER_AREA costs ten times as much.
        """
        if max(crop.shape[1] / self.size_wh[0], crop.shape[0] / self.size_wh[1]) > 2:
            crop = np.asarray(cv2.resize(crop, self._half_way_wh), np.uint8)
        rgb = cv2.cvtColor(cv2.resize(crop, self.size_wh), cv2.COLOR_BGR2RGB)
        np.multiply(rgb[:, ::-1] if mirrored else rgb, np.float32(1 / 255), out=self._input[0])
        alpha = self._net(self._input)[0][0, ..., 0]
        return alpha[:, ::-1] if mirrored else alpha


def levels(alpha: F32) -> F32:
    """The matte as given out: a smooth step from .15 to .75; a soft edge stays soft, a faint ghost goes. Read-only."""
    t = np.subtract(alpha, np.float32(0.15))
    t *= np.float32(1 / 0.6)
    np.clip(t, 0.0, 1.0, out=t)
    smooth = t * np.float32(-2)
    smooth += 3
    smooth *= t
    smooth *= t
    smooth.setflags(write=False)
    return smooth
