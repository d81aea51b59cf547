"""What can be asked of a camera besides size and rate."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Control = Literal["exposure", "white_balance", "mains"]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a user asks of a camera; what it does not offer is passed over.

    Attributes:
        lock_exposure / lock_white_balance: hold the present value instead of the camera's automatic.
        mains_hz: 50 or 60 against flicker under lamps; 0 leaves it to the camera.
    """

    lock_exposure: bool = False
    lock_white_balance: bool = False
    mains_hz: Literal[0, 50, 60] = 0


@runtime_checkable
class Tunable(Protocol):
    """A source with controls."""

    def tune(self, tuning: Tuning) -> None:
        """Any thread: set the controls from the next frame on, and again whenever the device comes back."""
        ...
