"""The fake's memory: what survives a kill and a restart, and how ids stay unique."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.company import Company, User
from sandbox.feishu import State
from sandbox.feishu.journal import KEPT, CallRecord, Journal
from sandbox.feishu.store import Store
from tests.contract.sandbox_feishu.harness import (
    APP,
    LEI,
    OTHER_APP,
    Clock,
    always,
    checkin_card,
    ok_frame,
    open_desk,
    plain_card,
    socket_bot,
)

_WRITER = """
import sys
from sandbox.feishu.store import Store
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
    return str(tmp_path / "feishu.db")


async def test_chats_versions_people_and_tokens_survive_a_restart(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        message_id = await desk.card_id(LEI)
        await desk.patch(message_id, plain_card("二"))
        await desk.fake.resign(desk.fake.people()[4]["open_id"])
        await desk.fake.say(LEI, "收到")
        before = (desk.fake.messages_of(LEI), desk.fake.people(), desk.fake.versions(message_id), desk.fake.calls)
        token = desk.token
    async with open_desk(path, clock=clock) as desk:
        after = (desk.fake.messages_of(LEI), desk.fake.people(), desk.fake.versions(message_id), desk.fake.calls)
        assert after == before
        desk.token = token
        assert (await desk.patch(message_id, plain_card("三"))).code == 0


async def test_the_memory_of_uuids_survives_a_restart(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        first = (await desk.send_text(LEI, uuid="ck-1")).data
    async with open_desk(path, clock=clock) as desk:
        assert (await desk.send_text(LEI, uuid="ck-1")).data == first
        assert len(desk.fake.messages_of(LEI)) == 1


async def test_events_not_acknowledged_before_a_restart_come_again(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        await desk.fake.say(LEI, "一")
        async with socket_bot(desk, always(None)) as bot:
            saying = asyncio.create_task(desk.fake.say(LEI, "二"))
            await bot.received.wait()
            await desk.fake.disconnect(code=1006)
            await saying
    async with open_desk(path, clock=clock) as desk, socket_bot(desk, always(ok_frame())) as bot:
        await desk.fake.idle()
        assert bot.texts() == ["一", "二"]
        assert {delivery.state for delivery in desk.fake.deliveries()} == {State.DONE}


async def test_a_clicked_cards_token_survives_a_restart(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        message_id = await desk.card_id(LEI, checkin_card())
        async with socket_bot(desk, always(ok_frame({}))) as bot:
            await desk.fake.click(LEI, message_id, "skip", {})
    token = bot.envelopes[0]["event"]["token"]
    async with open_desk(path, clock=clock) as desk:
        body = {"token": token, "card": plain_card("迟到")}
        assert (await desk.call("POST", "/open-apis/interactive/v1/card/update", body)).code == 0


async def test_ids_are_never_used_again_after_a_restart(path: str) -> None:
    ids = []
    for _ in range(3):
        async with open_desk(path) as desk:
            ids += [(await desk.send_text(LEI)).data["message_id"] for _ in range(3)]
    assert len(set(ids)) == 9


async def test_two_tenants_have_different_ids() -> None:
    async with open_desk() as first:
        one = (await first.send_text(LEI)).data["message_id"]
    store = Store(None, "another salt")
    assert one not in {store.mint("om_x100") for _ in range(100)}
    store.close()


def _fail_after(store: Store, deed: Callable[[], object]) -> None:
    with store.transaction():
        deed()
        raise KeyError


def test_numbers_are_unique_across_blocks_and_rollbacks() -> None:
    store = Store(None, "salt")
    numbers = [store.mint_number() for _ in range(1500)]
    with pytest.raises(KeyError):
        _fail_after(store, store.mint_number)
    numbers += [store.mint_number() for _ in range(1500)]
    assert len(set(numbers)) == 3000
    store.close()


def test_a_failed_transaction_leaves_nothing(path: str) -> None:
    store = Store(path, "salt")

    def write() -> None:
        store.save_setting("a", "1")
        with store.transaction():
            store.save_setting("b", "1")

    with pytest.raises(KeyError):
        _fail_after(store, write)
    assert (store.setting("a"), store.setting("b")) == (None, None)
    store.close()


def test_a_killed_process_leaves_whole_transactions(path: str) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, path], cwd=root, stdout=subprocess.PIPE, env={**os.environ}
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    store = Store(path, "salt")
    first, second = store.setting("a"), store.setting("b")
    assert first == second
    assert int(first or 0) >= 50
    store.close()


def test_the_call_log_keeps_the_newest_and_prunes_the_file(path: str) -> None:
    store = Store(path, "salt")
    journal = Journal(store)
    with store.transaction():
        for number in range(KEPT + 2000):
            journal.add(CallRecord("GET", f"/{number}", 0.0, "", 200, 0, APP.app_id))
    assert (len(journal.calls()), journal.calls()[-1].path) == (KEPT, f"/{KEPT + 1999}")
    assert Journal(store).calls() == journal.calls()
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM calls").fetchone()[0] <= KEPT + 1000
    connection.close()


async def test_a_company_replaces_the_one_before(path: str) -> None:
    async with open_desk(path) as desk:
        desk.fake.load_company(Company("小公司", (), (User("li", "李"),)))
        await desk.fake.hire(User("wang", "王"))
    async with open_desk(path) as desk:
        assert [person["name"] for person in desk.fake.people()] == ["李", "王"]
        assert desk.fake.world.directory.company_name == "小公司"


async def test_events_of_an_app_that_is_gone_stay_where_they_are(path: str) -> None:
    clock = Clock()
    async with open_desk(path, apps=(APP, OTHER_APP), clock=clock) as desk:
        await desk.fake.say(LEI, "你好", app_id=OTHER_APP.app_id)
    async with open_desk(path, clock=clock) as desk:
        clock.advance(days=1)
        assert await desk.fake.run_due_retries() == 0
        assert [delivery.state for delivery in desk.fake.deliveries()] == [State.OPEN]
