import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.checks import groups
from app.checks.finding import Check, Finding
from app.cli import doctor


def use(monkeypatch: pytest.MonkeyPatch, *checks: Check) -> None:
    monkeypatch.setattr(groups, "CHECKS", checks)
    monkeypatch.setattr(doctor, "TITLES", tuple(check.title for check in checks))


def test_every_group_in_its_order_whichever_is_ready_first(monkeypatch, capsys, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import threading

    second_is_done = threading.Event()

    def first(_situation: Any, _stop: Any) -> list[Finding]:
        second_is_done.wait(30)
        return [Finding("warning", "Camera", "none", "Plug one in.")]

    def second(_situation: Any, _stop: Any) -> list[Finding]:
        second_is_done.set()
        return [Finding("bad", "Disk", "full", "Make room.")]

    use(monkeypatch, Check("First", first, 60), Check("Second", second, 60))
    assert main(["doctor", "--json", str(tmp_path / "out.json")]) == 0
    text = capsys.readouterr().out
    assert text == (
        "First\nwarn  Camera: none\n      -> Plug one in.\n\nSecond\n BAD  Disk: full\n      -> Make room.\n\n"
        "1 thing broken, 1 warning.\n"
    )
    values = json.loads((tmp_path / "out.json").read_text())
    assert [(each["group"], each["title"], each["state"]) for each in values["findings"]] == [
        ("First", "Camera", "warning"),
        ("Second", "Disk", "bad"),
    ]
    assert values["machine"]["cores"] >= 1


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--nonsense"], 2), (["--json", ""], 2), (["--json", "/no/such/folder/x.json"], 1)]
)
def test_wrong_usage(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *arguments]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_this_machine_for_a_user_who_stays_unknown(tmp_path: Path) -> None:
    home = tmp_path / "zaphod.beeblebrox"
    (home / "settings").mkdir(parents=True)
    (home / "settings" / "facet").touch()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "VK_DRIVER_FILES", "VK_ICD_FILENAMES")
    } | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "settings"),
        "USER": "zaphodb",
        "LOGNAME": "zaphodb",
        "HOSTNAME": "heart-of-gold",
    }
    out = tmp_path / "doctor.json"
    command = [sys.executable, "-m", "app", "doctor", "--json", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert done.stderr == ""
    findings = json.loads(out.read_text())["findings"]
    assert {each["group"] for each in findings} == set(groups.TITLES)
    assert [each["title"] for each in findings if each["state"] != "good" and not each["mend"]] == []
    states = {each["title"]: each["state"] for each in findings}
    assert states["H.264 encoding"] == states["H.264 decoding"] == states["Face model on the CPU"] == "good"
    assert states["Settings"] == "bad"
    for text in (done.stdout, out.read_text()):
        for private in ("zaphod", "heart-of-gold", str(tmp_path)):
            assert private not in text
    if sys.platform == "linux":
        assert states["Display"] == "warning"
