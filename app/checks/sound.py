"""Whether there is something to hear the alarm with: looked up, nothing is played and no sound library is loaded."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.checks.finding import Finding, Situation

_TITLE = "Sound output"
_ALSA = Path("/proc/asound")
_ASK_S = 3.0
_NONE = "Plug in or pair speakers or a headset. Without them alarms are seen, but not heard."


def examine(_situation: Situation, _stop: threading.Event) -> Iterator[Finding]:
    """One line, that also says where it was looked for."""
    if sys.platform == "linux":
        yield linux(_ALSA, os.environ)
    elif sys.platform == "darwin":
        yield mac(_output_of(["system_profiler", "SPAudioDataType", "-json"]))
    else:
        yield _windows()


def linux(alsa: Path, environment: Mapping[str, str]) -> Finding:
    """ALSA's playback devices, and whether PipeWire or PulseAudio is there to mix on them."""
    devices, server = alsa_outputs(alsa), sound_server(environment)
    if devices:
        return Finding("good", _TITLE, f"{', '.join(devices)} ({server or 'ALSA, without a sound server'})")
    if server and environment.get("PULSE_SERVER"):
        return Finding("good", _TITLE, f"{server}, on another computer or system")
    sinks = _sinks(_output_of(["pactl", "list", "short", "sinks"])) if server else ()
    if sinks:
        return Finding("good", _TITLE, f"{len(sinks)} output(s) of {server}")
    looked = f"looked at ALSA's playback devices and {server or 'for PipeWire and PulseAudio'}"
    return Finding("warning", _TITLE, f"none was found ({looked})", _NONE)


def alsa_outputs(alsa: Path) -> tuple[str, ...]:
    """Names of the playback devices in /proc/asound/pcm ("00-00: ALC257 Analog : ALC257 Analog : playback 1 : ...")."""
    try:
        lines = (alsa / "pcm").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    fields = [[part.strip() for part in line.split(":")] for line in lines]
    names = [row[1] for row in fields if len(row) > 2 and any(part.startswith("playback") for part in row[3:])]
    return tuple(dict.fromkeys(name.removesuffix("(*)").strip() or "unnamed" for name in names))


def sound_server(environment: Mapping[str, str]) -> str:
    """Which sound server has left its socket; "" where none has."""
    folder = Path(environment.get("XDG_RUNTIME_DIR") or "/nonexistent")
    if (folder / "pipewire-0").exists():
        return "PipeWire"
    return "PulseAudio" if (folder / "pulse" / "native").exists() or environment.get("PULSE_SERVER") else ""


def mac(profile: str) -> Finding:
    """From `system_profiler SPAudioDataType -json`."""
    try:
        groups = json.loads(profile)["SPAudioDataType"]
        items = [item for group in groups for item in group.get("_items", [])]
        count = sum(1 for item in items if item.get("coreaudio_device_output"))
    except (ValueError, KeyError, TypeError, AttributeError):
        count = 0
    return _counted(count, "Core Audio")


def _windows() -> Finding:
    import ctypes

    library = getattr(ctypes, "windll", None)
    return _counted(int(library.winmm.waveOutGetNumDevs()) if library is not None else 0, "Windows' wave outputs")


def _counted(count: int, looked: str) -> Finding:
    if count:
        return Finding("good", _TITLE, f"{count} device(s) ({looked})")
    return Finding("warning", _TITLE, f"none was found (looked at {looked})", _NONE)


def _sinks(listing: str) -> tuple[str, ...]:
    """Outputs in `pactl list short sinks`, but for the one that the server makes up where there is none."""
    rows = [line.split("\t") for line in listing.splitlines()]
    return tuple(row[1] for row in rows if len(row) > 1 and row[1] != "auto_null")


def _output_of(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
