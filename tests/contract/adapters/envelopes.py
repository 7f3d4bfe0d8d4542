"""Callbacks of every platform: proof first, any bytes are an event or a 4xx, and what comes twice counts once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from multidict import CIMultiDict
from sqlalchemy import func, select

from adapters.webhook import MAX_BODY_BYTES, Received, WebhookCall
from bot.app import Service, Settings
from bot.directory_sync import ConfiguredPeople
from bot.meter import Meter
from bot.web.callbacks import Callbacks, add_routes
from domain.cards import Answer, Button, Card, CardKey, Paragraph, Toast, ToastKind
from domain.errors import Malformed, NotAuthentic
from domain.events import CardClicked, Inbound
from storage import tables
from storage.database import Database
from tests import strategies
from tests.builders import FRIDAY, WANG_LEI, org_policy, staff
from tests.contract.adapters.hands import NOW, ORG, Envelope, Hands
from tests.contract.bot_rig import HandClock, ScriptedPlatform, connection, open_service

ONE_SECOND = timedelta(seconds=1)

_ALSO_INHERITED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""One method is run by three classes: what an example leaves in Hypothesis' store is at worst of no use to another."""

_MONSTERS = (
    Card(CardKey("checkin", "c" * 3000), "本周复盘", "s", buttons=(Button("later", "晚点"),)),
    Card(CardKey("checkin", "c1"), "本周复盘", "s", blocks=(Paragraph("字" * 50_000),)),
)
"""Nobody composes such cards; should a defect do it, whoever clicked must not see an error for what was done."""

_NAMES = st.sampled_from(
    "timestamp nonce msg_signature signature echostr sign x-lark-signature x-lark-request-timestamp "
    "x-lark-request-nonce x-ddpaas-signature x-ddpaas-signature-timestamp".split()
)
_VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
_JUNK = st.binary(max_size=40) | strategies.texts(20).map(str.encode)


@st.composite
def _envelopes(draw: DrawFn, hands: Hands) -> Envelope:
    """Draw a callback: of nobody at all, or truly the platform's with anything in it."""
    if draw(st.booleans()):
        fields = st.dictionaries(_NAMES, _VISIBLE, max_size=4)
        return Envelope(draw(st.binary(max_size=200)), CIMultiDict(draw(fields)), draw(fields))
    kind = draw(st.sampled_from(sorted(hands.kinds)))
    whole = hands.payload(kind, "wanglei", CardKey("checkin", "c1"), "submit", {"result": "好"})
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    spoilt = draw(st.sampled_from([whole[:start] + draw(_JUNK) + whole[end:], draw(_JUNK), whole]))
    return hands.seal(kind, spoilt, NOW)


class EnvelopeContract:
    """How callbacks are read."""

    hands: ClassVar[Hands]

    def _received(self, envelope: Envelope, after: timedelta = timedelta(0)) -> WebhookCall:
        return self.hands.webhook().receive(CIMultiDict(envelope.headers), envelope.query, envelope.raw, NOW + after)

    def _sealed(self, kind: str, *, forged: bool = False) -> Envelope:
        payload = self.hands.payload(kind, "wanglei", CardKey("checkin", "c1"), "submit", {"result": "好"})
        return self.hands.seal(kind, payload, NOW, forged=forged)

    def test_what_the_platform_sealed_is_an_event(self) -> None:
        for kind in self.hands.kinds:
            assert isinstance(self._received(self._sealed(kind)), Received), kind

    def test_what_was_sealed_with_other_secrets_is_refused(self) -> None:
        for kind in self.hands.kinds:
            with pytest.raises(NotAuthentic):
                self._received(self._sealed(kind, forged=True))

    def test_no_part_of_the_proof_may_be_missing_or_other(self) -> None:
        for kind in self.hands.kinds:
            whole = self._sealed(kind)
            for spoilt in [*_spoilt_headers(whole), *_spoilt_queries(whole)]:
                with pytest.raises(NotAuthentic):
                    self._received(spoilt)

    def test_an_old_proof_is_refused_and_so_is_one_of_the_future(self) -> None:
        for kind in set(self.hands.kinds) - self.hands.ageless:
            sealed = self._sealed(kind)
            assert isinstance(self._received(sealed, self.hands.window - ONE_SECOND), Received), kind
            for after in (self.hands.window + ONE_SECOND, -self.hands.window - ONE_SECOND):
                with pytest.raises(NotAuthentic):
                    self._received(sealed, after)

    def test_a_replay_is_the_same_event_however_late_it_is_let_in(self) -> None:
        for kind in self.hands.kinds:
            sealed = self._sealed(kind)
            late = timedelta(days=3) if kind in self.hands.ageless else self.hands.window - ONE_SECOND
            first, again = self._received(sealed), self._received(sealed, late)
            assert isinstance(first, Received)
            assert isinstance(again, Received)
            assert first.inbound.origin.event_id == again.inbound.origin.event_id, kind

    def test_a_face_that_cannot_be_shown_leaves_the_old_one_and_is_no_error(self) -> None:
        call = self._received(self._sealed("click"))
        assert isinstance(call, Received)
        for monster in _MONSTERS:
            assert call.reply(Answer(Toast(ToastKind.SUCCESS, "收到"), monster)).status == 200

    @settings(suppress_health_check=_ALSO_INHERITED, max_examples=100)
    @given(data=st.data())
    def test_any_bytes_are_an_event_or_a_refusal(self, data: st.DataObject) -> None:
        try:
            call = self._received(data.draw(_envelopes(self.hands)))
        except (NotAuthentic, Malformed):
            return
        if isinstance(call, Received):
            assert call.reply(data.draw(_answers())).status == 200

    @settings(suppress_health_check=_ALSO_INHERITED)
    @given(data=st.data())
    async def test_any_bytes_get_an_answer_of_the_web_server(
        self, door: TestClient[Any, Any], data: st.DataObject
    ) -> None:
        envelope, method = data.draw(_envelopes(self.hands)), data.draw(st.sampled_from(["POST", "POST", "GET"]))
        path = f"/callback/{self.hands.platform}/{ORG}"
        async with door.request(
            method, path, data=envelope.raw, headers=CIMultiDict(envelope.headers), params=envelope.query
        ) as answer:
            assert answer.status == 200 or 400 <= answer.status < 500, (answer.status, await answer.text())

    @pytest.fixture
    async def door(self) -> AsyncIterator[TestClient[Any, Any]]:
        """The bot's callback route, behind which every event is answered with a card."""
        webhook = self.hands.webhook()

        async def handle(_: Inbound) -> Answer:
            return Answer(Toast(ToastKind.SUCCESS, "收到"))

        app = web.Application(client_max_size=MAX_BODY_BYTES)
        clock = HandClock(NOW)
        add_routes(app, Callbacks(lambda *_: webhook, handle, clock, Meter()))
        async with TestClient(TestServer(app)) as client:
            yield client

    async def test_a_replayed_submit_is_answered_again_and_done_once(self, sqlite_store: Database) -> None:
        async with self._serving(sqlite_store) as (service, client, chat):
            key = await _prompted(service, chat)
            form = {"result": "上线了报表", "obstacle": "无", "action": "无"}
            payload = self.hands.click(key, "submit", form)
            sealed = self.hands.seal("click", payload, service.clock.now())
            first = await self._post(client, sealed)
            again = await self._post(client, sealed)
            together = await asyncio.gather(*(self._post(client, sealed) for _ in range(3)))
            await service.delivery.settle()
            assert {first, again, *together} == {200}
            assert _versions(sqlite_store) == 1

    @pytest.mark.parametrize("who", ["wanglei", "chenjing", "a-stranger"])
    async def test_a_click_by_the_wrong_person_gets_a_sentence_and_does_nothing(
        self, sqlite_store: Database, who: str
    ) -> None:
        async with self._serving(sqlite_store) as (service, client, chat):
            asked = await _prompted(service, chat)
            answers = {"result": "上线了报表", "obstacle": "无", "action": "无"}
            await self._post(client, self.hands.seal("click", self.hands.click(asked, "submit", answers), NOW))
            await service.delivery.settle()
            heard = len(chat.calls)
            of_lihua = self.hands.click(_request(sqlite_store), "submit", {"reply": "收到"}, who=who)
            sealed = self.hands.seal("click", of_lihua, service.clock.now())
            call = self._received(sealed)
            assert isinstance(call, Received)
            answer = await service.handle(call.inbound)
            await service.delivery.settle()
            assert answer.toast is not None
            known = who != "a-stranger"
            assert len(chat.calls) - heard == int(known and self._is_silent(call.inbound)), "a sentence is heard once"
            assert _replies(sqlite_store) == 0

    def _is_silent(self, inbound: Inbound) -> bool:
        return isinstance(inbound, CardClicked) and inbound.silent

    async def _post(self, client: TestClient[Any, Any], sealed: Envelope) -> int:
        path = f"/callback/{self.hands.platform}/{ORG}"
        async with client.post(path, data=sealed.raw, headers=sealed.headers, params=sealed.query) as answer:
            return answer.status

    @asynccontextmanager
    async def _serving(self, store: Database) -> AsyncIterator[tuple[Service, TestClient[Any, Any], ScriptedPlatform]]:
        chat = ScriptedPlatform()
        line = connection(chat, ORG, self.hands.platform, webhook=self.hands.webhook())
        ours = {(self.hands.platform, self._own_id(each.person_id)): each.person_id for each in staff()}
        there = [replace(each, platform=self.hands.platform) for each in staff()]
        people = ConfiguredPeople(complete=True, people=there, identities=ours)
        every = Settings(policies={ORG: org_policy()}, people={ORG: people}, connections=[line])
        async with open_service(Database.open(store.url), every, HandClock()) as service:
            app = web.Application(client_max_size=MAX_BODY_BYTES)
            service.routes(app)
            async with TestClient(TestServer(app)) as client:
                yield service, client, chat

    def _own_id(self, person_id: str) -> str:
        call = self._received(self.hands.seal("text", self.hands.text(who=person_id), NOW))
        assert isinstance(call, Received)
        return call.inbound.origin.actor


def _spoilt_headers(whole: Envelope) -> list[Envelope]:
    return [Envelope(whole.raw, spoilt, whole.query) for spoilt in _spoilt(whole.headers)]


def _spoilt_queries(whole: Envelope) -> list[Envelope]:
    return [Envelope(whole.raw, whole.headers, spoilt) for spoilt in _spoilt(whole.query)]


def _spoilt(fields: Mapping[str, str]) -> list[dict[str, str]]:
    without = [{name: value for name, value in fields.items() if name != gone} for gone in fields]
    return without + [dict(fields) | {name: _other(value)} for name, value in fields.items()]


def _other(value: str) -> str:
    last = "1" if value[-1:] != "1" else "2"
    return value[:-1] + last if value.isalnum() else f"A{value[1:]}" if value[:1] != "A" else f"B{value[1:]}"


def _answers() -> st.SearchStrategy[Answer]:
    toasts = st.none() | st.builds(Toast, st.sampled_from(ToastKind), strategies.texts())
    return st.builds(Answer, toasts, st.none() | strategies.cards())


async def _prompted(service: Service, chat: ScriptedPlatform) -> CardKey:
    """Let Friday's card come, and return what it is about."""
    clock = service.clock
    assert isinstance(clock, HandClock)
    clock.at = FRIDAY.replace(minute=5)
    service.ticker.forget_openings()
    await service.ticker.tick()
    await service.delivery.settle()
    bodies = [call.message.body for call in chat.calls if call.message.person_id == WANG_LEI]
    return next(body.key for body in bodies if isinstance(body, Card))


def _request(store: Database) -> CardKey:
    """Return what the card is about that asks the manager for a reply."""
    with store.reading() as transaction:
        subjects = transaction.query(select(tables.duty.c.subject).where(tables.duty.c.kind == "reply"))
    return CardKey("reply", str(subjects[0][0]))


def _replies(store: Database) -> int:
    with store.reading() as transaction:
        return int(transaction.query(select(func.count()).select_from(tables.reply))[0][0])


def _versions(store: Database) -> int:
    with store.reading() as transaction:
        return int(transaction.query(select(func.count()).select_from(tables.checkin_version))[0][0])
