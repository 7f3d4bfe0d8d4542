"""Faults and mail of the control API: making the fakes misbehave, and reading what the mail catcher caught."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from sandbox.control_guard import as_json
from sandbox.control_input import InputError, choice, number, read_object
from sandbox.control_stage import Stage
from sandbox.control_stream import Changes
from sandbox.mail import Letter

KINDS = ("throttle", "fail", "delay", "repeat", "reorder")
"""What a fake platform can be told to do with the next calls or events.

`throttle` answers the bot's next calls with "too many requests"; `fail` answers them with a server error; `delay`
answers them late by `seconds`; `repeat` delivers the next events to the bot twice; `reorder` delivers them in another
order.
"""

MAIL = "mail"
_MAIL_REFUSES_WITH = {"throttle": 451, "fail": 550}
_MOST_TIMES = 1000
_MOST_SECONDS = 60
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)

_LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""A mail's HTML is a stranger's: it runs no script, loads nothing, and belongs to no origin."""


class Faults:
    """The faults' endpoints."""

    def __init__(self, stage: Stage, changes: Changes) -> None:
        self._stage = stage
        self._changes = changes

    async def show(self, _request: web.Request) -> web.Response:
        """`GET /sandbox/api/faults`: what is still to happen."""
        return as_json(self._state())

    async def add(self, request: web.Request) -> web.Response:
        """`POST /sandbox/api/faults` with `platform`, `kind`, `times` (1; 0 switches off) and `seconds` (2)."""
        payload = await read_object(request, ("platform", "kind", "times", "seconds"))
        places = (*self._stage.platforms, MAIL)
        place = choice(payload.get("platform", places[0]), "platform", places)
        kind = choice(payload.get("kind"), "kind", tuple(_MAIL_REFUSES_WITH) if place == MAIL else KINDS)
        times = number(payload, "times", 0, _MOST_TIMES, 1)
        seconds = number(payload, "seconds", 0, _MOST_SECONDS, 2)
        if place == MAIL:
            self._refuse_mail(kind, times)
        else:
            self._stage.platforms[place].set_fault(kind, times, float(seconds))
        return self._changed()

    async def clear(self, _request: web.Request) -> web.Response:
        """`DELETE /sandbox/api/faults`: everybody behaves again."""
        for platform in self._stage.platforms.values():
            platform.clear_faults()
        self._stage.mail.accept_again()
        return self._changed()

    def _refuse_mail(self, kind: str, times: int) -> None:
        code = _MAIL_REFUSES_WITH[kind]
        others = [other for other in self._stage.mail.refusals() if other != code]
        self._stage.mail.accept_again()
        for refused in [*others, *[code] * times]:
            self._stage.mail.refuse_next(refused, 1)

    def _changed(self) -> web.Response:
        self._changes.publish("faults")
        return as_json(self._state())

    def _state(self) -> dict[str, Any]:
        faults = [
            {"platform": name, **fault}
            for name, platform in self._stage.platforms.items()
            for fault in platform.faults()
        ]
        refusals = self._stage.mail.refusals()
        for kind, code in _MAIL_REFUSES_WITH.items():
            if code in refusals:
                faults.append({"platform": MAIL, "kind": kind, "times": refusals.count(code), "seconds": 0})
        return {"faults": faults, "kinds": {**dict.fromkeys(self._stage.platforms, KINDS), MAIL: [*_MAIL_REFUSES_WITH]}}


class Mailbox:
    """The mail's endpoints."""

    def __init__(self, stage: Stage) -> None:
        self._mail = stage.mail

    async def show(self, _request: web.Request) -> web.Response:
        """`GET /sandbox/api/mail`: every letter, newest last."""
        return as_json({"mails": [_as_dict(letter) for letter in self._mail.letters()]})

    async def body(self, request: web.Request) -> web.Response:
        """`GET /sandbox/api/mail/{id}/body`: a letter's HTML, harmless in a frame."""
        asked = request.match_info["id"]
        letter = self._mail.letter(int(asked)) if _NUMBER.fullmatch(asked) else None
        if letter is None or letter.html is None:
            raise InputError("id", "must be the number of a caught mail that has HTML", 404)
        return web.Response(
            text=f'<!doctype html><meta charset="utf-8"><base target="_blank">{letter.html}',
            content_type="text/html",
            headers={"Content-Security-Policy": _LETTER_POLICY, "X-Content-Type-Options": "nosniff"},
        )


def _as_dict(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "time": letter.received_at.isoformat(),
        "from": letter.sender,
        "to": list(letter.recipients),
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
    }
