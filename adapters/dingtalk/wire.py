"""The platform's payloads in our words, and our answer in theirs. The same for callbacks and the Stream connection.

Every member of a payload may be missing or of another type than documented; what cannot be used becomes `Ignored`, so
that the platform is told not to repeat it. Formats: dingtalk.md 7.4, 7.5, 9.5, 9.6 and 10.3, read 2026-11-22.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from adapters.dingtalk.buttons import unpacked
from adapters.dingtalk.cards import template_of
from adapters.dingtalk.form import answers_of
from adapters.dingtalk.render import face
from adapters.dingtalk.settings import PLATFORM, DingTalkSettings
from domain.cards import Answer
from domain.errors import Malformed
from domain.events import CardClicked, DirectoryChanged, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId

ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"

QUOTA_USED_UP = "robot:quota"
"""Kind of the `Ignored` that a message becomes whose words were withheld, since the month's pushes are used up."""

PUSHES = "push"
"""The allowance that messages and clicks use up, for `Tally`; events of the directory do not (dingtalk.md 11)."""

_QUOTA_CODE = "20001"
_LEFT = "user_leave_org"
_DIRECTORY = frozenset(
    {"user_add_org", "user_modify_org", _LEFT, "org_dept_create", "org_dept_modify", "org_dept_remove"}
)
_PRIVATE = "1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 253_402_300_799_999  # the end of the year 9999, where datetime ends


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what one app is told.

    Attributes:
        client_id: The app's; goes into each event's id, for two apps may be told of one event.
        org_id: Whose app it is.
    """

    client_id: str
    org_id: OrgId

    def message(self, payload: Mapping[str, Any], received_at: datetime) -> TextSaid | Ignored:
        """Return what somebody said to the robot.

        A sender without `senderStaffId` is outside the organisation; their words come from the actor "".

        Args:
            payload: A robot message (dingtalk.md 9.5).
            received_at: UTC; stands in where the platform gives no time.
        """
        actor = _text(payload.get("senderStaffId"))
        key = _text(payload.get("msgId")) or _fingerprint(payload)
        origin = self._origin(key, actor, payload.get("createAt"), received_at)
        if str(payload.get("errorCode")) == _QUOTA_CODE:
            return Ignored(origin, QUOTA_USED_UP)
        if _text(payload.get("conversationType")) not in (_PRIVATE, ""):
            return Ignored(origin, "robot:group")
        words = _words(payload)
        return Ignored(origin, f"robot:{_text(payload.get('msgtype'))}") if words is None else TextSaid(origin, words)

    def click(self, payload: Mapping[str, Any], delivery: str, received_at: datetime) -> CardClicked:
        """Return who pressed which button of an interactive card.

        The platform gives a click no id. The delivery's own tells a second click from the first one sent again.

        Args:
            payload: A card callback (dingtalk.md 7.4).
            delivery: What this delivery and its repetitions have in common, and no other has.
            received_at: UTC; clicks bear no time.

        Raises:
            Malformed: It does not say who clicked.
        """
        actor, out_track_id = _text(payload.get("userId")), _text(payload.get("outTrackId"))
        if not actor:
            raise Malformed("the click does not say who clicked")
        parameters = _table(_private_data(payload).get("params"))
        card, action = unpacked(parameters.get("action"))
        key = "/".join((out_track_id, actor, action, delivery))
        origin = self._origin(key, actor, None, received_at)
        return CardClicked(origin, card, action, answers_of(parameters.get("form")), out_track_id, silent=True)

    def event(self, kind: str, event_id: str, at: object, data: Mapping[str, Any], received_at: datetime) -> Inbound:
        """Return what has happened in the organisation.

        Args:
            kind: Such as "user_leave_org".
            event_id: The platform's, or empty.
            at: Milliseconds since 1970, as a number or a string, or anything else if there is no time.
            data: What it is about; names of members may begin with a capital letter.
            received_at: UTC; stands in where the platform gives no time.
        """
        origin = self._origin(event_id or _fingerprint({"kind": kind, "data": data}), "", at, received_at)
        if kind not in _DIRECTORY:
            return Ignored(origin, kind)
        return DirectoryChanged(origin, _people(data) if kind == _LEFT else ())

    def _origin(self, key: str, actor: str, at: object, received_at: datetime) -> Origin:
        return Origin(self.org_id, PLATFORM, f"{self.client_id}/{key}", actor, _instant(at, received_at))


def encode_answer(answer: Answer, out_track_id: str, settings: DingTalkSettings) -> dict[str, Any]:
    """Return what answers a click: the card's new face or nothing. There is no sentence (dingtalk.md 7.5).

    Args:
        answer: What the core says.
        out_track_id: Which card was clicked; tells its template.
        settings: Whose app it is.

    Raises:
        ContentRefused: The new face is too large even when cut.
    """
    if answer.card is None:
        return {}
    return {
        "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
        "cardData": {"cardParamMap": face(answer.card, template_of(out_track_id), settings)},
    }


def object_in(text: object) -> Mapping[str, Any]:
    """Return the object that a string holds as JSON.

    Raises:
        Malformed: It holds none.
    """
    try:
        value = orjson.loads(text) if isinstance(text, str | bytes) else None
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Malformed("the payload is not a JSON object")
    return value


def _words(payload: Mapping[str, Any]) -> str | None:
    """Return the words of a message of any kind that has some, outer blanks stripped."""
    content = _table(payload.get("content"))
    match payload.get("msgtype"):
        case "text":
            words = _table(payload.get("text")).get("content")
        case "richText":
            words = _rich_text(content.get("richText"))
        case "audio":
            words = content.get("recognition")
        case _:
            return None
    return words.strip() if isinstance(words, str) and words.strip() else None


def _rich_text(runs: object) -> str:
    listed = runs if isinstance(runs, list) else []
    return "".join(_text(run.get("text")) for run in listed if isinstance(run, dict))


def _private_data(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    content = payload.get("content") or payload.get("value")
    try:
        return _table(_table(object_in(content) if isinstance(content, str) else content).get("cardPrivateData"))
    except Malformed:
        return {}


def _people(data: Mapping[str, Any]) -> tuple[str, ...]:
    listed = data.get("userId") or data.get("UserId")
    values: Sequence[object] = listed if isinstance(listed, list) else [listed]
    return tuple(each for each in values if isinstance(each, str) and each)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _fingerprint(payload: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _instant(value: object, otherwise: datetime) -> datetime:
    """Read milliseconds since 1970, given as a number or as a string."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return otherwise
    try:
        milliseconds = int(value)
    except ValueError:
        return otherwise
    return _EPOCH + timedelta(milliseconds=milliseconds) if 0 < milliseconds <= _LAST_MILLISECOND else otherwise
