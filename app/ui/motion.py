"""Short, eased changes; none at all where the user asked for reduced motion."""

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation
from PySide6.QtWidgets import QApplication, QStyle

DURATION_MS = 180


def reduced() -> bool:
    """True where the desktop, or the user in Facet's menu, asked for no motion."""
    application = QApplication.instance()
    if application is not None and application.property("facetReducedMotion"):
        return True
    return QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0


def set_reduced(value: bool) -> None:
    """The user's own wish, on top of the desktop's."""
    application = QApplication.instance()
    if application is not None:
        application.setProperty("facetReducedMotion", value)


class Ease(QObject):
    """A number that glides to where it is told; `changed` is called with each step."""

    def __init__(self, parent: QObject, value: float, changed: Callable[[float], None]) -> None:
        super().__init__(parent)
        self.value = value
        self._changed = changed
        self._animation: QVariantAnimation | None = None

    def to(self, target: float) -> None:
        """Glide to `target`; jump under reduced motion."""
        if self._animation is not None:
            self._animation.stop()
        if reduced() or target == self.value:
            self._step(target)
            return
        if self._animation is None:
            self._animation = QVariantAnimation(self)
            self._animation.setDuration(DURATION_MS)
            self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
            self._animation.valueChanged.connect(self._step)
        self._animation.setStartValue(float(self.value))
        self._animation.setEndValue(float(target))
        self._animation.start()

    def _step(self, value: float) -> None:
        self.value = float(value)
        self._changed(self.value)
