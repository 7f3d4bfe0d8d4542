"""A fake company on a free port, a caller of its API, and a scripted app behind the callback.

The app opens and seals envelopes with code of its own, written after the reference alone.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from sandbox.company import Company, Department, User, UserStatus
from sandbox.wecom import CONTACT_SYNC, FakeWeComApp, Limits, Timing, WeComFake, make_app

SAMPLE_COMPANY = Path(__file__).parents[3] / "sandbox" / "company.yaml"
CORP = "ww00112233445566aa"
KEY = "u8jzPde0IgxLd6GncfBAepfJBd0Kh8oOOL8dKLzdocJ"
OTHER_KEY = "a" * 42 + "B"
NOWHERE = "http://127.0.0.1:1/callback"
APP = FakeWeComApp(CORP, 1000002, "secret-of-the-app", "DemoToken2026", KEY, NOWHERE)
OTHER_APP = FakeWeComApp(CORP, 1000003, "secret-of-the-other", "OtherToken", OTHER_KEY, NOWHERE, name="另一个")
SYNC = FakeWeComApp(CORP, CONTACT_SYNC, "secret-of-the-sync", "SyncToken", OTHER_KEY, NOWHERE)
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
IMPATIENT = Timing(answer_seconds=0.3, check_seconds=0.3, connect_seconds=0.3)
"""For tests in which no answer comes; elsewhere the real five seconds hold, so that a busy machine fails nothing."""

COMPANY = Company(
    "示例科技",
    (
        Department("rd", "研发", leader="lihua", deputies=("zhaomin",), hrbps=("chenjing",)),
        Department("rd-platform", "平台", parent="rd", leader="lihua"),
        Department("hr", "人力资源"),
    ),
    (
        User("gaoyuan", "高远"),
        User("lihua", "李华", ("rd",), leader="gaoyuan", mail="lihua@example.com"),
        User("zhaomin", "赵敏", ("rd",), leader="gaoyuan"),
        User("wanglei", "王磊", ("rd-platform", "hr"), "lihua", ("zhaomin",), "wanglei@example.com", "工程师"),
        User("ZhangWei", "张伟", ("rd-platform",), leader="lihua"),
        User("chenjing", "陈静", ("hr",)),
        User("frozen", "冻结", ("hr",), status=UserStatus.FROZEN),
        User("fresh", "新来", ("hr",), status=UserStatus.UNJOINED),
    ),
)
LEI, WEI, HUA, MIN, JING, YUAN = "wanglei", "ZhangWei", "lihua", "zhaomin", "chenjing", "gaoyuan"

Json = dict[str, Any]


@dataclass
class Clock:
    """Both clocks of a fake, standing still until a test moves them."""

    present: datetime = START
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.present

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, **parts: float) -> None:
        """Move the company's clock, by `timedelta`'s parts."""
        self.present += timedelta(**parts)

    def wait(self, seconds: float) -> None:
        """Move the clock for rates."""
        self.seconds += seconds


@dataclass
class Desk:
    """A running fake and a caller of its API."""

    fake: WeComFake
    clock: Clock
    server: BaseTestServer
    session: aiohttp.ClientSession
    app: FakeWeComApp = APP
    token: str = ""
    token_from: datetime = START
    task_ids: int = 0

    def url(self, path: str) -> str:
        return f"{str(self.server.make_url('/')).rstrip('/')}/cgi-bin/{path}"

    async def login(self, corp_id: str | None = None, secret: str | None = None) -> Json:
        """Call `gettoken` as the app, or with other credentials."""
        corp_id, secret = (
            self.app.corp_id if corp_id is None else corp_id,
            self.app.secret if secret is None else secret,
        )
        return await self.get("gettoken", token="", corpid=corp_id, corpsecret=secret)

    async def get(self, path: str, token: str | None = None, **query: str) -> Json:
        """GET with the app's token, or with another one."""
        return await self._json("GET", path, token, query, None)

    async def post(self, path: str, body: Any = None, token: str | None = None, **query: str) -> Json:
        """POST JSON, or bytes as they are, with the app's token, or with another one."""
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return await self._json("POST", path, token, query, raw)

    async def bearer(self) -> str:
        """The app's token, renewed as the company's clock moves on."""
        if not self.token or self.clock.present - self.token_from > timedelta(hours=1):
            self.token, self.token_from = (await self.login())["access_token"], self.clock.present
        return self.token

    def become(self, app: FakeWeComApp) -> None:
        """Call as another app from now on."""
        self.app, self.token = app, ""

    async def send(self, touser: str, msg_type: str, content: Any, **more: Any) -> Json:
        body = {"touser": touser, "msgtype": msg_type, "agentid": self.app.agent_id, msg_type: content, **more}
        return await self.post("message/send", body)

    async def send_text(self, touser: str = LEI, text: str = "你好", **more: Any) -> Json:
        return await self.send(touser, "text", {"content": text}, **more)

    async def send_card(self, touser: str, card: Json, **more: Any) -> Json:
        """Send a card, with a task_id of its own where it has none."""
        if "task_id" not in card:
            self.task_ids += 1
            card = {**card, "task_id": f"task-{self.task_ids}"}
        return await self.send(touser, "template_card", card, **more)

    async def card_id(self, user_id: str, card: Json) -> str:
        """Send a card that must arrive; the message's id."""
        sent = await self.send_card(user_id, card)
        assert sent["errcode"] == 0, sent
        return str(self.fake.messages_of(user_id)[-1]["id"])

    async def update(self, code: str, userids: list[str] | None = None, **more: Any) -> Json:
        body = {"userids": userids or [LEI], "agentid": self.app.agent_id, "response_code": code, **more}
        return await self.post("message/update_template_card", body)

    def texts(self, user_id: str = LEI) -> list[str | None]:
        """What stands in somebody's chat."""
        return [message["text"] for message in self.fake.messages_of(user_id)]

    def card(self, user_id: str = LEI) -> Json:
        """The newest card in somebody's chat."""
        cards = [message["card"] for message in self.fake.messages_of(user_id) if message["card"]]
        newest: Json = cards[-1]
        return newest

    async def _json(self, method: str, path: str, token: str | None, query: Mapping[str, str], raw: Any) -> Json:
        token = await self.bearer() if token is None else token
        params = {**query, **({"access_token": token} if token else {})}
        async with self.session.request(method, self.url(path), data=raw, params=params) as response:
            assert response.status == 200
            answer: Json = await response.json()
            return answer


@asynccontextmanager
async def open_desk(
    path: str | None = None,
    apps: tuple[FakeWeComApp, ...] = (APP,),
    limits: Limits | None = None,
    clock: Clock | None = None,
    timing: Timing | None = None,
    seed: int = 7,
) -> AsyncIterator[Desk]:
    """Run a fake with the small company; on a file that already has people it keeps them."""
    clock = clock or Clock()
    fake = WeComFake(path, clock.now, clock.monotonic, Random(seed), apps, limits, timing)
    if not fake.people():
        fake.load_company(COMPANY)
    async with TestServer(make_app(fake)) as server, aiohttp.ClientSession() as session:
        yield Desk(fake, clock, server, session, apps[0])
    await fake.close()


def opened(key: str, sealed: str) -> tuple[bytes, bytes, str]:
    """The random bytes, the text and the receiver's id in an envelope; whatever is wrong with it raises."""
    padded = _cipher(key).decryptor().update(base64.b64decode(sealed, validate=True))
    unpadder = PKCS7(256).unpadder()
    body = unpadder.update(padded) + unpadder.finalize()
    end = 20 + int.from_bytes(body[16:20], "big")
    return body[:16], body[20:end], body[end:].decode()


def sealed(key: str, text: str, receive_id: str = CORP) -> str:
    """An envelope of an app."""
    raw = text.encode()
    padder = PKCS7(256).padder()
    body = b"0123456789abcdef" + len(raw).to_bytes(4, "big") + raw + receive_id.encode()
    return base64.b64encode(_cipher(key).encryptor().update(padder.update(body) + padder.finalize())).decode()


def signature(token: str, *parts: str) -> str:
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()


def reply_body(app: FakeWeComApp, text: str) -> str:
    """A passive reply's body."""
    box = sealed(app.aes_key, text)
    signed = signature(app.token, "1795316410", "demo123", box)
    return (
        f"<xml><Encrypt><![CDATA[{box}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
        "<TimeStamp>1795316410</TimeStamp><Nonce><![CDATA[demo123]]></Nonce></xml>"
    )


def reply_xml(user_id: str, msg_type: str, inner: str) -> str:
    """What a passive reply holds."""
    return (
        f"<xml><ToUserName><![CDATA[{user_id}]]></ToUserName><FromUserName><![CDATA[{CORP}]]></FromUserName>"
        f"<CreateTime>1795316410</CreateTime><MsgType><![CDATA[{msg_type}]]></MsgType>{inner}</xml>"
    )


@dataclass(frozen=True)
class Heard:
    """One request as the app got it."""

    query: Mapping[str, str]
    body: bytes

    def envelope(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)


Event = ElementTree.Element
Script = Callable[[Event], Any]
"""Gets what was sealed; returns the XML to reply with, "" for nothing, a status, or a whole response."""


def text_of(event: Event, path: str) -> str | None:
    """The text of an element, None where there is none."""
    found = event.find(path)
    return None if found is None else found.text or ""


def silent(_event: Event) -> str:
    """The script that says nothing."""
    return ""


@dataclass
class CallbackApp:
    """An HTTP endpoint that checks and opens what it gets, keeps it, and answers by script."""

    script: Script
    settings: FakeWeComApp = APP
    heard: list[Heard] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def told(self, path: str) -> list[str | None]:
        """One element's text of every event."""
        return [text_of(event, path) for event in self.events]

    async def check(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        assert query["msg_signature"] == signature(
            self.settings.token, query["timestamp"], query["nonce"], query["echostr"]
        )
        self.heard.append(Heard(dict(query), b""))
        _, text, receive_id = opened(self.settings.aes_key, query["echostr"])
        assert receive_id == CORP
        return web.Response(body=text)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        heard = Heard(dict(request.query), await request.read())
        self.heard.append(heard)
        box = heard.envelope().findtext("Encrypt") or ""
        signed = signature(self.settings.token, heard.query["timestamp"], heard.query["nonce"], box)
        if heard.query["msg_signature"] != signed:
            return web.Response(status=403)
        try:
            _, text, receive_id = opened(self.settings.aes_key, box)
            event = ElementTree.fromstring(text.decode())
        except (ValueError, ElementTree.ParseError):
            return web.Response(status=400)
        if receive_id != CORP:
            return web.Response(status=400)
        self.events.append(event)
        answer = self.script(event)
        return self._response(await answer if asyncio.iscoroutine(answer) else answer)

    def _response(self, answer: Any) -> web.StreamResponse:
        if isinstance(answer, int):
            return web.Response(status=answer)
        if isinstance(answer, str):
            return web.Response(text=reply_body(self.settings, answer) if answer else "")
        assert isinstance(answer, web.StreamResponse)
        return answer


@asynccontextmanager
async def callback_app(script: Script = silent, settings: FakeWeComApp = APP) -> AsyncIterator[CallbackApp]:
    """Run an endpoint on a free port; `settings` then name its address, also with a query of its own."""
    endpoint = CallbackApp(script, settings)
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_get("/wecom", endpoint.check)
    app.router.add_post("/wecom", endpoint.serve)
    async with TestServer(app) as server:
        endpoint.settings = replace(settings, callback_url=f"{server.make_url('/wecom')}?org=demo")
        yield endpoint


@asynccontextmanager
async def open_talk(script: Script = silent, **more: Any) -> AsyncIterator[tuple[Desk, CallbackApp]]:
    """A desk whose app has an endpoint."""
    async with callback_app(script) as endpoint, open_desk(apps=(endpoint.settings,), **more) as desk:
        yield desk, endpoint


def _cipher(key: str) -> Cipher[modes.CBC]:
    raw = base64.b64decode(key + "=")
    return Cipher(algorithms.AES(raw), modes.CBC(raw[:16]))
