"""WeCom's robot: stays connected, hears each event once, answers clicks in time, and sends over the same connection."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from adapters.wecom.buttons import CLOSED, button_key
from adapters.wecom.receipt import Receipt
from adapters.wecom.robot_socket import FATAL_WAIT_SECONDS, RobotLimits
from domain.cards import Answer, Button, Card, CardKey, ChoiceField, Option, Paragraph, Quote, Style
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    StoreDown,
    TargetGone,
    Throttled,
    Undeliverable,
)
from domain.events import CardClicked, ChatOpened, TextSaid
from domain.messages import Call
from tests.contract.feishu_line import LIMIT
from tests.contract.wecom_robot_line import LI, PATIENCE, Town, open_town

KEY = CardKey("tweak", "t1")
OK = button_key(KEY, "ok")
ASK = Card(
    KEY, "调整目标", "要你看一眼", tag="待处理", buttons=(Button("ok", "同意", Style.MAIN), Button("no", "不同意"))
)
DONE = replace(ASK, tag="已同意", buttons=())


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as open_one:
        await open_one.up()
        yield open_one


async def sent_card(town: Town, card: Card = ASK, message_id: str = "c1") -> str:
    """Send a card to somebody who has opened the chat; return the gateway's id of it."""
    town.gateway.chats.open(LI)
    await town.send(card, call=Call.CARD, message_id=message_id)
    return town.gateway.chats.of(LI)[-1].message_id


class TestConnecting:
    async def test_it_says_whether_it_is_connected(self, town: Town) -> None:
        assert town.socket.connected
        await town.gateway.disconnect(1000)
        await town.wake()
        await town.up()

    @pytest.mark.parametrize("code", [1000, 1001, 1006, 1011])
    async def test_however_the_connection_ends_it_comes_back(self, town: Town, code: int) -> None:
        for expected in (1.0, 2.0, 4.0):
            await town.gateway.disconnect(code)
            assert await town.wake() == expected
            await asyncio.wait_for(town.gateway.wait(connected=True), LIMIT)
            await town.up()
        assert town.alerts == []

    async def test_a_wrong_secret_alerts_once_and_is_tried_again_slowly(self) -> None:
        with structlog.testing.capture_logs() as logged:
            async with open_town(secret="not-it") as town:
                assert [await town.wake() for _ in range(2)] == [FATAL_WAIT_SECONDS] * 2
                assert [(type(each), each.code) for each in town.alerts] == [(Misconfigured, "40001")]
                assert "robot_secret" in town.alerts[0].hint
                assert not town.socket.connected
        assert "not-it" not in repr(logged)

    async def test_subscribing_too_often_waits_for_the_window(self, town: Town) -> None:
        town.gateway.subscribe_codes = [45009, 853006, -1]
        await town.gateway.disconnect(1011)
        assert await town.wake() == 1.0
        assert await town.wake() == 60.0
        assert await town.wake() == FATAL_WAIT_SECONDS
        assert await town.wake() == 4.0
        await town.up()
        assert [each.code for each in town.alerts] == ["853006"]

    async def test_a_gateway_that_does_not_answer_is_tried_again(self) -> None:
        async with open_town(limits=RobotLimits(answer_seconds=0.05)) as town:
            await town.up()
            town.gateway.mute = True
            await town.gateway.disconnect(1000)
            await town.wake()
            assert await town.wake() == 2.0
            town.gateway.mute = False
            await town.up()

    async def test_silence_ends_a_connection(self) -> None:
        async with open_town(limits=RobotLimits(ping_seconds=0.02, silence_seconds=0.02)) as town:
            await town.up()
            town.gateway.mute = True
            with structlog.testing.capture_logs() as logged:
                while await town.sleeper.wake() != 1.0:
                    continue
            town.gateway.mute = False
            assert "wecom.robot.silent" in {each["action"] for each in logged}
            await asyncio.wait_for(town.gateway.wait(connected=True), LIMIT)

    async def test_it_pings(self, town: Town) -> None:
        assert await town.sleeper.wake() == PATIENCE.ping_seconds
        seconds, _ = await asyncio.wait_for(town.sleeper.waits.get(), LIMIT)
        assert seconds == PATIENCE.ping_seconds
        await town.gateway.say(LI, "你好")
        await town.core.next()
        town.gateway.chats.open(LI)
        await town.send("好")  # the answer comes after that to the ping
        assert town.gateway.pings == 1

    async def test_a_second_process_takes_over_and_the_first_stays_away_and_says_so(self, town: Town) -> None:
        with structlog.testing.capture_logs() as logged:
            socket = await town.http.websocket(town.settings.address, 4096)
            body = {"bot_id": "aib1", "secret": "top-secret"}
            await socket.send_json({"cmd": "aibot_subscribe", "headers": {"req_id": "s"}, "body": body})
            assert (await asyncio.wait_for(socket.receive_json(), LIMIT))["errcode"] == 0
            await asyncio.wait_for(town.alerted.wait(), LIMIT)
        assert [(type(each), each.code) for each in town.alerts] == [(Misconfigured, "replaced")]
        assert "wecom.robot.replaced" in {each["action"] for each in logged}
        assert not town.socket.connected
        assert town.gateway.connected
        with pytest.raises(PlatformDown, match="not-connected"):
            await town.send("你好")
        await socket.close()

    async def test_frames_that_make_no_sense_are_dropped(self, town: Town) -> None:
        with structlog.testing.capture_logs() as logged:
            for text in ("no json", "[]", '{"cmd":"aibot_msg_callback","headers":{}}'):
                await town.gateway.push(text)
            await town.gateway.push('{"cmd":"aibot_msg_callback","headers":{"req_id":"x"},"body":{}}')
            await town.gateway.push('{"cmd":"something_new","headers":{"req_id":"y"},"body":{}}')
            await town.gateway.say(LI, "还在吗")
            assert isinstance(await town.core.next(), TextSaid)
        assert [each["action"] for each in logged].count("wecom.robot.malformed") == 3


class TestHearing:
    async def test_words_in_private_and_an_opened_chat_are_heard(self, town: Town) -> None:
        await town.gateway.enter(LI)
        assert isinstance(await town.core.next(), ChatOpened)
        await town.gateway.say(LI, "/待办")
        heard = await town.core.next()
        assert isinstance(heard, TextSaid)
        assert (heard.text, heard.origin.actor, heard.origin.platform) == ("/待办", LI, "wecom")

    async def test_what_could_not_be_stored_is_tried_again_for_nobody_repeats_it(self, town: Town) -> None:
        town.core.failures = [StoreDown(), StoreDown()]
        await town.gateway.say(LI, "做完了")
        assert [await town.wake(), await town.wake()] == [PATIENCE.store_seconds] * 2
        assert isinstance(await town.core.next(), TextSaid)

    async def test_one_event_that_fails_ends_nothing(self, town: Town) -> None:
        town.core.failures = [RuntimeError("a bug")]
        with structlog.testing.capture_logs() as logged:
            await town.gateway.say(LI, "秘密")
            await town.gateway.say(LI, "再说一次")
            assert isinstance(await town.core.next(), TextSaid)
        assert [each["error"] for each in logged if each["action"] == "wecom.robot.event_failed"] == ["RuntimeError"]
        assert "秘密" not in repr(logged)

    async def test_what_runs_is_finished_before_it_hangs_up(self, town: Town) -> None:
        message_id = await sent_card(town)
        town.core.gate.clear()
        town.core.answer = Answer(card=DONE)
        click = asyncio.create_task(town.gateway.click(LI, message_id, OK))
        await town.gateway.say("WangWu", "x")
        closing = asyncio.create_task(town.socket.close())
        town.core.gate.set()
        await closing
        await asyncio.wait_for(town.gateway.wait(connected=False), LIMIT)
        click.cancel()


class TestClicks:
    async def test_the_card_gets_its_new_face(self, town: Town) -> None:
        message_id = await sent_card(town)
        town.core.answer = Answer(card=DONE)
        shown = await town.gateway.click(LI, message_id, OK)
        assert shown is not None
        assert shown.content["replace_text"] == "已同意"
        assert shown.content["button_list"][0]["style"] == 4
        assert CLOSED in shown.content["button_list"][0]["key"]
        heard = await town.core.next()
        assert isinstance(heard, CardClicked)
        assert (heard.card, heard.action, heard.message, heard.silent) == (KEY, "ok", "c1", True)

    async def test_what_was_chosen_comes_along(self, town: Town) -> None:
        field = ChoiceField("mood", "状态", (Option("3", "顺利"), Option("1", "有阻碍")))
        made = replace(ASK, fields=(field,), buttons=(Button("submit", "提交", Style.MAIN, submits=True),))
        message_id = await sent_card(town, made)
        town.core.answer = Answer(card=replace(made, buttons=(), tag="已提交"))
        shown = await town.gateway.click(LI, message_id, button_key(KEY, "submit"), {"mood": ["3"]})
        heard = await town.core.next()
        assert isinstance(heard, CardClicked)
        assert heard.form == {"mood": "3"}
        assert shown is not None
        assert shown.content["checkbox"]["disable"] is True

    async def test_an_answer_without_a_card_changes_nothing(self, town: Town) -> None:
        message_id = await sent_card(town)
        clicking = asyncio.create_task(town.gateway.click(LI, message_id, OK))
        await town.core.next()
        await town.send("好的", message_id="m2")
        clicking.cancel()
        assert town.gateway.chats.known(message_id).version == 0

    async def test_too_late_the_click_counts_and_the_card_stays(self) -> None:
        async with open_town(limits=RobotLimits(click_seconds=0.0)) as town:
            await town.up()
            message_id = await sent_card(town)
            town.core.answer = Answer(card=DONE)
            with structlog.testing.capture_logs() as logged:
                clicking = asyncio.create_task(town.gateway.click(LI, message_id, OK))
                await town.core.next()
                await town.send("好的", message_id="m2")
            assert [each["code"] for each in logged if each["action"] == "wecom.click.unshown"] == ["late"]
            assert town.gateway.chats.known(message_id).version == 0
            clicking.cancel()

    @pytest.mark.parametrize("code", [846605, 846608])
    async def test_a_refused_face_is_told_and_nothing_else_happens(self, town: Town, code: int) -> None:
        message_id = await sent_card(town)
        town.core.answer = Answer(card=DONE)
        town.gateway.answer_codes = [code]
        with structlog.testing.capture_logs() as logged:
            clicking = asyncio.create_task(town.gateway.click(LI, message_id, OK))
            await town.core.next()
            await town.send("好的", message_id="m2")
        assert [each["code"] for each in logged if each["action"] == "wecom.click.unshown"] == [str(code)]
        clicking.cancel()


class TestSending:
    async def test_a_text_goes_to_whoever_opened_the_chat(self, town: Town) -> None:
        await town.gateway.enter(LI)
        assert Receipt.unpack(await town.send("# 你好")) == Receipt("m1")
        (message,) = town.gateway.chats.of(LI)
        assert (message.msg_type, message.content["content"]) == ("markdown", "\u200b# 你好")

    async def test_whoever_never_opened_it_is_unreachable_with_the_reason(self, town: Town) -> None:
        with pytest.raises(Undeliverable, match="93006") as caught:
            await town.send("你好")
        assert "opened a chat" in caught.value.hint

    async def test_a_card_that_is_only_read_is_markdown(self, town: Town) -> None:
        await sent_card(town, replace(DONE, blocks=(Quote("他说", "好*"), Paragraph("完"))))
        assert "> 好＊  \n" in town.gateway.chats.of(LI)[0].content["content"]

    async def test_what_has_no_room_on_a_card_is_said_before_it(self, town: Town) -> None:
        words = "很长的一段话。" * 40
        await sent_card(town, replace(ASK, blocks=(Paragraph(words),)))
        first, second = town.gateway.chats.of(LI)
        assert words in first.content["content"]
        assert second.content["task_id"] == "c1"

    async def test_a_card_that_is_sent_again_is_there_once(self, town: Town) -> None:
        await sent_card(town)
        assert Receipt.unpack(await town.send(ASK, call=Call.CARD, message_id="c1")) == Receipt("c1")
        assert len(town.gateway.chats.of(LI)) == 1

    async def test_a_card_cannot_be_changed_but_by_a_click(self, town: Town) -> None:
        assert not town.client.abilities.updates
        with pytest.raises(TargetGone, match="click-only"):
            await town.send(DONE, call=Call.UPDATE)

    @pytest.mark.parametrize(
        ("code", "expected"), [(45009, Throttled), (-1, PlatformDown), (40058, ContentRefused), (853006, Misconfigured)]
    )
    async def test_a_refusal_has_its_meaning(self, town: Town, code: int, expected: type[PlatformError]) -> None:
        town.gateway.chats.open(LI)
        town.gateway.answer_codes = [code]
        with pytest.raises(expected) as caught:
            await town.send("你好")
        assert caught.value.code == str(code)

    async def test_it_stays_below_what_one_chat_may_get_in_a_minute(self, town: Town) -> None:
        town.gateway.chats.open(LI)
        for number in range(28):
            await town.send("你好", message_id=f"m{number}")
        with pytest.raises(Throttled, match="receiver-pace"):
            await town.send("你好")
        town.clock.advance(timedelta(minutes=1))
        await town.send("你好")

    async def test_many_at_once_each_get_their_own_answer(self, town: Town) -> None:
        town.gateway.chats.open(LI)
        sends = [town.send("好", receiver, message_id=f"m{receiver}") for receiver in (LI, "nobody", LI, "stranger")]
        results = await asyncio.gather(*sends, return_exceptions=True)
        assert [isinstance(each, Undeliverable) for each in results] == [False, True, False, True]

    async def test_no_answer_is_told_as_such(self) -> None:
        async with open_town(limits=RobotLimits(answer_seconds=0.05)) as town:
            await town.up()
            town.gateway.mute = True
            with pytest.raises(PlatformDown, match="timeout"):
                await town.send("你好")

    async def test_a_connection_that_ends_meanwhile_fails_at_once(self, town: Town) -> None:
        town.gateway.mute = True
        town.gateway.chats.open(LI)
        sending = asyncio.create_task(town.send("你好"))
        await town.gateway.say(LI, "你好")
        await town.core.next()
        await town.gateway.disconnect(1006)
        with pytest.raises(PlatformDown, match="connection"):
            await asyncio.wait_for(sending, PATIENCE.answer_seconds / 2)

    @pytest.mark.parametrize(("call", "body"), [(Call.TEXT, " "), (Call.TEXT, DONE), (Call.CARD, "x")])
    async def test_rows_that_say_nothing_or_contradict_themselves_are_refused(
        self, town: Town, call: Call, body: str | Card
    ) -> None:
        with pytest.raises(ContentRefused):
            await town.send(body, call=call)


class TestProbing:
    async def test_the_gateway_is_reached_and_the_running_connection_stays(self, town: Town) -> None:
        (probe,) = await town.client.probe()
        assert (probe.name, probe.ok) == ("wecom.robot", True)
        assert town.socket.connected
        await town.gateway.say(LI, "还在")
        assert isinstance(await town.core.next(), TextSaid)

    async def test_what_is_not_there_is_told(self, town: Town) -> None:
        wrong = replace(town.settings, address=town.settings.address.replace("/aibot", "/nowhere"))
        client = type(town.client)(wrong, town.socket, town.http, town.clock)
        (probe,) = await client.probe()
        assert (probe.ok, probe.detail) == (False, "PlatformDown handshake-404")
        assert "robot_url" in probe.fix
