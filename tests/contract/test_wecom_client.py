"""WeCom: what the outbox may expect of the client, and what an admin learns from its probes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from adapters.http import HttpSession
from adapters.wecom.api import GET_TOKEN
from adapters.wecom.client import CARDS_AT_ONCE, MOST_PARTS, SEND, UPDATE, WeComClient
from adapters.wecom.departments import DEPARTMENTS
from adapters.wecom.labels import CHINESE
from adapters.wecom.markdown import markdown_messages
from adapters.wecom.probes import AGENT
from adapters.wecom.receipt import Receipt
from adapters.wecom.render import render
from domain.cards import Button, Card, CardKey, Paragraph, Quote
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Mail, Outgoing
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.contract.wecom_stub import AGENT_ID, CORP, SECRET, Asked, Stub, running_stub

CARD = Card(CardKey("checkin", "c1"), "本周复盘", "一分钟", buttons=(Button("a", "好"),))
NOTICE = Card(CardKey("notice", "n1"), "周五见", "s", blocks=(Paragraph("16:05 开始。"),))
MESSAGE_ID = "0190f0f0f0f07000800000000000abcd"
OK = {"errcode": 0, "errmsg": "ok"}


def row(
    call: Call = Call.CARD,
    body: Body = CARD,
    target: str = "",
    *,
    attempts: int = 0,
    to: str = "zhangsan",
    message_id: str = MESSAGE_ID,
) -> Outgoing:
    return Outgoing(OrgId("acme"), MessageId(message_id), "wecom", call, PersonId("p1"), to, body, target, attempts)


def rows(count: int, call: Call = Call.TEXT, body: Body = "周五见") -> list[Outgoing]:
    return [row(call, body, to=f"user{number}", message_id=f"m{number}") for number in range(count)]


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with running_stub() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def client(stub: Stub, http: HttpSession, clock: SteppingClock) -> WeComClient:
    return WeComClient(stub.settings(), http, clock)


class TestCards:
    async def test_a_card_goes_to_a_person_under_our_own_id(self, client: WeComClient, stub: Stub) -> None:
        assert Receipt.unpack(await client.deliver(row())) == Receipt(MESSAGE_ID, "code-1", "msg-1")
        (asked,) = stub.calls(SEND)
        assert (asked.method, asked.query) == ("POST", {"access_token": "t-1"})
        assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
        assert asked.body == {
            "touser": "zhangsan",
            "agentid": AGENT_ID,
            "msgtype": "template_card",
            "template_card": render(CARD, MESSAGE_ID, CHINESE, fresh=True).template,
        }
        assert asked.body["template_card"]["task_id"] == MESSAGE_ID

    async def test_words_are_sent_in_raw_utf_8(self, client: WeComClient, stub: Stub) -> None:
        await client.deliver(row(body=replace(CARD, blocks=(Quote("成果", "登录页\x00🎉"),))))
        raw = stub.calls(SEND)[0].raw
        assert "登录页🎉".encode() in raw
        assert b"\\u" not in raw

    async def test_a_card_that_was_accepted_before_counts_as_sent(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", SEND, {"errcode": 42014, "errmsg": "taskid has existed or empty or exceed max len"})
        assert Receipt.unpack(await client.deliver(row(attempts=1))) == Receipt(MESSAGE_ID)

    async def test_a_repeated_card_and_two_equal_ones_of_two_weeks_differ_in_their_task_id_alone(
        self, client: WeComClient, stub: Stub
    ) -> None:
        for message_id in ("m1", "m1", "m2"):
            await client.deliver(row(message_id=message_id))
        assert [body["template_card"]["task_id"] for body in stub.bodies()] == ["m1", "m1", "m2"]
        assert not any("enable_duplicate_check" in body for body in stub.bodies())

    async def test_what_has_no_room_on_a_card_comes_in_front_of_it(self, client: WeComClient, stub: Stub) -> None:
        words = "很长的一段话，<a href='x'>一共很多字。" * 60
        assert Receipt.unpack(await client.deliver(row(body=replace(CARD, blocks=(Quote("成果", words),)))))
        *in_front, card = stub.bodies()
        assert [body["msgtype"] for body in in_front] == ["text"] * 2
        said = "".join(body["text"]["content"] for body in in_front)
        assert said.replace("\u200b", "").replace("\n", "") == f"本周复盘成果{words}"
        assert "<a" not in said
        assert {body["duplicate_check_interval"] for body in in_front} == {1800}
        assert card["msgtype"] == "template_card"
        assert card["template_card"]["quote_area"]["quote_text"].endswith(CHINESE.above)

    async def test_what_has_no_room_in_front_either_is_cut_and_says_so(self, client: WeComClient, stub: Stub) -> None:
        await client.deliver(row(body=replace(CARD, blocks=(Quote("成果", "长" * 9000),))))
        *in_front, _ = stub.bodies()
        assert len(in_front) == MOST_PARTS
        assert in_front[-1]["text"]["content"].endswith(CHINESE.cut)

    async def test_a_card_to_be_read_only_is_markdown(self, client: WeComClient, stub: Stub) -> None:
        assert Receipt.unpack(await client.deliver(row(body=NOTICE))) == Receipt(MESSAGE_ID, "", "msg-1")
        (body,) = stub.bodies()
        assert body["msgtype"] == "markdown"
        assert body["markdown"] == {"content": markdown_messages(NOTICE, CHINESE)[0]}

    @pytest.mark.parametrize("message_id", ["", "a b", "x" * 129, "é"])
    async def test_an_id_that_would_look_like_a_duplicate_is_never_sent(
        self, client: WeComClient, stub: Stub, message_id: str
    ) -> None:
        with pytest.raises(ContentRefused):
            await client.deliver(row(message_id=message_id))
        assert not stub.asked


class TestTexts:
    async def test_a_text_is_sent_without_markup_and_once_within_a_minute(
        self, client: WeComClient, stub: Stub
    ) -> None:
        assert Receipt.unpack(await client.deliver(row(Call.TEXT, " <@all>好 \x07")))
        (body,) = stub.bodies()
        assert body == {
            "touser": "zhangsan",
            "agentid": AGENT_ID,
            "msgtype": "text",
            "text": {"content": "<\u200b@all>好"},
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 60,
        }

    async def test_a_long_text_is_several_messages_of_which_none_is_cut_by_the_platform(
        self, client: WeComClient, stub: Stub
    ) -> None:
        await client.deliver(row(Call.TEXT, "好" * 1000))
        contents = [body["text"]["content"] for body in stub.bodies()]
        assert "".join(contents) == "好" * 1000
        assert all(len(content.encode()) <= 2048 for content in contents)

    @pytest.mark.parametrize("text", ["", "  \n", "\x00"])
    async def test_nothing_is_not_sent(self, client: WeComClient, stub: Stub, text: str) -> None:
        with pytest.raises(ContentRefused):
            await client.deliver(row(Call.TEXT, text))
        assert not stub.asked

    @pytest.mark.parametrize("to", ["", "@all", "a|b", "zhang san", "-x", "x" * 65, "张三"])
    async def test_an_id_that_names_several_or_everybody_reaches_nobody(
        self, client: WeComClient, stub: Stub, to: str
    ) -> None:
        with pytest.raises(Undeliverable):
            await client.deliver(row(Call.TEXT, "好", to=to))
        with pytest.raises(Undeliverable):
            await client.deliver(row(to=to))
        assert not stub.asked


class TestUpdates:
    TARGET = Receipt("m-first", "code-9", "msg-9").pack()

    async def test_a_sent_card_gets_a_new_face_under_its_own_task(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", UPDATE, {**OK, "invaliduser": []})
        assert await client.deliver(row(Call.UPDATE, target=self.TARGET)) == ""
        assert stub.bodies(UPDATE) == [
            {
                "userids": ["zhangsan"],
                "agentid": AGENT_ID,
                "response_code": "code-9",
                "template_card": render(CARD, "m-first", CHINESE, fresh=False).template,
            }
        ]

    async def test_a_card_without_buttons_becomes_grey(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", UPDATE, OK)
        await client.deliver(row(Call.UPDATE, replace(NOTICE, tag="已了结"), self.TARGET))
        assert stub.bodies(UPDATE)[0]["template_card"]["replace_text"] == "已了结"

    @pytest.mark.parametrize("target", [Receipt("m-first", "", "msg-9").pack(), Receipt("m-first").pack(), "om_1"])
    async def test_without_a_code_the_card_cannot_be_changed(
        self, client: WeComClient, stub: Stub, target: str
    ) -> None:
        with pytest.raises(TargetGone):
            await client.deliver(row(Call.UPDATE, target=target))
        assert not stub.asked

    @pytest.mark.parametrize("code", [60140, 42022])
    async def test_a_spent_or_expired_code_means_that_the_target_is_gone(
        self, client: WeComClient, stub: Stub, code: int
    ) -> None:
        stub.on("POST", UPDATE, {"errcode": code, "errmsg": "no"})
        with pytest.raises(TargetGone):
            await client.deliver(row(Call.UPDATE, target=self.TARGET))
        assert len(stub.calls(UPDATE)) == 1

    async def test_whoever_has_left_is_named_in_an_array(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", UPDATE, {**OK, "invaliduser": ["zhangsan"]})
        with pytest.raises(Undeliverable):
            await client.deliver(row(Call.UPDATE, target=self.TARGET, to="ZhangSan"))


@pytest.mark.parametrize(
    ("call", "body", "target"),
    [
        (Call.CARD, "words", ""),
        (Call.TEXT, CARD, ""),
        (Call.UPDATE, CARD, ""),
        (Call.UPDATE, "words", Receipt("m", "c").pack()),
        (Call.MAIL, Mail("s", "t"), ""),
    ],
)
async def test_a_row_that_contradicts_itself_is_never_sent(
    client: WeComClient, stub: Stub, call: Call, body: Body, target: str
) -> None:
    with pytest.raises(ContentRefused):
        await client.deliver(row(call, body, target))
    assert not stub.asked


class TestBatches:
    async def test_a_text_goes_to_a_thousand_in_one_call(self, client: WeComClient, stub: Stub) -> None:
        results = await client.deliver_batch(rows(1000))
        (body,) = stub.bodies()
        assert body["touser"] == "|".join(f"user{number}" for number in range(1000))
        assert len(set(map(str, results))) == 1000
        assert Receipt.unpack(str(results[7])) == Receipt("m7", "", "msg-1")

    async def test_a_card_to_be_read_only_does_too(self, client: WeComClient, stub: Stub) -> None:
        await client.deliver_batch(rows(3, Call.CARD, NOTICE))
        assert [(body["msgtype"], body["touser"]) for body in stub.bodies()] == [("markdown", "user0|user1|user2")]

    async def test_whoever_cannot_be_reached_is_told_from_the_others(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", SEND, {**OK, "invaliduser": "user1|x", "unlicenseduser": "user2", "msgid": "msg-1"})
        batch = [replace(each, receiver=each.receiver.upper()) for each in rows(4)]
        results = await client.deliver_batch(batch)
        assert [type(result) for result in results] == [str, Undeliverable, Undeliverable, str]

    async def test_if_all_are_invalid_all_are_told_so(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", SEND, {"errcode": 81013, "errmsg": "user & party & tag all invalid"})
        assert [type(result) for result in await client.deliver_batch(rows(2))] == [Undeliverable] * 2

    async def test_whoever_has_had_enough_for_now_waits_and_the_others_do_not(
        self, client: WeComClient, stub: Stub
    ) -> None:
        for number in range(28):
            await client.deliver(row(Call.TEXT, f"第 {number} 条", to="user1"))
        results = await client.deliver_batch(rows(3))
        assert [type(result) for result in results] == [str, Throttled, str]
        assert stub.bodies()[-1]["touser"] == "user0|user2"

    async def test_of_a_long_text_nobody_gets_a_part_after_one_that_did_not_arrive(
        self, client: WeComClient, stub: Stub
    ) -> None:
        answers: list[dict[str, Any]] = [{**OK, "msgid": "1", "invaliduser": "user1"}, {**OK, "msgid": "2"}]
        stub.on("POST", SEND, *answers)
        results = await client.deliver_batch(rows(2, body="好" * 1000))
        assert [body["touser"] for body in stub.bodies()] == ["user0|user1", "user0"]
        assert Receipt.unpack(str(results[0])) == Receipt("m0", "", "2")
        assert isinstance(results[1], Undeliverable)

    async def test_a_refusal_of_the_call_concerns_everybody_in_it(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", SEND, {"errcode": 45009, "errmsg": "api freq out of limit"})
        assert [type(result) for result in await client.deliver_batch(rows(2))] == [Throttled] * 2

    async def test_cards_are_a_call_each_with_an_outcome_each(self, client: WeComClient, stub: Stub) -> None:
        async def some(asked: Asked) -> web.StreamResponse:
            if asked.body["touser"] == "user1":
                return web.json_response({"errcode": 81013, "errmsg": "no"})
            return await stub.accept(asked)

        stub.replies["POST", SEND] = some
        results = await client.deliver_batch(rows(3, Call.CARD, CARD))
        assert isinstance(results[1], Undeliverable)
        receipts = [Receipt.unpack(str(results[0])), Receipt.unpack(str(results[2]))]
        assert [receipt.message_id for receipt in receipts if receipt] == ["m0", "m2"]
        assert sorted(body["template_card"]["task_id"] for body in stub.bodies()) == ["m0", "m1", "m2"]

    async def test_cards_that_a_slow_platform_leaves_no_time_for_wait_for_the_next_batch(
        self, client: WeComClient, stub: Stub, clock: SteppingClock
    ) -> None:
        async def slow(asked: Asked) -> web.StreamResponse:
            clock.advance(timedelta(seconds=1))
            return await stub.accept(asked)

        stub.replies["POST", SEND] = slow
        results = await client.deliver_batch(rows(100, Call.CARD, CARD))
        waiting = [result for result in results if isinstance(result, Throttled)]
        assert len(stub.calls(SEND)) == 100 - len(waiting)
        assert len(waiting) >= 100 - 13 - CARDS_AT_ONCE

    async def test_a_batch_of_nobody_is_no_call(self, client: WeComClient, stub: Stub) -> None:
        assert await client.deliver_batch([]) == []
        assert not stub.asked


class TestLimits:
    async def test_more_than_the_platform_delivers_is_never_sent(
        self, client: WeComClient, stub: Stub, clock: SteppingClock
    ) -> None:
        for number in range(28):
            await client.deliver(row(message_id=f"m{number}"))
        with pytest.raises(Throttled) as throttled:
            await client.deliver(row())
        assert len(stub.calls(SEND)) == 28
        clock.advance(throttled.value.retry_after)
        await client.deliver(row())

    async def test_a_card_with_words_in_front_is_sent_whole_or_not_at_all(
        self, client: WeComClient, stub: Stub
    ) -> None:
        for number in range(27):
            await client.deliver(row(message_id=f"m{number}"))
        with pytest.raises(Throttled):
            await client.deliver(row(body=replace(CARD, blocks=(Quote("成果", "长" * 300),))))
        assert len(stub.calls(SEND)) == 27

    def test_its_abilities_are_the_documented_ones(self, client: WeComClient) -> None:
        abilities = client.abilities
        assert (abilities.cards, abilities.forms, abilities.mentions) == (True, False, False)
        assert (abilities.updates, abilities.update_days) == (True, 3)
        assert (abilities.batch, abilities.text_limit) == (1000, 2048)
        assert abilities.calls_per_minute * 60 <= 150_000
        assert (abilities.per_receiver_per_minute, abilities.per_receiver_per_hour) == (30, 1000)
        assert abilities.idempotent_seconds > 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ({"errcode": 81013, "errmsg": "all invalid"}, Undeliverable),
            ({**OK, "invaliduser": "ZHANGSAN", "msgid": "1"}, Undeliverable),
            ({"errcode": 82004, "errmsg": "crash"}, ContentRefused),
            ({"errcode": 43012, "errmsg": "no callback"}, Misconfigured),
            ({"errcode": 45009, "errmsg": "freq"}, Throttled),
            ({"errcode": -1, "errmsg": "busy"}, PlatformDown),
            ({"errcode": 999999, "errmsg": "new"}, PlatformDown),
            (OK, PlatformDown),
            ({}, PlatformDown),
            ({"errcode": False, "msgid": "1"}, PlatformDown),
            ((502, {}), PlatformDown),
            ((403, {}), Misconfigured),
        ],
        ids=str,
    )
    @pytest.mark.parametrize(("call", "body"), [(Call.CARD, CARD), (Call.TEXT, "好"), (Call.CARD, NOTICE)])
    async def test_a_refusal_is_raised_as_what_it_means(
        self, client: WeComClient, stub: Stub, answer: Any, error: type[PlatformError], call: Call, body: Body
    ) -> None:
        stub.on("POST", SEND, answer)
        with pytest.raises(error):
            await client.deliver(row(call, body))
        assert len(stub.calls(SEND)) == 1

    async def test_an_untrusted_address_is_named(self, client: WeComClient, stub: Stub) -> None:
        message = "not allow to access from your ip, hint: [17], from ip: 203.0.113.7, more info at x"
        stub.on("POST", SEND, {"errcode": 60020, "errmsg": message})
        with pytest.raises(Misconfigured, match=r"enter 203\.0\.113\.7 as 企业可信IP"):
            await client.deliver(row())

    async def test_each_further_try_is_told_to_wait_longer(self, client: WeComClient, stub: Stub) -> None:
        stub.on("POST", SEND, {"errcode": 45009})
        with pytest.raises(Throttled) as raised:
            await client.deliver(row(attempts=2))
        assert raised.value.retry_after == timedelta(minutes=4)

    async def test_a_page_of_a_proxy_is_a_platform_that_is_down(self, client: WeComClient, stub: Stub) -> None:
        async def gateway(_: Asked) -> web.StreamResponse:
            return web.Response(status=502, text="<html>Bad Gateway</html>")

        stub.replies["POST", SEND] = gateway
        with pytest.raises(PlatformDown) as raised:
            await client.deliver(row())
        assert raised.value.code == "http-502"


class TestTokens:
    @pytest.mark.parametrize("code", [40014, 42001, 41001])
    async def test_a_refused_token_is_renewed_once_and_the_call_made_again(
        self, client: WeComClient, stub: Stub, code: int
    ) -> None:
        stub.on("POST", SEND, {"errcode": code, "errmsg": "invalid access_token"}, {**OK, "msgid": "1"})
        await client.deliver(row())
        first, second = stub.calls(SEND)
        assert (first.query["access_token"], second.query["access_token"]) == ("t-1", "t-2")
        assert first.raw == second.raw

    async def test_a_token_that_is_refused_twice_is_an_error_and_not_a_loop(
        self, client: WeComClient, stub: Stub
    ) -> None:
        stub.on("POST", SEND, {"errcode": 40014, "errmsg": "invalid access_token"})
        with pytest.raises(PlatformDown):
            await client.deliver(row())
        assert len(stub.calls(SEND)) == 2

    async def test_a_hundred_callers_share_one_token_and_one_renewal(self, client: WeComClient, stub: Stub) -> None:
        async def only_new(asked: Asked) -> web.StreamResponse:
            if asked.query["access_token"] == "t-1":
                return web.json_response({"errcode": 42001})
            return await stub.accept(asked)

        stub.replies["POST", SEND] = only_new
        many = [row(to=f"user{number}", message_id=f"m{number}") for number in range(100)]
        assert len(set(await asyncio.gather(*map(client.deliver, many)))) == 100
        assert stub.tokens == 2

    async def test_the_token_is_asked_for_with_the_apps_credentials_once(
        self, client: WeComClient, stub: Stub, clock: SteppingClock
    ) -> None:
        await client.deliver(row())
        clock.advance(timedelta(minutes=60))
        await client.deliver(row())
        (asked,) = stub.calls(GET_TOKEN)
        assert (asked.method, asked.query) == ("GET", {"corpid": CORP, "corpsecret": SECRET})

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ({"errcode": 40001, "errmsg": "invalid credential"}, Misconfigured),
            ({"errcode": 40013, "errmsg": "invalid corpid"}, Misconfigured),
            ({"errcode": 45009, "errmsg": "blocked"}, Throttled),
            (OK, PlatformDown),
            ({**OK, "access_token": "t-x", "expires_in": "soon"}, PlatformDown),
            ({**OK, "access_token": "t-x", "expires_in": True}, PlatformDown),
            ({**OK, "access_token": "", "expires_in": 7200}, PlatformDown),
            ({}, PlatformDown),
        ],
    )
    async def test_a_token_that_is_refused_with_status_200_is_still_refused(
        self, client: WeComClient, stub: Stub, answer: dict[str, Any], error: type[PlatformError]
    ) -> None:
        stub.on("GET", GET_TOKEN, answer)
        with pytest.raises(error) as raised:
            await client.deliver(row())
        assert SECRET not in str(raised.value)
        assert not stub.calls(SEND)


AGENT_ANSWER = {
    **OK,
    "agentid": AGENT_ID,
    "name": "复盘",
    "allow_userinfos": {"user": [{"userid": "zhangsan"}]},
    "allow_partys": {"partyid": [1, 2]},
    "allow_tags": {"tagid": []},
    "close": 0,
    "isreportenter": 1,
}


class TestProbes:
    async def test_all_is_well(self, client: WeComClient, stub: Stub) -> None:
        stub.on("GET", AGENT, AGENT_ANSWER)
        stub.on("GET", DEPARTMENTS, {**OK, "department": [{"id": 1}, {"id": 2}]})
        probes = await client.probe()
        assert [(each.name, each.ok) for each in probes] == [
            ("wecom.token", True),
            ("wecom.agent", True),
            ("wecom.contacts", True),
            ("wecom.callback", True),
        ]
        assert probes[1].detail == "复盘: 2 departments, 1 single people, 0 tags"
        assert probes[2].detail == "2 departments"
        assert "设置API接收" in probes[3].detail
        assert stub.calls(AGENT)[0].query["agentid"] == str(AGENT_ID)
        assert not stub.calls(SEND)

    @pytest.mark.parametrize(
        ("changes", "fix"),
        [
            ({"close": 1}, "启用"),
            ({"allow_userinfos": {"user": []}, "allow_partys": {"partyid": []}}, "可见范围"),
            ({"allow_userinfos": None, "allow_partys": "x"}, "可见范围"),
        ],
    )
    async def test_an_app_that_reaches_nobody_is_told_with_what_to_do(
        self, client: WeComClient, stub: Stub, changes: dict[str, Any], fix: str
    ) -> None:
        stub.on("GET", AGENT, AGENT_ANSWER | changes)
        probe = (await client.probe())[1]
        assert not probe.ok
        assert fix in probe.fix

    async def test_a_switch_that_is_off_is_told_although_all_works(self, client: WeComClient, stub: Stub) -> None:
        stub.on("GET", AGENT, AGENT_ANSWER | {"isreportenter": 0})
        probe = (await client.probe())[1]
        assert probe.ok
        assert "上报进入应用事件" in probe.detail

    async def test_an_untrusted_address_is_named(self, client: WeComClient, stub: Stub) -> None:
        stub.on("GET", AGENT, {"errcode": 60020, "errmsg": "not allow, from ip: 203.0.113.7, more"})
        probe = (await client.probe())[1]
        assert "203.0.113.7" in probe.fix

    async def test_a_wrong_secret_is_told_and_the_secret_is_not(self, client: WeComClient, stub: Stub) -> None:
        stub.on("GET", GET_TOKEN, {"errcode": 40001, "errmsg": f"invalid credential {SECRET}"})
        probes = await client.probe()
        assert [each.ok for each in probes] == [False, False, False, True]
        assert probes[0].detail == "Misconfigured 40001"
        assert "Secret" in probes[0].fix
        assert not any(SECRET in each.detail + each.fix for each in probes)

    async def test_what_has_no_advice_of_its_own_leads_to_the_vendors_page(
        self, client: WeComClient, stub: Stub
    ) -> None:
        stub.on("GET", AGENT, {"errcode": 777777, "errmsg": "x"})
        assert "devtool/query" in (await client.probe())[1].fix
