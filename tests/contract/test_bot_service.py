"""The service as a whole: how it starts, takes over settings while it runs, and stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.feishu.settings import FeishuSettings, Mode
from adapters.feishu.webhook import FeishuWebhook
from bot.app import Rhythm, Service
from bot.assemble import SeveralStores, mail_settings, settings_of, store_url, watch_configuration
from bot.connections import Connections, connect_feishu, connect_mail
from bot.service import until_stopped
from config.loader import Loaded, load
from config.schema import MailPart
from domain.cards import Answer
from domain.errors import StoreDown
from domain.events import Inbound, Origin, TextSaid
from domain.ids import OrgId, PersonId
from domain.messages import Draft, Mail, Priority
from domain.ports import Tally
from storage.database import Database
from tests.builders import FRIDAY, LI_HUA, ORG, WANG_LEI, cadence, org_policy, staff
from tests.contract.bot_rig import (
    LIMIT,
    RARELY,
    Breaks,
    HandClock,
    ScriptedListener,
    ScriptedPlatform,
    asked,
    connection,
    eventually,
    fragile,
    open_service,
    settings_for,
)

OTHER = OrgId("other")
APP = FeishuSettings("cli_1", "s", Mode.WEBHOOK, encrypt_key="k", verification_token="t")
LIVELY = Rhythm(tick=timedelta(milliseconds=20), poll=timedelta(milliseconds=20), resync=timedelta(hours=1))


def _said(text: str, event_id: str, who: str = WANG_LEI, org_id: OrgId = ORG) -> TextSaid:
    return TextSaid(Origin(org_id, "feishu", event_id, f"ou_{who}", FRIDAY), text)


class TestConnections:
    @pytest.fixture
    async def connections(self) -> AsyncIterator[Connections]:
        """None yet."""
        opened = Connections()
        yield opened
        await opened.close()

    async def test_an_app_is_introduced_until_the_platform_has_understood(self, connections: Connections) -> None:
        introduced = asyncio.Event()

        async def introduce() -> None:
            introduced.set()

        await connections.replace([replace(connection(ScriptedPlatform()), introduce=introduce)])
        await introduced.wait()

    async def test_a_listener_is_started_and_is_closed_at_the_end(self, connections: Connections) -> None:
        listener = ScriptedListener()
        await connections.replace([connection(ScriptedPlatform(), listener=listener)])
        await eventually(lambda: listener.opened == 1)
        await connections.close()
        assert listener.closed == 1

    async def test_what_is_unchanged_stays_open(self, connections: Connections) -> None:
        first, second = ScriptedListener(), ScriptedListener()
        platform = ScriptedPlatform()
        await connections.replace([connection(platform, listener=first)])
        await connections.replace([connection(ScriptedPlatform(), listener=second)])
        await eventually(lambda: first.opened == 1)
        assert (first.closed, second.opened) == (0, 0)
        assert connections.ways_out() == {(ORG, "feishu"): platform}

    async def test_what_has_changed_is_closed_before_its_successor_opens(self, connections: Connections) -> None:
        first, second = ScriptedListener(), ScriptedListener()
        await connections.replace([connection(ScriptedPlatform(), listener=first, settings="old")])
        await eventually(lambda: first.opened == 1)
        await connections.replace([connection(ScriptedPlatform(), listener=second, settings="new")])
        await eventually(lambda: second.opened == 1)
        assert first.closed == 1

    async def test_what_is_not_wanted_any_more_is_closed(self, connections: Connections) -> None:
        listener = ScriptedListener()
        await connections.replace(
            [connection(ScriptedPlatform(), OTHER, listener=listener), connection(ScriptedPlatform())]
        )
        await eventually(lambda: listener.opened == 1)
        await connections.replace([connection(ScriptedPlatform())])
        assert listener.closed == 1
        assert set(connections.ways_out()) == {(ORG, "feishu")}

    async def test_closing_the_ways_in_leaves_the_ways_out(self, connections: Connections) -> None:
        listener = ScriptedListener()
        await connections.replace([connection(ScriptedPlatform(), listener=listener)])
        await eventually(lambda: listener.opened == 1)
        await connections.close_listeners()
        assert listener.closed == 1
        assert len(connections.ways_out()) == 1

    async def test_a_deaf_app_is_told_apart(self, connections: Connections) -> None:
        listener = ScriptedListener(connected=False)
        await connections.replace(
            [connection(ScriptedPlatform(), listener=listener), connection(ScriptedPlatform(), OTHER)]
        )
        assert list(connections.deaf()) == [(ORG, "feishu")]
        listener.connected = True
        assert list(connections.deaf()) == []

    async def test_callbacks_are_read_only_for_apps_that_take_them(self, connections: Connections) -> None:
        webhook = FeishuWebhook(APP, ORG)
        await connections.replace([connection(ScriptedPlatform(), webhook=webhook)])
        assert connections.webhook("feishu", ORG) is webhook
        assert connections.webhook("feishu", OTHER) is None
        assert connections.webhook("wecom", ORG) is None
        assert connections.webhook("mail", ORG) is None

    async def test_a_feishu_app_listens_or_takes_callbacks_as_configured(self) -> None:
        async def handle(_event: Inbound) -> Answer:
            return Answer()

        callback = connect_feishu(ORG, APP, HandClock(), handle)
        socket = connect_feishu(ORG, replace(APP, mode=Mode.WEBSOCKET), HandClock(), handle)
        assert (callback.webhook is None, callback.listener is None) == (False, True)
        assert (socket.webhook is None, socket.listener is None) == (True, False)
        assert callback.directory is not None


class TestStart:
    async def test_everybody_of_the_file_is_known_and_due_work_is_done_when_start_returns(
        self, sqlite_store: Database
    ) -> None:
        clock = HandClock()
        settings = settings_for(connection(ScriptedPlatform()), people=staff())
        async with open_service(sqlite_store, settings, clock):
            clock.at = FRIDAY
        async with open_service(sqlite_store, settings, clock):
            with sqlite_store.transaction() as transaction:
                assert transaction.store(ORG).checkins.latest(PersonId(WANG_LEI)) is not None

    async def test_it_works_by_itself_from_the_card_to_the_chat(self, sqlite_store: Database) -> None:
        clock, chat = HandClock(), ScriptedPlatform()
        settings = settings_for(connection(chat), people=staff())
        async with open_service(sqlite_store, settings, clock, LIVELY) as service:
            clock.at = FRIDAY
            service.ticker.forget_openings()
            await eventually(lambda: len(chat.calls) == len(staff()))

    async def test_a_stranger_who_writes_is_told_so_once_a_day(self, sqlite_store: Database) -> None:
        clock, chat = HandClock(), ScriptedPlatform()
        async with open_service(sqlite_store, settings_for(connection(chat), people=staff()), clock) as service:
            for number in range(3):
                origin = Origin(ORG, "feishu", f"event-{number}", "ou_nobody", clock.now())
                await service.handle(TextSaid(origin, "你好"))
            await eventually(lambda: len(chat.calls) == 1)
            clock.at = FRIDAY + timedelta(days=1)
            await service.handle(TextSaid(Origin(ORG, "feishu", "event-9", "ou_nobody", clock.now()), "还在吗"))
            await eventually(lambda: len(chat.calls) == 2)
        assert {call.message.receiver for call in chat.calls} == {"ou_nobody"}
        assert "不认识你" in str(chat.calls[0].message.body)

    async def test_a_part_that_has_died_makes_it_not_ready(self, sqlite_store: Database) -> None:
        """An orchestrator restarts what is not ready; a bot that answers and never sends would stay for ever."""
        store = fragile(sqlite_store)
        settings = settings_for(connection(ScriptedPlatform()), people=staff())
        async with open_service(store, settings, HandClock(), LIVELY) as service:
            assert await service.why_not_ready() == ""
            store.breaks = Breaks.BY_A_DEFECT
            with capture_logs() as logs:
                await eventually(lambda: any(each["action"] == "service.part_died" for each in logs))
            store.breaks = Breaks.NEVER
            assert "delivery" in await service.why_not_ready()


class TestStop:
    async def test_what_was_taken_in_is_acknowledged_and_nothing_new_is(self, sqlite_store: Database) -> None:
        clock, chat, listener = HandClock(), ScriptedPlatform(), ScriptedListener()
        settings = settings_for(connection(chat, listener=listener), people=staff())
        async with open_service(sqlite_store, settings, clock) as service:
            handling = [asyncio.create_task(service.handle(_said("帮助", f"ev-{number}"))) for number in range(20)]
            await asyncio.sleep(0)
        assert listener.closed == 1
        assert [await each for each in handling] == [Answer()] * 20
        with pytest.raises(StoreDown):
            await service.handle(_said("帮助", "ev-late"))

    async def test_what_was_not_sent_any_more_is_sent_by_the_next_process(self, sqlite_store: Database) -> None:
        clock, chat = HandClock(), ScriptedPlatform()
        settings = settings_for(connection(chat), people=staff())
        async with open_service(sqlite_store, settings, clock) as service:
            chat.gate.clear()
            await service.handle(_said("帮助", "ev-1"))
            await asyncio.wait_for(chat.began.wait(), LIMIT)
            chat.gate.set()
            await service.handle(_said("待办", "ev-2"))
        async with open_service(sqlite_store, settings, clock) as service:
            await service.delivery.settle()
        assert len(set(chat.ids)) == len(chat.ids) == 2

    async def test_it_stops_when_it_is_told_to(self) -> None:
        waiting = asyncio.create_task(until_stopped())
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait({waiting})


class TestNewSettings:
    async def test_an_organisation_can_come_and_go_while_it_runs(self, sqlite_store: Database) -> None:
        here, there = ScriptedPlatform(), ScriptedPlatform()
        base = settings_for(connection(here), people=staff())
        other = replace(org_policy(), org_id=OTHER)
        people = [replace(each, org_id=OTHER) for each in staff()]
        both = settings_for(connection(here), connection(there, OTHER), policies=(org_policy(), other), people=staff())
        both = replace(both, people={**both.people, OTHER: replace(both.people[ORG], people=people)})
        async with open_service(sqlite_store, base, HandClock()) as service:
            with pytest.raises(LookupError):
                await service.handle(_said("帮助", "ev-1", org_id=OTHER))
            await service.apply(both)
            await service.handle(_said("帮助", "ev-1", org_id=OTHER))
            await service.delivery.settle()
            assert len(there.calls) == 1
            await service.apply(base)
            with pytest.raises(LookupError):
                await service.handle(_said("帮助", "ev-2", org_id=OTHER))
            await service.handle(_said("帮助", "ev-3"))
            await service.delivery.settle()
            assert len(here.calls) == 1

    async def test_a_new_way_out_is_used_for_what_waits(self, sqlite_store: Database) -> None:
        """The old app's secret was wrong; the edit that mends it needs no restart."""
        old, new = ScriptedPlatform(), ScriptedPlatform()
        async with open_service(
            sqlite_store, settings_for(connection(old, settings="old"), people=staff()), HandClock()
        ) as service:
            await service.apply(settings_for(connection(new, settings="new"), people=staff()))
            await service.handle(_said("帮助", "ev-1"))
            await service.delivery.settle()
            assert (len(old.calls), len(new.calls)) == (0, 1)

    async def test_an_edit_moves_the_next_opening(self, sqlite_store: Database) -> None:
        clock = HandClock()
        settings = settings_for(connection(ScriptedPlatform()), people=staff())
        async with open_service(sqlite_store, settings, clock) as service:
            moved = org_policy(cadence(when="FRI 14:30"))
            await service.apply(settings_for(connection(ScriptedPlatform()), policies=(moved,), people=staff()))
            clock.advance(timedelta(minutes=31))
            assert await service.ticker.tick() > 0


class TestWatching:
    """The file as an operator edits it, through `bot.assemble`."""

    TEXT = """
org: {{id: acme, name: 示例科技}}
storage: {{url: "sqlite:///{store}"}}
people: {{file: people.yaml}}
platforms: {{feishu: {{mode: webhook, app_id: cli_1, app_secret: s, encrypt_key: k}}}}
cadences: {{weekly: {{preset: review, when: "{when}"}}}}
"""
    PEOPLE = "people: [{id: wanglei, name: 王磊, ids: {feishu: ou_wanglei}}]\n"

    def _write(self, folder: Path, when: str = "FRI 16:00", more: str = "") -> Loaded:
        (folder / "people.yaml").write_text(self.PEOPLE, "utf-8")
        (folder / "fupan.yaml").write_text(self.TEXT.format(store=folder / "x.db", when=when) + more, "utf-8")
        return load(folder / "fupan.yaml", {})

    @pytest.fixture
    async def watched(self, sqlite_store: Database, tmp_path: Path) -> AsyncIterator[Service]:
        """A service whose configuration is watched."""
        loaded = self._write(tmp_path)
        settings = settings_for(connection(ScriptedPlatform()), policies=(loaded.orgs[0].policy,))
        async with open_service(sqlite_store, settings, HandClock(), RARELY) as service:
            watching = asyncio.create_task(watch_configuration(tmp_path / "fupan.yaml", {}, loaded, service))
            yield service
            watching.cancel()
            await asyncio.wait({watching})

    def _when(self, service: Service) -> str:
        policy = service.organisations.policy(ORG)
        return str(policy.cadences[0].recurrence) if policy else ""

    async def test_a_good_edit_is_taken_over(self, watched: Service, tmp_path: Path) -> None:
        self._write(tmp_path, "THU 10:00")
        await eventually(lambda: self._when(watched) == "THU 10:00")

    async def test_a_bad_edit_is_told_with_its_line_and_changes_nothing_and_the_next_good_one_counts(
        self, watched: Service, tmp_path: Path
    ) -> None:
        file = tmp_path / "fupan.yaml"
        good = file.read_text("utf-8")
        with capture_logs() as logs:
            file.write_text(good.replace("FRI 16:00", "FRI 25:00"), "utf-8")
            await eventually(lambda: any(each["action"] == "config.refused" for each in logs))
        (entry,) = [each for each in logs if each["action"] == "config.refused"]
        assert "fupan.yaml:6" in entry["at"]
        assert self._when(watched) == "FRI 16:00"
        file.write_text(good.replace("FRI 16:00", "THU 10:00"), "utf-8")
        await eventually(lambda: self._when(watched) == "THU 10:00")

    async def test_an_edit_of_the_people_file_is_taken_over_too(
        self, watched: Service, sqlite_store: Database, tmp_path: Path
    ) -> None:
        (tmp_path / "people.yaml").write_text(self.PEOPLE.replace("王磊", "王蕾"), "utf-8")

        def known() -> bool:
            with sqlite_store.transaction() as transaction:
                person = transaction.store(ORG).people.person(PersonId("wanglei"))
            return person is not None and person.name == "王蕾"

        await eventually(known)

    def test_organisations_with_different_stores_need_a_process_each(self, tmp_path: Path) -> None:
        first = self._write(tmp_path)
        other = tmp_path / "second"
        other.mkdir()
        second = self._write(other)
        with pytest.raises(SeveralStores):
            store_url(Loaded((*first.orgs, *second.orgs), ""))

    def test_mail_and_chat_are_connected_as_configured(self, tmp_path: Path) -> None:
        async def handle(_event: Inbound) -> Answer:
            return Answer()

        with_mail = self._write(tmp_path, more="mail: {host: 127.0.0.1, port: 2525, from: a@example.com, tls: none}\n")
        settings = settings_of(with_mail, HandClock(), handle, lambda _org, _platform: Uncounted())
        assert [each.lane for each in settings.connections] == ["feishu", "mail"]
        without = settings_of(self._write(tmp_path), HandClock(), handle, lambda _org, _platform: Uncounted())
        assert [each.lane for each in without.connections] == ["feishu"]


class Uncounted(Tally):
    """Counts nothing."""

    def count(self, kind: str, calls: int) -> None:
        """See the port."""


async def test_mail_waits_for_its_server_while_chat_goes_on(sqlite_store: Database) -> None:
    """Two lanes of one organisation: what the mail server refuses keeps nobody's card back."""
    part = MailPart.model_validate({"host": "127.0.0.1", "port": 1, "from": "a@example.com", "tls": "none"})
    mail, chat = connect_mail(ORG, mail_settings(part), HandClock()), ScriptedPlatform()
    async with open_service(sqlite_store, settings_for(connection(chat), mail, people=staff()), HandClock()) as service:
        with sqlite_store.transaction() as transaction:
            transaction.tell(service.clock.now())
            outbox = transaction.store(ORG).outbox
            letter = Draft(PersonId(LI_HUA), Mail("s", "t"), Priority.ESCALATION, "mail", asked=True, by_mail=True)
            outbox.put(letter)
            outbox.put(asked("你好"))
        with capture_logs():
            await service.delivery.settle()
        assert chat.words == ["你好"]
