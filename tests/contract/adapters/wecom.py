"""WeCom's own hands. The codes are the table of wecom.md 15 (vendor page "全局错误码", read 2026-11-22)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar
from xml.sax.saxutils import escape

from aiohttp.test_utils import TestServer

import sandbox
from adapters.webhook import Webhook
from adapters.wecom.api import WeComApi
from adapters.wecom.buttons import button_key
from adapters.wecom.client import SEND, WeComClient
from adapters.wecom.errors import KNOWN
from adapters.wecom.settings import WeComSettings
from adapters.wecom.webhook import WeComWebhook
from domain.cards import CardKey
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)
from domain.ports import Clock
from sandbox.company import read_company
from sandbox.wecom import FakeWeComApp, WeComFake, make_app
from tests.contract.adapters.hands import NOW, ORG, Bench, Envelope, Hands, Made, Refuse
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.contract.wecom_stub import (
    AES_KEY,
    AGENT_ID,
    CORP,
    SECRET,
    SETTINGS,
    TOKEN,
    encrypt,
    envelope,
    running_stub,
    sign,
)

APP = FakeWeComApp(CORP, AGENT_ID, SECRET, TOKEN, AES_KEY, callback_url="http://127.0.0.1:9/")
"""Its address is never called: the suite presses no buttons there."""

_CARD_FIELDS = (*range(42027, 42032), 42033, *range(42035, 42048), *range(42049, 42052))


class WeComHands(Hands):
    """Everything comes as encrypted XML, whose proofs stand in the query."""

    platform = "wecom"
    kinds = ("text", "click", "enter_agent")
    window = timedelta(hours=12)
    token_path, send_path = "gettoken", "message/send"
    token_faults = ("expired_token", "invalid_token")
    token_codes = ("40014", "42001", "41001")
    meanings: ClassVar[Mapping[type[PlatformError], Sequence[str]]] = {
        Throttled: ["45009", "45033"],
        PlatformDown: ["-1", "40014", "42001", "41001", "60123", "60003"],
        Undeliverable: "40003 40031 46004 60111 60021 81013 43004 93006".split(),
        Misconfigured: [
            *"40001 40013 41002 41004 40056 301002 43012 48002 48006 50003 48009 50001 50002 60011 60020".split(),
            *("93000", "853006"),
        ],
        TargetGone: "42015 42016 42022 42052 60140 846605 846608".split(),
        ContentRefused: [
            *"40004 40005 40006 40007 40008 40009 44001 45001 45007 40029 40032 82002 82003 40033 40035".split(),
            *"40058 40063 42014 42017 42018 42019 42020 44004 45002 46003 81012 82001 82004 85002".split(),
            *"86001 86003 86004 86005 86006 86007 86008 86101 86207 86215 86216 86217".split(),
            *map(str, _CARD_FIELDS),
        ],
    }

    def webhook(self) -> Webhook:
        """Return what reads callbacks."""
        return WeComWebhook(SETTINGS, ORG)

    def payload(self, kind: str, who: str, key: CardKey, action: str, form: Mapping[str, str]) -> bytes:
        """Return a message or an event in XML."""
        told = {"ToUserName": CORP, "FromUserName": who, "CreateTime": str(int(NOW.timestamp())), "AgentID": AGENT_ID}
        if kind == "text":
            told |= {"MsgType": "text", "Content": action, "MsgId": "1234567890123456"}
        elif kind == "click":
            told |= {"MsgType": "event", "Event": "template_card_event", "EventKey": button_key(key, action)}
            told |= {"TaskId": "m00abcdef", "ResponseCode": "code-1"}
        else:
            told |= {"MsgType": "event", "Event": kind}
        fields = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())
        chosen = "".join(
            f"<SelectedItem><QuestionKey>{escape(name)}</QuestionKey>"
            f"<OptionIds><OptionId>{escape(value)}</OptionId></OptionIds></SelectedItem>"
            for name, value in form.items()
        )
        return f"<xml>{fields}<SelectedItems>{chosen}</SelectedItems></xml>".encode()

    def seal(self, kind: str, payload: bytes, at: datetime, *, forged: bool = False) -> Envelope:
        """Encrypt and sign."""
        blob = encrypt(payload)
        query = sign(blob, str(int(at.timestamp())), token="AnotherToken" if forged else TOKEN)
        return Envelope(envelope(blob), query=query)

    def known(self) -> frozenset[str]:
        """Return the codes of the adapter's table."""
        return frozenset(map(str, KNOWN))

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[Refuse]:
        """Open a server whose answers to sending hold a code."""
        async with running_stub() as stub, open_session() as http:
            numbers = iter(range(10_000))  # a person takes so many messages a minute, so each try is another's

            async def refuse(code: str) -> PlatformError:
                stub.on("POST", SEND, {"errcode": int(code), "errmsg": "no"})
                try:
                    await client.deliver(self.row(f"u{next(numbers)}", "你好"))
                except PlatformError as error:
                    return error
                raise AssertionError(f"{code} counted as success")

            client = WeComClient(stub.settings(), http, SteppingClock())
            yield refuse

    @asynccontextmanager
    async def bench(self, clock: Clock) -> AsyncIterator[Bench]:
        """Open the demo's company."""
        fake = WeComFake(None, clock.now, lambda: clock.now().timestamp(), Random(7), [APP])
        fake.load_company(read_company(Path(sandbox.__path__[0]) / "company.yaml"))
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(TestServer(make_app(fake)))
            http = await stack.enter_async_context(open_session())
            base_url = str(server.make_url("")).rstrip("/")
            settings = WeComSettings(CORP, AGENT_ID, SECRET, TOKEN, AES_KEY, base_url=base_url)
            api = WeComApi(settings, http, clock)
            client = WeComClient(settings, http, clock, api)
            people = [str(person["userid"]) for person in fake.people()]
            yield Bench(client, client, _Strict(fake), people, lambda: _calls(fake), api.token)
        await fake.close()


class _Strict:
    """The fake, where what it drops silently is a complaint, unless it is a repetition."""

    def __init__(self, fake: WeComFake) -> None:
        self._fake = fake
        self.messages_of = fake.messages_of

    def set_fault(self, kind: str, times: int | None = 1, seconds: float = 0.0) -> None:
        """Misbehave from now on."""
        self._fake.set_fault(kind, times, seconds)

    @property
    def complaints(self) -> list[str]:
        """What the app did against the protocol, and what the real platform would have dropped for its limits."""
        return self._fake.complaints + [str(drop) for drop in self._fake.drops if drop.why != "duplicate"]


def _calls(fake: WeComFake) -> list[Made]:
    return [Made(each.path, each.code != 0, each.at_seconds, each.receivers) for each in fake.calls]
