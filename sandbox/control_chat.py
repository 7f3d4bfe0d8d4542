"""The people's side of the control API: who there is, what they see, what they say and press."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from aiohttp import web

from sandbox.control_guard import as_json
from sandbox.control_input import InputError, choice, listed, optional_text, read_object, text
from sandbox.control_stage import PlatformFake, Stage
from sandbox.control_summaries import Summaries

LONGEST_TEXT = 10_000
"""Most characters that a person can say at once; platforms allow more, readers do not."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_ID = 200

_Message = Mapping[str, Any]
_Done = TypeVar("_Done")


class Chats:
    """The endpoints under `/sandbox/api/people`, and the memory of what each person has looked at."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._summaries = Summaries(stage)
        self._last_viewed: dict[tuple[str, str], str] = {}

    async def people(self, _request: web.Request) -> web.Response:
        """`GET /sandbox/api/people`: everybody, with what the bot wrote since they last looked.

        `unread` and `last` (its `time` and a line of its `text`, or None) stand for all platforms together, `unread_by`
        and `last_by` for each on its own.
        """
        people = [self._described(person) for person in self._stage.people]
        return as_json({"people": people, "platforms": list(self._stage.platforms)})

    async def messages(self, request: web.Request) -> web.Response:
        """`GET /sandbox/api/people/{id}/messages?platform=&peek=`: the chat; it counts as looked at now.

        With `peek=1` it does not: that is for whoever follows what happens without playing that person.
        """
        seat = _Seat.taken(self._stage, request, request.query.get("platform"))
        peeking = choice(request.query.get("peek", "0"), "peek", ("0", "1")) == "1"
        return as_json(_chat(seat) if peeking else self._seen(seat))

    async def open(self, request: web.Request) -> web.Response:
        """`POST .../open {"platform"}`: opens the chat, as picking it on a phone does, and returns it."""
        payload = await read_object(request, ("platform",))
        seat = _Seat.taken(self._stage, request, payload.get("platform"))
        await _by_hand(seat.fake.open_chat(seat.external_id))
        return await self._settled(seat, {})

    async def say(self, request: web.Request) -> web.Response:
        """`POST .../say {"platform", "text", "reply_to"}`: returns the chat with the bot's answer in it."""
        payload = await read_object(request, ("platform", "text", "reply_to"))
        seat = _Seat.taken(self._stage, request, payload.get("platform"))
        said = text(payload, "text", LONGEST_TEXT)
        reply_to = optional_text(payload, "reply_to", _LONGEST_ID)
        if reply_to is not None:
            seat.message(reply_to, "reply_to")
        message_id = await _by_hand(seat.fake.say(seat.external_id, said, reply_to))
        return await self._settled(seat, {"id": message_id})

    async def act(self, request: web.Request) -> web.Response:
        """`POST .../act {"platform", "message", "action", "form"}`: returns toast, card, error and the chat."""
        payload = await read_object(request, ("platform", "message", "action", "form"))
        seat = _Seat.taken(self._stage, request, payload.get("platform"))
        message = seat.message(text(payload, "message", _LONGEST_ID), "message")
        action = choice(payload.get("action"), "action", _actions(message), 404)
        form = _form(payload.get("form", {}), message["inputs"])
        result = await _by_hand(seat.fake.click(seat.external_id, message["id"], action, form))
        shown = {"toast": _toast(result.toast), "card": result.card, "error": result.error}
        return await self._settled(seat, shown)

    async def _settled(self, seat: _Seat, extra: dict[str, Any]) -> web.Response:
        await self._stage.conductor.settle()
        return as_json({**self._seen(seat), **extra})

    def _seen(self, seat: _Seat) -> dict[str, Any]:
        chat = _chat(seat)
        if chat["messages"]:
            self._last_viewed[seat.platform, seat.external_id] = chat["messages"][-1]["id"]
        return chat

    def _described(self, person: Mapping[str, Any]) -> dict[str, Any]:
        unread, last = {}, {}
        for name in self._stage.platforms:
            if name in person["ids"]:
                external_id = person["ids"][name]
                chat = self._summaries.of(name, external_id)
                unread[name] = chat.unread(self._last_viewed.get((name, external_id)))
                last[name] = chat.last
        newest = max((each for each in last.values() if each), key=lambda each: each["time"], default=None)
        return {**person, "unread": sum(unread.values()), "unread_by": unread, "last": newest, "last_by": last}


class _Seat:
    """One person at one platform: whose chair a request sits in."""

    def __init__(self, person: Mapping[str, Any], platform: str, fake: PlatformFake) -> None:
        self.person = person
        self.platform = platform
        self.fake = fake
        self.external_id: str = person["ids"][platform]

    @classmethod
    def taken(cls, stage: Stage, request: web.Request, platform: object) -> _Seat:
        """The chair that the path and the platform name.

        Raises:
            InputError: Nobody of that id, or not on that platform.
        """
        asked = request.match_info["id"]
        person = next((one for one in stage.people if one["id"] == asked), None)
        if person is None:
            raise InputError("id", f"must be one of {listed([str(one['id']) for one in stage.people])}", 404)
        reachable = [name for name in stage.platforms if name in person["ids"]]
        if platform is None and reachable:
            platform = reachable[0]
        known = choice(platform, "platform", reachable, 404 if platform in list(stage.platforms) else 400)
        return cls(person, known, stage.platforms[known])

    def message(self, message_id: str, field: str) -> _Message:
        """One message of this chat.

        Raises:
            InputError: There is none of that id.
        """
        messages = self.fake.messages_of(self.external_id)
        found = next((one for one in messages if one["id"] == message_id), None)
        if found is None:
            newest_first = [str(one["id"]) for one in reversed(messages)]
            raise InputError(field, f"must be the id of a message of this chat: {listed(newest_first)}", 404)
        return found


def _chat(seat: _Seat) -> dict[str, Any]:
    messages = list(seat.fake.messages_of(seat.external_id))
    return {"person": seat.person["id"], "platform": seat.platform, "messages": messages}


async def _by_hand(deed: Awaitable[_Done]) -> _Done:
    try:
        return await deed
    except ValueError as refused:
        raise InputError("id", f"is somebody who cannot do this on the platform: {refused}") from refused


def _actions(message: _Message) -> list[str]:
    # An input that stands alone, outside a form, reports its change under its own name.
    return [*(button["action"] for button in message["buttons"]), *(one["name"] for one in message["inputs"])]


def _form(form: object, inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    known = {str(one["name"]): one for one in inputs}
    if not isinstance(form, dict):
        raise InputError("form", f"must be an object of inputs and values: {listed(known)}")
    for name, value in form.items():
        if name not in known:
            raise InputError(f"form.{name}", f"is no input of this card; allowed: {listed(known)}")
        _check(f"form.{name}", value, known[name])
    return form


def _check(field: str, value: object, asked: Mapping[str, Any]) -> None:
    """Refuse what the platform's own client could not send; whether a required input is filled, the fake decides."""
    options = [str(option["value"]) for option in asked.get("options") or ()]
    match asked["kind"]:
        case "check":
            allowed, fits = "true or false", isinstance(value, bool)
        case "multi":
            allowed, fits = f"a list of {listed(options)}", _all_in(value, options)
        case "select":
            allowed, fits = f"empty or one of {listed(options)}", value in ("", *options)
        case "date":
            allowed, fits = "empty or a day as YYYY-MM-DD", value == "" or _is_day(value)
        case _:
            longest = asked.get("max_length") or LONGEST_TEXT
            allowed, fits = f"a text of at most {longest} characters", isinstance(value, str) and len(value) <= longest
    if not fits:
        raise InputError(field, f"must be {allowed}")


def _all_in(value: object, options: Sequence[str]) -> bool:
    return isinstance(value, list) and all(one in options for one in value)


def _is_day(value: object) -> bool:
    return isinstance(value, str) and _ISO_DATE.fullmatch(value) is not None


def _toast(toast: str | Mapping[str, Any] | None) -> dict[str, str] | None:
    if toast is None:
        return None
    if isinstance(toast, str):
        return {"type": "info", "content": toast}
    return {"type": str(toast.get("type", "info")), "content": str(toast.get("content", ""))}
