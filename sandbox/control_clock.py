"""The clock of the control API: reading it, and letting time pass."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from sandbox.control_guard import as_json
from sandbox.control_input import InputError, read_object
from sandbox.control_stage import Stage
from sandbox.control_stream import Changes

LONGEST = timedelta(days=92)
"""The most that one request may let pass: a quarter takes the bot a while, and a slip of the finger should not."""

_STEP = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_ALLOWED = 'either "advance" with a step such as "30m", "1h", "24h" or "2d", or "to" with an instant or "next"'
_LOG_KEEPS = 200


class Clock:
    """The simulated clock's two endpoints, and the log of what it played.

    Args:
        stage: Whose conductor leads the time.
        changes: Told when time has passed.
    """

    def __init__(self, stage: Stage, changes: Changes) -> None:
        self._conductor = stage.conductor
        self._changes = changes
        # Two callers who both say "+24 h" get 48 hours, one after the other: neither may overtake what the other plays.
        self._turn = asyncio.Lock()
        self._played: deque[Mapping[str, str]] = deque(maxlen=_LOG_KEEPS)

    async def show(self, _request: web.Request) -> web.Response:
        """`GET /sandbox/api/clock`: the time, what falls due next, and the log."""
        return as_json(await self._state())

    async def move(self, request: web.Request) -> web.Response:
        """`POST /sandbox/api/clock`: returns when everything that fell due is done."""
        payload = await read_object(request, ("advance", "to"))
        async with self._turn:
            target = await self._target(payload)
            self._changes.publish("clock")
            played = await self._conductor.advance_to(target)
            await self._conductor.settle()
        self._played.extend(played)
        self._changes.publish("clock")
        return as_json({**await self._state(), "played": list(played)})

    async def _state(self) -> dict[str, Any]:
        now = self._conductor.now()
        local = now.astimezone(ZoneInfo(self._conductor.zone))
        return {
            "now": now.astimezone(UTC).isoformat(),
            "local": local.isoformat(),
            "zone": self._conductor.zone,
            "weekday": local.isoweekday(),
            "next": await self._conductor.next_event(),
            "busy": self._turn.locked(),
            "log": list(self._played),
        }

    async def _target(self, payload: dict[str, Any]) -> datetime:
        if len(payload) != 1:
            raise InputError("body", f"must have {_ALLOWED}")
        now = self._conductor.now()
        if "advance" in payload:
            return _within(now, now + _step(payload["advance"]), "advance")
        if payload["to"] == "next":
            return await self._next()
        return _within(now, _instant(payload["to"]), "to")

    async def _next(self) -> datetime:
        event = await self._conductor.next_event()
        if event is None:
            raise InputError("to", 'nothing is planned, so there is no next; allowed: "advance" or an instant')
        return max(self._conductor.now(), datetime.fromisoformat(event["at"]))


def _step(value: object) -> timedelta:
    found = _STEP.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InputError("advance", 'must be a number and a unit (m, h or d), such as "30m", "24h" or "2d"')
    return min(int(found[1]) * _UNITS[found[2]], LONGEST + _UNITS["d"])


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
        if instant.utcoffset() is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError) as unreadable:
        raise InputError("to", _how_to_write_an_instant()) from unreadable
    raise InputError("to", _how_to_write_an_instant())


def _how_to_write_an_instant() -> str:
    return 'must be "next" or an instant with its offset, such as "2026-11-27T16:00+08:00"'


def _within(now: datetime, target: datetime, field: str) -> datetime:
    if not now <= target <= now + LONGEST:
        raise InputError(field, f"must lie from {now.isoformat()} (now) to {(now + LONGEST).isoformat()}; never back")
    return target
