"""What is shown instead when an effect that hides faces cannot do its work: never the bare face, unless chosen."""

import logging

import numpy as np

from effects.base import Scene
from effects.canvas import Canvas
from effects.hiding import Hidden, Look, cover
from models.types import U8, Frame

_LOOKS = {"blur": Look("blur"), "block": Look("block"), "freeze": Look("block")}

_log = logging.getLogger(__name__)


class StandIn:
    """Covers everyone as the user's *fail-secure* choice says: "blur", "block", "freeze" or "pass"."""

    def __init__(self) -> None:
        self._hidden = Hidden()
        self._held: U8 | None = None
        self._frozen = False

    @property
    def memory(self) -> tuple[Hidden, U8 | None, bool]:
        """All that it remembers, to be given back where a frame is drawn anew."""
        return self._hidden, self._held, self._frozen

    @memory.setter
    def memory(self, memory: tuple[Hidden, U8 | None, bool]) -> None:
        self._hidden, self._held, self._frozen = memory

    def cover(self, canvas: Canvas, scene: Scene, choice: str, *, away: bool = False) -> None:
        """Hide every face and every person without one; the whole picture when even that fails.

        `away`: the canvas lies on a device that another one stands behind; whatever fails there is raised.
        """
        if choice == "pass":
            return
        if choice == "freeze":
            self._frozen = True
        try:
            self._hidden = cover(canvas, scene, _LOOKS[choice], self._hidden)
        except Exception:  # the last guard of a face: what fails here must still hide it
            if away:
                raise
            _log.exception("faces cannot be covered; the whole picture is")
            source = canvas.source
            blank = np.zeros_like(source.pixels)
            canvas.image = canvas.device.upload(Frame(source.index, source.t_s, source.grabbed_ns, blank))

    def finish(self, bgra: U8, choice: str, hiding: bool) -> U8:
        """The picture to show: the last good one while frozen. Call once at the end of every frame.

        Args:
            bgra: the finished picture.
            choice: the user's fail-secure choice.
            hiding: whether an effect that hides faces is on, so that a good picture is worth keeping.
        """
        frozen, self._frozen = self._frozen, False
        if frozen and self._held is not None and self._held.shape == bgra.shape:
            return self._held.copy()
        self._held = bgra.copy() if hiding and choice == "freeze" and not frozen else None
        return bgra

    def restart(self) -> None:
        """Forget everything: another source begins."""
        self._hidden = Hidden()
        self._held = None
