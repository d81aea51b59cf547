import pytest

from app.checks.finding import Finding


@pytest.mark.parametrize("state", ["warning", "bad"])
def test_what_is_wrong_comes_with_a_mend(state: str) -> None:
    with pytest.raises(ValueError, match="what to do"):
        Finding(state, "Camera", "none")  # type: ignore[arg-type]


def test_what_is_good_needs_none() -> None:
    assert Finding("good", "Camera").mend == ""
