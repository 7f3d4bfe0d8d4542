"""The fake's memory: what survives a kill and a restart, and how ids stay unique."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.wecom import FakeWeComApp, State
from sandbox.wecom.journal import KEPT, CallRecord, Journal
from sandbox.wecom.limits import SlidingWindows
from sandbox.wecom.store import Store
from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import APP, LEI, MIN, Clock, callback_app, open_desk

_WRITER = """
import sys
from sandbox.wecom.store import Store
store = Store(sys.argv[1], "salt")
number = 0
while True:
    number += 1
    with store.transaction():
        store.save_setting("a", str(number))
        store.save_setting("b", str(number))
    if number == 50:
        print("ready", flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database file that does not exist yet."""
    return str(tmp_path / "wecom.db")


async def test_chats_versions_people_codes_and_tokens_survive_a_restart(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        sent = await desk.send_card(f"{LEI}|{MIN}", {**cards.approval(), "task_id": "t-1"})
        other = await desk.send_card(LEI, {**cards.approval(), "task_id": "t-2"})
        await desk.update(other["response_code"], button={"replace_name": "好"})
        await desk.fake.say(LEI, "收到")
        message_id = desk.fake.messages_of(LEI)[0]["id"]
        before = (desk.fake.messages_of(LEI), desk.fake.people(), desk.fake.versions(message_id), desk.fake.calls)
        token = desk.token
    async with open_desk(path, clock=clock) as desk:
        after = (desk.fake.messages_of(LEI), desk.fake.people(), desk.fake.versions(message_id), desk.fake.calls)
        assert after == before
        desk.token = token
        assert (await desk.update(sent["response_code"], button={"replace_name": "好"}))["errcode"] == 0
        assert (await desk.update(other["response_code"], button={"replace_name": "好"}))["errcode"] == 60140
        assert (await desk.send_card(LEI, {**cards.approval(), "task_id": "t-1"}))["errcode"] == 42014
        assert (await desk.post("message/recall", {"msgid": sent["msgid"]}))["errcode"] == 0


async def test_what_was_seen_and_counted_survives_a_restart(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        await desk.send_text(enable_duplicate_check=1)
    async with open_desk(path, clock=clock) as desk:
        await desk.send_text(enable_duplicate_check=1)
        assert len(desk.texts()) == 1
        assert (await desk.post("message/get_statistics", {}))["statistics"][0]["count"] == 2


async def test_callbacks_not_answered_before_a_restart_come_again(path: str) -> None:
    clock = Clock()
    async with callback_app(lambda _: 500) as endpoint:
        async with open_desk(path, apps=(endpoint.settings,), clock=clock) as desk:
            await desk.fake.say(LEI, "一")
            desk.fake.set_fault("hold_back", 1, 60.0)
            await desk.fake.say(LEI, "二")
            store = sqlite3.connect(path)
            store.execute("UPDATE deliveries SET state = 'open' WHERE number = 2")  # as a kill leaves it
            store.commit()
            store.close()
        endpoint.script = lambda _: ""
        clock.advance(seconds=1)
        async with open_desk(path, apps=(endpoint.settings,), clock=clock) as desk:
            assert await desk.fake.run_due_retries() == 2
            assert {each.state for each in desk.fake.deliveries()} == {State.DONE}
            assert set(endpoint.told("Content")[1:]) == {"一", "二"}
            assert await desk.fake.run_due_retries() == 0


async def test_callbacks_of_an_app_that_is_gone_or_has_no_address_wait(path: str) -> None:
    clock = Clock()
    async with callback_app(lambda _: 500) as endpoint:
        async with open_desk(path, apps=(endpoint.settings,), clock=clock) as desk:
            await desk.fake.say(LEI, "一")
        clock.advance(seconds=1)
        homeless = FakeWeComApp(APP.corp_id, APP.agent_id, APP.secret, APP.token, APP.aes_key)
        another = FakeWeComApp(APP.corp_id, 5, APP.secret, APP.token, APP.aes_key)
        for app in (homeless, another):
            async with open_desk(path, apps=(app,), clock=clock) as desk:
                assert await desk.fake.run_due_retries() == 0


async def test_ids_stay_unique_over_restarts(path: str) -> None:
    ids: list[str] = []
    for _ in range(3):
        async with open_desk(path) as desk:
            await desk.send_text()
            ids.append(await desk.fake.say(LEI, "x"))
    async with open_desk(path) as desk:
        ids += [message["id"] for message in desk.fake.messages_of(LEI) if message["from"] == "bot"]
    assert len(set(ids)) == 6
    assert [int(each) for each in ids[:3]] == sorted(int(each) for each in ids[:3])


def test_a_kill_leaves_whole_transactions(path: str) -> None:
    with subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        os.kill(writer.pid, signal.SIGKILL)
    store = Store(path, "another salt")
    assert store.setting("a") == store.setting("b")
    assert store.setting("salt") == "salt"
    store.close()


def test_a_failed_transaction_leaves_nothing_and_hands_out_no_number_twice(path: str) -> None:
    store = Store(path, "salt")

    def fail() -> None:
        with store.transaction(), store.transaction():
            store.save_setting("x", "1")
            store.mint_number()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert store.setting("x") is None
    first, second = store.mint(""), store.mint("")
    assert first != second
    store.close()


def test_the_journal_keeps_the_newest_calls(path: str) -> None:
    store = Store(path, "salt")
    journal = Journal(store)
    call = CallRecord("POST", "/x", 1.0, "text", 1, 200, 0, 1)
    with store.transaction():
        for _ in range(KEPT + 1000):
            journal.add(call)
    assert len(journal.calls()) == KEPT
    assert journal.calls() == Journal(store).calls()
    rows = store.row("SELECT count(*) AS number FROM calls")
    assert rows is not None
    assert rows["number"] <= KEPT + 1000
    store.close()


def test_windows_forget_keys_that_are_long_silent() -> None:
    windows = SlidingWindows((1, 10.0))
    assert all(windows.try_pass(number, 0.0) for number in range(4096))
    assert not windows.try_pass(0, 9.9)
    assert windows.try_pass("late", 100.0)
    assert windows.try_pass(0, 100.0)
    assert windows.is_full(0, 100.0)
    sparse = SlidingWindows((1, 10.0))
    assert [sparse.try_pass(0, moment) for moment in (0.0, 5.0, 10.0, 20.0)] == [True, False, True, True]
    assert not SlidingWindows((0, 1.0)).try_pass("x", 0.0)
