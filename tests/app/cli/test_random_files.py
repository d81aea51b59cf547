"""Whatever bytes a file with a known ending holds: a plain message, exit 1 or 2, nothing left behind."""

import io
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.__main__ import main
from app.sources.files import APPLE_SUFFIXES, PICTURE_SUFFIXES

_VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".gif", ".ts", ".mp3", ".m4a", "")
_SUFFIXES = (*PICTURE_SUFFIXES, *APPLE_SUFFIXES, *_VIDEO_SUFFIXES)
_SIGNATURES = (
    b"",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    b"RIFF\x24\x00\x00\x00AVI LIST",
    b"BM",
    b"II*\x00\x08\x00\x00\x00",
    b"P6 9999 9999 255\n",
    b"GIF89a",
    b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x10\x00moov",
    b"\x1aE\xdf\xa3",
    b"ID3\x04\x00",
    b"ffconcat version 1.0\nfile /dev/zero\n",
    b"#EXTM3U\n/etc/passwd\n",
)
_OUTPUTS = {
    "perceive": lambda _suffix: ["-o", "out.jsonl", "--mattes", "mattes"],
    "render": lambda suffix: ["-o", "out.png" if suffix in PICTURE_SUFFIXES else "out.mp4", "--set", "privacy.on=1"],
    "bench": lambda _suffix: ["--json", "out.json", "--frames", "2"],
}


@pytest.mark.parametrize("command", sorted(_OUTPUTS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(_SUFFIXES),
    start=st.sampled_from(_SIGNATURES),
    rest=st.binary(max_size=300),
    name=st.sampled_from(["file", "with space", "%d", "ünï\U0001f600", "line\nbreak", "-x"]),
)
@example(suffix=".mp4", start=b"ffconcat version 1.0\nfile /dev/zero\n", rest=b"", name="file")
@example(suffix=".png", start=b"", rest=b"", name="file")
def test_random_bytes_end_with_a_plain_message(command, suffix, start, rest, name, monkeypatch):
    with tempfile.TemporaryDirectory() as folder, monkeypatch.context() as patch:
        patch.chdir(folder)
        source = Path(folder, name + suffix)
        source.write_bytes(start + rest)
        output = io.StringIO()
        with redirect_stderr(output), redirect_stdout(output):
            code = main([command, str(source), *_OUTPUTS[command](suffix)])
        assert code in (1, 2), output.getvalue()
        said = output.getvalue()
        assert said.startswith("facet: ")
        assert "Traceback" not in said
        assert "inside Facet" not in said
        assert os.listdir(folder) == [source.name]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "run",
                    "render",
                    "perceive",
                    "bench",
                    "effects",
                    "models",
                    "presets",
                    "demo",
                    "-o",
                    "--set",
                    "--preset",
                ]
            ),
            st.sampled_from(
                ["--json", "--frames", "--size", "--fps", "--backend", "--mattes", "--reach", "cpu,", "0x0"]
            ),
            st.text(max_size=12),
        ),
        max_size=5,
    )
)
def test_random_arguments_end_with_a_plain_message(arguments):
    """`missing.mp4` sees to it that nothing long begins."""
    output = io.StringIO()
    with redirect_stderr(output), redirect_stdout(output):
        try:
            code = main(["perceive", "missing.mp4", *arguments])
        except SystemExit as help_shown:
            code = help_shown.code
    assert code in (0, 1, 2)
    assert "Traceback" not in output.getvalue()
    assert "inside Facet" not in output.getvalue()
