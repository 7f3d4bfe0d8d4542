"""A fake tenant on a free port, a caller of its API, and scripted bots behind either ingress."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from sandbox.company import Company, Department, User, derived_id
from sandbox.feishu import FakeApp, FeishuFake, Ingress, Limits, Timing, make_app
from sandbox.feishu.frames import CONTROL, DATA, Frame, FrameCodec

SAMPLE_COMPANY = Path(__file__).parents[3] / "sandbox" / "company.yaml"
SECRET = "secret-of-the-app"
APP = FakeApp("cli_a1", SECRET)
OTHER_APP = FakeApp("cli_b2", "secret-of-the-other", name="另一个")
KEY = "encrypt-key-of-the-app"
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
IMPATIENT = Timing(answer_seconds=0.3, connect_seconds=0.3, challenge_seconds=0.3)
"""For tests in which no answer comes; elsewhere the real three seconds hold, so that a busy machine fails nothing."""
IM = "/open-apis/im/v1"
CONTACT = "/open-apis/contact/v3"

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
LEI = derived_id("ou_", "wanglei")
WEI = derived_id("ou_", "zhangwei")
HUA = derived_id("ou_", "lihua")
JING = derived_id("ou_", "chenjing")

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
        """Move the tenant's clock, by `timedelta`'s parts."""
        self.present += timedelta(**parts)

    def wait(self, seconds: float) -> None:
        """Move real time."""
        self.seconds += seconds


@dataclass(frozen=True)
class Answer:
    """What an API call came back with."""

    status: int
    body: Json
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        return int(self.body["code"])

    @property
    def refusal(self) -> tuple[int, int]:
        """HTTP status and code, as the reference's tables pair them."""
        return self.status, self.code

    @property
    def data(self) -> Json:
        data: Json = self.body["data"]
        return data


@dataclass
class Desk:
    """A running fake and a caller of its API."""

    fake: FeishuFake
    clock: Clock
    server: BaseTestServer
    session: aiohttp.ClientSession
    app: FakeApp = APP
    token: str = ""
    token_from: datetime = START

    def url(self, path: str) -> str:
        return str(self.server.make_url("/")).rstrip("/") + path

    async def login(self, app: FakeApp | None = None) -> Answer:
        chosen = app or self.app
        body = {"app_id": chosen.app_id, "app_secret": chosen.secret}
        async with self.session.post(
            self.url("/open-apis/auth/v3/tenant_access_token/internal"), data=json.dumps(body)
        ) as response:
            return Answer(response.status, await response.json(), response.headers)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        params: Mapping[str, str] | list[tuple[str, str]] | None = None,
    ) -> Answer:
        """Call with the app's token, or with another `Authorization` value."""
        if token is None:
            token = await self.bearer()
        headers = {"Authorization": token} if token else {}
        async with self.session.request(method, self.url(path), json=body, headers=headers, params=params) as response:
            return Answer(response.status, await response.json(), response.headers)

    async def raw(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Call and take the answer as it is, JSON or not."""
        headers = {"Authorization": await self.bearer()}
        async with self.session.request(method, self.url(path), json=body, headers=headers) as response:
            return response.status, await response.text()

    async def bearer(self) -> str:
        """The app's `Authorization`, renewed as the tenant's clock moves on."""
        if not self.token or self.clock.present - self.token_from > timedelta(hours=1):
            self.token = (await self.login()).body["tenant_access_token"]
            self.token_from = self.clock.present
        return f"Bearer {self.token}"

    def become(self, app: FakeApp) -> None:
        """Call as another app from now on."""
        self.app, self.token = app, ""

    async def send(self, open_id: str, msg_type: str, content: Any, uuid: str = "") -> Answer:
        body = {"receive_id": open_id, "msg_type": msg_type, "content": json.dumps(content), "uuid": uuid}
        return await self.call("POST", f"{IM}/messages", body, params={"receive_id_type": "open_id"})

    async def send_text(self, open_id: str, text: str = "你好", uuid: str = "") -> Answer:
        return await self.send(open_id, "text", {"text": text}, uuid)

    async def send_card(self, open_id: str, card: Json | None = None, uuid: str = "") -> Answer:
        return await self.send(open_id, "interactive", card or checkin_card(), uuid)

    async def card_id(self, open_id: str, card: Json | None = None) -> str:
        sent = await self.send_card(open_id, card)
        assert sent.code == 0, sent.body
        return str(sent.data["message_id"])

    async def patch(self, message_id: str, card: Json) -> Answer:
        return await self.call("PATCH", f"{IM}/messages/{message_id}", {"content": json.dumps(card)})


@asynccontextmanager
async def open_desk(
    path: str | None = None,
    apps: tuple[FakeApp, ...] = (APP,),
    limits: Limits | None = None,
    clock: Clock | None = None,
    timing: Timing | None = None,
    fragment_bytes: int = 65536,
) -> AsyncIterator[Desk]:
    """Run a fake with the small company; on a file that already has people it keeps them."""
    clock = clock or Clock()
    fake = FeishuFake(path, clock.now, clock.monotonic, Random(7), apps, limits, timing, fragment_bytes=fragment_bytes)
    if not fake.people():
        fake.load_company(COMPANY)
    async with TestServer(make_app(fake)) as server, aiohttp.ClientSession() as session:
        yield Desk(fake, clock, server, session, apps[0])
    await fake.close()


def checkin_card(title: str = "周五三问") -> Json:
    """A card with every kind of input the bot uses, a submit button, a reset button and one outside of the form."""
    return {
        "schema": "2.0",
        "config": {"update_multi": True, "enable_forward": False, "summary": {"content": title}},
        "header": {"title": text(title), "template": "blue"},
        "body": {
            "elements": [
                {"tag": "markdown", "content": "**1. 本周完成了什么？**"},
                {"tag": "form", "name": "checkin", "elements": [*form_inputs(), *form_buttons()]},
                button("skip", "本周跳过", behaviors=[{"type": "callback", "value": {"op": "skip"}}]),
                button("open", "打开网页", behaviors=[{"type": "open_url", "default_url": "https://example.invalid/"}]),
            ]
        },
    }


def form_inputs() -> list[Json]:
    return [
        {"tag": "input", "name": "q1", "required": True, "input_type": "multiline_text", "max_length": 20}
        | {"label": text("进展"), "placeholder": text("一两句即可")},
        {"tag": "select_static", "name": "mood", "initial_option": "ok", "placeholder": text("状态")}
        | {"options": [option("ok", "顺利"), option("blocked", "有阻碍")]},
        {"tag": "multi_select_static", "name": "tags", "options": [option("a", "甲"), option("b", "乙")]},
        {"tag": "date_picker", "name": "due"},
        {"tag": "checker", "name": "help", "checked": False, "text": text("需要帮助")},
        {"tag": "select_person", "name": "who", "options": [{"value": HUA}]},
    ]


def form_buttons() -> list[Json]:
    submit = button(
        "submit_ck",
        "提交",
        type="primary",
        form_action_type="submit",
        behaviors=[{"type": "callback", "value": {"op": "checkin"}}],
        confirm={"title": text("确认提交？"), "text": text("提交后可修改")},
    )
    return [column_set(submit), button("reset_ck", "清空", form_action_type="reset")]


def plain_card(content: str) -> Json:
    return {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": content}]}}


def text(content: str) -> Json:
    return {"tag": "plain_text", "content": content}


def option(value: str, label: str) -> Json:
    return {"value": value, "text": text(label)}


def button(name: str, label: str, **more: Any) -> Json:
    return {"tag": "button", "name": name, "text": text(label), **more}


def column_set(*elements: Json) -> Json:
    return {"tag": "column_set", "columns": [{"tag": "column", "elements": [element]} for element in elements]}


Handler = Callable[[Json], Any]


def always(answer: Any) -> Handler:
    """A handler that answers every envelope alike."""
    return lambda _: answer


@dataclass
class WebhookBot:
    """An HTTP endpoint that keeps what it gets and answers by script: a status, or JSON with 200."""

    handler: Handler
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def envelopes(self) -> list[Json]:
        return [json.loads(body) for _, body in self.received]

    def event_types(self) -> list[str]:
        return [envelope["header"]["event_type"] for envelope in self.envelopes()]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.received.append((dict(request.headers), body))
        answer = self.handler(json.loads(body))
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, int):
            return web.Response(status=answer)
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)


@asynccontextmanager
async def webhook_bot(handler: Handler) -> AsyncIterator[WebhookBot]:
    """Run an endpoint on a free port."""
    bot = WebhookBot(handler)
    app = web.Application()
    app.router.add_post("/events", bot.serve)
    async with TestServer(app) as server:
        bot.url = str(server.make_url("/events"))
        yield bot


def webhook_app(bot: WebhookBot, encrypt_key: str | None = None) -> FakeApp:
    """The test app, turned to a webhook."""
    return FakeApp(APP.app_id, SECRET, ingress=Ingress.WEBHOOK, callback_url=bot.url, encrypt_key=encrypt_key)


class SocketBot:
    """A long-connection client that keeps what it gets and answers by script.

    The handler gets the envelope and returns the answer frame's JSON, None for no answer, or bytes to send as they are.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, service_id: int, handler: Handler) -> None:
        self.socket = socket
        self.service_id = service_id
        self.handler = handler
        self.codec = FrameCodec()
        self.frames: list[Frame] = []
        self.envelopes: list[Json] = []
        self.pongs: list[Json] = []
        self.ponged = asyncio.Event()
        self.received = asyncio.Event()
        self._parts: dict[str, dict[int, bytes]] = {}

    async def ping(self) -> None:
        await self.socket.send_bytes(self.codec.encode(Frame(0, 0, self.service_id, CONTROL, {"type": "ping"})))

    async def run(self) -> None:
        async for message in self.socket:
            frame = self.codec.decode(message.data)
            if frame.method == CONTROL:
                self.pongs.append(json.loads(frame.payload))
                self.ponged.set()
                continue
            self.frames.append(frame)
            payload = self._joined(frame)
            if payload is not None:
                self.envelopes.append(json.loads(payload))
                self.received.set()
                await self._answer(frame, self.handler(self.envelopes[-1]))

    def event_types(self) -> list[str]:
        return [envelope["header"]["event_type"] for envelope in self.envelopes]

    def texts(self) -> list[str]:
        """Texts of the messages that people sent, in the order of arrival."""
        found = [envelope["event"]["message"]["content"] for envelope in self.envelopes]
        return [json.loads(content)["text"] for content in found]

    def _joined(self, frame: Frame) -> bytes | None:
        parts = self._parts.setdefault(frame.headers["message_id"], {})
        parts[int(frame.headers["seq"])] = frame.payload
        if len(parts) < int(frame.headers["sum"]):
            return None
        return b"".join(parts[index] for index in sorted(parts))

    async def answer_last(self, answer: Any) -> None:
        """Answer the newest frame now, by hand."""
        await self._answer(self.frames[-1], answer)

    async def _answer(self, frame: Frame, answer: Any) -> None:
        if answer is None:
            return
        if isinstance(answer, bytes):
            await self.socket.send_bytes(answer)
            return
        headers = {**frame.headers, "biz_rt": "1"}
        payload = json.dumps(answer).encode()
        answered = Frame(frame.seq_id, frame.log_id, frame.service, DATA, headers, payload)
        await self.socket.send_bytes(self.codec.encode(answered))


def ok_frame(data: Any = None) -> Json:
    """The payload of a good answer frame."""
    if data is None:
        return {"code": 200}
    return {"code": 200, "headers": {}, "data": base64.b64encode(json.dumps(data).encode()).decode()}


@asynccontextmanager
async def socket_bot(desk: Desk, handler: Handler, app: FakeApp = APP) -> AsyncIterator[SocketBot]:
    """Connect a client and let it serve until the block ends."""
    endpoint = await discover(desk, app)
    url = endpoint["data"]["URL"]
    service_id = int(dict(part.split("=") for part in url.split("?")[1].split("&"))["service_id"])
    async with desk.session.ws_connect(url) as socket:
        bot = SocketBot(socket, service_id, handler)
        running = asyncio.create_task(bot.run())
        await bot.ping()
        await bot.ponged.wait()
        bot.ponged.clear()
        yield bot
        await socket.close()
        await running


async def discover(desk: Desk, app: FakeApp = APP, secret: str | None = None) -> Json:
    """Ask for an endpoint."""
    body = {"AppID": app.app_id, "AppSecret": secret if secret is not None else app.secret}
    async with desk.session.post(desk.url("/callback/ws/endpoint"), json=body) as response:
        assert response.status == 200
        endpoint: Json = await response.json()
        return endpoint
