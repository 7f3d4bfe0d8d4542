"""Values as JSON text and back: cadences, ladders, cards, answers.

What was written by an older release is still read: a field it did not know takes its default, one that is gone is
ignored. Cards are told apart by the constant `kind` of their blocks and fields.

Written with orjson where nothing but text, numbers and lists is inside, because cards and answers are written with
every message; the rest, and all reading, is pydantic's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, get_type_hints

import orjson
from pydantic import BaseModel, Discriminator, PlainSerializer, PlainValidator, TypeAdapter, create_model

from domain import cadences, cards
from domain.cadences import Cadence
from domain.cards import Answer, Block, Card, Field
from domain.duties import Ladder
from domain.messages import Body, Call, Mail
from domain.questionnaire import Answers
from domain.recurrence import Recurrence


@cache
def _callback_answers() -> TypeAdapter[Answer]:
    return TypeAdapter(Answer)


@cache
def _mails() -> TypeAdapter[Mail]:
    return TypeAdapter(Mail)


@cache
def _ladders() -> TypeAdapter[Ladder]:
    return TypeAdapter(Ladder)


@cache
def _stored_cadence() -> type[BaseModel]:
    """Return the shape of a stored cadence: the dataclass's own fields, its schedule as canonical text."""
    recurrence = Annotated[Any, PlainValidator(Recurrence.parse), PlainSerializer(str)]
    return _shape(Cadence, vars(cadences), {"recurrence": recurrence})


@cache
def _stored_card() -> type[BaseModel]:
    """Return the shape of a stored card, which is read two to three times faster when told what tells blocks apart."""
    by_kind = Discriminator("kind")
    blocks, fields = tuple[Annotated[Block, by_kind], ...], tuple[Annotated[Field, by_kind], ...]
    return _shape(Card, vars(cards), {"blocks": blocks, "fields": fields})


def _shape(kind: type, namespace: dict[str, Any], instead: Mapping[str, Any]) -> type[BaseModel]:
    hints: dict[str, Any] = {**get_type_hints(kind, namespace), **instead}
    fields: dict[str, Any] = {
        field.name: (hints[field.name], ... if field.default is dataclasses.MISSING else field.default)
        for field in dataclasses.fields(kind)
    }
    return create_model(f"Stored{kind.__name__}", **fields)


def encode_cadence(cadence: Cadence) -> str:
    """Return a cadence as JSON text; equal cadences give equal text."""
    values = {field.name: getattr(cadence, field.name) for field in dataclasses.fields(Cadence)}
    return _stored_cadence().model_construct(**values).model_dump_json()


def decode_cadence(text: str) -> Cadence:
    """Read what `encode_cadence` wrote."""
    stored = _stored_cadence().model_validate_json(text)
    return Cadence(**vars(stored))


def encode_ladder(ladder: Ladder) -> str:
    """Return a ladder as JSON text; equal ladders give equal text."""
    return _ladders().dump_json(ladder).decode()


def decode_ladder(text: str) -> Ladder:
    """Read what `encode_ladder` wrote."""
    return _ladders().validate_json(text)


def encode_card(card: Card) -> str:
    """Return a card as JSON text; equal cards give equal text."""
    return orjson.dumps(card).decode()


def decode_card(text: str) -> Card:
    """Read what `encode_card` wrote."""
    return Card(**vars(_stored_card().model_validate_json(text)))


def encode_body(body: Body) -> str:
    """Return what a message says as JSON text."""
    return orjson.dumps(body).decode()


def decode_body(call: Call, text: str) -> Body:
    """Read what `encode_body` wrote for that kind of call."""
    if call is Call.TEXT:
        words: str = orjson.loads(text)
        return words
    return _mails().validate_json(text) if call is Call.MAIL else decode_card(text)


def encode_callback_answer(answer: Answer) -> str:
    """Return what a platform was told as JSON text."""
    return orjson.dumps(answer).decode()


def decode_callback_answer(text: str) -> Answer:
    """Read what `encode_callback_answer` wrote."""
    return _callback_answers().validate_json(text)


def encode_answers(answers: Answers) -> str:
    """Return a person's answers as JSON text."""
    return orjson.dumps(dict(answers)).decode() if answers else "{}"


def decode_answers(text: str) -> dict[str, str | tuple[str, ...]]:
    """Read what `encode_answers` wrote."""
    if text == "{}":
        return {}
    stored: Mapping[str, str | list[str]] = orjson.loads(text)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}


def encode_list(texts: Sequence[str]) -> str:
    """Return texts as a JSON array, for `Flavour.listed`."""
    return orjson.dumps(texts).decode()


def encode_detail(detail: Mapping[str, str]) -> str:
    """Return the ids and machine words of a history entry as JSON text."""
    return orjson.dumps(dict(detail)).decode() if detail else "{}"
