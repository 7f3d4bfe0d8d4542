"""The binary frames of the long connection: message `pbbp2.Frame` of protobuf (proto2), written and read by hand.

Formats: feishu.md 7.4, from the vendor's SDK sources (pbbp2.proto), read 2026-11-22. The official library for protobuf
would bring megabytes for nine fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from domain.errors import Malformed

CONTROL = 0
DATA = 1

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""The platform cuts long payloads into fragments far below this."""

_HEADERS = 5
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}  # wire type: width in bytes
_LONGEST_VARINT = 10
_64_BITS = (1 << 64) - 1
_32_BITS = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        seq_id: Echoed in the answer, unsigned 64 bits.
        log_id: Echoed in the answer, unsigned 64 bits.
        service: Signed 32 bits.
        method: `CONTROL` or `DATA`; signed 32 bits.
        headers: Pairs in their order.
        payload: What is carried, or `None` if that field is absent.
        payload_encoding: Optional, unused by the platform so far.
        payload_type: Optional, unused by the platform so far.
        log_id_new: Optional.
    """

    seq_id: int = 0
    log_id: int = 0
    service: int = 0
    method: int = CONTROL
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes | None = None
    payload_encoding: str | None = None
    payload_type: str | None = None
    log_id_new: str | None = None

    def header(self, key: str) -> str:
        """Return the first header of that key, or an empty string."""
        return next((value for name, value in self.headers if name == key), "")


def encode(frame: Frame) -> bytes:
    """Return the frame's bytes. Required fields are written even if zero: some receivers insist."""
    parts = bytearray()
    for tag, number in ((0x08, frame.seq_id), (0x10, frame.log_id), (0x18, frame.service), (0x20, frame.method)):
        parts.append(tag)
        parts += _varint(number & _64_BITS)
    for key, value in frame.headers:
        parts += _field(0x2A, _field(0x0A, key.encode()) + _field(0x12, value.encode()))
    texts = ((0x32, frame.payload_encoding), (0x3A, frame.payload_type))
    parts += b"".join(_field(tag, text.encode()) for tag, text in texts if text is not None)
    if frame.payload is not None:
        parts += _field(0x42, frame.payload)
    if frame.log_id_new is not None:
        parts += _field(0x4A, frame.log_id_new.encode())
    return bytes(parts)


def decode(raw: bytes) -> Frame:
    """Return the frame of some bytes. Fields that we do not know are skipped, absent ones have their default.

    Raises:
        Malformed: Cut off, too long, or no frame at all.
    """
    if len(raw) > MAX_FRAME_BYTES:
        raise Malformed("the frame is too long")
    numbers: dict[int, int] = {}
    octets: dict[int, bytes] = {}
    headers: list[tuple[str, str]] = []
    for field, value in _fields(raw):
        if isinstance(value, int):
            numbers[field] = value
        elif field == _HEADERS:
            headers.append(_header(value))
        else:
            octets[field] = value
    return Frame(
        seq_id=numbers.get(1, 0),
        log_id=numbers.get(2, 0),
        service=_signed(numbers.get(3, 0)),
        method=_signed(numbers.get(4, 0)),
        headers=tuple(headers),
        payload_encoding=_text(octets.get(6)),
        payload_type=_text(octets.get(7)),
        payload=octets.get(8),
        log_id_new=_text(octets.get(9)),
    )


def _field(tag: int, value: bytes) -> bytes:
    return bytes([tag]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _header(raw: bytes) -> tuple[str, str]:
    texts = {field: value for field, value in _fields(raw) if isinstance(value, bytes)}
    return _text(texts.get(1)) or "", _text(texts.get(2)) or ""


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield each field that is a number or a string of bytes; fields of fixed width are skipped, we have none."""
    at = 0
    while at < len(raw):
        key, at = _read_varint(raw, at)
        field, wire_type = key >> 3, key & 7
        if field == 0:
            raise Malformed("the frame has a field without a number")
        if wire_type == _VARINT:
            number, at = _read_varint(raw, at)
            yield field, number
        elif wire_type == _BYTES:
            length, at = _read_varint(raw, at)
            yield field, _slice(raw, at, length)
            at += length
        elif wire_type in _FIXED:
            at += len(_slice(raw, at, _FIXED[wire_type]))
        else:
            raise Malformed("the frame has a field of an unknown kind")


def _read_varint(raw: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if at >= len(raw):
            raise Malformed("the frame is cut off")
        octet = raw[at]
        at += 1
        number |= (octet & 0x7F) << shift
        if octet < 0x80:
            return number & _64_BITS, at
    raise Malformed("the frame has a number that is too long")


def _slice(raw: bytes, at: int, length: int) -> bytes:
    if length > len(raw) - at:
        raise Malformed("the frame is cut off")
    return raw[at : at + length]


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        raise Malformed("the frame has a text that is not UTF-8") from None


def _signed(number: int) -> int:
    number &= _32_BITS
    return number - (1 << 32) if number >> 31 else number
