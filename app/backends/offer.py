"""What the catalogue says about one backend: plain values for the window's menu, the doctor and the command line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """One backend on this machine.

    Attributes:
        name: as on the command line: "auto", "cpu", "gpu", "cuda", "mps" or "torch-cpu".
        title: what people call it.
        about: what it is made of, in a few words.
        there: whether this machine seems to have it. Only building it tells for sure.
        reason: why it is not there; "" where it is.
        mend: how to get it; "" where it is, or where nothing helps.
    """

    name: str
    title: str
    about: str
    there: bool = True
    reason: str = ""
    mend: str = ""
