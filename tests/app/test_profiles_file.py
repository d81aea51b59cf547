"""Calibrations of drivers on disk."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app.settings_file import load_profiles, save_profile
from effects.monitor.calibration import Calibration
from effects.monitor.profile import Profile

ADA = Profile("Ada", "none", "left", replace(Calibration(), id="ada-no-glasses", source="quick", open_ear=0.31))


def test_nothing_saved(tmp_path: Path) -> None:
    assert load_profiles(tmp_path) == ((), ())


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    glasses = replace(ADA, glasses="yes", calibration=replace(ADA.calibration, id="ada-glasses"))
    for profile in (ADA, glasses, ADA):
        path = save_profile(profile, tmp_path)

    assert path == tmp_path / "drivers" / "ada-no-glasses.toml"
    assert load_profiles(tmp_path) == ((glasses, ADA), ())


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    assert save_profile(ADA, tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b/c", "", "\u00c4da", "x" * 300])
def test_any_name_is_a_file_in_the_folder(tmp_path: Path, name: str) -> None:
    profile = replace(ADA, calibration=replace(ADA.calibration, id=name))

    assert save_profile(profile, tmp_path).parent == tmp_path / "drivers"
    assert load_profiles(tmp_path) == ((profile,), ())


def test_a_damaged_one_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    save_profile(ADA, tmp_path)
    (tmp_path / "drivers" / "broken.toml").write_text("schema = 9")

    found, (problem,) = load_profiles(tmp_path)

    assert found == (ADA,)
    assert "broken.toml" in problem
