"""Settings from text, tables and presets."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import Settings, from_table, load_preset, presets, to_toml, with_sets
from effects.library.mesh import Mesh
from effects.library.privacy import Privacy
from effects.registry import specs
from models.errors import UsageError


def test_nothing_said_changes_nothing() -> None:
    assert with_sets(Settings(), []) == Settings()


@pytest.mark.parametrize(
    ("assignments", "effects"),
    [
        (["privacy.on=1"], {"privacy": Privacy()}),
        (["privacy.strength=0.9"], {"privacy": Privacy(strength=0.9)}),
        (["privacy.strength=0.9", "privacy.style=block"], {"privacy": Privacy(strength=0.9, style="block")}),
        (["privacy.strength=0.9", "privacy.on=1"], {"privacy": Privacy(strength=0.9)}),
        (["mesh.on=1", "privacy.on=1"], {"mesh": Mesh(), "privacy": Privacy()}),
        (["mesh.on=1", "mesh.on=0"], {}),
        (["mesh.on=0"], {}),
    ],
)
def test_assignments(assignments: list[str], effects: dict[str, object]) -> None:
    assert dict(with_sets(Settings(), assignments).effects) == effects


def test_assignments_work_on_what_is_there() -> None:
    base = Settings(effects=(("privacy", Privacy(style="pixelate")),), max_faces=9)
    changed = with_sets(base, ["privacy.strength=1"])
    assert changed == Settings(effects=(("privacy", Privacy(style="pixelate", strength=1.0)),), max_faces=9)


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("privcy.on=1", "Did you mean 'privacy'"),
        ("privacy.strenght=1", "Did you mean 'privacy.strength'"),
        ("privacy.strength=2", "from 0 to 1"),
        ("privacy.on=2", "1 \\(on\\) or 0 \\(off\\)"),
        ("privacy", "EFFECT.PARAM=VALUE"),
    ],
)
def test_wrong_assignments_are_wrong_usage(assignment: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        with_sets(Settings(), [assignment])
    assert caught.value.exit_code == 2


@given(
    st.builds(
        Settings,
        effects=st.sampled_from([(), (("privacy", Privacy(strength=0.3, keep=4)),), (("mesh", Mesh()),)]),
        backend=st.sampled_from(["auto", "gpu"]),
        max_faces=st.integers(1, 20),
        reach=st.sampled_from(["auto", "crowd"]),
        fail_secure=st.sampled_from(["blur", "pass"]),
    )
)
def test_text_round_trip(settings: Settings) -> None:
    assert from_table(tomllib.loads(to_toml(settings))) == settings


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "schema is None"),
        ("schema = 2", "reads schema 1"),
        ("schema = 1\nmax_faces = 0", "from 1 to 20"),
        ("schema = 1\nmax_faces = true", "from 1 to 20"),
        ("schema = 1\nreach = 'wide'", "reach is one of"),
        ("schema = 1\nbackend = ['cpu']", "backend is one of"),
        ("schema = 1\neffect = 3", "written as"),
        ("schema = 1\n[[effect]]\nstrength = 1.0", "with an id"),
        ("schema = 1\n[[effect]]\nid = 'privcy'", "Did you mean 'privacy'"),
        ("schema = 1\n[[effect]]\nid = 'privacy'\nstrength = 7.0", "from 0 to 1"),
        ("schema = 1\n[[effect]]\nid = 'privacy'\nstrength = 'high'", "from 0 to 1"),
    ],
)
def test_wrong_tables_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        from_table(tomllib.loads(text))


def test_a_forgiving_reader_keeps_what_is_right_and_what_hides() -> None:
    text = (
        "schema = 1\nmax_faces = 99\nreach = 'far'\n[[effect]]\nid = 'gone'\n"
        "[[effect]]\nid = 'privacy'\nstrength = 7.0\nstyle = 'block'"
    )
    problems: list[str] = []
    settings = from_table(tomllib.loads(text), problems)
    assert settings == Settings(effects=(("privacy", Privacy(style="block")),), reach="far")
    assert len(problems) == 3


def test_the_shipped_presets_are_whole(tmp_path: Path) -> None:
    found = {preset.id: preset for preset in presets(tmp_path)}
    assert {"none", "privacy", "mesh", "everything"} <= set(found)
    assert found["none"].settings == Settings()
    assert all(preset.title for preset in found.values())


def test_everything_holds_every_shipped_effect(tmp_path: Path) -> None:
    assert {effect_id for effect_id, _ in load_preset("everything", user_dir=tmp_path).effects} == {
        spec.id for spec in specs()
    }


def test_a_preset_keeps_the_other_settings(tmp_path: Path) -> None:
    base = Settings(effects=(("mesh", Mesh()),), max_faces=9, fail_secure="block")
    assert load_preset("privacy", base, tmp_path) == Settings(
        (("privacy", Privacy()),), max_faces=9, fail_secure="block"
    )


@pytest.mark.parametrize(("name", "says"), [("privaci", "Did you mean 'privacy'"), ("zzzz", "Known: .*everything")])
def test_unknown_preset_names_the_nearest(name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says):
        load_preset(name, user_dir=tmp_path)


def test_own_presets_come_after_and_may_replace(tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "mine.toml").write_text("schema = 1\ntitle = 'Mine'\n[[effect]]\nid = 'mesh'\nwidth = 2.0\n")
    (folder / "mesh.toml").write_text("schema = 1\ntitle = 'Own mesh'\n")
    found = {preset.id: preset.title for preset in presets(tmp_path)}
    assert found["mine"] == "Mine"
    assert found["mesh"] == "Own mesh"
    assert dict(load_preset("mine", user_dir=tmp_path).effects) == {"mesh": Mesh(width=2.0)}


@pytest.mark.parametrize("content", [b"schema = ", b"\xff\xfe", b"schema = 1\n[[effect]]\nid = 'nothing'"])
def test_a_broken_own_preset_is_left_out_and_named(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "mine.toml").write_bytes(content)
    assert "mine" not in {preset.id for preset in presets(tmp_path)}
    assert "mine.toml" in caplog.text
    with pytest.raises(UsageError, match=r"mine\.toml cannot be used"):
        load_preset("mine", user_dir=tmp_path)
