"""DingTalk: what the outbox may expect of the client, with templates and without, and what an admin learns."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from aiohttp import web

from adapters.dingtalk.api import TOKEN_PATH
from adapters.dingtalk.cards import CREATE_AND_DELIVER, INSTANCES, REGISTER
from adapters.dingtalk.client import WORDS_FOR, DingTalkClient
from adapters.dingtalk.directory import DEPARTMENTS
from adapters.dingtalk.gateway import OPEN_PATH
from adapters.dingtalk.probing import READ_STATUS
from adapters.dingtalk.render import Template, face
from adapters.dingtalk.robot import BATCH_SEND
from adapters.dingtalk.settings import DingTalkSettings, Mode
from adapters.dingtalk.verify import click_secret
from adapters.http import HttpSession
from domain.cards import Button, Card, CardKey, Mention, Paragraph, Quote, Style, TextField
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
from tests.contract.dingtalk_stub import CLIENT_SECRET, Asked, Counted, Stub, running_stub
from tests.contract.feishu_stub import SteppingClock, open_session

CARD = Card(
    CardKey("reply", "c1"),
    "张三的复盘",
    "等你一句话",
    blocks=(Mention("李四", "在吗"),),
    buttons=(Button("ok", "已处理"),),
)
FORM = Card(
    CardKey("checkin", "r1"),
    "本周复盘",
    "一分钟",
    fields=(TextField("result", "成果"),),
    buttons=(Button("submit", "提交", Style.MAIN, submits=True), Button("later", "晚点")),
)
MESSAGE_ID = "0190f0f0f0f07000800000000000abcd"
SENT = {"processQueryKey": "zcx+/="}
FORBIDDEN = "Forbidden.AccessDenied."


def delivered(success: bool = True, error: str = "") -> dict[str, Any]:
    results = [{"spaceType": "IM_ROBOT", "spaceId": "u1", "success": success, "carrierId": "k", "errorMsg": error}]
    return {"success": True, "result": {"outTrackId": MESSAGE_ID, "deliverResults": results}}


def row(
    call: Call = Call.CARD,
    body: Body = CARD,
    target: str = "",
    attempts: int = 0,
    to: str = "u1",
    message_id: str = MESSAGE_ID,
) -> Outgoing:
    org, person = OrgId("acme"), PersonId("p1")
    return Outgoing(org, MessageId(message_id), "dingtalk", call, person, to, body, target, attempts)


def rows(*receivers: str, **fields: Any) -> list[Outgoing]:
    return [row(to=to, message_id=f"message-{to}", **fields) for to in receivers]


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with running_stub() as running:
        running.on("POST", BATCH_SEND, SENT)
        running.on("POST", CREATE_AND_DELIVER, delivered())
        running.on("PUT", INSTANCES, {"success": True, "result": True})
        yield running


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def tally() -> Counted:
    return Counted()


@pytest.fixture
def alerts() -> list[PlatformError]:
    return []


@pytest.fixture
def plain(
    stub: Stub, http: HttpSession, clock: SteppingClock, tally: Counted, alerts: list[PlatformError]
) -> DingTalkClient:
    """A client without templates."""
    return DingTalkClient(stub.settings(), http, clock, tally, alerts.append)


@pytest.fixture
def rich(
    stub: Stub, http: HttpSession, clock: SteppingClock, tally: Counted, alerts: list[PlatformError]
) -> DingTalkClient:
    """A client with both templates."""
    settings = stub.settings(card_template="card.schema", form_template="form.schema")
    return DingTalkClient(settings, http, clock, tally, alerts.append)


def markdown(asked: Asked) -> str:
    assert asked.body["msgKey"] == "sampleMarkdown"
    return unquote(orjson.loads(asked.body["msgParam"])["text"])


class TestAbilities:
    def test_without_templates_there_are_words_for_twenty_at_once(self, plain: DingTalkClient) -> None:
        abilities = plain.abilities
        assert (abilities.cards, abilities.forms, abilities.updates, abilities.batch) == (False, False, False, 20)
        assert abilities.idempotent_seconds == 0
        assert abilities.calls_per_second <= 20

    def test_with_templates_there_are_cards_forms_and_changes(self, rich: DingTalkClient) -> None:
        abilities = rich.abilities
        assert (abilities.cards, abilities.forms, abilities.updates, abilities.update_days) == (True, True, True, 90)

    def test_with_the_card_template_alone_there_are_no_forms(self, stub: Stub, http: HttpSession) -> None:
        client = DingTalkClient(stub.settings(card_template="c"), http, SteppingClock(), Counted(), print)
        assert (client.abilities.cards, client.abilities.forms) == (True, False)


class TestWords:
    async def test_a_card_is_a_message_whose_links_bear_the_rows_reference(
        self, plain: DingTalkClient, stub: Stub
    ) -> None:
        assert await plain.deliver(row()) == "zcx+/=:u1"
        (asked,) = stub.calls(BATCH_SEND)
        assert asked.headers["x-acs-dingtalk-access-token"] == "t-1"
        assert asked.query == {}
        assert (asked.body["robotCode"], asked.body["userIds"]) == ("dingabc", ["u1"])
        assert isinstance(asked.body["msgParam"], str)
        assert "content=已处理 #00abcd" in markdown(asked)

    async def test_a_text_is_sent_without_markup(self, plain: DingTalkClient, stub: Stub) -> None:
        assert await plain.deliver(row(Call.TEXT, "[好](x)")) == "zcx+/=:u1"
        body = stub.calls(BATCH_SEND)[0].body
        assert (body["msgKey"], orjson.loads(body["msgParam"])) == ("sampleText", {"content": "[好](x)"})

    @pytest.mark.parametrize(
        ("listed", "error"),
        [
            ("invalidStaffIdList", Undeliverable),
            ("flowControlledStaffIdList", Throttled),
            ("filteredStaffIdList", Throttled),
        ],
    )
    @pytest.mark.parametrize("key", ["k", None])
    async def test_somebody_on_a_list_of_a_success_got_nothing(
        self, plain: DingTalkClient, stub: Stub, listed: str, error: type[PlatformError], key: str | None
    ) -> None:
        stub.on("POST", BATCH_SEND, {"processQueryKey": key, listed: ["u1"]})
        with pytest.raises(error) as raised:
            await plain.deliver(row())
        assert raised.value.code == listed

    async def test_success_without_a_key_is_no_success(self, plain: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", BATCH_SEND, {"something": "else"})
        with pytest.raises(PlatformDown):
            await plain.deliver(row())

    async def test_what_was_said_in_words_cannot_be_changed(self, rich: DingTalkClient, stub: Stub) -> None:
        with pytest.raises(TargetGone):
            await rich.deliver(row(Call.UPDATE, target="zcx+/=:u1"))
        assert not stub.asked

    @pytest.mark.parametrize(
        ("call", "body", "target"),
        [
            (Call.CARD, "words", ""),
            (Call.TEXT, CARD, ""),
            (Call.UPDATE, CARD, ""),
            (Call.UPDATE, "words", "m1"),
            (Call.MAIL, Mail("s", "t"), ""),
        ],
    )
    async def test_a_row_that_contradicts_itself_is_never_sent(
        self, rich: DingTalkClient, stub: Stub, call: Call, body: Body, target: str
    ) -> None:
        with pytest.raises(ContentRefused):
            await rich.deliver(row(call, body, target))
        (result,) = await rich.deliver_batch([row(call, body, target)])
        assert isinstance(result, ContentRefused)
        assert not stub.asked


class TestBatches:
    async def test_what_reads_alike_is_one_call_for_all(
        self, plain: DingTalkClient, stub: Stub, tally: Counted
    ) -> None:
        receivers = [f"u{number}" for number in range(20)]
        assert await plain.deliver_batch(rows(*receivers)) == [f"zcx+/=:{each}" for each in receivers]
        (asked,) = stub.calls(BATCH_SEND)
        assert asked.body["userIds"] == receivers
        assert tally.calls == {"api": 1}

    async def test_links_for_many_bear_no_reference(self, plain: DingTalkClient, stub: Stub) -> None:
        await plain.deliver_batch(rows("u1", "u2"))
        assert "content=已处理)" in markdown(stub.calls(BATCH_SEND)[0])

    async def test_a_batch_of_one_bears_it(self, plain: DingTalkClient, stub: Stub) -> None:
        await plain.deliver_batch([row()])
        assert "content=已处理 #00abcd" in markdown(stub.calls(BATCH_SEND)[0])

    async def test_each_receiver_gets_an_own_outcome_in_order(self, plain: DingTalkClient, stub: Stub) -> None:
        answer = SENT | {"invalidStaffIdList": ["u2"], "flowControlledStaffIdList": ["u3"]}
        stub.on("POST", BATCH_SEND, answer)
        first, second, third, fourth = await plain.deliver_batch(rows("u1", "u2", "u3", "u4"))
        assert (first, fourth) == ("zcx+/=:u1", "zcx+/=:u4")
        assert isinstance(second, Undeliverable)
        assert isinstance(third, Throttled)

    async def test_cards_about_different_things_that_read_alike_are_one_call(
        self, plain: DingTalkClient, stub: Stub
    ) -> None:
        other = replace(CARD, key=CardKey("reply", "c2"))
        await plain.deliver_batch([row(to="u1"), row(to="u2", body=other)])
        assert len(stub.calls(BATCH_SEND)) == 1

    async def test_what_reads_differently_is_not_mixed(self, plain: DingTalkClient, stub: Stub) -> None:
        other = replace(CARD, blocks=(Paragraph("别的"),))
        results = await plain.deliver_batch([row(to="u1"), row(to="u2", body=other), row(to="u3")])
        assert results == ["zcx+/=:u1", "zcx+/=:u2", "zcx+/=:u3"]
        assert [each.body["userIds"] for each in stub.calls(BATCH_SEND)] == [["u1", "u3"], ["u2"]]

    async def test_a_batch_refused_for_somebody_unknown_is_sent_one_by_one(
        self, plain: DingTalkClient, stub: Stub
    ) -> None:
        async def reply(asked: Asked) -> web.StreamResponse:
            if "gone" in asked.body["userIds"]:
                return web.json_response({"code": "staffId.notExisted", "message": "x"}, status=400)
            return web.json_response(SENT)

        stub.replies["POST", BATCH_SEND] = reply
        first, second, third = await plain.deliver_batch(rows("u1", "gone", "u3"))
        assert (first, third) == ("zcx+/=:u1", "zcx+/=:u3")
        assert isinstance(second, Undeliverable)

    async def test_a_refusal_of_the_whole_call_is_everybodys(self, plain: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", BATCH_SEND, (403, {"code": f"{FORBIDDEN}QpsLimitForAppkeyAndApi"}))
        results = await plain.deliver_batch(rows("u1", "u2"))
        assert all(isinstance(each, Throttled) for each in results)
        assert len(stub.calls(BATCH_SEND)) == 1

    async def test_interactive_cards_are_a_call_each_and_texts_are_not(self, rich: DingTalkClient, stub: Stub) -> None:
        results = await rich.deliver_batch(rows("u1", "u2"))
        assert results == ["message-u1", "message-u2"]
        assert [each.body["openSpaceId"][-2:] for each in stub.calls(CREATE_AND_DELIVER)] == ["u1", "u2"]
        await rich.deliver_batch(rows("u1", "u2", call=Call.TEXT, body="好"))
        assert len(stub.calls(BATCH_SEND)) == 1

    async def test_a_card_that_fails_fails_alone(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", CREATE_AND_DELIVER, (400, {"code": "param.contentUnsafe"}), delivered())
        first, second = await rich.deliver_batch(rows("u1", "u2"))
        assert isinstance(first, ContentRefused)
        assert second == "message-u2"


class TestCards:
    async def test_a_card_is_made_and_delivered_under_our_own_key(self, rich: DingTalkClient, stub: Stub) -> None:
        assert await rich.deliver(row()) == MESSAGE_ID
        (asked,) = stub.calls(CREATE_AND_DELIVER)
        settings = stub.settings(card_template="card.schema")
        assert asked.body == {
            "cardTemplateId": "card.schema",
            "outTrackId": MESSAGE_ID,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": face(CARD, Template.CARD, settings)},
            "imRobotOpenSpaceModel": {
                "supportForward": False,
                "lastMessageI18n": {"ZH_CN": "等你一句话", "EN_US": "等你一句话"},
                "notification": {"alertContent": "等你一句话", "notificationOff": False},
            },
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": "dingabc"},
            "openSpaceId": "dtv1.card//IM_ROBOT.u1",
            "userIdType": 1,
        }

    async def test_a_card_with_questions_uses_the_form_template_and_its_id_says_so(
        self, rich: DingTalkClient, stub: Stub
    ) -> None:
        assert await rich.deliver(row(body=FORM)) == f"{MESSAGE_ID}.form"
        body = stub.calls(CREATE_AND_DELIVER)[0].body
        assert (body["cardTemplateId"], body["outTrackId"]) == ("form.schema", f"{MESSAGE_ID}.form")
        assert body["cardData"]["cardParamMap"]["form_status"] == "normal"

    async def test_an_app_with_callbacks_has_its_clicks_sent_there(self, stub: Stub, http: HttpSession) -> None:
        settings = stub.settings(card_template="c", mode=Mode.WEBHOOK)
        client = DingTalkClient(settings, http, SteppingClock(), Counted(), print)
        await client.deliver(row())
        body = stub.calls(CREATE_AND_DELIVER)[0].body
        assert (body["callbackType"], body["callbackRouteKey"]) == ("HTTP", "fupan")

    async def test_the_address_for_clicks_is_registered_with_a_secret(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", REGISTER, {"success": True, "result": {}})
        await rich.register_address("https://bot.example/callback")
        body = stub.calls(REGISTER)[0].body
        assert (body["callbackRouteKey"], body["callbackUrl"]) == ("fupan", "https://bot.example/callback")
        assert body["apiSecret"] == click_secret(stub.settings())
        assert body["forceUpdate"] is True

    async def test_a_card_that_is_known_already_was_sent_before(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", CREATE_AND_DELIVER, (400, {"code": "param.cardAlreadyExist"}))
        assert await rich.deliver(row(attempts=1)) == MESSAGE_ID
        assert not stub.calls(BATCH_SEND)

    @pytest.mark.parametrize("result", [{}, {"deliverResults": []}, {"deliverResults": "x"}, None])
    async def test_a_card_of_which_nothing_is_said_is_asked_for_again(
        self, rich: DingTalkClient, stub: Stub, result: object
    ) -> None:
        stub.on("POST", CREATE_AND_DELIVER, {"success": True, "result": result})
        with pytest.raises(PlatformDown):
            await rich.deliver(row())

    async def test_a_card_that_is_not_shown_is_said_in_words_and_an_admin_told_once(
        self, rich: DingTalkClient, stub: Stub, alerts: list[PlatformError]
    ) -> None:
        stub.on("POST", CREATE_AND_DELIVER, delivered(False, "spaceId is illegal"))
        assert await rich.deliver(row()) == "zcx+/=:u1"
        assert await rich.deliver(row(message_id="m2")) == "zcx+/=:u1"
        assert [each.code for each in alerts] == ["card-not-shown"]
        assert "spaceId is illegal" in alerts[0].hint
        assert len(stub.calls(CREATE_AND_DELIVER)) == 2

    async def test_a_card_that_was_not_shown_is_not_taken_for_sent_when_its_words_fail_too(
        self, rich: DingTalkClient, stub: Stub
    ) -> None:
        stub.on("POST", CREATE_AND_DELIVER, delivered(False), (400, {"code": "param.cardAlreadyExist"}))
        stub.on("POST", BATCH_SEND, (500, {"code": "system.error"}), SENT)
        with pytest.raises(PlatformDown):
            await rich.deliver(row())
        assert await rich.deliver(row(attempts=1)) == "zcx+/=:u1"

    @pytest.mark.parametrize("code", ["param.templateNotExist", "param.templateUnpublished"])
    async def test_a_template_that_fails_leaves_words_for_an_hour_and_an_admin_told_once(
        self, rich: DingTalkClient, stub: Stub, clock: SteppingClock, alerts: list[PlatformError], code: str
    ) -> None:
        stub.on("POST", CREATE_AND_DELIVER, (400, {"code": code}))
        for number in range(3):
            assert await rich.deliver(row(message_id=f"m{number}")) == "zcx+/=:u1"
        assert len(stub.calls(CREATE_AND_DELIVER)) == 1
        clock.advance(WORDS_FOR + timedelta(seconds=1))
        await rich.deliver(row())
        assert len(stub.calls(CREATE_AND_DELIVER)) == 2
        assert [each.code for each in alerts] == [code]
        assert "卡片平台" in alerts[0].hint

    async def test_while_a_template_fails_many_are_told_in_one_call(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", CREATE_AND_DELIVER, (400, {"code": "param.templateUnpublished"}))
        await rich.deliver(row())
        await rich.deliver_batch(rows("u1", "u2", "u3"))
        assert [each.body["userIds"] for each in stub.calls(BATCH_SEND)] == [["u1"], ["u1", "u2", "u3"]]

    async def test_what_no_template_can_hold_is_said_whole_in_words(
        self, rich: DingTalkClient, stub: Stub, alerts: list[PlatformError]
    ) -> None:
        long = replace(CARD, blocks=(Quote("成果", "雨" * 2000),))
        assert await rich.deliver(row(body=long)) == "zcx+/=:u1"
        assert markdown(stub.calls(BATCH_SEND)[0]).count("雨") == 2000
        assert not stub.calls(CREATE_AND_DELIVER)
        assert alerts == []

    async def test_a_long_card_that_is_refused_is_said_in_words(
        self, rich: DingTalkClient, stub: Stub, alerts: list[PlatformError]
    ) -> None:
        stub.on("POST", CREATE_AND_DELIVER, (400, {"code": "param.invalid"}))
        long = replace(CARD, blocks=(Quote("成果", "雨" * 500),))
        assert await rich.deliver(row(body=long)) == "zcx+/=:u1"
        assert markdown(stub.calls(BATCH_SEND)[0]).count("雨") == 500
        assert [each.code for each in alerts] == ["card-too-long"]

    async def test_a_short_card_that_is_refused_is_refused(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", CREATE_AND_DELIVER, (400, {"code": "param.invalid"}))
        with pytest.raises(ContentRefused):
            await rich.deliver(row())
        assert not stub.calls(BATCH_SEND)


class TestUpdates:
    async def test_a_long_face_that_is_refused_is_shortened_to_the_documented_length(
        self, rich: DingTalkClient, stub: Stub
    ) -> None:
        stub.on("PUT", INSTANCES, (400, {"code": "param.invalid"}), {"success": True})
        long = replace(CARD, blocks=(Quote("成果", "雨" * 500),))
        await rich.deliver(row(Call.UPDATE, long, target="m1"))
        whole, short = (each.body["cardData"]["cardParamMap"]["body"] for each in stub.calls(INSTANCES))
        assert len(short.encode()) <= 1024 < len(whole.encode())

    async def test_a_short_face_that_is_refused_is_tried_once(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("PUT", INSTANCES, (400, {"code": "param.invalid"}))
        with pytest.raises(ContentRefused):
            await rich.deliver(row(Call.UPDATE, target="m1"))
        assert len(stub.calls(INSTANCES)) == 1

    @pytest.mark.parametrize(("target", "template"), [("m1", Template.CARD), ("m1.form", Template.FORM)])
    async def test_a_sent_card_gets_a_new_face_of_its_own_template(
        self, rich: DingTalkClient, stub: Stub, target: str, template: Template
    ) -> None:
        assert await rich.deliver(row(Call.UPDATE, target=target)) == ""
        (asked,) = stub.calls(INSTANCES)
        assert asked.method == "PUT"
        assert asked.body["outTrackId"] == target
        assert asked.body["cardUpdateOptions"] == {"updateCardDataByKey": True}
        assert asked.body["cardData"]["cardParamMap"] == face(CARD, template, stub.settings(card_template="c"))

    async def test_a_card_that_is_gone_is_told_from_other_faults(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("PUT", INSTANCES, (400, {"code": "param.cardNotExist"}))
        with pytest.raises(TargetGone):
            await rich.deliver(row(Call.UPDATE, target="m1"))

    async def test_an_update_without_success_is_no_success(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("PUT", INSTANCES, {"success": False, "result": False})
        with pytest.raises(PlatformDown):
            await rich.deliver(row(Call.UPDATE, target="m1"))

    async def test_a_late_answer_to_a_click_is_shown_by_a_call(self, rich: DingTalkClient, stub: Stub) -> None:
        await rich.show("m1", CARD)
        assert stub.calls(INSTANCES)[0].body["outTrackId"] == "m1"


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "payload", "error"),
        [
            (400, {"code": "staffId.notExisted"}, Undeliverable),
            (400, {"code": "contain.notAllowed.text"}, ContentRefused),
            (400, {"code": "template.stopped"}, Misconfigured),
            (400, {"code": "send.too.fast"}, Throttled),
            (403, {"code": f"{FORBIDDEN}QpsLimitForAppkeyAndApi"}, Throttled),
            (403, {"code": f"{FORBIDDEN}ApiCountLimitForOrg"}, Misconfigured),
            (403, {"code": f"{FORBIDDEN}AccessTokenPermissionDenied"}, Misconfigured),
            (500, {"code": "system.error"}, PlatformDown),
            (504, {}, PlatformDown),
            (200, {}, PlatformDown),
            (200, "<html>您的访问被拦截</html>", Throttled),
            (200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}, Throttled),
            (200, "oops", PlatformDown),
        ],
    )
    async def test_a_refusal_is_raised_as_what_it_means(
        self, plain: DingTalkClient, stub: Stub, status: int, payload: Any, error: type[PlatformError]
    ) -> None:
        stub.on("POST", BATCH_SEND, (status, payload))
        with pytest.raises(error):
            await plain.deliver(row())

    async def test_a_missing_permission_is_named_with_the_request(self, plain: DingTalkClient, stub: Stub) -> None:
        payload = {
            "code": f"{FORBIDDEN}AccessTokenPermissionDenied",
            "accessdenieddetail": {"requiredScopes": ["qyapi_robot_sendmsg"]},
        }
        stub.on("POST", BATCH_SEND, (403, payload))
        with pytest.raises(Misconfigured, match=r"qyapi_robot_sendmsg.*request-1"):
            await plain.deliver(row())


class TestQuota:
    @pytest.mark.parametrize(
        ("answer", "counted"),
        [
            (SENT, 1),
            ((400, {"code": "staffId.notExisted"}), 1),
            ((403, {"code": f"{FORBIDDEN}QpsLimitForAppkeyAndApi"}), 0),
            ((403, {"code": f"{FORBIDDEN}ApiCountLimitForOrg"}), 0),
        ],
    )
    async def test_what_the_platform_counts_is_counted(
        self, plain: DingTalkClient, stub: Stub, tally: Counted, answer: Any, counted: int
    ) -> None:
        stub.on("POST", BATCH_SEND, answer)
        await plain.deliver_batch([row()])
        assert tally.calls.get("api", 0) == counted

    async def test_a_call_that_was_lost_on_the_way_is_not_counted(
        self, http: HttpSession, tally: Counted, alerts: list[PlatformError]
    ) -> None:
        settings = DingTalkSettings("dingabc", "s", base_url="http://127.0.0.1:1")
        client = DingTalkClient(settings, http, SteppingClock(), tally, alerts.append)
        with pytest.raises(PlatformDown):
            await client.deliver(row())
        assert tally.calls == {}

    async def test_a_call_made_again_with_a_fresh_token_counts_once(
        self, plain: DingTalkClient, stub: Stub, tally: Counted
    ) -> None:
        stub.on("POST", BATCH_SEND, (400, {"code": "InvalidAuthentication"}), SENT)
        await plain.deliver(row())
        assert tally.calls == {"api": 1}


class TestTokens:
    @pytest.mark.parametrize("status", [400, 401])
    @pytest.mark.parametrize("code", ["InvalidAuthentication", "invalidAccessToken"])
    async def test_a_refused_token_is_renewed_once_and_the_call_made_again(
        self, plain: DingTalkClient, stub: Stub, code: str, status: int
    ) -> None:
        stub.on("POST", BATCH_SEND, (status, {"code": code, "message": "不合法的access_token"}), SENT)
        assert await plain.deliver(row()) == "zcx+/=:u1"
        first, second = stub.calls(BATCH_SEND)
        header = "x-acs-dingtalk-access-token"
        assert (first.headers[header], second.headers[header]) == ("t-1", "t-2")
        assert first.body == second.body

    async def test_a_token_that_is_refused_twice_is_an_error_and_not_a_loop(
        self, plain: DingTalkClient, stub: Stub
    ) -> None:
        stub.on("POST", BATCH_SEND, (400, {"code": "InvalidAuthentication"}))
        with pytest.raises(PlatformDown):
            await plain.deliver(row())
        assert len(stub.calls(BATCH_SEND)) == 2

    async def test_a_missing_permission_renews_nothing(self, plain: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", BATCH_SEND, (403, {"code": f"{FORBIDDEN}AccessTokenPermissionDenied"}))
        with pytest.raises(Misconfigured):
            await plain.deliver(row())
        assert stub.tokens == 1

    async def test_a_hundred_refused_callers_renew_the_token_once(self, plain: DingTalkClient, stub: Stub) -> None:
        async def only_new(asked: Asked) -> web.StreamResponse:
            if asked.headers["x-acs-dingtalk-access-token"] == "t-1":
                return web.json_response({"code": "InvalidAuthentication"}, status=400)
            return web.json_response(SENT)

        stub.replies["POST", BATCH_SEND] = only_new
        assert await asyncio.gather(*(plain.deliver(row()) for _ in range(100))) == ["zcx+/=:u1"] * 100
        assert stub.tokens == 2

    async def test_the_token_is_asked_for_with_the_apps_credentials_and_kept(
        self, plain: DingTalkClient, stub: Stub, clock: SteppingClock
    ) -> None:
        await plain.deliver(row())
        clock.advance(timedelta(minutes=60))
        await plain.deliver(row())
        (asked,) = stub.calls(TOKEN_PATH)
        assert asked.body == {"appKey": "dingabc", "appSecret": CLIENT_SECRET}
        clock.advance(timedelta(minutes=50))
        await plain.deliver(row())
        assert stub.tokens == 2

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ((400, {"code": "invalidClientIdOrSecret"}), Misconfigured),
            ({"accessToken": ""}, PlatformDown),
            ({"accessToken": "t", "expireIn": "soon"}, PlatformDown),
            ({}, PlatformDown),
        ],
    )
    async def test_without_a_token_nothing_is_sent(
        self, plain: DingTalkClient, stub: Stub, answer: Any, error: type[PlatformError]
    ) -> None:
        stub.on("POST", TOKEN_PATH, answer)
        with pytest.raises(error) as raised:
            await plain.deliver(row())
        assert CLIENT_SECRET not in str(raised.value)
        assert not stub.calls(BATCH_SEND)


ENDPOINT = {"endpoint": "wss://127.0.0.1:1/connect", "ticket": "secret-ticket"}


class TestProbes:
    @pytest.fixture(autouse=True)
    def all_is_well(self, stub: Stub) -> None:
        stub.on("POST", OPEN_PATH, ENDPOINT)
        stub.on("POST", DEPARTMENTS, {"errcode": 0, "errmsg": "ok", "result": [{"dept_id": 2, "name": "研发"}]})
        stub.on("GET", READ_STATUS, (400, {"code": "processQueryKey.expireTime"}))
        stub.on("POST", INSTANCES, {"success": True, "result": "x"})

    async def test_all_is_well(self, rich: DingTalkClient, stub: Stub) -> None:
        probes = await rich.probe()
        assert [each.name for each in probes] == [
            "dingtalk.token",
            "dingtalk.stream",
            "dingtalk.contacts",
            "dingtalk.robot",
            "dingtalk.card_template",
            "dingtalk.form_template",
        ]
        assert all(each.ok and not each.fix for each in probes)
        assert not any(secret in repr(probes) for secret in (CLIENT_SECRET, "secret-ticket", "t-1"))
        assert not stub.calls(BATCH_SEND)
        assert all("openSpaceId" not in each.body for each in stub.calls(INSTANCES))

    async def test_without_templates_that_is_said_and_is_no_fault(self, plain: DingTalkClient, stub: Stub) -> None:
        probes = await plain.probe()
        assert all(each.ok for each in probes)
        assert "in words" in probes[4].detail
        assert not stub.calls(INSTANCES)

    async def test_each_fault_names_its_fix(self, rich: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", OPEN_PATH, (401, {"code": "authFailed", "message": "鉴权失败"}))
        stub.on("POST", DEPARTMENTS, {"errcode": 60011, "errmsg": "no permission"})
        stub.on("GET", READ_STATUS, (403, {"code": f"{FORBIDDEN}ApiCountLimitForOrg"}))
        stub.on("POST", INSTANCES, (400, {"code": "param.templateUnpublished"}))
        token, stream, contacts, robot, card, form = await rich.probe()
        assert token.ok
        assert "凭证与基础信息" in stream.fix
        assert "权限管理" in contacts.fix
        assert "month" in robot.fix
        assert "卡片平台" in card.fix
        assert [each.ok for each in (stream, contacts, robot, card, form)] == [False] * 5

    async def test_contacts_that_cannot_be_seen_are_a_fault(self, plain: DingTalkClient, stub: Stub) -> None:
        stub.on("POST", DEPARTMENTS, {"errcode": 0})
        contacts = (await plain.probe())[2]
        assert not contacts.ok
        assert "通讯录" in contacts.fix

    async def test_an_app_with_callbacks_is_not_asked_for_a_connection(self, stub: Stub, http: HttpSession) -> None:
        settings = stub.settings(mode=Mode.WEBHOOK)
        probes = await DingTalkClient(settings, http, SteppingClock(), Counted(), print).probe()
        assert "dingtalk.stream" not in [each.name for each in probes]

    async def test_a_platform_that_is_down_is_said_to_be(self, http: HttpSession) -> None:
        settings = DingTalkSettings("d", "s", base_url="http://127.0.0.1:1", old_base_url="http://127.0.0.1:1")
        probes = await DingTalkClient(settings, http, SteppingClock(), Counted(), print).probe()
        assert all(not each.ok and "unreachable" in each.detail and each.fix for each in probes[:4])
