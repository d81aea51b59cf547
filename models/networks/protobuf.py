"""Read a protocol buffer without its schema: enough for one ONNX file and one mesh, at build time only.

The `onnx` package would bring a second protobuf of its own; the wire format is public and tiny
(https://protobuf.dev/programming-guides/encoding/).
"""

import struct

Value = int | bytes


def fields(message: bytes) -> dict[int, list[Value]]:
    """Every field of a message by number: varints as int, all others as bytes."""
    found: dict[int, list[Value]] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: Value
        match key & 7:
            case 0:
                value, at = _varint(message, at)
            case 1:
                value, at = message[at : at + 8], at + 8
            case 2:
                size, at = _varint(message, at)
                value, at = message[at : at + size], at + size
            case 5:
                value, at = message[at : at + 4], at + 4
            case kind:
                raise ValueError(f"not a protocol buffer: wire type {kind}")
        found.setdefault(key >> 3, []).append(value)
    return found


def messages(message: dict[int, list[Value]], number: int) -> list[bytes]:
    """The length-delimited values of one field."""
    return [value for value in message.get(number, []) if isinstance(value, bytes)]


def text(message: dict[int, list[Value]], number: int) -> str:
    """The first value of one field as text."""
    return messages(message, number)[0].decode()


def integers(message: dict[int, list[Value]], number: int) -> list[int]:
    """A repeated integer field, packed or not."""
    numbers: list[int] = []
    for value in message.get(number, []):
        if isinstance(value, int):
            numbers.append(value)
            continue
        at = 0
        while at < len(value):
            one, at = _varint(value, at)
            numbers.append(one)
    return numbers


def floats(message: dict[int, list[Value]], number: int) -> list[float]:
    """A repeated float field, packed or not."""
    return [one for value in messages(message, number) for (one,) in struct.iter_unpack("<f", value)]


def _varint(message: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = message[at]
        at += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result, at
        shift += 7
