"""The vendor's dispatcher and long-connection client accept what the fake pushes, and the fake understands them."""

import asyncio
import importlib
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.company import derived_id
from sandbox.feishu import ClickResult, ClientConfig, FakeApp, Ingress, State
from tests.contract.sandbox_feishu.harness import (
    APP,
    KEY,
    LEI,
    Desk,
    open_desk,
    plain_card,
)
from tests.contract.vendor_feishu.conftest import Connect

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the vendor's own dependencies
]

_DONE = plain_card("✅ 已提交")


@pytest.fixture
def app(request: pytest.FixtureRequest) -> FakeApp:
    """An app of its own for each test, because the vendor keeps state by app id for the whole process."""
    return replace(APP, app_id=derived_id("cli_", request.node.name))


class Heard:
    """What the vendor's handlers were called with, from whichever thread."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.clicks: list[Any] = []
        self.came = threading.Event()

    def message(self, event: Any) -> None:
        self.texts.append(json.loads(event.event.message.content)["text"])
        self.came.set()


def _dispatcher(lark: Any, heard: Heard, key: str = "", token: str = "") -> Any:
    answers = importlib.import_module(f"{lark.__name__}.event.callback.model.p2_card_action_trigger")

    def clicked(event: Any) -> Any:
        heard.clicks.append(event.event)
        toast = {"type": "success", "content": "已提交"}
        return answers.P2CardActionTriggerResponse({"toast": toast, "card": {"type": "raw", "data": _DONE}})

    builder = lark.EventDispatcherHandler.builder(key, token)
    builder = builder.register_p2_im_message_receive_v1(heard.message)
    return builder.register_p2_card_action_trigger(clicked).build()


async def _until(condition: Callable[[], bool], desk: Desk) -> None:
    """Give the client's thread turns of this loop until something about the desk is so."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.to_thread(threading.Event().wait, 0.01)
    await desk.fake.idle()


async def test_its_long_connection_gets_plain_and_fragmented_events(lark: Any, connect: Connect, app: FakeApp) -> None:
    heard = Heard()
    async with open_desk(apps=(app,)) as desk, connect(desk, _dispatcher(lark, heard)):
        await _until(lambda: desk.fake.connections() == 1, desk)
        await desk.fake.say(LEI, "整个")
        for text, reverse in (("碎片", False), ("倒序碎片", True)):
            desk.fake.set_fault("fragments", size=64, reverse=reverse)
            await desk.fake.say(LEI, text)
        assert heard.texts == ["整个", "碎片", "倒序碎片"]
        assert [delivery.state for delivery in desk.fake.deliveries()] == [State.DONE] * 3
        assert desk.fake.complaints == []


async def test_its_answer_to_a_click_is_understood(lark: Any, connect: Connect, app: FakeApp) -> None:
    heard = Heard()
    async with open_desk(apps=(app,)) as desk, connect(desk, _dispatcher(lark, heard)):
        await _until(lambda: desk.fake.connections() == 1, desk)
        message_id = await desk.card_id(LEI)
        result = await desk.fake.click(LEI, message_id, "submit_ck", {"q1": "好"})
        assert result == ClickResult({"type": "success", "content": "已提交"}, _DONE)
        (event,) = heard.clicks
        assert (event.operator.open_id, event.context.open_message_id) == (LEI, message_id)
        assert (event.action.name, event.action.form_value["q1"]) == ("submit_ck", "好")
        assert event.action.value == {"op": "checkin"}


async def test_it_reconnects_with_the_served_settings_and_gets_what_it_missed(
    lark: Any, connect: Connect, app: FakeApp
) -> None:
    heard = Heard()
    async with open_desk(apps=(app,)) as desk:
        desk.fake.set_client_config(ClientConfig(-1, 1, 0, 120))
        async with connect(desk, _dispatcher(lark, heard)):
            await _until(lambda: desk.fake.connections() == 1, desk)
            desk.fake.set_fault("ws_close")
            await desk.fake.say(LEI, "断线时")
            await _until(heard.came.is_set, desk)
            assert heard.texts == ["断线时"]


async def test_a_pong_changes_its_settings(lark: Any, connect: Connect, app: FakeApp) -> None:
    async with open_desk(apps=(app,)) as desk, connect(desk, _dispatcher(lark, Heard())) as running:
        desk.fake.set_client_config(ClientConfig(5, 7, 9, 11))
        await _until(lambda: getattr(running.client, "_ping_interval", 0) == 11, desk)
        assert (running.client._reconnect_count, running.client._reconnect_interval) == (5, 7)


@pytest.mark.parametrize("fault", ["endpoint", "handshake"])
async def test_it_stops_where_the_fake_says_fatal(lark: Any, connect: Connect, app: FakeApp, fault: str) -> None:
    async with open_desk(apps=(app,)) as desk:
        desk.fake.set_fault(fault, code=1000040350)
        async with connect(desk, _dispatcher(lark, Heard())) as running:
            await asyncio.to_thread(running.ended.wait)
            assert running.failure is not None
        assert desk.fake.connections() == 0


async def test_it_stops_on_bad_credentials(lark: Any, connect: Connect, app: FakeApp) -> None:
    async with open_desk(apps=(app,)) as desk:
        desk.app = replace(app, secret="wrong")
        async with connect(desk, _dispatcher(lark, Heard())) as running:
            await asyncio.to_thread(running.ended.wait)
            assert "514" in str(running.failure)


@asynccontextmanager
async def _vendor_webhook(lark: Any, heard: Heard) -> AsyncIterator[Desk]:
    """A desk whose app is the vendor's framework-free dispatcher behind an address, with encryption."""
    dispatcher = _dispatcher(lark, heard, KEY, APP.verification_token)

    async def serve(request: web.Request) -> web.Response:
        raw = lark.RawRequest()
        raw.uri, raw.body, raw.headers = request.path, await request.read(), dict(request.headers)
        answer = await asyncio.to_thread(dispatcher.do, raw)
        return web.Response(status=answer.status_code, body=answer.content, content_type="application/json")

    site = web.Application()
    site.router.add_post("/events", serve)
    async with TestServer(site) as server:
        app = replace(APP, ingress=Ingress.WEBHOOK, callback_url=str(server.make_url("/events")), encrypt_key=KEY)
        async with open_desk(apps=(app,)) as desk:
            yield desk


@pytest.mark.parametrize("fault", [None, "wrong_signature", "wrong_token", "bad_padding"])
async def test_its_dispatcher_decrypts_and_verifies_webhooks(lark: Any, fault: str | None) -> None:
    heard = Heard()
    async with _vendor_webhook(lark, heard) as desk:
        assert await desk.fake.verify_url() is True
        if fault is not None:
            desk.fake.set_fault(fault)
        await desk.fake.say(LEI, "你好")
        (delivery,) = desk.fake.deliveries()
        assert (heard.texts, delivery.state) == (([], State.RETRY) if fault else (["你好"], State.DONE))


async def test_its_dispatcher_answers_clicks_over_http(lark: Any) -> None:
    heard = Heard()
    async with _vendor_webhook(lark, heard) as desk:
        message_id = await desk.card_id(LEI)
        result = await desk.fake.click(LEI, message_id, "skip", {})
        assert result == ClickResult({"type": "success", "content": "已提交"}, _DONE)
        assert heard.clicks[0].action.value == {"op": "skip"}
