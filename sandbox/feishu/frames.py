"""Frames of the long connection, by Google's own protobuf over a descriptor built here.

The format is feishu.md section 7.4 (package `pbbp2`, proto2). The bot has a codec written by hand; this one shares
nothing with it, and lives in a descriptor pool of its own because lark-oapi registers the same package name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

CONTROL = 0
DATA = 1

_Field = descriptor_pb2.FieldDescriptorProto
_FRAME_FIELDS: tuple[tuple[int, str, int, int], ...] = (
    (1, "SeqID", _Field.TYPE_UINT64, _Field.LABEL_REQUIRED),
    (2, "LogID", _Field.TYPE_UINT64, _Field.LABEL_REQUIRED),
    (3, "service", _Field.TYPE_INT32, _Field.LABEL_REQUIRED),
    (4, "method", _Field.TYPE_INT32, _Field.LABEL_REQUIRED),
    (5, "headers", _Field.TYPE_MESSAGE, _Field.LABEL_REPEATED),
    (6, "payload_encoding", _Field.TYPE_STRING, _Field.LABEL_OPTIONAL),
    (7, "payload_type", _Field.TYPE_STRING, _Field.LABEL_OPTIONAL),
    (8, "payload", _Field.TYPE_BYTES, _Field.LABEL_OPTIONAL),
    (9, "LogIDNew", _Field.TYPE_STRING, _Field.LABEL_OPTIONAL),
)
_HEADER_FIELDS: tuple[tuple[int, str, int, int], ...] = (
    (1, "key", _Field.TYPE_STRING, _Field.LABEL_REQUIRED),
    (2, "value", _Field.TYPE_STRING, _Field.LABEL_REQUIRED),
)


class FrameError(ValueError):
    """Bytes that are no frame; the sentence tells why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One binary WebSocket message.

    Attributes:
        seq_id: Unsigned 64 bit; an answer repeats it.
        log_id: Unsigned 64 bit; an answer repeats it.
        service: The connection's `service_id`.
        method: `CONTROL` or `DATA`.
        headers: By key; the format allows a key twice, nobody sends it so.
        payload: Bytes, empty where there are none.
    """

    seq_id: int
    log_id: int
    service: int
    method: int
    headers: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""


class FrameCodec:
    """Builds the message type once; then turns frames into bytes and back."""

    def __init__(self) -> None:
        pool = descriptor_pool.DescriptorPool()
        pool.Add(_file())
        self._type = message_factory.GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))

    def encode(self, frame: Frame) -> bytes:
        """The frame as bytes; required fields are written even when zero."""
        message: Any = self._type()
        message.SeqID, message.LogID = frame.seq_id, frame.log_id
        message.service, message.method = frame.service, frame.method
        for key, value in frame.headers.items():
            message.headers.add(key=key, value=value)
        if frame.payload:
            message.payload = frame.payload
        encoded: bytes = message.SerializeToString()
        return encoded

    def decode(self, data: bytes) -> Frame:
        """Read a frame.

        Raises:
            FrameError: It is no protobuf of this type, or lacks a required field.
        """
        message: Any = self._type()
        try:
            message.ParseFromString(data)
        except DecodeError as error:
            raise FrameError(f"not a frame: {error}") from error
        if not message.IsInitialized():
            raise FrameError(f"required fields are missing: {message.FindInitializationErrors()}")
        headers = {header.key: header.value for header in message.headers}
        return Frame(message.SeqID, message.LogID, message.service, message.method, headers, message.payload)


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="pbbp2_of_the_fake.proto", package="pbbp2", syntax="proto2")
    _describe(file, "Header", _HEADER_FIELDS)
    _describe(file, "Frame", _FRAME_FIELDS)
    return file


def _describe(
    file: descriptor_pb2.FileDescriptorProto, name: str, fields: tuple[tuple[int, str, int, int], ...]
) -> None:
    message = file.message_type.add(name=name)
    for number, field_name, kind, label in fields:
        added = message.field.add(number=number, name=field_name)
        added.type = kind  # type: ignore[assignment]
        added.label = label  # type: ignore[assignment]
        if kind == _Field.TYPE_MESSAGE:
            added.type_name = ".pbbp2.Header"
