"""Feishu: what the outbox may expect of the client, and what an admin learns from its probes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from aiohttp import web

from adapters.feishu.api import TOKEN_PATH
from adapters.feishu.client import BOT_INFO, MESSAGES, SCOPES, FeishuClient
from adapters.feishu.endpoint import ENDPOINT_PATH
from adapters.feishu.render import render
from adapters.feishu.settings import FeishuSettings, Mode
from adapters.http import HttpSession
from domain.cards import Button, Card, CardKey, Mention
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Mail, Outgoing
from tests.contract.feishu_stub import APP_SECRET, Asked, SteppingClock, Stub, open_session, running_stub

CARD = Card(
    CardKey("checkin", "c1"), "本周复盘", "一分钟", blocks=(Mention("张三", "在吗"),), buttons=(Button("a", "好"),)
)
SENT = {"code": 0, "msg": "success", "data": {"message_id": "om_1"}}
MESSAGE_ID = "0190f0f0f0f07000800000000000abcd"


def row(call: Call = Call.CARD, body: Body = CARD, target: str = "", attempts: int = 0) -> Outgoing:
    org, person = OrgId("acme"), PersonId("p1")
    return Outgoing(org, MessageId(MESSAGE_ID), "feishu", call, person, "ou_1", body, target, attempts)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with running_stub() as running:
        running.on("POST", MESSAGES, SENT)
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def client(stub: Stub, http: HttpSession, clock: SteppingClock) -> FeishuClient:
    return FeishuClient(stub.settings(), http, clock)


class TestDelivery:
    async def test_a_card_goes_to_a_person_under_our_own_key(self, client: FeishuClient, stub: Stub) -> None:
        assert await client.deliver(row()) == "om_1"
        asked = stub.calls(MESSAGES)[0]
        assert asked.query == [("receive_id_type", "open_id")]
        assert asked.headers["Authorization"] == "Bearer t-1"
        assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
        assert asked.body["receive_id"] == "ou_1"
        assert asked.body["msg_type"] == "interactive"
        assert asked.body["uuid"] == MESSAGE_ID
        assert len(asked.body["uuid"]) <= 50
        assert orjson.loads(asked.body["content"]) == render(CARD, "ou_1")

    async def test_a_text_is_sent_without_markup(self, client: FeishuClient, stub: Stub) -> None:
        assert await client.deliver(row(Call.TEXT, '<at user_id="all"></at>好')) == "om_1"
        body = stub.calls(MESSAGES)[0].body
        assert body["msg_type"] == "text"
        assert "<at" not in body["content"]

    async def test_a_sent_card_gets_a_new_face(self, client: FeishuClient, stub: Stub) -> None:
        stub.on("PATCH", f"{MESSAGES}/om_9", {"code": 0, "msg": "ok", "data": {}})
        assert await client.deliver(row(Call.UPDATE, target="om_9")) == ""
        body = stub.calls(f"{MESSAGES}/om_9")[0].body
        assert list(body) == ["content"]
        assert orjson.loads(body["content"]) == render(CARD, "ou_1")

    async def test_a_target_cannot_lead_to_another_path(self, client: FeishuClient, stub: Stub) -> None:
        with pytest.raises(PlatformError):
            await client.deliver(row(Call.UPDATE, target="../../x?y="))
        assert not [each for each in stub.asked if each.path == "/open-apis/x"]
        assert stub.asked[-1].path == f"{MESSAGES}/../../x?y="

    @pytest.mark.parametrize(
        ("call", "body", "target"),
        [
            (Call.CARD, "words", ""),
            (Call.TEXT, CARD, ""),
            (Call.UPDATE, CARD, ""),
            (Call.UPDATE, "words", "om_9"),
            (Call.MAIL, Mail("s", "t"), ""),
        ],
    )
    async def test_a_row_that_contradicts_itself_is_never_sent(
        self, client: FeishuClient, stub: Stub, call: Call, body: Body, target: str
    ) -> None:
        with pytest.raises(ContentRefused):
            await client.deliver(row(call, body, target))
        assert not stub.asked

    async def test_success_without_an_id_is_no_success(self, client: FeishuClient, stub: Stub) -> None:
        stub.on("POST", MESSAGES, {"code": 0, "data": {}})
        with pytest.raises(PlatformDown):
            await client.deliver(row())

    def test_its_abilities_are_the_documented_ones(self, client: FeishuClient) -> None:
        abilities = client.abilities
        assert (abilities.calls_per_minute, abilities.calls_per_second) == (1000, 50)
        assert (abilities.per_receiver_per_second, abilities.idempotent_seconds) == (5, 3600)
        assert (abilities.updates, abilities.update_days) == (True, 14)


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "code", "error"),
        [
            (400, 230013, Undeliverable),
            (400, 230028, ContentRefused),
            (400, 230031, TargetGone),
            (400, 99991672, Misconfigured),
            (400, 230020, Throttled),
            (200, 230001, ContentRefused),
            (500, 2200, PlatformDown),
        ],
    )
    async def test_a_refusal_is_raised_as_what_it_means(
        self, client: FeishuClient, stub: Stub, status: int, code: int, error: type[PlatformError]
    ) -> None:
        stub.on("POST", MESSAGES, (status, {"code": code, "msg": "no"}))
        with pytest.raises(error) as raised:
            await client.deliver(row())
        assert raised.value.code == str(code)
        assert "log-1" in raised.value.hint
        assert len(stub.calls(MESSAGES)) == 1

    async def test_each_further_try_is_told_to_wait_longer(self, client: FeishuClient, stub: Stub) -> None:
        stub.on("POST", MESSAGES, (429, {"code": 99991400}))
        with pytest.raises(Throttled) as raised:
            await client.deliver(row(attempts=3))
        assert raised.value.retry_after == timedelta(seconds=4)

    async def test_a_page_of_a_proxy_is_a_platform_that_is_down(self, client: FeishuClient, stub: Stub) -> None:
        async def gateway(_: Asked) -> web.StreamResponse:
            return web.Response(status=502, text="<html>Bad Gateway</html>")

        stub.replies["POST", MESSAGES] = gateway
        with pytest.raises(PlatformDown) as raised:
            await client.deliver(row())
        assert raised.value.code == "http-502"


class TestTokens:
    @pytest.mark.parametrize("code", [99991663, 99991664, 99991665])
    async def test_a_refused_token_is_renewed_once_and_the_call_made_again(
        self, client: FeishuClient, stub: Stub, code: int
    ) -> None:
        stub.on("POST", MESSAGES, (400, {"code": code, "msg": "Invalid access token"}), SENT)
        assert await client.deliver(row()) == "om_1"
        first, second = stub.calls(MESSAGES)
        assert (first.headers["Authorization"], second.headers["Authorization"]) == ("Bearer t-1", "Bearer t-2")
        assert first.body == second.body

    async def test_a_token_that_is_refused_twice_is_an_error_and_not_a_loop(
        self, client: FeishuClient, stub: Stub
    ) -> None:
        stub.on("POST", MESSAGES, (400, {"code": 99991663, "msg": "Invalid access token"}))
        with pytest.raises(PlatformDown):
            await client.deliver(row())
        assert len(stub.calls(MESSAGES)) == 2

    async def test_many_refused_callers_renew_the_token_once(self, client: FeishuClient, stub: Stub) -> None:
        async def only_new(asked: Asked) -> web.StreamResponse:
            if asked.headers["Authorization"] == "Bearer t-1":
                return web.json_response({"code": 99991663}, status=400)
            return web.json_response(SENT)

        stub.replies["POST", MESSAGES] = only_new
        assert await asyncio.gather(*(client.deliver(row()) for _ in range(10))) == ["om_1"] * 10
        assert stub.tokens == 2

    async def test_the_token_is_asked_for_with_the_apps_credentials_once(
        self, client: FeishuClient, stub: Stub, clock: SteppingClock
    ) -> None:
        await client.deliver(row())
        clock.advance(timedelta(minutes=60))
        await client.deliver(row())
        (asked,) = stub.calls(TOKEN_PATH)
        assert asked.body == {"app_id": "cli_1", "app_secret": APP_SECRET}
        assert "Authorization" not in asked.headers

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ({"code": 10014, "msg": "app id not exists"}, Misconfigured),
            ({"code": 10003, "data": {}, "msg": "invalid param"}, Misconfigured),
            ({"code": 0, "msg": "ok"}, PlatformDown),
            ({"code": 0, "tenant_access_token": "t-x", "expire": "soon"}, PlatformDown),
            ({}, PlatformDown),
        ],
    )
    async def test_a_token_that_is_refused_with_status_200_is_still_refused(
        self, client: FeishuClient, stub: Stub, answer: dict[str, Any], error: type[PlatformError]
    ) -> None:
        stub.on("POST", TOKEN_PATH, answer)
        with pytest.raises(error) as raised:
            await client.deliver(row())
        assert APP_SECRET not in str(raised.value)
        assert not stub.calls(MESSAGES)


class TestProbes:
    async def test_all_is_well(self, client: FeishuClient, stub: Stub) -> None:
        stub.on("GET", BOT_INFO, {"code": 0, "bot": {"activate_status": 2, "app_name": "复盘", "open_id": "ou_b"}})
        stub.on("GET", SCOPES, {"code": 0, "data": {"department_ids": ["od-1"], "user_ids": [], "has_more": False}})
        config = {"PingInterval": 90, "ReconnectInterval": 60, "ReconnectNonce": 30, "ReconnectCount": -1}
        data = {"URL": "ws://127.0.0.1:1/ws/v2?ticket=secret&service_id=5", "ClientConfig": config}
        stub.on("POST", ENDPOINT_PATH, {"code": 0, "data": data})
        probes = await client.probe()
        assert [each.name for each in probes] == ["feishu.token", "feishu.bot", "feishu.contacts", "feishu.socket"]
        assert all(each.ok and not each.fix for each in probes)
        assert not any(secret in repr(probes) for secret in (APP_SECRET, "secret", "t-1"))
        assert probes[3].detail == "ping every 90 s"

    async def test_each_fault_names_its_fix(self, client: FeishuClient, stub: Stub) -> None:
        stub.on("GET", BOT_INFO, {"code": 0, "bot": {"activate_status": 1}})
        error = {"permission_violations": [{"subject": "contact:contact.base:readonly"}]}
        stub.on("GET", SCOPES, (400, {"code": 99991672, "msg": "Access denied", "error": error}))
        stub.on("POST", ENDPOINT_PATH, {"code": 1000040350, "msg": "exceed"})
        token, bot, contacts, socket = await client.probe()
        assert token.ok
        assert "应用能力" in bot.fix
        assert "contact:contact.base:readonly" in contacts.fix
        assert "50" in socket.fix
        assert [each.ok for each in (bot, contacts, socket)] == [False] * 3

    async def test_wrong_credentials_fail_every_probe_with_the_page_to_open(
        self, client: FeishuClient, stub: Stub
    ) -> None:
        stub.on("POST", TOKEN_PATH, {"code": 10014, "msg": "app id not exists"})
        stub.on("POST", ENDPOINT_PATH, {"code": 514, "msg": "auth"})
        for probe in await client.probe():
            assert not probe.ok
            assert "凭证与基础信息" in probe.fix

    async def test_an_empty_contact_range_is_a_fault(self, client: FeishuClient, stub: Stub) -> None:
        stub.on("GET", SCOPES, {"code": 0, "data": {}})
        contacts = (await client.probe())[2]
        assert not contacts.ok
        assert "通讯录权限范围" in contacts.fix

    async def test_an_app_with_a_webhook_is_not_asked_for_a_socket(self, stub: Stub, http: HttpSession) -> None:
        settings = stub.settings(mode=Mode.WEBHOOK, encrypt_key="k")
        probes = await FeishuClient(settings, http, SteppingClock()).probe()
        assert [each.name for each in probes] == ["feishu.token", "feishu.bot", "feishu.contacts"]

    async def test_a_platform_that_is_down_is_said_to_be(self, http: HttpSession) -> None:
        settings = FeishuSettings("cli_1", "s", base_url="http://127.0.0.1:1")
        probes = await FeishuClient(settings, http, SteppingClock()).probe()
        assert all(not each.ok and "unreachable" in each.detail and each.fix for each in probes)


async def test_the_bot_is_known_by_its_id(client: FeishuClient, stub: Stub) -> None:
    stub.on("GET", BOT_INFO, {"code": 0, "bot": {"activate_status": 2, "app_name": "复盘", "open_id": "ou_b"}})
    bot = await client.bot_info()
    assert (bot.open_id, bot.name, bot.enabled) == ("ou_b", "复盘", True)
