"""The settings as a value. Apart from `app.config`, which reads and writes them and so knows every effect."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """What the engine adopts between two frames.

    Attributes:
        effects: (effect id, parameters) of the effects that are on; order = stage, then position.
        backend: "auto", "cpu", ...
        max_faces: 1..20.
        reach: "auto", "near", "far" or "crowd".
        fail_secure: what a hiding effect shows when it cannot do its work: "blur", "freeze", "block" or "pass".
    """

    effects: tuple[tuple[str, Any], ...] = ()
    backend: str = "auto"
    max_faces: int = 5
    reach: str = "auto"
    fail_secure: str = "blur"
