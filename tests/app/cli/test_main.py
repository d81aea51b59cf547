import pytest

from app.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rendr", "demo"], "Did you mean 'render'?"),
        (["qqqqqq"], "neither a command nor a file"),
        (["render", "demo"], "--output"),
        (["render", "demo", "-o", "x.mp4", "--frames", "0"], "out of range"),
        (["render", "demo", "-o", "x.mp4", "--frames", "many"], "whole number"),
        (["render", "demo", "-o", "x.mp4", "--backend", "gpuu"], "Backends:"),
        (["render", "demo", "-o", "x.mp4", "--set", "privcy.on=1"], "privacy"),
        (["render", "demo", "-o", "x.mp4", "--set", "privacy.strenth=1"], "privacy.strength"),
        (["render", "demo", "-o", "x.mp4", "--set", "privacy.strength=7"], "0 to 1"),
        (["render", "demo", "-o", "x.mp4", "--set", "privacy"], "EFFECT.PARAM=V"),
        (["render", "demo", "-o", "x.mp4", "--preset", "everythin"], "everything"),
        (["perceive", "demo", "-o", "x.jsonl", "--max-faces", "99"], "1 to 20"),
        (["perceive", "demo", "-o", "x.jsonl", "--reach", "mars"], "Reaches:"),
        (["bench", "demo", "--size", "big"], "WIDTHxHEIGHT"),
        (["bench", "demo", "--size", "10x10"], "out of range"),
        (["bench", "--no-such-option"], "unrecognized arguments"),
        (["perceive", "camera:x", "-o", "x.jsonl"], "camera"),
        (["perceive", "demo", "-o", "x", "--mattes", "./x"], "two places"),
        (["render", "demo", "-o", "x.mp4", "--set", "privacy.strength=nan"], "0 to 1"),
        (["bench", "demo", "--backend", "cpu,"], "Backends:"),
        (["effects", "extra"], "unrecognized arguments"),
        (["render", "demo", "-o", "x.mp4", "--fram", "3"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_ends_2_with_a_plain_sentence(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["perceive", "render"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("empty.jpg", b""),
        ("text.mp4", b"not a video at all\n" * 40),
        ("text.png", b"not a picture at all\n" * 40),
        ("cut.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"),
        ("missing.mp4", None),
        ("missing.jpg", None),
    ],
)
def test_bad_input_ends_1_or_2_and_leaves_nothing(command, name, content, capsys, tmp_path):
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content)
    before = set(tmp_path.iterdir())
    suffix = {"perceive": ".jsonl", "render": ".png" if name.endswith(("jpg", "png")) else ".mp4"}[command]
    assert main([command, str(source), "-o", str(tmp_path / f"out{suffix}")]) in (1, 2)
    error = capsys.readouterr().err
    assert name in error
    assert "Traceback" not in error
    assert "inside Facet" not in error
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", ["perceive", "render"])
def test_unwritable_output_is_refused_before_any_work(command, capsys, tmp_path):
    suffix = ".jsonl" if command == "perceive" else ".mp4"
    assert main([command, "demo", "-o", str(tmp_path / "no" / "such" / f"folder{suffix}")]) in (1, 2)
    assert "folder" in capsys.readouterr().err


def test_a_folder_without_pictures_ends_1(capsys, tmp_path):
    assert main(["perceive", str(tmp_path), "-o", str(tmp_path / "out.jsonl")]) == 1
    assert "picture" in capsys.readouterr().err


def test_help_and_version(capsys):
    assert main(["--help"]) == 0
    assert "perceive" in capsys.readouterr().out
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("facet ")
