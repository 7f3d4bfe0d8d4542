"""wechatpy opens and parses what the fake sends, and the fake understands what wechatpy seals."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.wecom import State
from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import (
    APP,
    CORP,
    LEI,
    MIN,
    Desk,
    open_desk,
    reply_body,
    reply_xml,
    signature,
    text_of,
)

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the library's own dependencies
]

Answering = Callable[[Any], Any]
"""Gets the parsed message; returns what wechatpy is to seal, None for nothing."""


class VendorApp:
    """An app as wechatpy's manual shows one."""

    def __init__(self, wechatpy: Any, mistakes: Any, crypto: Any, answering: Answering) -> None:
        self._wechatpy, self._mistakes, self._crypto = wechatpy, mistakes, crypto
        self._answering = answering
        self.parsed: list[Any] = []

    async def serve(self, request: web.Request) -> web.Response:
        query = request.query
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        try:
            if request.method == "GET":
                return web.Response(text=self._crypto.check_signature(*signed, query["echostr"]))
            text = self._crypto.decrypt_message(await request.read(), *signed)
        except (self._mistakes.WeChatException, UnicodeDecodeError):
            return web.Response(status=403)
        message = self._wechatpy.parse_message(text)
        self.parsed.append(message)
        answer = self._answering(message)
        if answer is None:
            return web.Response()
        return web.Response(text=self._crypto.encrypt_message(answer, query["nonce"], query["timestamp"]))


@pytest.fixture
def vendor(wechatpy: Any, mistakes: Any, crypto: Any) -> Callable[[Answering], VendorApp]:
    """A function that makes an app of the library."""
    return lambda answering: VendorApp(wechatpy, mistakes, crypto, answering)


@asynccontextmanager
async def _served(app: VendorApp) -> AsyncIterator[Desk]:
    site = web.Application()
    site.router.add_route("*", "/", app.serve)
    async with TestServer(site) as server:
        async with open_desk(apps=(replace(APP, callback_url=str(server.make_url("/"))),)) as desk:
            yield desk


def _nothing(_message: Any) -> None:
    return None


async def test_it_accepts_the_check_of_the_address(vendor: Any) -> None:
    async with _served(vendor(_nothing)) as desk:
        for _ in range(10):
            assert await desk.fake.verify_url() is True


async def test_it_reads_texts_and_events_in_every_form(vendor: Any) -> None:
    app = vendor(_nothing)
    async with _served(app) as desk:
        ids = [int(await desk.fake.say(LEI, f"第 {number} 句 <b>&amp;")) for number in range(12)]
        await desk.fake.open_chat(LEI)
        await desk.fake.set_visible_range(frozenset(), frozenset({LEI, MIN, "lihua", "chenjing", "gaoyuan", "fresh"}))
        texts, entered, left = app.parsed[:12], app.parsed[12], app.parsed[13]
        assert [(each.type, each.id, each.content) for each in texts] == [
            ("text", found, f"第 {number} 句 <b>&amp;") for number, found in enumerate(ids)
        ]
        assert {(each.source, each.target, int(each.agent)) for each in texts} == {(LEI, CORP, APP.agent_id)}
        assert (entered.event, entered.source) == ("enter_agent", LEI)
        assert (left.event, left.source) == ("unsubscribe", "ZhangWei")
        assert {delivery.state for delivery in desk.fake.deliveries()} == {State.DONE}


async def test_it_finds_the_parts_of_a_click_in_the_raw_message(vendor: Any) -> None:
    app = vendor(_nothing)
    async with _served(app) as desk:
        message_id = await desk.card_id(LEI, {**cards.checkin(), "task_id": "ci-1"})
        await desk.fake.click(LEI, message_id, "submit_checkin", {"mood": "5"})
        (event,) = app.parsed
        assert event.type == "unknown"  # the library knows no template cards
        found = event._data
        assert (found["Event"], found["TaskId"], found["EventKey"]) == ("template_card_event", "ci-1", "submit_checkin")
        items = {each["QuestionKey"]: each["OptionIds"]["OptionId"] for each in found["SelectedItems"]["SelectedItem"]}
        assert items == {"mood": "5", "progress": "ok", "help": "no"}


async def test_its_text_reply_is_said(vendor: Any, wechatpy: Any) -> None:
    async with _served(vendor(lambda message: wechatpy.create_reply("已收到，谢谢", message))) as desk:
        await desk.fake.say(LEI, "你好")
        assert (desk.texts(), desk.fake.complaints) == (["你好", "已收到，谢谢"], [])


@pytest.mark.parametrize("length", range(0, 40, 3))
async def test_replies_of_any_length_can_be_opened(vendor: Any, length: int) -> None:
    grey = reply_xml(LEI, "update_button", f"<Button><ReplaceName>已同意{'好' * length}</ReplaceName></Button>")
    async with _served(vendor(lambda _: grey)) as desk:
        message_id = await desk.card_id(LEI, cards.approval())
        result = await desk.fake.click(LEI, message_id, "approve", {})
        assert result.card is not None
        assert result.card["replace_text"] == "已同意" + "好" * length


@pytest.mark.parametrize("kind", ["wrong_signature", "wrong_receiver"])
async def test_it_refuses_what_the_fake_forges(vendor: Any, kind: str) -> None:
    app = vendor(_nothing)
    async with _served(app) as desk:
        desk.fake.set_fault(kind)
        await desk.fake.say(LEI, "你好")
        assert (app.parsed, desk.fake.deliveries()[0].state) == ([], State.RETRY)
        desk.clock.advance(seconds=1)
        await desk.fake.run_due_retries()
        assert [each.content for each in app.parsed] == ["你好"]


def test_the_tests_own_envelopes_are_its_envelopes(crypto: Any) -> None:
    box = text_of(ElementTree.fromstring(reply_body(APP, "<xml><a>好</a></xml>")), "Encrypt") or ""
    signed = signature(APP.token, "1795316410", "demo123", box)
    assert crypto.decrypt_message({"Encrypt": box}, signed, "1795316410", "demo123") == "<xml><a>好</a></xml>"
