"""WeCom: the adapter and the sandbox's fake server, written apart after the same documents, understand each other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from adapters.wecom.client import SEND
from adapters.wecom.directory import WeComDirectory
from adapters.wecom.receipt import Receipt
from adapters.wecom.render import pressable, render
from adapters.wecom.settings import WeComSettings
from domain.cards import (
    IN_WORDS,
    Answer,
    Button,
    Card,
    Chart,
    Divider,
    Facts,
    Mention,
    Paragraph,
    Quote,
    Series,
    Style,
    TextField,
    Tone,
)
from domain.errors import Malformed, Misconfigured, NotAuthentic, PlatformDown, TargetGone, Throttled, Undeliverable
from domain.events import CardClicked, ChatOpened, DirectoryChanged, TextSaid
from domain.messages import Call
from sandbox.wecom import State
from sandbox.wecom.cards import check_card, oddities
from tests import strategies
from tests.contract.wecom_stub import AES_KEY, AGENT_ID, CORP, TOKEN
from tests.contract.wecom_tenant import CHEN, DONE, KEY, LI, WANG, Tenant, choices, open_tenant, row

SUBMIT = Button("submit", "提交复盘", Style.MAIN, submits=True)
LATER = Button("later", "晚点再说")
SKIP = Button("skip", "这周跳过", Style.RISKY)
DROP_DOWNS = Card(
    KEY,
    "微复盘",
    "点三下",
    Tone.ASK,
    "待填写",
    (Paragraph("点三下就好。"),),
    (choices("pace", "刚刚好", "有点赶"), choices("energy", "充沛", "一般"), choices("focus", "做东西", "开会")),
    (SUBMIT, LATER, SKIP),
)
VOTE = Card(KEY, "跳过这周", "s", fields=(choices("reason", "休假", "出差", multiple=True),), buttons=(SUBMIT,))
WORDS = Card(
    KEY,
    "本周复盘",
    "三个问题",
    Tone.REMIND,
    "待填写",
    (
        Mention("王磊", "三个问题,*一分钟*。"),
        Divider(),
        Quote("上周说过", "<at id=all></at> **好** ]]> &"),
        Facts((("原来", "12%"), ("现在", "10%"))),
        Chart("小时", ("W45", "W46"), (Series("上周", (3, 4)), Series("本周", (2.5, 5)))),
    ),
    (TextField("result", "本周最重要的成果?"), TextField("next", "下周?", required=False)),
    (SUBMIT, LATER, SKIP),
)
EVERY_KIND = [DROP_DOWNS, VOTE, WORDS, replace(WORDS, fields=())]


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with open_tenant() as opened:
        yield opened
        assert opened.fake.complaints == []
        # What is dropped must be a repetition that we asked to have dropped, never what exceeded a limit.
        assert {drop.why for drop in opened.fake.drops} <= {"duplicate"}


class TestSending:
    @pytest.mark.parametrize("card", EVERY_KIND, ids=["drop-downs", "vote", "in words", "buttons"])
    async def test_every_kind_of_card_is_accepted_and_shown(self, tenant: Tenant, card: Card) -> None:
        receipt = Receipt.unpack(await tenant.sent(card))
        assert receipt is not None
        assert receipt.response_code
        (shown,) = tenant.chat()
        assert (shown["kind"], shown["version"], shown["card"]["task_id"]) == ("card", 1, "m1")

    async def test_a_card_that_is_only_read_is_a_message(self, tenant: Tenant) -> None:
        await tenant.sent(replace(WORDS, fields=(), buttons=()))
        (shown,) = tenant.chat()
        assert shown["type"] == "markdown"
        assert "**本周复盘**" in shown["content"]["content"]

    async def test_a_long_answer_stands_in_full_before_its_card(self, tenant: Tenant) -> None:
        words = "很长的一段话。" * 150
        await tenant.sent(replace(WORDS, blocks=(Quote("成果", words),)))
        *texts, card = tenant.chat()
        assert words in "".join(each["text"] for each in texts).replace("\n", "")
        assert card["kind"] == "card"

    async def test_the_same_row_sent_twice_is_one_card(self, tenant: Tenant) -> None:
        await tenant.sent(DROP_DOWNS)
        await tenant.sent(DROP_DOWNS)
        assert len(tenant.chat()) == 1

    @pytest.mark.parametrize("card", [DROP_DOWNS, replace(WORDS, blocks=(Quote("成果", "长" * 400),))])
    async def test_a_row_whose_answer_was_lost_is_still_one_card(self, tenant: Tenant, card: Card) -> None:
        tenant.fake.set_fault("reset_after", path=SEND)
        with pytest.raises(PlatformDown):
            await tenant.sent(card)
        await tenant.sent(card)
        assert sum(each["kind"] == "card" for each in tenant.chat()) == 1
        assert sum(each["kind"] == "text" for each in tenant.chat()) <= 1

    async def test_a_text_whose_answer_was_lost_is_said_once_and_next_weeks_again(self, tenant: Tenant) -> None:
        said = row(Call.TEXT, "周五 16:05 见")
        tenant.fake.set_fault("reset_after", path=SEND)
        with pytest.raises(PlatformDown):
            await tenant.client.deliver(said)
        await tenant.client.deliver(said)
        assert len(tenant.chat()) == 1
        tenant.clock.advance(timedelta(days=7))
        await tenant.client.deliver(row(Call.TEXT, "周五 16:05 见", message_id="m2"))
        assert len(tenant.chat()) == 2

    async def test_two_equal_weekly_cards_never_collide(self, tenant: Tenant) -> None:
        for message_id in ("m1", "m2"):
            await tenant.sent(DROP_DOWNS, message_id=message_id)
        assert len(tenant.chat()) == 2

    async def test_a_text_arrives_without_markup_and_whole(self, tenant: Tenant) -> None:
        words = '<a href="https://evil.example">点我</a>' + "好" * 1500
        await tenant.client.deliver(row(Call.TEXT, words))
        assert "".join(each["text"] for each in tenant.chat()).replace("\u200b", "") == words

    async def test_one_call_reaches_everybody_who_can_be_reached(self, tenant: Tenant) -> None:
        await tenant.fake.resign(CHEN)
        people = [WANG, LI, CHEN, "nobody"]
        batch = [row(Call.TEXT, "周五见", each, message_id=f"m-{each}") for each in people]
        results = await tenant.client.deliver_batch(batch)
        assert [type(result) for result in results] == [str, str, Undeliverable, Undeliverable]
        assert [each.receivers for each in tenant.fake.calls if each.path.endswith("send")] == [4]
        assert [each["text"] for each in tenant.chat(LI)] == ["周五见"]

    async def test_a_batch_of_cards_gives_each_a_code_of_their_own(self, tenant: Tenant) -> None:
        batch = [row(Call.CARD, DROP_DOWNS, each, message_id=f"m-{each}") for each in (WANG, LI)]
        results = await tenant.client.deliver_batch(batch)
        receipts = [Receipt.unpack(str(result)) for result in results]
        assert len({receipt.response_code for receipt in receipts if receipt}) == 2

    async def test_a_stranger_cannot_be_reached(self, tenant: Tenant) -> None:
        with pytest.raises(Undeliverable):
            await tenant.sent(DROP_DOWNS, "nobody")

    async def test_nobody_is_sent_what_the_platform_would_drop(self, tenant: Tenant) -> None:
        many = [tenant.sent(DROP_DOWNS, message_id=f"m{number}") for number in range(40)]
        results = await asyncio.gather(*many, return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == len(tenant.chat()) == 28
        assert all(isinstance(result, str | Throttled) for result in results)

    @pytest.mark.parametrize("fault", ["expired_token", "invalid_token"])
    async def test_a_token_that_ends_early_is_renewed_in_passing(self, tenant: Tenant, fault: str) -> None:
        await tenant.sent(DROP_DOWNS)
        tenant.fake.set_fault(fault)
        await tenant.sent(DROP_DOWNS, message_id="m2")
        assert len(tenant.chat()) == 2
        assert sum(each.path.endswith("gettoken") for each in tenant.fake.calls) == 2

    async def test_a_token_is_renewed_as_time_goes_by(self, tenant: Tenant) -> None:
        for number in range(10):
            await tenant.sent(DROP_DOWNS, message_id=f"m{number}")
            tenant.clock.advance(timedelta(minutes=31))
        assert all(each.code == 0 for each in tenant.fake.calls)

    async def test_a_hundred_callers_share_one_token(self, tenant: Tenant) -> None:
        await asyncio.gather(*(tenant.api.token() for _ in range(100)))
        assert len(tenant.fake.calls) == 1

    async def test_throttling_and_refusals_are_told_apart(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("throttle")
        with pytest.raises(Throttled):
            await tenant.sent(DROP_DOWNS)
        tenant.fake.set_fault("busy")
        with pytest.raises(PlatformDown):
            await tenant.sent(DROP_DOWNS)
        tenant.fake.set_fault("untrusted_ip")
        with pytest.raises(Misconfigured, match=r"enter 203\.0\.113\.7 as 企业可信IP"):
            await tenant.sent(DROP_DOWNS)

    async def test_without_an_address_for_callbacks_no_card_is_sent_and_the_page_named(self, tenant: Tenant) -> None:
        tenant.fake.configure(replace(tenant.fake.app(), callback_url=""))
        with pytest.raises(Misconfigured, match="设置API接收"):
            await tenant.sent(DROP_DOWNS)


class TestUpdates:
    async def test_a_sent_card_gets_a_new_face_once(self, tenant: Tenant) -> None:
        target = await tenant.sent(DROP_DOWNS)
        assert await tenant.client.deliver(row(Call.UPDATE, DONE, target=target)) == ""
        (shown,) = tenant.chat()
        assert (shown["version"], shown["card"]["replace_text"]) == (2, "已提交")
        assert [button["disabled"] for button in shown["buttons"]] == [True]
        with pytest.raises(TargetGone):
            await tenant.client.deliver(row(Call.UPDATE, DONE, target=target))

    @pytest.mark.parametrize("face", EVERY_KIND)
    @pytest.mark.parametrize("card", EVERY_KIND)
    async def test_any_kind_may_become_any_other(self, tenant: Tenant, card: Card, face: Card) -> None:
        target = await tenant.sent(card)
        await tenant.client.deliver(row(Call.UPDATE, face, target=target, message_id="m2"))
        (shown,) = tenant.chat()
        assert (shown["version"], shown["card"]["task_id"]) == (2, "m1")

    async def test_locked_fields_keep_their_answers(self, tenant: Tenant) -> None:
        target = await tenant.sent(DROP_DOWNS)
        fields = tuple(
            replace(field, initial=("2",)) for field in DROP_DOWNS.fields if not isinstance(field, TextField)
        )
        locked = replace(DROP_DOWNS, fields=fields, buttons=(), tag="已提交")
        await tenant.client.deliver(row(Call.UPDATE, locked, target=target))
        (shown,) = tenant.chat()
        assert [(each["disabled"], each["initial"]) for each in shown["inputs"]] == [(True, "2")] * 3

    @pytest.mark.parametrize(("age", "changes"), [(71, True), (73, False)])
    async def test_a_card_can_be_changed_for_three_days(self, tenant: Tenant, age: int, changes: bool) -> None:
        target = await tenant.sent(DROP_DOWNS)
        tenant.clock.advance(timedelta(hours=age))
        update = tenant.client.deliver(row(Call.UPDATE, DONE, target=target))
        if changes:
            assert await update == ""
        else:
            with pytest.raises(TargetGone):
                await update


class TestCallbacks:
    async def test_the_console_accepts_the_address(self, tenant: Tenant) -> None:
        assert await tenant.fake.verify_url()
        tenant.fake.set_fault("raw_plus")
        assert await tenant.fake.verify_url()
        assert tenant.refused == []

    async def test_a_text_is_heard(self, tenant: Tenant) -> None:
        await tenant.fake.say(WANG, " 本周上线了报表 ]]> <b>\n二 ")
        (said,) = tenant.core.heard
        assert isinstance(said, TextSaid)
        assert (said.text, said.origin.actor) == ("本周上线了报表 ]]> <b>\n二", WANG)
        assert said.origin.occurred_at == tenant.clock.now()
        assert [each.state for each in tenant.fake.deliveries()] == [State.DONE]

    async def test_drop_downs_come_back_without_those_left_alone_and_the_card_turns(self, tenant: Tenant) -> None:
        await tenant.sent(DROP_DOWNS)
        face = await tenant.press("提交复盘", {"pace": "2", "focus": "1"})
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action, clicked.message) == (KEY, "submit", "m1")
        assert clicked.form == {"pace": "2", "focus": "1"}
        assert clicked.silent
        assert face is not None
        assert face["replace_text"] == "已提交"

    async def test_a_submit_alone_is_no_answer_to_anything(self, tenant: Tenant) -> None:
        await tenant.sent(DROP_DOWNS)
        await tenant.press("提交复盘")
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert clicked.form == {}

    @pytest.mark.parametrize(("ticked", "form"), [(["1"], {"reason": ("1",)}), (["2", "1"], {"reason": ("1", "2")})])
    async def test_ticked_boxes_come_back_as_several(
        self, tenant: Tenant, ticked: list[str], form: dict[str, tuple[str, ...]]
    ) -> None:
        await tenant.sent(VOTE)
        await tenant.press("提交复盘", {"reason[]": ticked})
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert clicked.form == form

    async def test_the_button_in_place_of_fields_is_pressed(self, tenant: Tenant) -> None:
        tenant.core.answer = Answer()
        await tenant.sent(WORDS)
        assert await tenant.press("文字填写") is None
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert clicked.action == IN_WORDS

    @pytest.mark.parametrize("face", [*EVERY_KIND, replace(WORDS, fields=(), buttons=())])
    @pytest.mark.parametrize("card", EVERY_KIND)
    async def test_any_card_turns_into_any_other_under_a_click(self, tenant: Tenant, card: Card, face: Card) -> None:
        tenant.core.answer = Answer(None, face)
        await tenant.sent(card)
        shown = await tenant.press("文字填写" if card is WORDS else "提交复盘")
        assert shown == render(face, "m1", tenant.settings.labels, fresh=False).template
        assert len(tenant.core.heard) == 1

    async def test_a_card_that_turned_under_a_click_can_still_be_changed_by_its_own_code(self, tenant: Tenant) -> None:
        tenant.core.answer = Answer(None, DROP_DOWNS)
        target = await tenant.sent(VOTE)
        await tenant.press("提交复盘")
        await tenant.client.deliver(row(Call.UPDATE, DONE, target=target))
        assert tenant.chat()[0]["version"] == 3

    async def test_two_clicks_of_one_second_are_two_events(self, tenant: Tenant) -> None:
        tenant.core.answer = Answer()
        await tenant.sent(DROP_DOWNS)
        await tenant.fake.click_twice(WANG, tenant.chat()[0]["id"], "提交复盘", {})
        assert len({each.origin.event_id for each in tenant.core.heard}) == 2

    @pytest.mark.parametrize("fault", ["repeat", "twin"])
    async def test_a_repetition_is_the_same_event(self, tenant: Tenant, fault: str) -> None:
        await tenant.sent(DROP_DOWNS)
        tenant.fake.set_fault(fault)
        await tenant.press("提交复盘")
        assert len(tenant.core.heard) == 2
        assert tenant.core.heard[0] == tenant.core.heard[1]

    async def test_what_we_could_not_take_is_sent_again(self, tenant: Tenant) -> None:
        tenant.core.failures = 1
        await tenant.fake.say(WANG, "你好")
        tenant.clock.advance(timedelta(seconds=5))
        assert await tenant.fake.run_due_retries() == 1
        assert tenant.core.heard[0] == tenant.core.heard[1]

    async def test_an_old_callback_sent_anew_is_refused_and_a_young_one_the_same_event(self, tenant: Tenant) -> None:
        await tenant.fake.say(WANG, "你好")
        number = tenant.fake.deliveries()[0].number
        await tenant.fake.replay(number)
        assert tenant.core.heard[0] == tenant.core.heard[1]
        tenant.clock.advance(timedelta(days=1))
        await tenant.fake.replay(number)
        assert len(tenant.core.heard) == 2
        assert [type(each) for each in tenant.refused] == [NotAuthentic]

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("wrong_signature", NotAuthentic),
            ("wrong_receiver", NotAuthentic),
            ("bad_padding", Malformed),
            ("no_xml", Malformed),
        ],
    )
    async def test_what_is_forged_is_refused_and_the_platforms_own_repetition_heard(
        self, tenant: Tenant, fault: str, error: type[Exception]
    ) -> None:
        tenant.fake.set_fault(fault)
        await tenant.fake.say(WANG, "你好")
        assert [type(each) for each in tenant.refused] == [error]
        assert tenant.core.heard == []
        tenant.clock.advance(timedelta(seconds=5))
        await tenant.fake.run_due_retries()
        assert len(tenant.core.heard) == 1

    async def test_opening_the_chat_coming_and_going_are_heard(self, tenant: Tenant) -> None:
        await tenant.fake.open_chat(WANG)
        await tenant.fake.set_visible_range(frozenset(), frozenset({WANG}))
        await tenant.fake.set_visible_range(frozenset(), frozenset({WANG, LI}))
        opened, *left, back = tenant.core.heard
        assert isinstance(opened, ChatOpened)
        assert opened.origin.actor == WANG
        assert left
        assert all(isinstance(each, DirectoryChanged) and each.left == () for each in left)
        assert isinstance(back, ChatOpened)
        assert back.origin.actor == LI


class TestDirectory:
    async def test_everybody_is_read_with_manager_and_department(self, tenant: Tenant) -> None:
        directory = WeComDirectory(tenant.api, AGENT_ID)
        people = {person.external_id: person async for page in directory.read() for person in page}
        assert set(people) == {each["userid"] for each in tenant.fake.people()}
        wang = people[WANG]
        assert (wang.name, wang.department, wang.title) == ("王磊", "研发/平台", "后端工程师")
        assert (wang.manager, wang.mail, wang.active) == (LI, "", True)
        assert (people["gaoyuan"].manager, people["gaoyuan"].department) == ("", "")

    async def test_only_those_in_the_visible_range_are_read(self, tenant: Tenant) -> None:
        await tenant.fake.set_visible_range(frozenset({"hr"}), frozenset({WANG}))
        directory = WeComDirectory(tenant.api, AGENT_ID)
        people = {person.external_id async for page in directory.read() for person in page}
        assert people == {"wudan", CHEN, "linfang", WANG}

    async def test_a_reading_that_is_throttled_goes_on(self, tenant: Tenant) -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        tenant.fake.set_fault("throttle", times=3, path="user/list")
        directory = WeComDirectory(tenant.api, AGENT_ID, sleep)
        assert len([person async for page in directory.read() for person in page]) == len(tenant.fake.people())
        assert len(waits) == 3


class TestProbes:
    async def test_an_admin_sees_that_all_is_well(self, tenant: Tenant) -> None:
        probes = await tenant.client.probe()
        assert [each.name for each in probes if not each.ok] == []

    async def test_a_wrong_secret_and_an_untrusted_address_are_told_apart(self, tenant: Tenant) -> None:
        wrong = WeComSettings(CORP, AGENT_ID, "wrong", TOKEN, AES_KEY, base_url=tenant.settings.base_url)
        client = type(tenant.client)(wrong, tenant.http, tenant.clock)
        assert [each.detail for each in await client.probe()][:1] == ["Misconfigured 40001"]
        tenant.fake.set_fault("untrusted_ip", times=None)
        token, agent, *_ = await tenant.client.probe()
        assert (token.ok, agent.ok) == (True, False)
        assert "203.0.113.7" in agent.fix


@settings(phases=[Phase.generate], suppress_health_check=[HealthCheck.filter_too_much])
@given(strategies.cards().filter(pressable))
def test_any_card_is_accepted_and_no_part_of_it_cut_by_the_client(card: Card) -> None:
    made = replace(card, buttons=(*card.buttons, SUBMIT) if "submit" not in {b.action for b in card.buttons} else ())
    fresh = bool(made.buttons)
    template = render(made, "m1", WeComSettings(CORP, 1, "s", TOKEN, AES_KEY).labels, fresh=fresh).template
    check_card(template)
    assert list(oddities(template, is_update=not fresh)) == []
