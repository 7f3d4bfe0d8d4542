"""DingTalk's own hands. The codes are those of dingtalk.md 3 to 7, 9, 11 and 12 (vendor pages, read 2026-11-22)."""

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
from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.buttons import packed
from adapters.dingtalk.client import DingTalkClient
from adapters.dingtalk.directory import DEPARTMENTS
from adapters.dingtalk.errors import KNOWN
from adapters.dingtalk.robot import BATCH_SEND
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.webhook import DingTalkWebhook
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
from sandbox.dingtalk import CARD_TEMPLATE, FORM_TEMPLATE, DingTalkFake, FakeDingTalkApp, make_app
from tests.contract.adapters.hands import NOW, ORG, Bench, Envelope, Hands, Made, Refuse
from tests.contract.dingtalk_stub import Counted, Stub, running_stub
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.unit.test_dingtalk_verify import SETTINGS, body, click_headers, encrypt, robot_headers, signed

APP = FakeDingTalkApp("dingaaaa", "app-secret", templates=(CARD_TEMPLATE, FORM_TEMPLATE))
LISTS = ("flowControlledStaffIdList", "filteredStaffIdList", "invalidStaffIdList")
"""Members of a success that name whoever got nothing: as good as a code."""

NOW_MS = int(NOW.timestamp() * 1000)
_GATE = "Forbidden.AccessDenied."


class DingTalkHands(Hands):
    """Three kinds of callbacks with three kinds of proof; Stream mode has tests of its own."""

    platform = "dingtalk"
    kinds = ("text", "click", "event")
    ageless = frozenset({"event"})
    window = timedelta(hours=1)
    token_path, send_path = "oauth2/accessToken", "oToMessages/batchSend"
    token_faults = ("expired_token",)
    token_codes = (
        *("InvalidAuthentication", "invalidAccessToken", "invalidParameter.token.invalid", "token.notExisted"),
        *("40014", "40001", "42001", "33001"),
    )
    meanings: ClassVar[Mapping[type[PlatformError], Sequence[str]]] = {
        Throttled: [
            *(f"{_GATE}QpsLimitForAppkeyAndApi", f"{_GATE}QpsLimitForApi", f"{_GATE}QpmLimitForAppkeyAndApi"),
            *"90018 90002 130101 410100 1111 toomuch.msg send.too.fast send.byToken.tooFast".split(),
            *LISTS[:2],
        ],
        PlatformDown: [
            *token_codes,
            *"server.error system.busy system.error unknown.send.result Missingbody 41001 -1 15 88".split(),
        ],
        Undeliverable: [
            *"staffId.notExisted invalidParameter.userId.empty invalidParameter.userIds.empty group.disbanded".split(),
            *"param.userIdNotExist param.userIdEmpty param.openSpaceIdInvalid 60121 33012".split(),
            LISTS[2],
        ],
        Misconfigured: [
            *"invalidClientIdOrSecret authFailed invalid.client unauthorized.client unsupported.grant.type".split(),
            *(f"{_GATE}AccessTokenPermissionDenied", f"{_GATE}IpNotInWhiteList", f"{_GATE}ApiCountLimitForOrg"),
            *"40096 60011 60020 50002 90020 20001 ding.serverquota.insufficient".split(),
            *"template.stopped template.not.existed bot.stopped robot.oto.notExist resource.not.found".split(),
            *"chatbotId.notAllow.sendOTO not.allowed.robotCode invalidParameter.robotCode.empty".split(),
            *"invalidParameter.robotCode.notExsit invalidParameter.robotCode.invalid".split(),
            *"param.templateNotExist param.templateUnpublished param.cardTemplateIdEmpty".split(),
            *"param.callbackRouteKeyEmpty param.callbackUrlEmpty param.callbackRouteKeyExist".split(),
            "system.updateCallbackFailed",
        ],
        TargetGone: [
            *"param.cardNotExist processQueryKey.expireTime invalid.processQueryKey notRevoke.all.messages".split(),
            *"robot.processQueryKey.expired invalidParameter.processQueryKey.missing".split(),
        ],
        ContentRefused: [
            *"contain.notAllowed.text invalidParameter.userIds.overMax invalidParameter.msgKey.empty".split(),
            *"invalidParameter.msgKey.invalid invalidParameter.msgParam.invalid too.many.people".split(),
            *"invalidParameter.msgParam.tooLong invalidParameter.param.invalid invalidParameter.msg.unsupport".split(),
            *"invalidParameter.msgBody.invalid too.many.group 310000 miss.param.actionCardTobtnsToactionUrl".split(),
            *"invalidParameter.processQueryKeys.overMax param.contentUnsafe param.cardAlreadyExist".split(),
            *"param.empty param.invalid param.outTrackIdEmpty param.openSpaceIdEmpty".split(),
            *"param.openDeliverModelEmpty param.openDeliverModelError param.cardPublicDataEmpty".split(),
            *"param.openSpaceModelInvalid param.cardDataAndPrivateDataBothEmpty 60003 400002 40068 40069".split(),
        ],
    }

    def webhook(self) -> Webhook:
        """Return what reads callbacks."""
        return DingTalkWebhook(SETTINGS, ORG, bytes, Counted())

    def payload(self, kind: str, who: str, key: CardKey, action: str, form: Mapping[str, str]) -> bytes:
        """Return the JSON of a message, a click or an event."""
        if kind == "event":
            return orjson.dumps(
                {"EventType": "user_leave_org", "EventTime": NOW_MS, "eventId": "ev-1", "userId": [who]}
            )
        if kind == "click":
            parameters = {"action": packed(key, action), "form": dict(form)}
            content = orjson.dumps({"cardPrivateData": {"actionIds": ["1"], "params": parameters}}).decode()
            return orjson.dumps({"type": "actionCallback", "outTrackId": "m1", "userId": who, "content": content})
        said = {"msgId": "msg-1", "senderStaffId": who, "createAt": NOW_MS, "conversationType": "1"}
        return orjson.dumps(said | {"msgtype": "text", "text": {"content": action}})

    def seal(self, kind: str, payload: bytes, at: datetime, *, forged: bool = False) -> Envelope:
        """Encrypt events; sign them, or the time of everything else."""
        at_ms, secret = int(at.timestamp() * 1000), "another-secret" if forged else SETTINGS.client_secret
        if kind == "event":
            blob = encrypt(payload)
            return Envelope(
                body(blob), query=signed(blob, **({"token": secret} if forged else {}), timestamp=str(at_ms))
            )
        if kind == "click":
            return Envelope(payload, click_headers(at_ms, DingTalkSettings(SETTINGS.client_id, secret)))
        return Envelope(payload, robot_headers(at_ms, secret))

    def known(self) -> frozenset[str]:
        """Return the codes of the adapter's table."""
        return frozenset(KNOWN)

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[Refuse]:
        """Open both generations of the server: words are the new one's codes, numbers the old one's."""
        async with running_stub() as stub, open_session() as http:
            api = DingTalkApi(stub.settings(), http, SteppingClock(), Counted())
            client = DingTalkClient(stub.settings(), http, SteppingClock(), Counted(), lambda _: None, api)

            async def refuse(code: str) -> PlatformError:
                _prepare(stub, code)
                try:
                    if code.lstrip("-").isdecimal():
                        await api.contacts(DEPARTMENTS, {})
                    else:
                        await client.deliver(self.row("u1", "你好"))
                except PlatformError as error:
                    return error
                raise AssertionError(f"{code} counted as success")

            yield refuse

    @asynccontextmanager
    async def bench(self, clock: Clock) -> AsyncIterator[Bench]:
        """Open an organisation with the demo's people and both templates."""
        fake = DingTalkFake(None, clock.now, lambda: clock.now().timestamp(), Random(7), [APP])
        fake.load_company(read_company(Path(sandbox.__path__[0]) / "company.yaml"))
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(TestServer(make_app(fake)))
            http = await stack.enter_async_context(open_session())
            url = str(server.make_url("")).rstrip("/")
            plain = DingTalkSettings(APP.client_id, APP.client_secret, base_url=url, old_base_url=url)
            rich = DingTalkSettings(
                APP.client_id,
                APP.client_secret,
                card_template=CARD_TEMPLATE.template_id,
                form_template=FORM_TEMPLATE.template_id,
                base_url=url,
                old_base_url=url,
            )
            api = DingTalkApi(rich, http, clock, Counted())
            clients = [DingTalkClient(each, http, clock, Counted(), _alert, api) for each in (rich, plain)]
            people = [str(person["userid"]) for person in fake.people()]
            yield Bench(clients[0], clients[1], fake, people, lambda: _calls(fake), api.token)
        await fake.close()


def _prepare(stub: Stub, code: str) -> None:
    if code.lstrip("-").isdecimal():
        stub.on("POST", DEPARTMENTS, {"errcode": int(code), "errmsg": "no"})
    elif code in LISTS:
        stub.on("POST", BATCH_SEND, {"processQueryKey": "k", code: ["u1"]})
    else:
        stub.on("POST", BATCH_SEND, (403 if code.startswith(_GATE) else 400, {"code": code, "message": "no"}))


def _alert(error: PlatformError) -> None:
    """Take in what an admin is told: that a stranger's card was made and not shown, and nothing else."""
    assert error.code == "card-not-shown", error


def _calls(fake: DingTalkFake) -> list[Made]:
    return [Made(each.path, bool(each.code) or each.status >= 400, each.at_seconds) for each in fake.calls]
