"""A QImage that owns its pixels. A QImage laid over somebody else's array crashes the process when that array goes."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from models.types import U8

_FINE_BELOW = 0.5
"""Bilinear drawing skips pixels below half size; there Qt's area filter is used, which is cheap for so few pixels."""


class OwnImage:
    """One picture that is written again and again; its memory stays for as long as the size does."""

    def __init__(self) -> None:
        self.image = QImage()

    def copy_bgra(self, bgra: U8, mirrored: bool) -> None:
        """(H, W, 4) BGRA uint8; alpha is ignored. Mirroring here keeps the paint on Qt's fast path."""
        height, width = bgra.shape[:2]
        if self.image.width() != width or self.image.height() != height:
            self.image = QImage(width, height, QImage.Format.Format_RGB32)
        source = np.ascontiguousarray(bgra).view(np.uint32)[..., 0]
        target = np.frombuffer(self.image.bits(), np.uint32).reshape(height, self.image.bytesPerLine() // 4)
        np.copyto(target[:, :width], source[:, ::-1] if mirrored else source)

    def copy_bgr(self, bgr: U8, mirrored: bool) -> None:
        """(H, W, 3) BGR uint8."""
        height, width = bgr.shape[:2]
        pixels = np.ascontiguousarray(bgr[:, ::-1] if mirrored else bgr)
        wrapped = QImage(pixels.data, width, height, width * 3, QImage.Format.Format_BGR888)
        self.image = wrapped.convertToFormat(QImage.Format.Format_RGB32)

    def draw(self, painter: QPainter, target: QRectF, pixel_ratio: float) -> None:
        """Untouched pixels where the size is the same, bilinear near it, an area filter far below it.

        Args:
            painter: of the widget.
            target: widget pixels.
            pixel_ratio: device pixels per widget pixel.
        """
        wanted = QSize(round(target.width() * pixel_ratio), round(target.height() * pixel_ratio))
        same = wanted == self.image.size()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not same)
        if same and pixel_ratio == 1.0:
            painter.drawImage(QPointF(target.x(), target.y()), self.image)
        elif wanted.width() < self.image.width() * _FINE_BELOW:
            keep, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            painter.drawImage(target, self.image.scaled(wanted, keep, smooth))
        else:
            painter.drawImage(target, self.image)
