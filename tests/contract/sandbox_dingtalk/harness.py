"""A fake organisation on a free port, a caller of its API, and scripted bots behind the stream and behind addresses."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from sandbox.company import Company, Department, User
from sandbox.dingtalk import (
    CARD_TEMPLATE,
    FORM_TEMPLATE,
    DingTalkFake,
    FakeDingTalkApp,
    Limits,
    Timing,
    crypto,
    make_app,
)
from sandbox.dingtalk.settings import CARD_TOPIC, ROBOT_TOPIC

SAMPLE_COMPANY = Path(__file__).parents[3] / "sandbox" / "company.yaml"
SECRET = "secret-of-the-app"
APP = FakeDingTalkApp("dingaaaa", SECRET, templates=(CARD_TEMPLATE, FORM_TEMPLATE))
OTHER_APP = FakeDingTalkApp("dingbbbb", "secret-of-the-other", name="另一个")
TOKEN = "token-of-the-events"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
IMPATIENT = Timing(stream_seconds=0.3, webhook_seconds=0.3, click_seconds=0.3, connect_seconds=0.3, drain_seconds=0.05)
"""For tests in which no answer comes; elsewhere the real seconds hold, so that a busy machine fails nothing."""

ROBOT = "/v1.0/robot"
CARDS = "/v1.0/card/instances"
OPEN = "/v1.0/gateway/connections/open"
ALL_TOPICS = (("EVENT", "*"), ("CALLBACK", ROBOT_TOPIC), ("CALLBACK", CARD_TOPIC))

COMPANY = Company(
    "示例科技",
    (
        Department("rd", "研发", leader="lihua", deputies=("zhaomin",), hrbps=("chenjing",)),
        Department("rd-platform", "平台", parent="rd"),
        Department("hr", "人力资源"),
    ),
    (
        User("gaoyuan", "高远"),
        User("lihua", "李华", ("rd",), leader="gaoyuan", mail="lihua@example.com"),
        User("zhaomin", "赵敏", ("rd",), leader="gaoyuan"),
        User("wanglei", "王磊", ("rd-platform",), "lihua", ("zhaomin",), "wanglei@example.com", "工程师"),
        User("zhangwei", "张伟", ("rd-platform",), leader="lihua"),
        User("chenjing", "陈静", ("hr",)),
    ),
)
LEI, WEI, HUA, JING = "wanglei", "zhangwei", "lihua", "chenjing"

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
        """Move the organisation's clock, by `timedelta`'s parts."""
        self.present += timedelta(**parts)

    def wait(self, seconds: float) -> None:
        """Move real time."""
        self.seconds += seconds


@dataclass(frozen=True)
class Answer:
    """What an API call came back with."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def refusal(self) -> tuple[int, Any]:
        """HTTP status and code, a word of the new host or a number of the old one; None where it went well."""
        return self.status, self.body.get("code", self.body.get("errcode") or None)


@dataclass
class Desk:
    """A running fake and a caller of its API."""

    fake: DingTalkFake
    clock: Clock
    server: BaseTestServer
    session: aiohttp.ClientSession
    app: FakeDingTalkApp = APP
    token: str = ""
    token_from: datetime = START

    def url(self, path: str) -> str:
        return str(self.server.make_url("/")).rstrip("/") + path

    async def login(self, app: FakeDingTalkApp | None = None) -> Answer:
        chosen = app or self.app
        body = {"appKey": chosen.client_id, "appSecret": chosen.client_secret}
        return await self.request("POST", "/v1.0/oauth2/accessToken", json=body)

    async def request(self, method: str, path: str, **more: Any) -> Answer:
        """Call as it stands, with aiohttp's arguments."""
        async with self.session.request(method, self.url(path), **more) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return Answer(response.status, json.loads(text) if is_json else text, response.headers)

    async def call(self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None) -> Answer:
        """Call the new host with the app's token."""
        headers = {"x-acs-dingtalk-access-token": await self.bearer()}
        return await self.request(method, path, json=body, headers=headers, params=params)

    async def old(self, path: str, body: Any = None, **more: Any) -> Answer:
        """Post to the old host with the app's token."""
        token = {"access_token": await self.bearer()}
        return await self.request("POST", path, json=body, params=token, **more)

    async def bearer(self) -> str:
        """The app's token, renewed as the organisation's clock moves on."""
        if not self.token or self.clock.present - self.token_from > timedelta(hours=1):
            self.token = (await self.login()).body["accessToken"]
            self.token_from = self.clock.present
        return self.token

    def become(self, app: FakeDingTalkApp) -> None:
        """Call as another app from now on."""
        self.app, self.token = app, ""

    async def send(self, *user_ids: str, text: str = "你好", **more: Any) -> Answer:
        """A markdown message to people."""
        param = {"title": "复盘", "text": text}
        body = {"robotCode": self.app.client_id, "userIds": list(user_ids), "msgKey": "sampleMarkdown"}
        return await self.call(
            "POST", f"{ROBOT}/oToMessages/batchSend", {**body, "msgParam": json.dumps(param), **more}
        )

    async def key_of(self, *user_ids: str, text: str = "你好") -> str:
        sent = await self.send(*user_ids, text=text)
        assert sent.status == 200, sent.body
        return str(sent.body["processQueryKey"])

    async def deliver(self, body: Json) -> Answer:
        return await self.call("POST", f"{CARDS}/createAndDeliver", body)

    async def card(self, user_id: str = LEI, **changes: Any) -> str:
        """A delivered card; returns its message's id."""
        answer = await self.deliver(card_body(user_id, **changes))
        assert answer.body["result"]["deliverResults"][0]["success"], answer.body
        return str(self.fake.messages_of(user_id)[-1]["id"])

    async def update(self, out_track_id: str, **members: Any) -> Answer:
        return await self.call("PUT", CARDS, {"outTrackId": out_track_id, **members})


@asynccontextmanager
async def open_desk(
    path: str | None = None,
    apps: tuple[FakeDingTalkApp, ...] = (APP,),
    limits: Limits | None = None,
    clock: Clock | None = None,
    timing: Timing | None = None,
    *,
    redeliver_bot_messages: bool = True,
) -> AsyncIterator[Desk]:
    """Run a fake with the small company; on a file that already has people it keeps them."""
    clock = clock or Clock()
    fake = DingTalkFake(
        *(path, clock.now, clock.monotonic, Random(7), apps, limits, timing),
        redeliver_bot_messages=redeliver_bot_messages,
    )
    if not fake.people():
        fake.load_company(COMPANY)
    async with TestServer(make_app(fake)) as server, aiohttp.ClientSession() as session:
        yield Desk(fake, clock, server, session, apps[0])
    await fake.close()


def card_body(user_id: str = LEI, out_track_id: str = "card-1", **changes: Any) -> Json:
    """A request that creates and delivers a card with two buttons to a person."""
    return {
        "cardTemplateId": CARD_TEMPLATE.template_id,
        "outTrackId": out_track_id,
        "callbackType": "STREAM",
        "cardData": {"cardParamMap": variables()},
        "imRobotOpenSpaceModel": {"supportForward": False, "lastMessageI18n": {"ZH_CN": "目标调整审批"}},
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": APP.client_id},
        "openSpaceId": f"dtv1.card//IM_ROBOT.{user_id}",
        **changes,
    }


def form_body(user_id: str = LEI, out_track_id: str = "form-1", **more: str) -> Json:
    """The same with the form template."""
    maps = {"cardParamMap": {**variables(), **form_variables(), **more}}
    return card_body(user_id, out_track_id, cardTemplateId=FORM_TEMPLATE.template_id, cardData=maps)


def variables(**changes: str) -> dict[str, str]:
    """The variables of a card."""
    buttons = [
        {"action": "agree", "label": "同意", "style": "main"},
        {"action": "reject", "label": "拒绝", "style": "risky"},
    ]
    return {
        "title": "目标调整",
        "tag": "审批",
        "tone": "blue",
        "body": "**旧** 10 → **新** 3",
        "buttons": json.dumps(buttons, ensure_ascii=False),
        "status": "open",
        **changes,
    }


def form_variables() -> dict[str, str]:
    """The further variables of a form, with every type of field."""
    options = [{"value": "ok", "text": "顺利"}, {"value": "blocked", "text": "有阻碍"}]
    fields: list[Json] = [
        {"name": "q1", "label": "进展", "type": "TEXT", "required": True, "placeholder": "一两句即可"},
        {"name": "mood", "label": "状态", "type": "SELECT", "options": options, "defaultValue": "ok"},
        {"name": "tags", "label": "标签", "type": "MULTI_SELECT", "options": options},
        {"name": "due", "label": "截止", "type": "DATE"},
        {"name": "help", "label": "需要帮助", "type": "CHECKBOX"},
    ]
    form = json.dumps({"fields": fields}, ensure_ascii=False)
    return {"form": form, "form_status": "normal", "form_btn_text": "提交", "form_action": "checkin"}


def dtmd(label: str, encoded: str) -> str:
    """A markdown link that speaks."""
    return f"[{label}](dtmd://dingtalkclient/sendMessage?content={encoded})"


Handler = Callable[[Json], Any]
"""From a frame to the members of its ack, None for no ack, or a text to send as it is."""


def ok_ack(frame: Json) -> Json:
    """What a faithful client answers."""
    if frame["type"] == "EVENT":
        return {"data": json.dumps({"status": "SUCCESS", "message": "ok"})}
    if frame["type"] == "SYSTEM":
        return {"data": frame["data"]}
    return {"data": json.dumps({"response": {}})}


def card_ack(**answer: Any) -> Handler:
    """A handler that answers clicks with this object."""
    return lambda frame: {"data": json.dumps({"response": answer})}


def silent(_frame: Json) -> None:
    """A handler that never acknowledges."""


@dataclass
class StreamBot:
    """A stream client that keeps what it gets and acknowledges by script."""

    socket: aiohttp.ClientWebSocketResponse
    handler: Handler = ok_ack
    frames: list[Json] = field(default_factory=list)
    received: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        try:
            async for message in self.socket:
                frame = json.loads(message.data)
                self.frames.append(frame)
                self.received.set()
                await self.acknowledge(frame, self.handler(frame))
        finally:
            self.ended.set()

    async def acknowledge(self, frame: Json, ack: Any) -> None:
        if ack is None:
            return
        if isinstance(ack, str):
            await self.socket.send_str(ack)
            return
        headers = {"contentType": "application/json", "messageId": frame["headers"]["messageId"]}
        await self.socket.send_json({"code": 200, "headers": headers, "message": "OK", **ack})

    def payloads(self) -> list[Json]:
        return [json.loads(frame["data"]) for frame in self.frames]

    def texts(self) -> list[str]:
        """The texts of messages to the robot, in the order of arrival."""
        return [payload["text"]["content"] for payload in self.payloads() if "text" in payload]

    def event_types(self) -> list[str]:
        return [frame["headers"]["eventType"] for frame in self.frames if frame["type"] == "EVENT"]


async def until(condition: Callable[[], bool]) -> None:
    """Give the loop turns until something is so."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.to_thread(threading.Event().wait, 0.001)


async def open_connection(
    desk: Desk, app: FakeDingTalkApp | None = None, topics: tuple[tuple[str, str], ...] = ALL_TOPICS
) -> Answer:
    chosen = app or desk.app
    body = {
        "clientId": chosen.client_id,
        "clientSecret": chosen.client_secret,
        "subscriptions": [{"type": kind, "topic": topic} for kind, topic in topics],
    }
    return await desk.request("POST", OPEN, json=body, headers={"Accept": "application/json"})


def connect_url(opened: Answer) -> str:
    return f"{opened.body['endpoint']}?ticket={opened.body['ticket']}"


@asynccontextmanager
async def stream_bot(
    desk: Desk,
    handler: Handler = ok_ack,
    app: FakeDingTalkApp | None = None,
    topics: tuple[tuple[str, str], ...] = ALL_TOPICS,
) -> AsyncIterator[StreamBot]:
    """Run a stream client."""
    opened = await open_connection(desk, app, topics)
    async with desk.session.ws_connect(connect_url(opened)) as socket:
        bot = StreamBot(socket, handler)
        running = asyncio.create_task(bot.run())
        try:
            yield bot
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


WebHandler = Callable[[web.Request, bytes], web.StreamResponse]


@dataclass
class WebBot:
    """Addresses that keep what they get and answer by script."""

    handler: WebHandler
    received: list[tuple[web.Request, bytes]] = field(default_factory=list)
    url: str = ""

    def bodies(self) -> list[Json]:
        return [json.loads(body) for _, body in self.received]

    def headers(self) -> list[Mapping[str, str]]:
        return [request.headers for request, _ in self.received]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.received.append((request, body))
        return self.handler(request, body)


@asynccontextmanager
async def web_bot(handler: WebHandler) -> AsyncIterator[WebBot]:
    """Run an endpoint on a free port."""
    bot = WebBot(handler)
    app = web.Application()
    app.router.add_post("/callback", bot.serve)
    async with TestServer(app) as server:
        bot.url = str(server.make_url("/callback"))
        yield bot


def answer_ok(_request: web.Request, _body: bytes) -> web.StreamResponse:
    return web.json_response({})


def opened_event(body: bytes) -> Json:
    """The plain event in an encrypted body."""
    found: Json = json.loads(crypto.decrypt(AES_KEY, json.loads(body)["encrypt"])[0])
    return found


def sealed_success(app: FakeDingTalkApp = APP, word: str = "success", **changes: str) -> Json:
    """The answer that the platform wants to an event."""
    encrypted = crypto.encrypt(AES_KEY, word, app.client_id, Random(1))
    timestamp, nonce = "1763366400123", "abc123"
    signature = crypto.event_sign(TOKEN, timestamp, nonce, encrypted)
    return {"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypted, **changes}


def answer_events(_request: web.Request, body: bytes) -> web.StreamResponse:
    """Answers events as they must be, and messages with an empty object."""
    return web.json_response(sealed_success() if b"encrypt" in body else {})


def http_app(bot: WebBot, app: FakeDingTalkApp = APP) -> FakeDingTalkApp:
    """The test app, turned to HTTP mode."""
    return replace(app, callback_url=bot.url, event_token=TOKEN, event_aes_key=AES_KEY)


@asynccontextmanager
async def http_desk(
    handler: WebHandler = answer_events, app: FakeDingTalkApp = APP, timing: Timing | None = None
) -> AsyncIterator[tuple[Desk, WebBot]]:
    """A desk whose app is in HTTP mode, and its address."""
    async with web_bot(handler) as bot, open_desk(apps=(http_app(bot, app),), timing=timing) as desk:
        yield desk, bot
