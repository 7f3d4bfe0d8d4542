"""Feishu's own hands. The codes are those of feishu.md 2 to 5 and 8 (vendor pages, read 2026-11-22)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import ClassVar

import orjson
from aiohttp.test_utils import TestServer

import sandbox
from adapters.feishu.api import FeishuApi
from adapters.feishu.buttons import button_name, button_value
from adapters.feishu.client import MESSAGES, FeishuClient
from adapters.feishu.errors import KNOWN
from adapters.feishu.settings import FeishuSettings
from adapters.feishu.webhook import FeishuWebhook
from adapters.webhook import Webhook
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
from sandbox.feishu import FakeApp, FeishuFake, make_app
from tests.contract.adapters.hands import NOW, ORG, Bench, Envelope, Hands, Made, Refuse
from tests.contract.feishu_stub import SteppingClock, open_session, running_stub
from tests.unit.test_feishu_verify import KEY, SIGNED, TOKEN, encrypt, signed

APP = FakeApp("cli_a5ca35a685b0x26e", "app-secret", verification_token="v-token")


class FeishuHands(Hands):
    """Callbacks are encrypted and signed; the long connection has tests of its own."""

    platform = "feishu"
    kinds = ("text", "click")
    window = timedelta(hours=12)
    token_path, send_path = "tenant_access_token", "/im/v1/messages"
    token_faults = ("expired_token",)
    token_codes = ("99991663", "99991664", "99991665", "99991661")
    meanings: ClassVar[Mapping[type[PlatformError], Sequence[str]]] = {
        Throttled: "99991400 230020 11232 230049 18121 11020 11021".split(),
        PlatformDown: [
            *("99991661", "99991663", "99991664", "99991665", "2200", "40003", "40011", "40012"),
            *("200080", "200341", "200342", "200343", "300000"),
        ],
        Undeliverable: [
            *"230013 230023 230029 230034 230035 230036 230038 230052 230053 230075 41012 41050".split(),
            *"99992351 99992360 99992361 99992364".split(),
        ],
        Misconfigured: [
            *"10003 10014 10015 99991401 99991403 99991543 99991662 99991668 99991671 99991672 99991673".split(),
            *"99991677 99991679 230002 230006 230024 230027 11247 234002 234007 40004 40014 42008".split(),
            *"200340 200345 200346 200347".split(),
        ],
        TargetGone: [
            *"230009 230011 230026 230031 230098 230110 232009 200000 200310 200320 200740 200750".split(),
            *"300020 300030 300040".split(),
        ],
        ContentRefused: [
            *"9499 99992402 230001 230012 230015 230017 230018 230019 230022 230025 230028 230054 230055".split(),
            *"230099 230100 234001 234006 234010 234011 234039 40001 43010 10002 11101 11203 11204 11205".split(),
            *"11206 11207 11208 11209 11210 11211 11223 11227 11231 11233 11235 11246 11312 11310 11311".split(),
            *"100000 100030 100290 108002 200380 200381 200530 200550 200570 200621 200671 200672 200673".split(),
            *"200732 200737 200770 200810 200830 200860 200861 200914 200915 300090 300301 300302 300303".split(),
            *"300304 300305 300306 300307 300317".split(),
        ],
    }

    def webhook(self) -> Webhook:
        """Return what reads callbacks of an app with an Encrypt Key."""
        return FeishuWebhook(SIGNED, ORG)

    def payload(self, kind: str, who: str, key: CardKey, action: str, form: Mapping[str, str]) -> bytes:
        """Return an envelope of version 2.0."""
        person = {"open_id": f"ou_{who}"}
        if kind == "click":
            acted = {"tag": "button", "value": button_value(key, action), "name": button_name(key, action)}
            event = {
                "operator": person,
                "action": acted | {"form_value": dict(form)},
                "context": {"open_message_id": "om_9"},
            }
            return _envelope("card.action.trigger", event)
        said = {"message_id": "om_1", "chat_type": "p2p", "message_type": "text"}
        content = {"content": orjson.dumps({"text": action}).decode()}
        sender = {"sender_id": person, "sender_type": "user"}
        return _envelope("im.message.receive_v1", {"sender": sender, "message": said | content})

    def seal(self, kind: str, payload: bytes, at: datetime, *, forged: bool = False) -> Envelope:
        """Encrypt and sign."""
        key = "another key" if forged else KEY
        raw = encrypt(payload, key)
        return Envelope(raw, signed(raw, key, str(int(at.timestamp()))))

    def known(self) -> frozenset[str]:
        """Return the codes of the adapter's table."""
        return frozenset(map(str, KNOWN))

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[Refuse]:
        """Open a server whose answers to sending hold a code."""
        async with running_stub() as stub, open_session() as http:
            client = FeishuClient(stub.settings(), http, SteppingClock())

            async def refuse(code: str) -> PlatformError:
                stub.on("POST", MESSAGES, (400, {"code": int(code), "msg": "no"}))
                try:
                    await client.deliver(self.row("ou_1", "你好"))
                except PlatformError as error:
                    return error
                raise AssertionError(f"{code} counted as success")

            yield refuse

    @asynccontextmanager
    async def bench(self, clock: Clock) -> AsyncIterator[Bench]:
        """Open a tenant with the demo's company."""
        fake = FeishuFake(None, clock.now, lambda: clock.now().timestamp(), Random(7), (APP,))
        company = read_company(Path(sandbox.__path__[0]) / "company.yaml")
        fake.load_company(company)
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(TestServer(make_app(fake)))
            http = await stack.enter_async_context(open_session())
            settings = FeishuSettings(APP.app_id, APP.secret, base_url=str(server.make_url("")).rstrip("/"))
            api = FeishuApi(settings, http, clock)
            client = FeishuClient(settings, http, clock, api)
            people = [str(person["open_id"]) for person in fake.people()]
            yield Bench(client, client, fake, people, lambda: _calls(fake), api.token)
        await fake.close()


def _envelope(kind: str, event: Mapping[str, object]) -> bytes:
    at = str(int(NOW.timestamp() * 1000))
    header = {"event_id": "ev-1", "token": TOKEN, "create_time": at, "event_type": kind, "app_id": SIGNED.app_id}
    return orjson.dumps({"schema": "2.0", "header": header, "event": event})


def _calls(fake: FeishuFake) -> list[Made]:
    return [Made(each.path, each.code != 0, each.at_seconds) for each in fake.calls]
