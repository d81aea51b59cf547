import json
from pathlib import Path

import pytest

from app.checks import sound

PCM = "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1\n00-03: HDMI 0 : HDMI 0 : playback 1\n"
MICROPHONE = "01-00: USB Audio : USB Audio : capture 1\n"


@pytest.fixture(autouse=True)
def _no_pactl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "_output_of", lambda _command: "")


def alsa(folder: Path, pcm: str) -> Path:
    (folder / "pcm").write_text(pcm)
    return folder


def test_a_machine_without_any_says_where_it_looked(tmp_path: Path) -> None:
    finding = sound.linux(tmp_path / "asound", {})
    assert finding.state == "warning"
    assert finding.mend
    assert "ALSA" in finding.detail
    assert "PipeWire" in finding.detail


@pytest.mark.parametrize(
    ("pcm", "names"),
    [
        ("", ()),
        (MICROPHONE, ()),
        ("damaged", ()),
        (PCM, ("ALC257 Analog", "HDMI 0")),
        (PCM + PCM, ("ALC257 Analog", "HDMI 0")),
    ],
)
def test_only_what_plays_counts(tmp_path: Path, pcm: str, names: tuple[str, ...]) -> None:
    assert sound.alsa_outputs(alsa(tmp_path, pcm)) == names


def test_a_card_with_and_without_a_server(tmp_path: Path) -> None:
    assert "without a sound server" in sound.linux(alsa(tmp_path, PCM), {}).detail
    (tmp_path / "pipewire-0").touch()
    finding = sound.linux(tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert (finding.state, finding.detail) == ("good", "ALC257 Analog, HDMI 0 (PipeWire)")


def test_a_server_without_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pulse").mkdir()
    (tmp_path / "pulse" / "native").touch()
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert sound.linux(tmp_path, environment).state == "warning"
    monkeypatch.setattr(sound, "_output_of", lambda _command: "0\tauto_null\tmodule-null-sink.c\ts16le\tIDLE\n")
    assert sound.linux(tmp_path, environment).state == "warning"
    monkeypatch.setattr(sound, "_output_of", lambda _command: "1\tbluez_output.X\tPipeWire\ts16le\tIDLE\n")
    finding = sound.linux(tmp_path, environment)
    assert (finding.state, finding.detail) == ("good", "1 output(s) of PulseAudio")
    assert sound.linux(tmp_path, {"PULSE_SERVER": "tcp:other"}).state == "good"


@pytest.mark.parametrize(
    ("profile", "state"),
    [
        ("", "warning"),
        ("[]", "warning"),
        (json.dumps({"SPAudioDataType": [{"_items": [{"_name": "Microphone"}]}]}), "warning"),
        (json.dumps({"SPAudioDataType": [{"_items": [{"_name": "Speakers", "coreaudio_device_output": 2}]}]}), "good"),
    ],
)
def test_a_mac(profile: str, state: str) -> None:
    assert sound.mac(profile).state == state
