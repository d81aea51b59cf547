"""Finding the effects."""

import subprocess
import sys

import pytest

from effects.base import Stage
from effects.registry import spec, specs
from models.errors import UsageError


def test_ships_privacy_and_mesh_in_drawing_order() -> None:
    ids = [each.id for each in specs()]
    assert {"privacy", "mesh"} <= set(ids)
    assert len(ids) == len(set(ids))
    stages = [each.stage for each in specs()]
    assert stages == sorted(stages)
    assert spec("privacy").stage is Stage.PRIVACY


def test_what_hides_never_sheds_and_sees_newcomers() -> None:
    for each in specs():
        if each.hides:
            assert each.shed is None, each.id
            assert each.wants.detect_every_frame, each.id
            assert each.wants.matte, each.id


@pytest.mark.parametrize(("typed", "nearest"), [("privcy", "privacy"), ("MESH", "mesh"), ("mesch", "mesh")])
def test_unknown_effect_names_the_nearest(typed: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"unknown effect '{typed}'. Did you mean '{nearest}'?"):
        spec(typed)


def test_unknown_effect_far_from_all_lists_them() -> None:
    with pytest.raises(UsageError, match="Known: .*privacy"):
        spec("qqqqqqqq")


def test_looking_at_the_effects_imports_no_pixel_library() -> None:
    code = (
        "import sys; from effects.registry import specs; assert specs();"
        "bad = {'cv2', 'numba', 'scipy', 'skimage', 'torch', 'wgpu', 'PySide6'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
