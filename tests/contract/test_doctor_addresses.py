"""How the doctor judges what answers at a callback address: our service, somebody else's, or nobody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.http import HttpSession
from bot.commands.probing.addresses import probe_address
from bot.connections import Connection
from domain.ports import Probe
from tests.builders import ORG
from tests.contract.bot_rig import ScriptedPlatform
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.contract.wecom_stub import SETTINGS


@dataclass
class _Answering:
    """Says the same to everybody, and remembers what it was asked."""

    status: int
    text: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one call."""
        self.asked.append(f"{request.method} {request.path} {(await request.read()).decode()}".strip())
        return web.Response(status=self.status, text=self.text)


@asynccontextmanager
async def listening(answering: _Answering) -> AsyncIterator[str]:
    """Give the public address of somebody."""
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answering.answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    async with open_session() as session:
        yield session


async def tried(http: HttpSession, answering: _Answering, lane: str) -> Probe:
    settings = SETTINGS if lane == "wecom" else None
    connection = Connection(ORG, lane, ScriptedPlatform(), http=http, settings=settings)
    async with listening(answering) as public_url:
        return await probe_address(connection, public_url, SteppingClock())


@pytest.mark.parametrize("lane", ["feishu", "dingtalk"])
@pytest.mark.parametrize("status", [400, 401])
async def test_a_service_that_refuses_what_nobody_signed_is_ours(http: HttpSession, lane: str, status: int) -> None:
    answering = _Answering(status)
    probe = await tried(http, answering, lane)
    assert probe.ok
    assert not probe.fix
    assert answering.asked == [f"POST /callback/{lane}/{ORG} {{}}"]


@pytest.mark.parametrize("lane", ["feishu", "wecom", "dingtalk"])
@pytest.mark.parametrize(("status", "word"), [(200, "something else"), (302, "something else"), (404, "mode: webhook")])
async def test_whatever_else_answers_is_not_ours(http: HttpSession, lane: str, status: int, word: str) -> None:
    probe = await tried(http, _Answering(status, "welcome"), lane)
    assert not probe.ok
    assert word in probe.fix


async def test_wecom_s_check_is_made_as_the_platform_makes_it(http: HttpSession) -> None:
    answering = _Answering(401)
    probe = await tried(http, answering, "wecom")
    assert not probe.ok
    assert "aes_key" in probe.fix
    assert answering.asked == [f"GET /callback/wecom/{ORG}"]


@pytest.mark.parametrize("lane", ["feishu", "wecom", "dingtalk"])
async def test_an_address_that_nobody_answers_is_told_whole(http: HttpSession, lane: str) -> None:
    settings = SETTINGS if lane == "wecom" else None
    connection = Connection(ORG, lane, ScriptedPlatform(), http=http, settings=settings)
    probe = await probe_address(connection, "http://127.0.0.1:9", SteppingClock())
    assert not probe.ok
    assert f"http://127.0.0.1:9/callback/{lane}/{ORG}" in probe.detail
    assert "public_url" in probe.fix
