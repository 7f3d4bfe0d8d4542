"""The web side of the bot: callbacks that are stored before they are answered, refusals that tell nothing, probes."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from adapters.feishu.buttons import button_name, button_value
from adapters.feishu.settings import FeishuSettings, Mode
from adapters.feishu.webhook import FeishuWebhook
from adapters.webhook import MAX_BODY_BYTES
from bot import logs
from bot.app import Service
from domain.cards import Card, CardKey
from domain.ids import OrgId
from storage import tables
from storage.database import Database
from storage.queue_tables import outbox
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, org_policy, staff
from tests.contract.bot_rig import (
    Breaks,
    FragileDatabase,
    HandClock,
    ScriptedPlatform,
    connection,
    fragile,
    open_service,
    settings_for,
)
from tests.unit.test_feishu_verify import encrypt, signed

KEY, TOKEN, SECRET, APP = "the-encrypt-key", "the-verification-token", "the-app-secret", "cli_1"
APP_SETTINGS = FeishuSettings(APP, SECRET, Mode.WEBHOOK, encrypt_key=KEY, verification_token=TOKEN)
PATH = f"/callback/feishu/{ORG}"
WORDS = "上线了只有我知道的报表"
ANSWERS = {"result": WORDS, "obstacle": "无", "action": "无"}


def _payload(kind: str, event: Mapping[str, Any], event_id: str, **header: Any) -> dict[str, Any]:
    known = {"event_id": event_id, "token": TOKEN, "event_type": kind, "app_id": APP, "create_time": "1795163801345"}
    return {"schema": "2.0", "header": known | header, "event": dict(event)}


def message(text: str, event_id: str = "ev-1", who: str = WANG_LEI, **header: Any) -> dict[str, Any]:
    """Somebody writes to the bot."""
    said = {"message_id": f"om_{event_id}", "chat_type": "p2p", "message_type": "text"}
    content = {"content": json.dumps({"text": text})}
    sender = {"sender_id": {"open_id": f"ou_{who}"}, "sender_type": "user"}
    return _payload("im.message.receive_v1", {"sender": sender, "message": said | content}, event_id, **header)


def click(
    key: CardKey, action: str, form: Mapping[str, str], event_id: str = "ev-1", who: str = WANG_LEI
) -> dict[str, Any]:
    """Somebody presses a button."""
    acted = {"tag": "button", "value": button_value(key, action), "name": button_name(key, action), "form_value": form}
    event = {
        "operator": {"open_id": f"ou_{who}"},
        "token": "c-1",
        "action": acted,
        "context": {"open_message_id": "om_prompt"},
    }
    return _payload("card.action.trigger", event, event_id)


@dataclass(slots=True)
class Site:
    """A service behind its routes, and what it logged.

    Attributes:
        client: Calls it.
        store: What it keeps everything in; can be broken.
        service: The service.
        clock: Its clock.
        chat: Where its messages go.
        logged: Every line it has logged.
    """

    client: TestClient[Any, Any]
    store: FragileDatabase
    service: Service
    clock: HandClock
    chat: ScriptedPlatform
    logged: io.StringIO

    async def post(self, payload: Mapping[str, Any], key: str = KEY, path: str = PATH) -> tuple[int, bytes]:
        """Send a callback as the platform does: encrypted and signed."""
        raw = encrypt(orjson.dumps(payload), key)
        return await self.send(raw, signed(raw, key), path)

    async def send(
        self, raw: bytes | io.BytesIO, headers: Mapping[str, str] | None = None, path: str = PATH
    ) -> tuple[int, bytes]:
        """Send any bytes."""
        async with self.client.post(path, data=raw, headers=headers) as answer:
            return answer.status, await answer.read()

    def stored(self) -> dict[str, int]:
        """Return how many rows there are of everything that an event could have left."""
        left = (tables.inbox, outbox, tables.history, tables.conversation, tables.checkin_version, tables.reply)
        with self.store.reading() as transaction:
            return {table.name: transaction.query(select(func.count()).select_from(table))[0][0] for table in left}


@asynccontextmanager
async def open_site(database: Database) -> AsyncIterator[Site]:
    """Serve an organisation two hours before Friday's card."""
    logged = io.StringIO()
    logs.configure("debug", as_json=True, stream=logged)
    clock, chat = HandClock(), ScriptedPlatform()
    app_connection = connection(chat, webhook=FeishuWebhook(APP_SETTINGS, ORG))
    settings = settings_for(app_connection, people=staff())
    store = fragile(database)
    async with open_service(store, settings, clock) as service:
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        service.routes(app)
        async with TestClient(TestServer(app)) as client:
            await service.delivery.settle()
            yield Site(client, store, service, clock, chat, logged)


@pytest.fixture
async def site(sqlite_store: Database) -> AsyncIterator[Site]:
    """An organisation two hours before Friday's card."""
    async with open_site(sqlite_store) as opened:
        yield opened


async def _prompt(site: Site) -> CardKey:
    """Let Friday's card come, and return what it is about."""
    site.clock.at = FRIDAY.replace(minute=5)
    site.service.ticker.forget_openings()
    await site.service.ticker.tick()
    await site.service.delivery.settle()
    card = next(each.message.body for each in site.chat.calls if each.message.person_id == WANG_LEI)
    assert isinstance(card, Card)
    return card.key


class TestRefusals:
    """Whatever is not the platform's gets a 4xx, leaves nothing, and hears nothing back."""

    @pytest.fixture
    def before(self, site: Site) -> dict[str, int]:
        return site.stored()

    async def test_an_unsigned_callback_is_refused(self, site: Site, before: dict[str, int]) -> None:
        raw = encrypt(orjson.dumps(message(WORDS)), KEY)
        assert await site.send(raw) == (401, b"")
        assert site.stored() == before

    async def test_one_signed_with_another_key_is_refused(self, site: Site, before: dict[str, int]) -> None:
        assert await site.post(message(WORDS), key="some-other-key") == (401, b"")
        assert site.stored() == before

    async def test_one_whose_body_was_changed_is_refused(self, site: Site, before: dict[str, int]) -> None:
        raw = encrypt(orjson.dumps(message(WORDS)), KEY)
        other = encrypt(orjson.dumps(message("别的话")), KEY)
        assert await site.send(other, signed(raw, KEY)) == (401, b"")
        assert site.stored() == before

    async def test_one_with_another_apps_id_is_refused(self, site: Site, before: dict[str, int]) -> None:
        assert await site.post(message(WORDS, app_id="cli_other")) == (401, b"")
        assert site.stored() == before

    async def test_one_with_a_wrong_token_is_refused(self, site: Site, before: dict[str, int]) -> None:
        assert await site.post(message(WORDS, token="guessed")) == (401, b"")
        assert site.stored() == before

    @pytest.mark.parametrize(
        "raw", [b"", b"{", b"[]", b"\xff\xfe", b'{"encrypt":5}', b'{"encrypt":"AAAA"}', WORDS.encode()], ids=repr
    )
    async def test_one_that_is_signed_but_unreadable_is_malformed(
        self, site: Site, before: dict[str, int], raw: bytes
    ) -> None:
        assert await site.send(raw, signed(raw, KEY)) == (400, b"")
        assert site.stored() == before

    async def test_one_that_names_no_event_is_malformed(self, site: Site, before: dict[str, int]) -> None:
        assert await site.post({"header": {"token": TOKEN, "app_id": APP}}) == (400, b"")
        assert site.stored() == before

    @pytest.mark.parametrize("chunked", [False, True])
    async def test_one_that_is_too_large_is_refused_unread(
        self, site: Site, before: dict[str, int], chunked: bool
    ) -> None:
        raw = b"x" * (MAX_BODY_BYTES + 1)

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(raw), 65536):
                yield raw[start : start + 65536]

        body = pieces() if chunked else io.BytesIO(raw)
        async with site.client.post(PATH, data=body, headers=signed(raw, KEY)) as answer:
            assert (answer.status, await answer.read()) == (413, b"")
        assert site.stored() == before

    async def test_a_small_body_that_unpacks_into_a_large_one_is_refused(
        self, site: Site, before: dict[str, int]
    ) -> None:
        bomb = gzip.compress(b"0" * (20 * MAX_BODY_BYTES))
        assert len(bomb) < MAX_BODY_BYTES
        status, body = await site.send(bomb, {"Content-Encoding": "gzip", **signed(bomb, KEY)})
        assert 400 <= status < 500
        assert b"0000" not in body
        assert site.stored() == before

    async def test_a_body_that_says_it_is_packed_and_is_not_is_refused(
        self, site: Site, before: dict[str, int]
    ) -> None:
        status, body = await site.send(b"no gzip at all", {"Content-Encoding": "gzip"})
        assert 400 <= status < 500
        assert b"no gzip" not in body
        assert site.stored() == before

    @pytest.mark.parametrize(
        "path",
        [
            "/callback/feishu/other",
            f"/callback/wecom/{ORG}",
            f"/callback/../{ORG}",
            "/callback/feishu/%00",
            "/callback/feishu/",
            f"/callback/feishu/{ORG}/more",
        ],
    )
    async def test_an_unknown_platform_or_organisation_is_not_found(
        self, site: Site, before: dict[str, int], path: str
    ) -> None:
        status, _body = await site.post(message(WORDS), path=path)
        assert status == 404
        assert site.stored() == before

    async def test_no_refusal_logs_a_secret_or_what_was_in_the_body(self, site: Site) -> None:
        raw = encrypt(orjson.dumps(message(WORDS)), KEY)
        await site.send(raw)
        await site.post(message(WORDS), key="some-other-key")
        await site.post(message(WORDS, token="guessed"))
        await site.send(WORDS.encode(), signed(WORDS.encode(), KEY))
        await site.send(io.BytesIO(b"x" * (MAX_BODY_BYTES + 1)))
        lines = site.logged.getvalue()
        assert lines.count('"callback.refused"') == 5
        for private in (WORDS, KEY, TOKEN, SECRET, "some-other-key", "guessed", raw.decode()[15:60]):
            assert private not in lines
            assert json.dumps(private) not in lines

    async def test_refusals_are_counted_and_strangers_cannot_make_up_labels(self, site: Site) -> None:
        """A label is a row kept for ever: whoever calls made-up addresses must not fill the memory."""
        for number in range(50):
            await site.send(b"", path=f"/callback/made{number}/up")
        await site.send(b"x")
        async with site.client.get("/metrics") as answer:
            figures = await answer.text()
        refused = [line for line in figures.splitlines() if line.startswith("fupan_callbacks_refused_total{")]
        assert len(refused) == 2
        assert 'fupan_callbacks_refused_total{platform="feishu",status="401"} 1.0' in refused


class TestHandling:
    async def test_the_check_of_the_address_is_answered(self, site: Site) -> None:
        check = {"type": "url_verification", "token": TOKEN, "challenge": "demo-4f1c"}
        raw = encrypt(orjson.dumps(check), KEY)
        status, body = await site.send(raw)
        assert (status, json.loads(body)) == (200, {"challenge": "demo-4f1c"})

    async def test_words_are_stored_acknowledged_and_answered(self, site: Site) -> None:
        assert await site.post(message("帮助")) == (200, b"{}")
        await site.service.delivery.settle()
        assert "/请假" in str(site.chat.words[-1])

    async def test_a_click_is_answered_with_a_sentence_and_the_new_card(self, site: Site) -> None:
        status, body = await site.post(click(await _prompt(site), "submit", ANSWERS))
        answer = json.loads(body)
        assert status == 200
        assert answer["toast"]["type"] == "success"
        assert WORDS in json.dumps(answer["card"], ensure_ascii=False)

    async def test_a_repeated_event_gets_the_first_answer_byte_for_byte_and_has_one_effect(self, site: Site) -> None:
        key = await _prompt(site)
        first = await site.post(click(key, "submit", ANSWERS))
        await site.post(click(key, "edit", {}, event_id="ev-2"))
        for _ in range(3):
            assert await site.post(click(key, "submit", ANSWERS)) == first
        await site.service.delivery.settle()
        asked = [each for each in site.chat.calls if each.message.person_id == LI_HUA and "王磊" in str(each.message)]
        assert len(asked) == 1

    async def test_repetitions_that_arrive_together_are_one(self, site: Site) -> None:
        key = await _prompt(site)
        answers = await asyncio.gather(*(site.post(click(key, "submit", ANSWERS)) for _ in range(8)))
        assert len(set(answers)) == 1
        assert site.stored()["checkin_version"] == 1

    async def test_an_event_of_no_use_is_acknowledged_so_that_it_is_not_repeated(self, site: Site) -> None:
        assert await site.post(_payload("im.message.reaction.created_v1", {}, "ev-1")) == (200, b"{}")

    async def test_somebody_unknown_gets_a_sentence_and_leaves_nothing(self, site: Site) -> None:
        key = await _prompt(site)
        status, body = await site.post(click(key, "submit", ANSWERS, who="stranger"))
        assert status == 200
        assert json.loads(body)["toast"]["content"]
        assert site.stored()["checkin_version"] == 0

    async def test_nul_and_other_odd_characters_are_taken_on_both_stores(self, database: Database) -> None:
        """PostgreSQL keeps no NUL in a text; what people paste must not fail there."""
        async with open_site(database) as opened:
            key = await _prompt(opened)
            odd = {"result": "\x00甲\x01\u202e", "obstacle": "\ufffe", "action": "\U0001f4a9"}
            status, body = await opened.post(click(key, "submit", odd))
            assert status == 200
            assert json.loads(body)["toast"]["type"] == "success"
            assert await opened.post(message("\x00 帮助 \x00", "ev-2")) == (200, b"{}")
            skipped = {"reason": "\x00"}
            status, _ = await opened.post(click(key, "skip_yes", skipped, "ev-3", who=LI_HUA))
            assert status == 200


class TestFailures:
    async def test_a_failing_handler_loses_only_its_own_event_and_the_repetition_is_handled(self, site: Site) -> None:
        """The first try fails in the middle; others beside it succeed; the platform's repetition repairs it."""
        site.service.organisations.replace({ORG: replace(org_policy(), zone="Nowhere/Land")})
        failed = await asyncio.gather(*(site.post(message("待办", f"ev-{number}")) for number in range(3)))
        assert [status for status, _ in failed] == [500] * 3
        assert site.stored()["inbox"] == 0
        site.service.organisations.replace({ORG: org_policy()})
        repeated = await asyncio.gather(*(site.post(message("待办", f"ev-{number}")) for number in range(3)))
        assert [status for status, _ in repeated] == [200] * 3
        assert site.stored()["inbox"] == 3

    async def test_a_failure_tells_the_caller_nothing_and_the_log_no_words(self, site: Site) -> None:
        site.service.organisations.replace({ORG: replace(org_policy(), zone="Nowhere/Land")})
        status, body = await site.post(message(WORDS))
        assert status == 500
        assert b"Nowhere" not in body
        assert b"Traceback" not in body
        assert WORDS not in site.logged.getvalue()
        assert json.dumps(WORDS) not in site.logged.getvalue()

    @pytest.mark.parametrize("breaks", [Breaks.AT_ONCE, Breaks.AT_COMMIT], ids=lambda breaks: breaks.value)
    async def test_while_the_store_is_down_callbacks_get_503_and_nothing_is_acknowledged(
        self, site: Site, breaks: Breaks
    ) -> None:
        before = site.stored()
        site.store.breaks = breaks
        raw = encrypt(orjson.dumps(message("帮助")), KEY)
        async with site.client.post(PATH, data=raw, headers=signed(raw, KEY)) as answer:
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert await answer.read() == b""
        assert site.stored() == before
        site.store.breaks = Breaks.NEVER
        assert await site.post(message("帮助")) == (200, b"{}")
        assert site.stored()["inbox"] == before["inbox"] + 1

    async def test_what_is_acknowledged_was_committed_before(self, site: Site) -> None:
        assert await site.post(message("帮助")) == (200, b"{}")
        assert site.stored()["inbox"] == 1


class TestProbes:
    async def test_alive_and_ready(self, site: Site) -> None:
        for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
            async with site.client.get(path) as answer:
                assert answer.status == 200
                assert (await answer.json())["status"] == status

    async def test_while_the_store_cannot_be_written_it_lives_but_is_not_ready(self, site: Site) -> None:
        site.store.breaks = Breaks.AT_COMMIT
        async with site.client.get("/readyz") as answer:
            assert answer.status == 503
            assert "store" in (await answer.json())["reason"]
        async with site.client.get("/healthz") as answer:
            assert answer.status == 200

    async def test_metrics_render_whatever_the_store_does(self, site: Site) -> None:
        await site.post(message("帮助"))
        async with site.client.get("/metrics") as answer:
            assert answer.status == 200
            text = await answer.text()
        assert 'fupan_events_total{kind="TextSaid",outcome="handled",platform="feishu"} 1.0' in text
        site.store.breaks = Breaks.AT_ONCE
        async with site.client.get("/metrics") as answer:
            assert answer.status == 200
        site.store.breaks = Breaks.NEVER

    async def test_a_gauge_falls_when_what_it_counts_is_gone(self, site: Site) -> None:
        site.chat.gate.clear()
        await site.post(message("帮助"))
        async with site.client.get("/metrics") as answer:
            waiting = await answer.text()
        assert f'fupan_outbox_rows{{org="{ORG}",state=' in waiting
        site.chat.gate.set()
        await site.service.delivery.settle()
        async with site.client.get("/metrics") as answer:
            after = [line for line in (await answer.text()).splitlines() if line.startswith("fupan_outbox_rows{")]
        assert [line for line in after if not line.endswith(" 0.0")] == []

    async def test_failed_and_handled_events_are_told_apart(self, site: Site) -> None:
        site.service.organisations.replace({ORG: replace(org_policy(), zone="Nowhere/Land")})
        await site.post(message("待办"))
        async with site.client.get("/metrics") as answer:
            assert 'outcome="failed",platform="feishu"} 1.0' in await answer.text()

    async def test_before_the_start_and_after_the_end_it_is_not_ready(self, sqlite_store: Database) -> None:
        async with open_site(sqlite_store) as opened:
            service = opened.service
        assert await service.why_not_ready() != ""

    async def test_an_app_that_listens_elsewhere_takes_no_callbacks(self, sqlite_store: Database) -> None:
        clock, chat = HandClock(), ScriptedPlatform()
        async with open_service(sqlite_store, settings_for(connection(chat)), clock) as service:
            app = web.Application(client_max_size=MAX_BODY_BYTES)
            service.routes(app)
            async with TestClient(TestServer(app)) as client, client.post(PATH, data=b"{}") as answer:
                assert answer.status == 404

    async def test_each_organisation_has_its_own_keys(self, sqlite_store: Database) -> None:
        """What one organisation's app signs is nothing at another's address."""
        other = OrgId("other")
        other_settings = replace(APP_SETTINGS, encrypt_key="another-key")
        connections = (
            connection(ScriptedPlatform(), webhook=FeishuWebhook(APP_SETTINGS, ORG)),
            connection(ScriptedPlatform(), other, webhook=FeishuWebhook(other_settings, other)),
        )
        settings = settings_for(*connections, policies=(org_policy(), replace(org_policy(), org_id=other)))
        async with open_service(sqlite_store, settings, HandClock()) as service:
            app = web.Application(client_max_size=MAX_BODY_BYTES)
            service.routes(app)
            raw = encrypt(orjson.dumps(message("帮助")), KEY)
            async with TestClient(TestServer(app)) as client:
                async with client.post(f"/callback/feishu/{other}", data=raw, headers=signed(raw, KEY)) as answer:
                    assert answer.status == 401
                async with client.post(PATH, data=raw, headers=signed(raw, KEY)) as answer:
                    assert answer.status == 200
