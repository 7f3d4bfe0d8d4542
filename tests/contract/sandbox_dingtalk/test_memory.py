"""The fake's memory: what survives a kill and a restart, and how ids stay unique."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.dingtalk import State
from sandbox.dingtalk.journal import KEPT, CallRecord, Journal
from sandbox.dingtalk.store import Store
from tests.contract.sandbox_dingtalk.harness import (
    APP,
    LEI,
    OTHER_APP,
    WEI,
    Clock,
    answer_events,
    http_app,
    ok_ack,
    open_desk,
    silent,
    stream_bot,
    web_bot,
)

_WRITER = """
import sys
from sandbox.dingtalk.store import Store
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
    return str(tmp_path / "dingtalk.db")


async def test_chats_faces_people_tokens_and_meters_survive_a_restart(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        await desk.card()
        await desk.update("card-1", cardData={"cardParamMap": {"status": "二"}})
        group = desk.fake.add_group("研发群", [LEI])
        await desk.fake.resign(WEI)
        await desk.fake.say(LEI, "收到")
        fake = desk.fake
        before = (fake.messages_of(LEI), fake.people(), fake.versions("card-1", LEI), fake.calls)
        used, token, corp_id = fake.used("api_call"), desk.token, fake.world.corp_id
    async with open_desk(path, clock=clock) as desk:
        fake = desk.fake
        assert (fake.messages_of(LEI), fake.people(), fake.versions("card-1", LEI), fake.calls) == before
        assert (fake.used("api_call"), fake.world.corp_id) == (used, corp_id)
        assert fake.messages_of_group(group, LEI) == []
        desk.token = token
        assert (await desk.update("card-1", cardData={"cardParamMap": {"status": "三"}})).status == 200


async def test_what_was_not_acknowledged_before_a_restart_comes_again(path: str) -> None:
    clock = Clock()
    async with open_desk(path, clock=clock) as desk:
        await desk.fake.say(LEI, "一")
        async with stream_bot(desk, silent) as bot:
            await desk.fake.idle()
            saying = asyncio.create_task(desk.fake.say(LEI, "二"))
            await bot.received.wait()
            await desk.fake.end_connections(code=1006)
            await saying
    async with open_desk(path, clock=clock) as desk, stream_bot(desk) as bot:
        await desk.fake.idle()
        assert "二" in bot.texts()
        assert desk.fake.deliveries()[1].state is State.DONE


async def test_what_was_under_way_when_the_platform_was_killed_comes_again(path: str) -> None:
    async with open_desk(path) as desk, stream_bot(desk, silent) as bot:
        saying = asyncio.create_task(desk.fake.say(LEI, "一"))
        await bot.received.wait()
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        assert desk.fake.deliveries()[0].state is State.OPEN
    async with open_desk(path) as desk, stream_bot(desk) as bot:
        await desk.fake.idle()
        assert bot.texts() == ["一"]


async def test_in_http_mode_it_comes_with_the_next_retries(path: str) -> None:
    async with open_desk(path) as desk, stream_bot(desk, silent) as bot:
        saying = asyncio.create_task(desk.fake.say(LEI, "一"))
        await bot.received.wait()
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
    async with web_bot(answer_events) as web, open_desk(path, apps=(http_app(web),)) as desk:
        assert await desk.fake.run_due_retries() == 1
        assert [body["text"]["content"] for body in web.bodies()] == ["一"]


async def test_pushes_of_an_app_that_is_gone_are_left_alone(path: str) -> None:
    async with open_desk(path, apps=(APP, OTHER_APP)) as desk:
        await desk.fake.say(LEI, "一", client_id=OTHER_APP.client_id)
        desk.clock.advance(minutes=5)
    async with open_desk(path, clock=Clock()) as desk:
        desk.clock.advance(minutes=5)
        assert await desk.fake.run_due_retries() == 0


async def test_ids_stay_unique_over_a_restart(path: str) -> None:
    ids: list[str] = []
    for _ in range(3):
        async with open_desk(path) as desk, stream_bot(desk, ok_ack):
            ids += [await desk.fake.say(LEI, "一"), await desk.fake.say(LEI, "二"), await desk.key_of(LEI)]
    assert len(set(ids)) == 9


def test_a_killed_writer_leaves_whole_transactions(path: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen([sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, env=environment) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    store = Store(path, "other")
    assert store.setting("a") == store.setting("b")
    assert int(store.setting("a") or 0) >= 50
    assert store.setting("salt") == "salt"
    store.close()


def test_a_failed_transaction_leaves_nothing(path: str) -> None:
    store = Store(path, "salt")

    def fail() -> None:
        with store.transaction():
            store.save_setting("a", "1")
            with store.transaction():
                store.run("INSERT INTO nothing VALUES (1)")

    with pytest.raises(sqlite3.Error):
        fail()
    assert store.setting("a") is None
    numbers = [store.mint_number() for _ in range(1500)]
    assert len(set(numbers)) == 1500
    store.close()


def test_the_journal_keeps_the_newest_calls(path: str) -> None:
    store = Store(path, "salt")
    journal = Journal(store)
    with store.transaction():
        for number in range(KEPT + 1500):
            journal.add(CallRecord("GET", "/", float(number), 200, "", "", counted=False, subject=""))
    kept = journal.calls()
    assert (len(kept), kept[-1].at_seconds) == (KEPT, float(KEPT + 1499))
    assert Journal(store).calls() == kept
    count = store.row("SELECT count(*) AS n FROM calls")
    assert count is not None
    assert count["n"] < KEPT + 1000
    store.close()
