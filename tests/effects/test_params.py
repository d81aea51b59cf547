"""Parameters from text and tables."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effects import params
from effects.base import choice, colour, face, flag, integer, number, rgb_to_bgr
from effects.registry import specs
from models.errors import UsageError


@dataclass(frozen=True, slots=True)
class Sample:
    amount: float = number(0.5, 0.0, 1.0, 0.05, "Amount", "%")
    count: int = integer(3, 1, 9, "Count")
    wide: bool = flag(False, "Wide")
    style: str = choice("blur", "Style", (("blur", "Blur"), ("block", "Block")))
    tint: str = colour("#102030", "Tint")
    who: int = face("Who")


def test_fields_carry_everything_the_panel_needs() -> None:
    amount, count, wide, style, tint, who = params.fields_of(Sample)
    assert (amount.kind, amount.minimum, amount.maximum, amount.step, amount.unit) == ("float", 0.0, 1.0, 0.05, "%")
    assert (count.kind, count.default, count.title) == ("int", 3, "Count")
    assert wide.default is False
    assert style.choices == (("blur", "Blur"), ("block", "Block"))
    assert tint.kind == "colour"
    assert (who.kind, who.default) == ("face", 0)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("amount", "0.25", 0.25),
        ("amount", "1", 1.0),
        ("amount", "1e-1", 0.1),
        ("count", "9", 9),
        ("wide", "1", True),
        ("wide", "off", False),
        ("wide", "TRUE", True),
        ("style", "block", "block"),
        ("tint", "#FFffFF", "#FFffFF"),
        ("who", "12", 12),
    ],
)
def test_good_text_sets_one_value(name: str, text: str, value: object) -> None:
    changed = params.with_text("sample", Sample(), name, text)
    assert getattr(changed, name) == value
    assert type(getattr(changed, name)) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("amount", "1.01", "sample.amount takes a number from 0 to 1 %, not '1.01'."),
        ("amount", "-0.1", "from 0 to 1"),
        ("amount", "nan", "from 0 to 1"),
        ("amount", "inf", "from 0 to 1"),
        ("amount", "much", "takes a number from 0 to 1 %, not 'much'"),
        ("amount", "", "takes a number"),
        ("count", "2.5", "takes a whole number from 1 to 9"),
        ("count", "10", "from 1 to 9"),
        ("wide", "maybe", "sample.wide is 1 \\(on\\) or 0 \\(off\\), not 'maybe'"),
        ("style", "blurr", "one of blur, block"),
        ("tint", "red", "a colour like #5B8CFF"),
        ("tint", "#12345", "a colour like"),
        ("who", "-1", "the number of a face"),
        ("amout", "1", "unknown parameter 'sample.amout'. Did you mean 'sample.amount'?"),
    ],
)
def test_bad_text_says_what_would_be_right(name: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        params.with_text("sample", Sample(), name, text)


@pytest.mark.parametrize("text", ["", "privacy", "privacy.strength", "privacy=1", ".=", "a.b.c=1", "=1"])
def test_an_assignment_has_one_form(text: str) -> None:
    with pytest.raises(UsageError, match="EFFECT.PARAM=VALUE"):
        params.split_assignment(text)


def test_a_value_may_hold_equal_signs_and_dots() -> None:
    assert params.split_assignment(" background.image = a=b.png ") == ("background", "image", "a=b.png")


@given(st.text(max_size=40))
def test_any_text_is_taken_apart_or_refused_plainly(text: str) -> None:
    try:
        effect_id, name, _value = params.split_assignment(text)
    except UsageError:
        return
    assert effect_id
    assert name


@given(st.sampled_from(["amount", "count", "wide", "style", "tint", "who"]), st.text(max_size=12))
def test_any_value_is_in_range_or_refused_plainly(name: str, text: str) -> None:
    try:
        changed = params.with_text("sample", Sample(), name, text)
    except UsageError:
        return
    assert params.from_dict("sample", Sample, params.to_dict(changed)) == changed


@given(
    st.builds(
        Sample,
        amount=st.floats(0, 1),
        count=st.integers(1, 9),
        wide=st.booleans(),
        style=st.sampled_from(["blur", "block"]),
        who=st.integers(0, 10**6),
    )
)
def test_dict_round_trip(sample: Sample) -> None:
    assert params.from_dict("sample", Sample, params.to_dict(sample)) == sample


@pytest.mark.parametrize("values", [{"amount": "0.5"}, {"amount": True}, {"count": 2.0}, {"wide": 1}, {"tint": 7}])
def test_tables_are_strict_about_types(values: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        params.from_dict("sample", Sample, values)


def test_missing_values_take_their_defaults() -> None:
    assert params.from_dict("sample", Sample, {"count": 4}) == Sample(count=4)


def test_every_shipped_default_is_in_its_own_range() -> None:
    for spec in specs():
        defaults = spec.params()
        assert params.from_dict(spec.id, spec.params, params.to_dict(defaults)) == defaults


def test_colours_turn_round() -> None:
    assert rgb_to_bgr("#0A141E") == (30, 20, 10)
