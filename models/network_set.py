"""The networks of one owner, each loaded when it is first wanted: start-up pays for what is used."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models.blendshapes import Blendshapes
from models.detector import Detector
from models.landmarks import FaceMesh
from models.runtime.base import Runtime

if TYPE_CHECKING:
    from models.hand_visibility import HandVisibility
    from models.segmentation import PersonMatte


class NetworkSet:
    """Not thread-safe, but different networks may be used by different threads at the same time."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._detector: Detector | None = None
        self._meshes: dict[int, FaceMesh] = {}
        self._blendshapes: Blendshapes | None = None
        self._matte: PersonMatte | None = None
        self._matte_state: Mapping[str, Any] = {}
        self._hand_visibility: HandVisibility | None = None

    @property
    def detector(self) -> Detector:
        """Finds faces."""
        if self._detector is None:
            self._detector = Detector(self.runtime)
        return self._detector

    def mesh(self, hand: int) -> FaceMesh:
        """Landmarks; one for each hand."""
        if hand not in self._meshes:
            self._meshes[hand] = FaceMesh(self.runtime)
        return self._meshes[hand]

    @property
    def blendshapes(self) -> Blendshapes:
        """Expressions from landmarks."""
        if self._blendshapes is None:
            self._blendshapes = Blendshapes(self.runtime)
        return self._blendshapes

    @property
    def matte(self) -> "PersonMatte":
        """Who is a person."""
        if self._matte is None:
            from models.segmentation import PersonMatte

            self._matte = PersonMatte(self.runtime)
            self._matte.import_state(self._matte_state)
        return self._matte

    @property
    def hand_visibility(self) -> "HandVisibility":
        """Where a hand is in front of a face, without an earlier frame to compare with."""
        if self._hand_visibility is None:
            from models.hand_visibility import HandVisibility

            self._hand_visibility = HandVisibility(self.runtime)
        return self._hand_visibility

    def export_matte(self) -> Mapping[str, Any]:
        """The matte's memory; what was imported where no matte was made yet."""
        return self._matte_state if self._matte is None else self._matte.export_state()

    def import_matte(self, state: Mapping[str, Any]) -> None:
        """Give the matte a memory; {} = none."""
        self._matte_state = state
        if self._matte is not None:
            self._matte.import_state(state)

    def close(self) -> None:
        """Let the networks go."""
        self._detector = self._blendshapes = self._matte = self._hand_visibility = None
        self._meshes.clear()
        self.runtime.close()
