"""Many line segments in one call.

Building a QLineF for each of the 1365 edges of a face mesh takes longer than drawing them, so Qt is given the array's
memory: a QLineF is four doubles, and `drawLines` takes a pointer to the first of several.
"""

from typing import cast

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter


def draw_segments(painter: QPainter, ends_xy: NDArray[np.float32]) -> None:
    """(n, 2, 2) start and end of each segment, drawn with the painter's pen."""
    if not len(ends_xy):
        return
    memory = np.ascontiguousarray(ends_xy, np.float64)
    first = cast(QLineF, shiboken6.wrapInstance(memory.ctypes.data, QLineF))
    painter.drawLines(first, len(memory))
