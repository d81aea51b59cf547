"""The wire reader against hand-encoded messages (the examples of the protobuf encoding guide) and against damage."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.networks import protobuf


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"", {}),
        (b"\x08\x96\x01", {1: [150]}),
        (b"\x12\x07testing", {2: [b"testing"]}),
        (b"\x08\x01\x08\x02", {1: [1, 2]}),
        (b"\x0d\x00\x00\x80\x3f", {1: [b"\x00\x00\x80\x3f"]}),
        (b"\x09" + bytes(8), {1: [bytes(8)]}),
    ],
)
def test_fields(message: bytes, expected: dict[int, list[int | bytes]]) -> None:
    assert protobuf.fields(message) == expected


def test_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="wire type 3"):
        protobuf.fields(b"\x0b")


@given(st.lists(st.integers(0, 2**63 - 1)))
def test_packed_and_unpacked_integers_read_the_same(numbers: list[int]) -> None:
    packed = b"".join(map(varint, numbers))
    unpacked = b"".join(b"\x08" + varint(number) for number in numbers)
    assert protobuf.integers(protobuf.fields(b"\x0a" + varint(len(packed)) + packed), 1) == numbers
    assert protobuf.integers(protobuf.fields(unpacked), 1) == numbers


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_packed_and_unpacked_floats_read_the_same(numbers: list[float]) -> None:
    packed = struct.pack(f"<{len(numbers)}f", *numbers)
    unpacked = b"".join(b"\x0d" + struct.pack("<f", number) for number in numbers)
    assert protobuf.floats(protobuf.fields(b"\x0a" + varint(len(packed)) + packed), 1) == numbers
    assert protobuf.floats(protobuf.fields(unpacked), 1) == numbers
