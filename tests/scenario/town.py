"""A small town to live a week in: the whole demo on free ports, driven through its public control API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from bot.clock import DemoClock, SystemClock
from bot.demo import stage_app

API = "/sandbox/api"

FRIDAY_AFTERNOON = datetime(2026, 11, 27, 6, 50, tzinfo=UTC)
"""When every town begins, whatever day the tests run on: ten minutes before the first card."""

REVIEW = {"result": "上线了报表", "obstacle": "测试环境不稳", "next": "补上回归用例"}
"""Answers to the open questions of the weekly review."""


class Town:
    """Plays people and the clock.

    Args:
        client: Speaks to the control API.
    """

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self._client = client

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self._client.request(method, f"{API}{path}", json=body) as answer:
            payload = await answer.json()
            assert answer.status == 200, payload
            return payload

    async def now(self) -> datetime:
        """Return the town's time."""
        return datetime.fromisoformat((await self._call("GET", "/clock"))["now"])

    async def clock(self) -> dict[str, Any]:
        """Return the clock with the next event."""
        found: dict[str, Any] = await self._call("GET", "/clock")
        return found

    async def pause(self) -> None:
        """Let the town's background work go on for a moment."""
        await asyncio.sleep(0.05)

    async def advance(self, span: str) -> list[str]:
        """Let time pass and return what happened."""
        return [each["what"] for each in (await self._call("POST", "/clock", {"advance": span}))["played"]]

    async def until(self, instant: str) -> list[str]:
        """Let time pass until an instant with offset and return what happened."""
        return [each["what"] for each in (await self._call("POST", "/clock", {"to": instant}))["played"]]

    async def messages(self, person: str) -> list[dict[str, Any]]:
        """Return what a person's chat shows, newest last."""
        found: list[dict[str, Any]] = (await self._call("GET", f"/people/{person}/messages?platform=feishu"))[
            "messages"
        ]
        return found

    async def cards(self, person: str, titled: str = "") -> list[dict[str, Any]]:
        """Return the cards in a person's chat whose face holds a text, newest last."""
        return [m for m in await self.messages(person) if m["kind"] == "card" and titled in face(m)]

    async def say(self, person: str, text: str) -> list[dict[str, Any]]:
        """Type to the bot and return the chat."""
        await self._call("POST", f"/people/{person}/say", {"platform": "feishu", "text": text})
        return await self.messages(person)

    async def act(
        self, person: str, message: Mapping[str, Any], action: str, form: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Press a button; `action` is the beginning of its name."""
        name = next(b["action"] for b in message["buttons"] if b["action"].split("__")[0] == action)
        body = {"platform": "feishu", "message": message["id"], "action": name, "form": dict(form or {})}
        result: dict[str, Any] = await self._call("POST", f"/people/{person}/act", body)
        assert result["error"] is None, result
        return result

    async def mail(self) -> list[dict[str, Any]]:
        """Return the mails that were sent."""
        found: list[dict[str, Any]] = (await self._call("GET", "/mail"))["mails"]
        return found

    async def fault(self, body: Mapping[str, Any]) -> None:
        """Make the fake platform misbehave."""
        await self._call("POST", "/faults", body)


def face(message: Mapping[str, Any]) -> str:
    """Return all words that a card shows."""
    return "\n".join(_words(message["card"])) if message.get("card") else str(message.get("text") or "")


def _words(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["content"]] if isinstance(part.get("content"), str) else []
        return own + [word for value in part.values() for word in _words(value)]
    return [word for each in part for word in _words(each)] if isinstance(part, list) else []


@asynccontextmanager
async def town_in(home: Path, configuration: str | None = None) -> AsyncIterator[Town]:
    """Build a town in a folder, again if it was built there before; with its own configuration if one is given."""
    _furnish(home, configuration)
    async with stage_app(home) as app, TestClient(TestServer(app)) as client:
        yield Town(client)


def _furnish(home: Path, configuration: str | None) -> None:
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "clock").exists():
        DemoClock(home / "clock", FRIDAY_AFTERNOON, SystemClock())
    if configuration is not None:
        (home / "fupan.yaml").write_text(configuration, "utf-8")
