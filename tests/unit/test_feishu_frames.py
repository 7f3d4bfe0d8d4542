"""Feishu: our frames are those of protobuf, as a second implementation sees them."""

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.frames import CONTROL, DATA, MAX_FRAME_BYTES, Frame, decode, encode
from domain.errors import Malformed

unsigned = st.integers(0, 2**64 - 1)
signed = st.integers(-(2**31), 2**31 - 1)
texts = st.text(max_size=30)
frames = st.builds(
    Frame,
    seq_id=unsigned,
    log_id=unsigned,
    service=signed,
    method=signed,
    headers=st.lists(st.tuples(texts, texts), max_size=6).map(tuple),
    payload=st.none() | st.binary(max_size=300),
    payload_encoding=st.none() | texts,
    payload_type=st.none() | texts,
    log_id_new=st.none() | texts,
)


def _vendor_frame() -> Any:
    """The message class of pbbp2.proto, as the vendor's SDKs declare it."""
    kinds = descriptor_pb2.FieldDescriptorProto
    proto = descriptor_pb2.FileDescriptorProto(name="pbbp2.proto", package="pbbp2", syntax="proto2")
    header = proto.message_type.add(name="Header")
    for number, name in enumerate(("key", "value"), 1):
        header.field.add(name=name, number=number, label=kinds.LABEL_REQUIRED, type=kinds.TYPE_STRING)
    frame = proto.message_type.add(name="Frame")
    required = {"SeqID": kinds.TYPE_UINT64, "LogID": kinds.TYPE_UINT64}
    required |= {"service": kinds.TYPE_INT32, "method": kinds.TYPE_INT32}
    for number, (name, kind) in enumerate(required.items(), 1):
        frame.field.add(name=name, number=number, label=kinds.LABEL_REQUIRED, type=kind)
    repeated = {"label": kinds.LABEL_REPEATED, "type": kinds.TYPE_MESSAGE, "type_name": ".pbbp2.Header"}
    frame.field.add(name="headers", number=5, **repeated)
    optional = {6: "payload_encoding", 7: "payload_type", 8: "payload", 9: "LogIDNew"}
    for number, name in optional.items():
        kind = kinds.TYPE_BYTES if number == 8 else kinds.TYPE_STRING
        frame.field.add(name=name, number=number, label=kinds.LABEL_OPTIONAL, type=kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(proto)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))


VENDOR_FRAME = _vendor_frame()


def _to_vendor(frame: Frame) -> Any:
    message = VENDOR_FRAME(SeqID=frame.seq_id, LogID=frame.log_id, service=frame.service, method=frame.method)
    for key, value in frame.headers:
        message.headers.add(key=key, value=value)
    optional = {
        "payload_encoding": frame.payload_encoding,
        "payload_type": frame.payload_type,
        "payload": frame.payload,
        "LogIDNew": frame.log_id_new,
    }
    for name, content in optional.items():
        if content is not None:
            setattr(message, name, content)
    return message


@given(frames)
def test_what_is_written_is_read_back(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


@given(frames)
def test_the_vendors_library_reads_what_we_write(frame: Frame) -> None:
    message = VENDOR_FRAME.FromString(encode(frame))
    assert message.IsInitialized()
    assert message == _to_vendor(frame)


@given(frames)
def test_we_read_what_the_vendors_library_writes(frame: Frame) -> None:
    assert decode(_to_vendor(frame).SerializeToString()) == frame


def test_we_write_the_same_bytes_as_the_vendors_library() -> None:
    frame = Frame(0, 2**64 - 1, 33554678, DATA, (("type", "event"), ("sum", "1")), payload=b"{}")
    assert encode(frame) == _to_vendor(frame).SerializeToString()


def test_required_fields_are_written_even_if_they_are_zero() -> None:
    assert encode(Frame(method=CONTROL)) == bytes([0x08, 0, 0x10, 0, 0x18, 0, 0x20, 0])


@given(frames, st.integers(10, 2000), st.integers(0, 2**64 - 1), st.binary(max_size=20))
def test_unknown_fields_are_skipped(frame: Frame, field: int, number: int, octets: bytes) -> None:
    pool_like = bytearray(encode(frame))
    for wire_type, body in ((0, _varint(number)), (1, b"8 bytes."), (2, _varint(len(octets)) + octets), (5, b"four")):
        pool_like += _varint(field << 3 | wire_type) + body
    assert decode(bytes(pool_like)) == frame


@given(frames, st.data())
def test_a_frame_that_is_cut_off_is_refused_or_ends_between_two_fields(frame: Frame, data: st.DataObject) -> None:
    raw = encode(frame)
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
    try:
        partial = decode(cut)
    except Malformed:
        return
    assert len(encode(partial)) <= len(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_malformed(raw: bytes) -> None:
    try:
        frame = decode(raw)
    except Malformed:
        return
    assert decode(encode(frame)) == frame


@pytest.mark.parametrize(
    "raw",
    [
        b"\x08",  # a number that is missing
        b"\x08" + b"\xff" * 10 + b"\x01",  # eleven octets of a number
        b"\x42\x05abc",  # five octets announced, three there
        b"\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # 2^64 - 1 octets announced
        b"\x32\x02\xff\xfe",  # a text that is not UTF-8
        b"\x2a\x04\x0a\x05ab",  # a header that is cut off
        b"\x00\x00",  # field number 0
        b"\x0b",  # a group
        b"\x0d\x00",  # a fixed field that is cut off
    ],
)
def test_nonsense_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        decode(raw)


def test_a_frame_beyond_the_limit_is_not_even_looked_at() -> None:
    with pytest.raises(Malformed):
        decode(bytes(MAX_FRAME_BYTES + 1))


def test_the_last_of_two_values_counts_and_the_first_of_two_headers() -> None:
    frame = decode(encode(Frame(seq_id=1)) + encode(Frame(seq_id=2, headers=(("a", "1"), ("a", "2")))))
    assert frame.seq_id == 2
    assert frame.header("a") == "1"
    assert frame.header("b") == ""


def _varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + _varint(number >> 7) if number > 0x7F else bytes([number])
