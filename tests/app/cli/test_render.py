import json
import os
import shutil

import av
import cv2
import numpy as np
import pytest

from app.__main__ import main
from app.cli import render
from app.sources import demo_script
from app.sources.open import open_source
from tests.app import media

_SIZE = "320x180"
_HIDE = ["--set", "privacy.on=1"]


@pytest.fixture(scope="module")
def demo_pictures():
    """The demo's first frames, (360, 640, 3) each."""
    source = open_source("demo", live=False, size_wh=(640, 360))
    try:
        return [source.read(5.0).pixels for _ in range(6)]
    finally:
        source.close()


@pytest.fixture(scope="module")
def portrait(demo_pictures, tmp_path_factory):
    """A PNG with one face."""
    return media.write_picture(tmp_path_factory.mktemp("portrait") / "portrait.png", demo_pictures[0])


@pytest.fixture(scope="module")
def clip(demo_pictures, tmp_path_factory):
    """Six frames with a face and sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return media.write_video(path, demo_pictures, audio="aac", audio_s=0.2)


def _face_box(picture, folder):
    """x0, y0, x1, y1 of the only face, as `perceive` tells it."""
    out = folder / "face.jsonl"
    assert main(["perceive", str(picture), "-o", str(out)]) == 0
    (face,) = json.loads(out.read_text())["faces"]
    return [round(value) for value in face["box"]]


def _pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".ppm", ".tiff"])
def test_with_nothing_set_a_picture_is_the_same_file(suffix, portrait, tmp_path):
    source = media.write_picture(tmp_path / f"in{suffix}", cv2.imread(str(portrait)))
    out = tmp_path / f"out{suffix}"
    assert main(["render", str(source), "-o", str(out)]) == 0
    assert out.read_bytes() == source.read_bytes()


def test_pixels_that_no_effect_touches_keep_every_bit(portrait, tmp_path):
    """Sixteen bits and transparency included; the mesh stays on the face."""
    before = cv2.imread(str(portrait)).astype(np.uint16) * 257
    before = np.minimum(before + np.random.default_rng(0).integers(0, 3, before.shape), 65535).astype(np.uint16)
    before = np.dstack([before, np.full(before.shape[:2], 65535, np.uint16)])
    before[:20, :20, 3] = 1000
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    cv2.imwrite(str(source), before)
    assert main(["render", str(source), "-o", str(out), "--set", "mesh.on=1"]) == 0
    after = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert after.shape == before.shape
    assert after.dtype == np.uint16
    changed = (after != before).any(axis=2)
    x0, y0, x1, y1 = _face_box(portrait, tmp_path)
    assert changed[y0:y1, x0:x1].mean() > 0.02
    margin = (x1 - x0) // 8
    changed[y0 - margin : y1 + margin, x0 - margin : x1 + margin] = False
    assert not changed.any()


def test_privacy_hides_the_face_of_a_picture(portrait, tmp_path):
    out = tmp_path / "out.png"
    assert main(["render", str(portrait), "-o", str(out), *_HIDE]) == 0
    x0, y0, x1, y1 = _face_box(portrait, tmp_path)
    before, after = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)[y0:y1, x0:x1] for path in (portrait, out))
    assert cv2.Laplacian(after, cv2.CV_32F).std() < 0.2 * cv2.Laplacian(before, cv2.CV_32F).std()


def test_privacy_hides_every_face_of_a_group(testdata, tmp_path):
    group, out, rows = testdata / "image" / "six_faces.jpg", tmp_path / "out.png", tmp_path / "rows.jsonl"
    assert main(["render", str(group), "-o", str(out), *_HIDE]) == 0
    assert main(["perceive", str(group), "-o", str(rows)]) == 0
    faces = json.loads(rows.read_text())["faces"]
    assert len(faces) == 6
    before, after = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (group, out))
    for face in faces:
        x0, y0, x1, y1 = (round(value) for value in face["box"])
        sharp = [cv2.Laplacian(picture[y0:y1, x0:x1], cv2.CV_32F).std() for picture in (before, after)]
        assert sharp[1] < 0.25 * sharp[0]


@pytest.mark.parametrize("kind", ["demo", "clip"])
def test_two_renders_are_identical(kind, clip, tmp_path):
    source = ["demo", "--size", _SIZE] if kind == "demo" else [str(clip)]
    outputs = [tmp_path / name for name in ("one.mp4", "two.mp4")]
    for out in outputs:
        assert main(["render", *source, "-o", str(out), "--frames", "6", *_HIDE, "--set", "mesh.on=1"]) == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_a_second_render_replaces_the_first(portrait, tmp_path):
    out = tmp_path / "out.png"
    assert main(["render", str(portrait), "-o", str(out), *_HIDE]) == 0
    assert main(["render", str(portrait), "-o", str(out)]) == 0
    assert out.read_bytes() == portrait.read_bytes()
    assert os.listdir(tmp_path) == ["out.png"]


def test_a_video_keeps_its_frames_times_and_sound(clip, tmp_path):
    out = tmp_path / "out.mp4"
    assert main(["render", str(clip), "-o", str(out), "--set", "mesh.on=1"]) == 0
    with av.open(str(clip)) as one, av.open(str(out)) as two:
        assert [each.type for each in two.streams] == ["video", "audio"]
        before, after = ([frame.time for frame in each.decode(video=0)] for each in (one, two))
    assert after == pytest.approx(before, abs=1e-4)
    assert media.sine_strength(out, (0.02, 0.18)) > 0.9


def test_frames_limits_a_video_and_the_demo(clip, tmp_path):
    for source in (["demo", "--size", _SIZE], [str(clip)]):
        out = tmp_path / "out.mp4"
        assert main(["render", *source, "-o", str(out), "--frames", "4"]) == 0
        assert len(_pictures(out)) == 4


def test_a_picture_of_a_video_is_its_first_frame(clip, demo_pictures, tmp_path):
    out = tmp_path / "out.png"
    assert main(["render", str(clip), "-o", str(out)]) == 0
    assert np.abs(cv2.imread(str(out)).astype(int) - demo_pictures[0]).mean() < 3


def test_a_folder_gives_a_folder_with_the_same_names(portrait, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("b.png", "a.png"):
        shutil.copy(portrait, folder / name)
    (folder / "notes.txt").write_text("not a picture")
    assert main(["render", str(folder), "-o", str(out), "--set", "mesh.on=1"]) == 0
    assert sorted(os.listdir(out)) == ["a.png", "b.png"]
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]
    assert main(["render", str(folder), "-o", str(folder)]) == 2


@pytest.mark.parametrize(
    ("name", "said"), [("out.mp4", "A picture gives a picture"), ("out.gif", "Facet writes"), ("out", "no ending")]
)
def test_an_output_of_the_wrong_kind_is_wrong_usage(name, said, portrait, tmp_path, capsys):
    assert main(["render", str(portrait), "-o", str(tmp_path / name)]) == 2
    assert said in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("link", [False, True])
def test_the_input_is_never_overwritten(link, clip, tmp_path, capsys):
    source = tmp_path / "in.mp4"
    shutil.copy(clip, source)
    out = source
    if link:
        out = tmp_path / "link.mp4"
        out.symlink_to(source)
    before = source.read_bytes()
    assert main(["render", str(source), "-o", str(out)]) == 2
    assert "is the input itself" in capsys.readouterr().err
    assert source.read_bytes() == before


@pytest.fixture(scope="module")
def cut_short(demo_pictures, tmp_path_factory):
    """A video that announces thirty frames, of which the second half is missing."""
    folder = tmp_path_factory.mktemp("cut")
    whole = media.write_video(
        folder / "whole.mp4",
        demo_pictures * 5,
        codec="mjpeg",
        pix_fmt="yuvj420p",
        full_range=True,
        options={"movflags": "faststart"},
    )
    path = folder / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return path


@pytest.mark.parametrize(("limit", "code"), [([], 1), (["--frames", "29"], 1), (["--frames", "5"], 0)])
def test_a_damaged_video_gives_what_there_is_and_ends_1(limit, code, cut_short, tmp_path, capsys):
    video, rows = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    assert main(["render", str(cut_short), "-o", str(video), *limit]) == code
    assert main(["perceive", str(cut_short), "-o", str(rows), *limit]) == code
    said = capsys.readouterr().err
    assert said.count("cut.mp4 is damaged") == 2 * code
    count = len(_pictures(video))
    assert 5 <= count < 25
    assert len(rows.read_text().splitlines()) == count


def test_a_disk_that_fills_up_leaves_nothing(clip, tmp_path, capsys):
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        assert main(["render", str(clip), "-o", str(tmp_path / "out.mp4"), "--set", "mesh.on=1"]) == 1
        assert main(["perceive", str(clip), "-o", str(tmp_path / "out.jsonl"), "--mattes", str(tmp_path / "m")]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert capsys.readouterr().err.count("cannot be written: File too large") == 2
    assert os.listdir(tmp_path) == []


def test_a_backend_this_machine_lacks_is_said_once(portrait, tmp_path, capsys):
    assert main(["render", str(portrait), "-o", str(tmp_path / "out.png"), "--backend", "cuda"]) == 0
    assert capsys.readouterr().err.count("\n") == 1


class _NoDisplay:
    def answer(self):
        return False


@pytest.fixture
def no_display(monkeypatch):
    """`facet run` where no window can be shown, with a script of a moment."""
    monkeypatch.setattr("app.cli.run.DisplayProbe", _NoDisplay)
    monkeypatch.setattr(demo_script, "DURATION_S", 0.1)


def test_without_a_display_the_demo_is_rendered_here(no_display, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--size", _SIZE]) == 0
    said = capsys.readouterr()
    assert "no display" in said.err
    assert said.out.splitlines()[-1] == str(tmp_path / "facet-demo.mp4")
    assert len(_pictures(tmp_path / "facet-demo.mp4")) == 3


def test_without_a_display_and_a_place_to_write_is_a_plain_message(no_display, tmp_path, monkeypatch, capsys):
    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("app.sinks.target.os.open", refuse)
    assert main(["run", "--size", _SIZE]) == 1
    assert "facet-demo.mp4 cannot be written: Permission denied. Choose a folder" in capsys.readouterr().err


def test_an_input_without_end_needs_a_number_of_frames():
    class Endless:
        info = type("Info", (), {"live": True, "name": "Camera 0"})

    with pytest.raises(Exception, match="--frames N"):
        render._limit(Endless(), None, one_picture=False)
    assert render._limit(Endless(), None, one_picture=True) == 1
