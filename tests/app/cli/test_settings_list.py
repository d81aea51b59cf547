import pytest

from app.cli.settings_list import spread_sets


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ""),
        ("in.mp4 -o out.mp4", "in.mp4 -o out.mp4"),
        ("--set a.b=1", "--set a.b=1"),
        ("--set a.b=1 c.d=2 e.f=/x/y.z", "--set a.b=1 --set c.d=2 --set e.f=/x/y.z"),
        ("--set=a.b=1 c.d=2 --frames 3", "--set=a.b=1 --set c.d=2 --frames 3"),
        ("--set a.b=1 --set c.d=2 e.f=3", "--set a.b=1 --set c.d=2 --set e.f=3"),
        ("--set a.b=1 demo --json x", "--set a.b=1 demo --json x"),
        ("--set a.b=1 ./c.d=2.png", "--set a.b=1 ./c.d=2.png"),
        ("c.d=2 --set a.b=1 -o e.f=3", "c.d=2 --set a.b=1 -o e.f=3"),
        ("--set a.b=1 -- c.d=2", "--set a.b=1 -- c.d=2"),
        ("--set --set", "--set --set"),
        ("x --set", "x --set"),
    ],
)
def test_several_parameters_after_one_set(typed, meant):
    assert spread_sets(typed.split()) == meant.split()
