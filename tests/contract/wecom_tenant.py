"""A fake company of the sandbox with the WeCom adapter beside it, and an address that takes its callbacks in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

import sandbox
from adapters.http import HttpSession
from adapters.webhook import HttpAnswer, Immediate
from adapters.wecom.api import WeComApi
from adapters.wecom.client import WeComClient
from adapters.wecom.settings import WeComSettings
from adapters.wecom.webhook import WeComWebhook
from domain.cards import Answer, Card, CardKey, ChoiceField, Option, Toast, ToastKind, Tone
from domain.errors import Malformed, NotAuthentic
from domain.events import CardClicked, Inbound
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Outgoing
from sandbox.company import read_company
from sandbox.wecom import FakeWeComApp, WeComFake, make_app
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.contract.wecom_stub import AES_KEY, AGENT_ID, CORP, SECRET, TOKEN

ORG = OrgId("acme")
APP = FakeWeComApp(CORP, AGENT_ID, SECRET, TOKEN, AES_KEY)
KEY = CardKey("checkin", "0190f0f0f0f07000800000000000abcd")
WANG, LI, CHEN = "wanglei", "lihua", "chenjing"
DONE = Card(KEY, "本周复盘", "已提交", Tone.DONE, "已提交")


def choices(name: str, *labels: str, multiple: bool = False) -> ChoiceField:
    """A field whose options are numbered from 1."""
    options = tuple(Option(str(number), label) for number, label in enumerate(labels, start=1))
    return ChoiceField(name, f"{name}？", options, multiple=multiple)


def row(call: Call, body: Body, to: str = WANG, target: str = "", message_id: str = "m1") -> Outgoing:
    return Outgoing(ORG, MessageId(message_id), "wecom", call, PersonId(to), to, body, target)


class Core:
    """Hears events and answers clicks."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.answer = Answer(Toast(ToastKind.SUCCESS, "已提交"), DONE)
        self.failures = 0

    def handle(self, inbound: Inbound) -> Answer:
        """Remember an event; fail as often as told."""
        self.heard.append(inbound)
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        return self.answer if isinstance(inbound, CardClicked) else Answer()


class Tenant:
    """A fake company with one app, and the adapter beside it."""

    def __init__(self, fake: WeComFake, url: str, http: HttpSession, clock: SteppingClock) -> None:
        self.fake = fake
        self.http = http
        self.clock = clock
        self.settings = WeComSettings(CORP, AGENT_ID, SECRET, TOKEN, AES_KEY, base_url=url)
        self.api = WeComApi(self.settings, http, clock)
        self.client = WeComClient(self.settings, http, clock, self.api)
        self.webhook = WeComWebhook(self.settings, ORG)
        self.core = Core()
        self.refused: list[Exception] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take a callback in as the bot's web server does."""
        try:
            call = self.webhook.receive(request.headers, request.query, await request.read(), self.clock.now())
        except (NotAuthentic, Malformed) as error:
            self.refused.append(error)
            return web.Response(status=401 if isinstance(error, NotAuthentic) else 400)
        if isinstance(call, Immediate):
            return _response(call.answer)
        try:
            return _response(call.reply(self.core.handle(call.inbound)))
        except RuntimeError:
            return web.Response(status=503)

    async def sent(self, card: Card, to: str = WANG, message_id: str = "m1") -> str:
        """Send a card and return its packed receipt."""
        return await self.client.deliver(row(Call.CARD, card, to, message_id=message_id))

    def chat(self, of: str = WANG) -> list[dict[str, Any]]:
        """What somebody sees."""
        return self.fake.messages_of(of)

    async def press(self, label: str, form: dict[str, Any] | None = None, of: str = WANG) -> dict[str, Any] | None:
        """Press a button of the newest message; the card's new face, if it got one."""
        result = await self.fake.click(of, self.chat(of)[-1]["id"], label, form or {})
        assert result.error is None
        return result.card


@asynccontextmanager
async def open_tenant() -> AsyncIterator[Tenant]:
    """A fresh company whose clocks stand still until a test moves them."""
    clock = SteppingClock()
    fake = WeComFake(None, clock.now, lambda: clock.now().timestamp(), Random(7), [APP])
    fake.load_company(read_company(Path(sandbox.__path__[0]) / "company.yaml"))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(make_app(fake)))
        http = await stack.enter_async_context(open_session())
        tenant = Tenant(fake, str(server.make_url("")), http, clock)
        callbacks = web.Application(client_max_size=1024 * 1024)
        callbacks.router.add_route("*", "/callback", tenant.take)
        address = await stack.enter_async_context(TestServer(callbacks))
        fake.configure(replace(APP, callback_url=str(address.make_url("/callback"))))
        yield tenant
    await fake.close()


def _response(answer: HttpAnswer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type})
