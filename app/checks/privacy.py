"""Keeps out of a report what tells who made it: names, folders, serial numbers."""

import contextlib
import getpass
import os
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path

_ORDINARY = frozenset(
    ("root", "user", "users", "admin", "administrator", "guest", "test", "video", "facet", "ubuntu", "debian", "fedora")
    + ("linux", "windows", "localhost", "computer", "desktop", "laptop", "runner", "default", "camera", "gpu", "cpu")
)
"""Names that tell nothing about anybody, and that plain sentences may use."""
_SHORTEST = 3
_SERIAL = re.compile(r"(?i)\b(?:s/?n|serial)\b[\s:#.=-]*[^\s()]+|\b(?=(?:[a-z]*\d){3})[a-z0-9]{7,}\b")
_OWNER = re.compile(r"(?i)^.*['’]s?\s+(?=\S)|\b(?:de|von|di|van)\s+\S+$")
_PHONES = re.compile(r"(?i)iphone|ipad|ipod")


@dataclass(frozen=True, slots=True)
class Personal:
    """What must not be said. `folders` maps a folder to what stands for it."""

    folders: dict[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Scrubber:
    """Call it with a text; returns the text without user name, real name, home folder and computer's name."""

    def __init__(self, personal: Personal | None = None) -> None:
        known = personal or find_personal()
        self._rules: list[tuple[re.Pattern[str], str]] = [
            (re.compile(re.escape(folder) + r"(?![\w-])", re.IGNORECASE), stands)
            for folder, stands in sorted(known.folders.items(), key=lambda item: -len(item[0]))
        ]
        names = dict.fromkeys(known.people, "(user)") | dict.fromkeys(known.hosts, "(computer)")
        for name, stands in sorted(names.items(), key=lambda item: -len(item[0])):
            self._rules.append((re.compile(rf"(?<=[/\\]){re.escape(name)}(?=[/\\]|$)", re.IGNORECASE), stands))
            if len(name) >= _SHORTEST and name.lower() not in _ORDINARY:
                self._rules.append((re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE), stands))

    def __call__(self, text: str) -> str:
        """The same text, safe to send to anybody."""
        for pattern, stands in self._rules:
            text = pattern.sub(stands, text)
        return text


def find_personal() -> Personal:
    """Of this user on this computer."""
    homes = {str(Path.home()), os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")}
    homes |= {os.path.realpath(home) for home in homes if home}
    folders = {home: "~" for home in homes if len(home) > 1}
    folders[str(Path(__file__).resolve().parents[2])] = "(Facet)"
    people = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")}
    with contextlib.suppress(OSError, KeyError, ImportError):
        people.add(getpass.getuser())
    people.update(_real_names())
    hosts = {platform.node(), os.environ.get("HOSTNAME", ""), os.environ.get("COMPUTERNAME", "")}
    hosts |= {host.split(".")[0] for host in hosts}
    return Personal(folders, tuple(filter(None, people)), tuple(filter(None, hosts)))


def plain_device_name(name: str) -> str:
    """A device's name without serial numbers and without its owner's name ("Ann's iPhone Camera")."""
    if _PHONES.search(name):
        name = _OWNER.sub("", name)
    return " ".join(_SERIAL.sub("", name).replace("()", "").split()).strip(" :#-") or "Camera"


def _real_names() -> set[str]:
    """As in the system's list of users."""
    try:
        import pwd

        full = pwd.getpwuid(os.getuid()).pw_gecos.split(",")[0].strip()
    except (ImportError, KeyError):
        return set()
    return {full, *full.split()}
