"""Inputs as the world has them: codecs, odd containers, names, kinds of file that are no file."""

import json
import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from app.__main__ import main
from tests.app import media

_PICTURES = [cv2.resize(media.corners(64, 48), (64, 48)) + np.uint8(number) for number in range(5)]


def _perceived(source, folder, *options):
    out = folder / "out.jsonl"
    assert main(["perceive", str(source), "-o", str(out), *options]) == 0
    return [json.loads(line) for line in out.read_text().splitlines()]


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("ten_bit.mp4", "libx264", "yuv420p10le"),
        ("full_colour.mp4", "libx264", "yuv444p"),
        ("hevc.mp4", "libx265", "yuv420p"),
        ("vp9.webm", "libvpx-vp9", "yuv420p"),
        ("av1.mp4", "libsvtav1", "yuv420p"),
        ("motion_jpeg.avi", "mjpeg", "yuvj420p"),
        ("prores.mov", "prores_ks", "yuv422p10le"),
        ("grey.mkv", "ffv1", "gray"),
        ("animation.gif", "gif", "rgb8"),
    ],
)
def test_every_usual_kind_of_video(name, codec, pix_fmt, tmp_path, monkeypatch):
    monkeypatch.setenv("SVT_LOG", "0")
    try:
        av.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"no encoder {codec} here")
    video = media.write_video(tmp_path / name, _PICTURES, codec=codec, pix_fmt=pix_fmt)
    rows = _perceived(video, tmp_path)
    assert [row["frame"] for row in rows] == list(range(5))
    assert [row["t"] for row in rows] == pytest.approx(np.arange(5) / 30, abs=0.007)
    assert {(row["width"], row["height"]) for row in rows} == {(64, 48)}


def test_times_are_those_of_the_file(tmp_path):
    times_s = [0, 0.03, 0.2, 0.21, 1.5]
    rows = _perceived(media.write_video(tmp_path / "variable.mp4", _PICTURES, times_s=times_s), tmp_path)
    assert [row["t"] for row in rows] == pytest.approx(times_s, abs=1e-3)


def test_an_animated_webp_is_its_first_picture(tmp_path):
    animation = cv2.Animation()
    animation.frames = [cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA) for picture in _PICTURES]
    animation.durations = np.full(5, 100)
    path = tmp_path / "animated.webp"
    assert cv2.imwriteanimation(str(path), animation)
    assert len(_perceived(path, tmp_path)) == 1


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (900, 2), (3, 5)])
def test_tiny_and_thin_pictures(size, tmp_path):
    picture = media.write_picture(tmp_path / "in.png", np.full((size[1], size[0], 3), 90, np.uint8))
    (row,) = _perceived(picture, tmp_path, "--mattes", str(tmp_path / "mattes"))
    assert (row["width"], row["height"], row["faces"]) == (*size, [])
    matte = cv2.imread(str(tmp_path / "mattes" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert matte.shape == (size[1], size[0])
    out = tmp_path / "out.png"
    assert main(["render", str(picture), "-o", str(out), "--set", "privacy.on=1"]) == 0
    np.testing.assert_array_equal(cv2.imread(str(out)), cv2.imread(str(picture)))


def _only_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def _no_frames(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _dangling(path: Path) -> Path:
    path.symlink_to(path.parent / "gone.mp4")
    return path


def _loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("sound.m4a", _only_sound, "holds no video"),
        ("sound.mp4", _only_sound, "holds no video"),
        ("empty.mp4", _no_frames, "holds no video"),
        ("pipe.mp4", _pipe, "is not a file"),
        ("pipe.png", _pipe, "is not a file"),
        ("folder.mp4", _folder, "holds no pictures"),
        ("folder.png", _folder, "holds no pictures"),
        ("dangling.mp4", _dangling, "does not exist"),
        ("loop.png", _loop, "loop.png"),
    ],
)
@pytest.mark.parametrize("command", ["perceive", "render", "bench"])
def test_what_is_no_input_is_said_plainly(command, name, make, said, tmp_path, capsys):
    source = make(tmp_path / name)
    out = {"perceive": ["-o", "out.jsonl"], "render": ["-o", "out.mp4"], "bench": ["--frames", "1", "--json", "o.json"]}
    arguments = [str(tmp_path / each) if each.endswith((".jsonl", ".mp4", ".json")) else each for each in out[command]]
    assert main([command, str(source), *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "inside Facet" not in error
    assert os.listdir(tmp_path) == [name]


def test_devices_are_no_input(tmp_path, capsys):
    assert main(["perceive", os.devnull, "-o", str(tmp_path / "out.jsonl")]) == 1
    assert "is not a file" in capsys.readouterr().err


def test_a_link_to_a_picture_is_the_picture(tmp_path):
    media.write_picture(tmp_path / "in.png", _PICTURES[0])
    (tmp_path / "link").symlink_to(tmp_path / "in.png")
    (row,) = _perceived(tmp_path / "link", tmp_path)
    assert (row["source"], row["width"], row["height"]) == ("link", 64, 48)


@pytest.mark.parametrize(
    "name", ["with space", "-dash", "ünï\U0001f600", "%d%s", "a:b", "line\nbreak", "[x]*?", "by\udce9te"]
)
@pytest.mark.parametrize("suffix", [".png", ".mp4"])
def test_any_name(name, suffix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = Path(name + suffix)
    if suffix == ".png":
        media.write_picture(source, _PICTURES[0])
    else:
        media.write_video(tmp_path / "in.mp4", _PICTURES[:2]).rename(source)
    assert main(["perceive", f"--output={name}.jsonl", f"--mattes=m{name}", "--", str(source)]) == 0
    assert main(["render", "-o", f"out{name}{suffix}", "--", str(source)]) == 0
    assert sorted(os.listdir()) == sorted([f"{name}.jsonl", f"m{name}", f"out{name}{suffix}", str(source)])
