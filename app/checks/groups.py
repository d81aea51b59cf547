"""All checks in the order in which a user needs them."""

import threading

from app.checks import (
    cameras,
    codecs,
    computer,
    display,
    folders,
    graphics,
    networks,
    sound,
    virtual_camera,
)
from app.checks.finding import Check, Doctor, Said, Situation
from app.checks.running import run_checks

CHECKS = (
    Check("Computer", computer.examine, 4.0),
    Check("Cameras", cameras.examine, 30.0),
    Check("Display", display.examine, 10.0),
    Check("Sound", sound.examine, 4.0),
    Check("Graphics", graphics.examine, graphics.LIMIT_S + 5.0),
    Check("Networks", networks.examine, 25.0),
    Check("Codecs", codecs.examine, 15.0),
    Check("Virtual camera", virtual_camera.examine, 4.0),
    Check("Folders", folders.examine, 4.0),
    Check("Libraries", computer.examine_libraries, 4.0),
)
TITLES = tuple(check.title for check in CHECKS)


def examine_all(situation: Situation, said: Said, cancelled: threading.Event | None = None) -> None:
    """Run every check; see `run_checks`."""
    run_checks(CHECKS, situation, said, cancelled)


DOCTOR = Doctor(TITLES, examine_all)
