import platform
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.privacy import Personal, Scrubber, find_personal, plain_device_name

ANN = Personal({"/home/ann": "~", "/home/ann/facet": "(Facet)", r"C:\Users\Ann": "~"}, ("ann", "Ann Lee"), ("ann-pc",))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("", ""),
        ("nothing of hers", "nothing of hers"),
        ("Make /home/ann/.config writable.", "Make ~/.config writable."),
        ("/home/ann/facet/models/a.tflite", "(Facet)/models/a.tflite"),
        ("/home/annette/x", "/home/annette/x"),
        (r"C:\users\ann\AppData", r"~\AppData"),
        ("/media/ann/stick", "/media/(user)/stick"),
        ("Ann Lee's", "(user)'s"),
        ("the banner of ANN", "the banner of (user)"),
        ("on ann-pc.local", "on (computer).local"),
    ],
)
def test_scrubbing(text: str, clean: str) -> None:
    assert Scrubber(ANN)(text) == clean


def test_ordinary_and_short_names_change_no_sentence_but_every_path() -> None:
    scrub = Scrubber(Personal({}, ("root", "al"), ("gpu",)))
    assert scrub("all of the root cause lies in the GPU") == "all of the root cause lies in the GPU"
    assert scrub("/media/al/disk and /srv/root") == "/media/(user)/disk and /srv/(user)"


@given(st.text(st.characters(whitelist_categories=("Ll", "Nd")), min_size=5, max_size=12), st.text(max_size=20))
def test_no_name_survives(name: str, around: str) -> None:
    scrub = Scrubber(Personal({f"/home/{name}": "~"}, (f"{name}x",), ()))
    for text in (f"/home/{name}/{around}", f"/mnt/{name}x/a", f"by {name}x."):
        assert f"{name}x" not in scrub(text).removeprefix(around)
        assert f"/home/{name}/" not in scrub(text)


def test_this_users_own_folder_and_computer_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/zaphodb")
    monkeypatch.setenv("LOGNAME", "zaphodb")
    monkeypatch.setattr(platform, "node", lambda: "heart-of-gold.example.org")
    personal = find_personal()
    assert personal.folders["/home/zaphodb"] == "~"
    assert "zaphodb" in personal.people
    assert {"heart-of-gold", "heart-of-gold.example.org"} <= set(personal.hosts)
    assert Scrubber(personal)(f"{Path(__file__).resolve().parents[3]}/models") == "(Facet)/models"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("", "Camera"),
        ("HD Pro Webcam C920", "HD Pro Webcam C920"),
        ("Logitech BRIO 4K", "Logitech BRIO 4K"),
        ("UVC Camera (046d:0825)", "UVC Camera (046d:0825)"),
        ("Webcam 5C3A91B7", "Webcam"),
        ("Cam SN: A12-77", "Cam"),
        ("Stereo (serial 12345)", "Stereo"),
        ("ZED 2i 30123456", "ZED 2i"),
        ("Ann's iPhone Camera", "iPhone Camera"),
        ("Ann Lee’s iPhone Camera", "iPhone Camera"),
        ("12345678", "Camera"),
    ],
)
def test_a_camera_is_called_by_its_kind(name: str, plain: str) -> None:
    assert plain_device_name(name) == plain
