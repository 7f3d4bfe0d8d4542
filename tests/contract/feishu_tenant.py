"""A fake tenant of the sandbox with the Feishu adapter beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from aiohttp.test_utils import TestServer

import sandbox
from adapters.feishu.client import FeishuClient
from adapters.feishu.settings import FeishuSettings
from adapters.feishu.socket import FeishuSocket
from adapters.http import HttpSession
from domain.cards import (
    Answer,
    Button,
    Card,
    CardKey,
    Chart,
    ChoiceField,
    Divider,
    Facts,
    Mention,
    Option,
    Paragraph,
    Quote,
    Series,
    Style,
    TextField,
    Toast,
    ToastKind,
    Tone,
)
from domain.events import CardClicked, Inbound
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Outgoing
from sandbox.company import derived_id, read_company
from sandbox.feishu import ClientConfig, FakeApp, FeishuFake, Limits, Timing, make_app
from tests.contract.feishu_stub import SteppingClock, open_session

ORG = OrgId("acme")
APP = FakeApp("cli_a5ca35a685b0x26e", "app-secret", verification_token="v-token")
LIMIT = 10.0  # seconds until a test that waits in vain fails
KEY = CardKey("checkin", "0190f0f0f0f07000800000000000abcd")
WANG = derived_id("ou_", "wanglei")
LI = derived_id("ou_", "lihua")

RICH = Card(
    KEY,
    "本周复盘",
    "三个问题,一分钟",
    Tone.ASK,
    "待填写",
    (
        Mention("王磊", "三个问题,*一分钟*。"),
        Paragraph("写给自己,也会有人回你。", small=True),
        Divider(),
        Quote("上周说过", '<at id=all></at> **好** {"tag":"div"}'),
        Facts((("原来", "12%"), ("现在", "10%"))),
        Chart("小时", ("W45", "W46", "W47"), (Series("上周", (3, 4, 5)), Series("本周", (2.5, 5, 1)))),
    ),
    (
        TextField("result", "本周最重要的成果?", placeholder="一两句即可"),
        TextField("next", "下周?", required=False, multiline=False, max_length=100, initial="发布"),
        ChoiceField("mood", "状态", (Option("3", "顺利"), Option("1", "有阻碍"))),
        ChoiceField("tags", "标签", (Option("a", "甲"), Option("b", "乙")), required=False, multiple=True),
    ),
    (
        Button("submit", "提交复盘", Style.MAIN, submits=True),
        Button("later", "晚点再说"),
        Button("skip", "这周跳过", Style.RISKY, confirm="这周就不写了吗?"),
    ),
)
DONE = Card(KEY, "本周复盘", "已提交", Tone.DONE, "已提交", (Mention("王磊", "收到"), Quote("成果", "上线了报表")))


def row(
    call: Call = Call.CARD, body: Body = RICH, to: str = WANG, target: str = "", message_id: str = "m1"
) -> Outgoing:
    return Outgoing(ORG, MessageId(message_id), "feishu", call, PersonId("wanglei"), to, body, target)


class Core:
    """Hears events and answers clicks."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.answer = Answer(Toast(ToastKind.SUCCESS, "已提交"), DONE)
        self.failures = 0
        self.came = asyncio.Event()

    async def handle(self, inbound: Inbound) -> Answer:
        """Remember an event; fail as often as told."""
        self.heard.append(inbound)
        self.came.set()
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        return self.answer if isinstance(inbound, CardClicked) else Answer()


class Tenant:
    """A fake tenant with one app, and the adapter beside it."""

    def __init__(self, fake: FeishuFake, url: str, http: HttpSession, clock: SteppingClock) -> None:
        self.fake = fake
        self.http = http
        self.clock = clock
        self.settings = FeishuSettings(APP.app_id, APP.secret, base_url=url)
        self.client = FeishuClient(self.settings, http, clock)
        self.core = Core()
        self.alerts: list[Exception] = []
        self.alerted = asyncio.Event()

    def alert(self, error: Exception) -> None:
        """Take in what an admin should see."""
        self.alerts.append(error)
        self.alerted.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[FeishuSocket]:
        """The long connection is up while inside."""
        socket = FeishuSocket(
            self.settings,
            self.http,
            self.clock,
            self.core.handle,
            org_id=ORG,
            chance=lambda: 0.0,
            alert=self.alert,
            bot_open_id=self.fake.bot_open_id(APP.app_id),
        )
        running = asyncio.create_task(socket.run())
        await asyncio.wait_for(socket.wait_connected(), LIMIT)
        yield socket
        await socket.close()
        assert running.done()

    async def sent(self) -> str:
        """Send the rich card to Wang Lei and return its id."""
        return await self.client.deliver(row())

    def chat(self) -> list[dict[str, Any]]:
        """What Wang Lei sees."""
        return self.fake.messages_of(WANG)


@asynccontextmanager
async def open_tenant() -> AsyncIterator[Tenant]:
    """A fresh tenant whose clock stands still until a test moves it."""
    clock = SteppingClock()
    config = ClientConfig(reconnect_interval_seconds=1, reconnect_nonce_seconds=0)
    # Rates, too, are measured by the clock that stands still: a slow machine must not change what is throttled.
    fake = FeishuFake(
        None,
        clock.now,
        lambda: clock.now().timestamp(),
        Random(7),
        [APP],
        Limits(),
        Timing(2.0, 2.0, 1.0),
        config,
        fragment_bytes=4096,
    )
    fake.load_company(read_company(Path(sandbox.__path__[0]) / "company.yaml"))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(make_app(fake)))
        http = await stack.enter_async_context(open_session())
        yield Tenant(fake, str(server.make_url("")), http, clock)
    await fake.close()
