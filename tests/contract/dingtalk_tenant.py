"""A fake organisation of the sandbox with the DingTalk adapter beside it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from aiohttp.test_utils import TestServer

import sandbox
from adapters.dingtalk.client import DingTalkClient
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.stream import DingTalkStream
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
from domain.errors import PlatformError
from domain.events import CardClicked, Inbound
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Outgoing
from sandbox.company import read_company
from sandbox.dingtalk import CARD_TEMPLATE, FORM_TEMPLATE, DingTalkFake, FakeDingTalkApp, Limits, Timing, make_app
from tests.contract.dingtalk_stub import Counted
from tests.contract.feishu_stub import SteppingClock, open_session

ORG = OrgId("acme")
APP = FakeDingTalkApp("dingaaaa", "app-secret", templates=(CARD_TEMPLATE, FORM_TEMPLATE))
LIMIT = 10.0  # seconds until a test that waits in vain fails
KEY = CardKey("checkin", "0190f0f0f0f07000800000000000abcd")
WANG, LI = "wanglei", "lihua"

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
        Quote("上周说过", "[点我](dtmd://dingtalkclient/sendMessage?content=通过) **好**"),
        Facts((("原来", "12%"), ("现在", "10%"))),
        Chart("小时", ("W45", "W46", "W47"), (Series("上周", (3, 4, 5)), Series("本周", (2.5, 5, 1)))),
    ),
    (
        TextField("result", "1. 本周最重要的成果?", placeholder="一两句即可"),
        TextField("next", "2. 下周?", required=False, multiline=False, max_length=100, initial="发布"),
        ChoiceField("mood", "3. 状态", (Option("3", "顺利"), Option("1", "有阻碍")), initial=("3",)),
        ChoiceField("tags", "4. 标签", (Option("a", "甲"), Option("b", "乙")), required=False, multiple=True),
    ),
    (
        Button("submit", "提交复盘", Style.MAIN, submits=True),
        Button("later", "晚点再说"),
        Button("skip", "这周跳过", Style.RISKY),
    ),
)
DONE = Card(KEY, "本周复盘", "已提交", Tone.DONE, "已提交", (Mention("王磊", "收到"), Quote("成果", "上线了报表")))


def row(
    call: Call = Call.CARD, body: Body = RICH, to: str = WANG, target: str = "", message_id: str = "m00abcdef"
) -> Outgoing:
    return Outgoing(ORG, MessageId(message_id), "dingtalk", call, PersonId("p"), to, body, target)


class Core:
    """Hears events and answers clicks."""

    def __init__(self) -> None:
        self.heard: list[Inbound] = []
        self.answer = Answer(Toast(ToastKind.SUCCESS, "已提交"), DONE)
        self.failures = 0
        self.came = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, inbound: Inbound) -> Answer:
        """Remember an event; fail as often as told."""
        await self.gate.wait()
        self.heard.append(inbound)
        self.came.set()
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        return self.answer if isinstance(inbound, CardClicked) else Answer()


class Tenant:
    """A fake organisation with one app, and the adapter beside it."""

    def __init__(self, fake: DingTalkFake, url: str, http: HttpSession, clock: SteppingClock) -> None:
        self.fake = fake
        self.url = url.rstrip("/")
        self.http = http
        self.clock = clock
        self.tally = Counted()
        self.core = Core()
        self.alerts: list[PlatformError] = []
        self.alerted = asyncio.Event()
        self.rich = self.client(card_template=CARD_TEMPLATE.template_id, form_template=FORM_TEMPLATE.template_id)
        self.plain = self.client()

    def settings(self, **fields: Any) -> DingTalkSettings:
        """Settings that lead here."""
        return DingTalkSettings(APP.client_id, APP.client_secret, base_url=self.url, old_base_url=self.url, **fields)

    def client(self, **fields: Any) -> DingTalkClient:
        """A client with these settings."""
        return DingTalkClient(self.settings(**fields), self.http, self.clock, self.tally, self.alert)

    def alert(self, error: PlatformError) -> None:
        """Take in what an admin should see."""
        self.alerts.append(error)
        self.alerted.set()

    def stream(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> DingTalkStream:
        """A Stream connection that nobody runs yet."""
        return DingTalkStream(
            self.settings(card_template=CARD_TEMPLATE.template_id, form_template=FORM_TEMPLATE.template_id),
            self.http,
            self.clock,
            self.core.handle,
            org_id=ORG,
            chance=lambda: 0.0,
            alert=self.alert,
            tally=self.tally,
            show=self.rich.show,
            sleep=sleep,
        )

    @asynccontextmanager
    async def listening(
        self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> AsyncIterator[DingTalkStream]:
        """The Stream connection is up while inside."""
        stream = self.stream(sleep)
        running = asyncio.create_task(stream.run())
        await asyncio.wait_for(stream.wait_connected(), LIMIT)
        yield stream
        await stream.close()
        assert running.done()

    async def sent(self, card: Card = RICH, message_id: str = "m00abcdef") -> str:
        """Send a card to Wang Lei and return the id of what lies in his chat."""
        await self.rich.deliver(row(body=card, message_id=message_id))
        return str(self.chat()[-1]["id"])

    def chat(self, user_id: str = WANG) -> list[dict[str, Any]]:
        """What somebody sees."""
        return self.fake.messages_of(user_id)


@asynccontextmanager
async def open_tenant(limits: Limits | None = None, timing: Timing | None = None) -> AsyncIterator[Tenant]:
    """A fresh organisation whose clock stands still until a test moves it."""
    clock = SteppingClock()
    # Rates, too, are measured by the clock that stands still: a slow machine must not change what is throttled.
    fake = DingTalkFake(None, clock.now, lambda: clock.now().timestamp(), Random(7), [APP], limits, timing)
    fake.load_company(read_company(Path(sandbox.__path__[0]) / "company.yaml"))
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(make_app(fake)))
        http = await stack.enter_async_context(open_session())
        yield Tenant(fake, str(server.make_url("")), http, clock)
    await fake.close()
