"""The platform's envelopes in our words, and our answer in theirs. The same for callbacks and the long connection.

Every member of a payload may be missing or of another type than documented; what cannot be used becomes `Ignored`, so
that the platform is told not to repeat it (an event that is refused again and again holds up those behind it).
Formats: feishu.md 5.6 and 6, from the vendor's pages read 2026-11-22.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog

from adapters.feishu.buttons import read_button
from adapters.feishu.content import readable
from adapters.feishu.render import render
from adapters.feishu.settings import PLATFORM
from domain.cards import Answer
from domain.errors import ContentRefused, Malformed
from domain.events import CardClicked, ChatOpened, DirectoryChanged, FormValue, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId

CLICK = "card.action.trigger"
MESSAGE = "im.message.receive_v1"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MICROSECOND = 253_402_300_799_999_999  # the end of the year 9999, where datetime ends
_NOTHING: Mapping[str, Any] = {}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Event:
    """An envelope taken apart, with what is needed to make an `Origin` of it."""

    kind: str
    header: Mapping[str, Any]
    event: Mapping[str, Any]
    org_id: OrgId
    received_at: datetime
    bot: str

    def origin(self, key: str, actor: str, at: object = None) -> Origin:
        """Return the origin; `key` is prefixed with the app, for two apps may be told of one message."""
        app_id = _text(self.header.get("app_id"))
        when = _instant(at if at is not None else self.header.get("create_time"), self.received_at)
        return Origin(self.org_id, PLATFORM, f"{app_id}/{key}", actor, when)

    def key(self) -> str:
        """Return the event's id, or a fingerprint of its content: a repetition has the same."""
        return _text(self.header.get("event_id")) or _fingerprint(self.kind, orjson.dumps(self.event).decode())


def decode(envelope: Mapping[str, Any], org_id: OrgId, received_at: datetime, bot_open_id: str = "") -> Inbound:
    """Return what an envelope says.

    Args:
        envelope: As it came out of `Verifier.open` or a frame.
        org_id: Whose app received it.
        received_at: UTC; stands in where the platform gives no time.
        bot_open_id: The bot's own id, whose mention is dropped from texts; empty if not known.

    Raises:
        Malformed: Not an event at all, or a click that does not say who clicked.
    """
    header = _table(envelope.get("header"))
    event = _table(envelope.get("event"))
    if not header:  # the old envelope, whose fields lie at the top
        header = {"event_id": envelope.get("uuid"), "app_id": event.get("app_id")}
    kind = _text(header.get("event_type")) or _text(event.get("type"))
    if not kind:
        raise Malformed("the envelope names no event type")
    return _DECODERS.get(kind, _ignored)(_Event(kind, header, event, org_id, received_at, bot_open_id))


def encode_answer(answer: Answer, receiver: str = "") -> dict[str, Any]:
    """Return the body that answers a click: a sentence, a new face of the card, both or nothing.

    Args:
        answer: What the core says; a face that cannot be shown is left out, since what was clicked is done.
        receiver: The open_id of whoever clicked, for cards that call their reader by name.
    """
    body: dict[str, Any] = {}
    if answer.toast is not None:
        body["toast"] = {"type": answer.toast.kind.value, "content": answer.toast.text}
    if answer.card is not None:
        try:
            body["card"] = {"type": "raw", "data": render(answer.card, receiver)}
        except ContentRefused as error:
            _log.error("a card's new face cannot be shown", action="feishu.click.unshown", code=error.code)
    return body


def _said(parts: _Event) -> Inbound:
    message = _table(parts.event.get("message"))
    sender = _table(parts.event.get("sender"))
    actor = _text(_table(sender.get("sender_id")).get("open_id"))
    origin = parts.origin(_text(message.get("message_id")) or parts.key(), actor, message.get("create_time"))
    refusal = _why_not_heard(message, sender, actor)
    if refusal:
        return Ignored(origin, f"{parts.kind}:{refusal}")
    text = readable(message, parts.bot)
    if text is None:
        return Ignored(origin, f"{parts.kind}:{_text(message.get('message_type'))}")
    return TextSaid(origin, text, _text(message.get("parent_id")) or None)


def _why_not_heard(message: Mapping[str, Any], sender: Mapping[str, Any], actor: str) -> str:
    if message.get("chat_type") != "p2p":
        return "group"
    if _text(sender.get("sender_type")) not in ("user", ""):
        return "bot"
    return "" if actor else "nobody"


def _clicked(parts: _Event) -> Inbound:
    actor = _text(_table(parts.event.get("operator")).get("open_id"))
    if not actor:
        raise Malformed("the click does not say who clicked")
    action = _table(parts.event.get("action"))
    message = _text(_table(parts.event.get("context")).get("open_message_id"))
    card, name = read_button(action.get("value"), action.get("name"))
    key = _text(parts.header.get("event_id")) or _fingerprint(message, name, actor, _text(parts.event.get("token")))
    return CardClicked(parts.origin(key, actor), card, name, _form(action.get("form_value")), message)


def _form(values: object) -> dict[str, FormValue]:
    return {name: _form_value(value) for name, value in _table(values).items() if value is not None}


def _form_value(value: object) -> FormValue:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, list):
        return tuple(item if isinstance(item, str) else str(item) for item in value)
    return str(value)


def _opened(parts: _Event) -> Inbound:
    actor = _text(_table(parts.event.get("operator_id")).get("open_id"))
    origin = parts.origin(parts.key(), actor)
    return ChatOpened(origin) if actor else Ignored(origin, f"{parts.kind}:nobody")


def _directory(parts: _Event) -> Inbound:
    return DirectoryChanged(parts.origin(parts.key(), ""))


def _person_changed(parts: _Event) -> Inbound:
    status = _table(_table(parts.event.get("object")).get("status"))
    gone = status.get("is_resigned") is True or status.get("is_exited") is True
    return DirectoryChanged(parts.origin(parts.key(), ""), _ids(parts) if gone else ())


def _person_deleted(parts: _Event) -> Inbound:
    return DirectoryChanged(parts.origin(parts.key(), ""), _ids(parts))


def _ids(parts: _Event) -> tuple[str, ...]:
    # Of somebody deleted, old_object has what object has lost.
    for name in ("object", "old_object"):
        open_id = _text(_table(parts.event.get(name)).get("open_id"))
        if open_id:
            return (open_id,)
    return ()


def _ignored(parts: _Event) -> Inbound:
    return Ignored(parts.origin(parts.key(), ""), parts.kind)


_DECODERS: Mapping[str, Callable[[_Event], Inbound]] = {
    MESSAGE: _said,
    CLICK: _clicked,
    "im.chat.access_event.bot_p2p_chat_entered_v1": _opened,
    "contact.user.created_v3": _directory,
    "contact.user.updated_v3": _person_changed,
    "contact.user.deleted_v3": _person_deleted,
    "contact.department.created_v3": _directory,
    "contact.department.updated_v3": _directory,
    "contact.department.deleted_v3": _directory,
    "contact.scope.updated_v3": _directory,
}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _NOTHING


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _instant(value: object, otherwise: datetime) -> datetime:
    """Read a time whose unit only its length tells: clicks use microseconds, menus seconds, the rest milliseconds."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return otherwise
    try:
        number = int(value)
    except ValueError:
        return otherwise
    factor = 1 if number >= 10**14 else 1000 if number >= 10**11 else 1_000_000
    if not 0 < number * factor <= _LAST_MICROSECOND:
        return otherwise
    return _EPOCH + timedelta(microseconds=number * factor)
