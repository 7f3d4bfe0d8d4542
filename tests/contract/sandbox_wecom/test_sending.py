"""`message/send`: who gets what, what is refused, and what the platform silently cuts or drops."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.wecom import Drop, Limits
from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import APP, HUA, JING, LEI, MIN, OTHER_APP, WEI, YUAN, Desk, open_desk

_TEXTCARD = {"title": "审批", "description": '<div class="gray">今天</div>', "url": "https://bot.example.com/a"}
_ARTICLE = {"title": "徽章", "description": "四周", "url": "https://bot.example.com/b"}


async def test_a_text_arrives_and_is_named(desk: Desk) -> None:
    changed: list[str] = []
    desk.fake.on_change(changed.append)
    sent = await desk.send_text()
    assert (sent["errcode"], sent["errmsg"], sent["invaliduser"], sent["unlicenseduser"]) == (0, "ok", "", "")
    assert sent["msgid"]
    assert "response_code" not in sent
    assert (desk.texts(), changed) == (["你好"], [LEI])


async def test_userids_mean_the_same_in_any_case_and_once(desk: Desk) -> None:
    sent = await desk.send_text("WANGLEI|zhangwei|wanglei")
    assert (sent["errcode"], sent["invaliduser"]) == (0, "")
    assert (desk.texts(LEI), desk.texts(WEI)) == (["你好"], ["你好"])


async def test_invalid_receivers_come_back_in_lower_case_and_the_others_get_it(desk: Desk) -> None:
    sent = await desk.send_text("Nobody|wanglei|FROZEN", toparty="99|x", totag="7")
    assert (sent["errcode"], sent["invaliduser"], sent["invalidparty"], sent["invalidtag"]) == (
        *(0, "nobody|frozen"),
        *("99|x", "7"),
    )
    assert desk.texts() == ["你好"]


async def test_only_invalid_receivers_are_an_error_and_use_nothing_up(desk: Desk) -> None:
    assert (await desk.send_text("nobody"))["errcode"] == 81013
    card = {**cards.approval(), "task_id": "t-1"}
    assert (await desk.send_card("nobody", card))["errcode"] == 81013
    assert (await desk.send_card(LEI, card))["errcode"] == 0


async def test_people_can_be_made_unreachable(desk: Desk) -> None:
    desk.fake.set_fault("unreachable", None, user_id=LEI)
    assert (await desk.send_text(f"{LEI}|{MIN}"))["invaliduser"] == LEI
    assert (await desk.send_text(LEI))["errcode"] == 81013


async def test_departments_reach_everybody_below_them_and_all_is_all(desk: Desk) -> None:
    rd, hr = (str(desk.fake.department_number(each)) for each in ("rd", "hr"))
    await desk.send_text("", toparty=f"{rd}|{hr}")
    reached = {user for user in (YUAN, HUA, MIN, LEI, WEI, JING, "fresh", "frozen") if desk.texts(user)}
    assert reached == {HUA, MIN, LEI, WEI, JING, "fresh"}
    assert desk.texts(LEI) == ["你好"]
    await desk.send_text("@all", "大家好", toparty="99")
    assert (desk.texts(YUAN), desk.texts("frozen")) == (["大家好"], [])


async def test_people_outside_of_the_visible_range_are_invalid(desk: Desk) -> None:
    await desk.fake.set_visible_range(frozenset({"hr"}), frozenset({HUA}))
    assert (await desk.send_text(f"{LEI}|{HUA}|{MIN}"))["invaliduser"] == MIN
    assert (await desk.send_text(WEI))["errcode"] == 81013
    root = str(desk.fake.department_number("0"))
    assert (await desk.send_text(HUA, toparty=root))["invalidparty"] == root
    await desk.send_text("@all", "大家好")
    assert [bool(desk.texts(user)) for user in (YUAN, HUA, MIN, LEI, WEI, JING)] == [
        False,
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"touser": ""}, 82001),
        ({"touser": "|"}, 82001),
        ({"touser": [LEI]}, 40035),
        ({"touser": "|".join(f"u{number}" for number in range(1001))}, 40032),
        ({"toparty": "|".join(str(number) for number in range(101))}, 82002),
        ({"totag": "|".join(str(number) for number in range(101))}, 82003),
        ({"agentid": 1000003}, 301002),
        ({"agentid": "1000002"}, 40056),
        ({"agentid": None}, 40056),
        ({"msgtype": "markdown_v2", "markdown_v2": {"content": "x"}}, 40008),
        ({"msgtype": None}, 40008),
        ({"text": {}}, 44004),
        ({"text": {"content": ""}}, 44004),
        ({"text": "x"}, 44004),
        ({"enable_duplicate_check": 1, "duplicate_check_interval": 14_401}, 40035),
    ],
)
async def test_bad_requests_have_their_codes(desk: Desk, more: dict[str, Any], code: int) -> None:
    body = {"touser": LEI, "msgtype": "text", "agentid": APP.agent_id, "text": {"content": "x"}, **more}
    assert (await desk.post("message/send", body))["errcode"] == code
    assert desk.texts() == []


async def test_a_thousand_receivers_go_in_one_call(desk: Desk) -> None:
    sent = await desk.send_text("|".join([LEI, *(f"u{number}" for number in range(999))]))
    assert (sent["errcode"], len(sent["invaliduser"].split("|"))) == (0, 999)


@pytest.mark.parametrize("msg_type", ["text", "markdown"])
async def test_long_texts_are_cut_at_2048_bytes_without_a_word(desk: Desk, msg_type: str) -> None:
    fitting, long = "好" * 682 + "ab", "好" * 683
    for content in (fitting, long):
        assert (await desk.send(LEI, msg_type, {"content": content}))["errmsg"] == "ok"
    assert desk.texts() == [fitting, "好" * 682]
    assert desk.fake.complaints == ["content of 2049 bytes was cut after 2048"]


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [("title", "", 41016), ("description", None, 41033), ("url", "", 41010), ("url", "bot.example.com", 40035)],
)
async def test_a_textcard_needs_its_members(desk: Desk, member: str, value: Any, code: int) -> None:
    assert (await desk.send(LEI, "textcard", {**_TEXTCARD, member: value}))["errcode"] == code


async def test_textcards_and_news_are_cut_too(desk: Desk) -> None:
    await desk.send(LEI, "textcard", {**_TEXTCARD, "title": "题" * 50, "description": "文" * 200})
    await desk.send(LEI, "news", {"articles": [{**_ARTICLE, "title": "题" * 50}]})
    assert desk.texts() == ["题" * 42 + "\n" + "文" * 170, "题" * 42]
    assert len(desk.fake.complaints) == 3


@pytest.mark.parametrize(
    ("articles", "code"),
    [([], 40058), ([_ARTICLE] * 9, 40058), (["x"], 40058), ([{"title": "x"}], 41010), ([{"url": "https://x"}], 41016)],
)
async def test_news_need_one_to_eight_articles_that_lead_somewhere(desk: Desk, articles: Any, code: int) -> None:
    assert (await desk.send(LEI, "news", {"articles": articles}))["errcode"] == code


async def test_the_thirty_first_message_to_a_person_in_a_minute_vanishes_with_a_success(desk: Desk) -> None:
    codes = {(await desk.send_text(text=str(number)))["errcode"] for number in range(31)}
    assert codes == {0}
    assert desk.texts() == [str(number) for number in range(30)]
    assert desk.fake.drops == [Drop(APP.agent_id, LEI, "text", "rate")]
    assert desk.fake.complaints == [f"a text to {LEI} vanished: too many messages to one person"]
    await desk.send_text(MIN)
    assert desk.texts(MIN) == ["你好"]
    desk.clock.wait(60)
    await desk.send_text(text="后来")
    assert desk.texts()[-1] == "后来"


async def test_a_thousand_messages_fill_a_persons_hour() -> None:
    async with open_desk(limits=Limits(member_per_minute=4, member_per_hour=10)) as desk:
        for _ in range(4):
            for _ in range(4):
                await desk.send_text()
            desk.clock.wait(60)
        assert (len(desk.texts()), len(desk.fake.drops)) == (10, 6)
        assert Limits() == Limits(10_000, 150_000, 30, 1000, 500, 1, 2000)


async def test_the_limit_counts_each_app_by_itself(two: Desk) -> None:
    for _ in range(31):
        await two.send_text()
    two.become(OTHER_APP)
    await two.send_text()
    assert len(two.fake.messages_of(LEI, OTHER_APP.agent_id)) == 1


async def test_a_day_has_so_many_messages_each_receiver_counted() -> None:
    async with open_desk(limits=Limits(accounts=1)) as desk:
        rd = str(desk.fake.department_number("rd"))
        for _ in range(49):
            assert (await desk.send_text("", toparty=rd))["errcode"] == 0
            desk.clock.wait(10)
        counts = (await desk.post("message/get_statistics", {"time_type": 0}))["statistics"]
        assert counts == [{"agentid": APP.agent_id, "app_name": APP.name, "count": 196}]
        assert (await desk.send_text("", toparty=f"{rd}|{desk.fake.department_number('hr')}"))["errcode"] == 45009
        assert (await desk.send_text("", toparty=rd))["errcode"] == 0
        assert (await desk.send_text())["errcode"] == 45009
        desk.clock.advance(hours=8)
        assert (await desk.send_text())["errcode"] == 0
        assert (await desk.post("message/get_statistics", {"time_type": 1}))["statistics"][0]["count"] == 200
        assert (await desk.post("message/get_statistics", {"time_type": 2}))["errcode"] == 40035


async def test_a_checked_repeat_to_the_same_person_vanishes_until_its_interval_is_over(desk: Desk) -> None:
    checked: dict[str, Any] = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    for receivers in (LEI, f"{LEI}|{MIN}", LEI):
        assert (await desk.send_text(receivers, **checked))["errcode"] == 0
    assert (desk.texts(), desk.texts(MIN)) == (["你好"], ["你好"])
    assert [drop.why for drop in desk.fake.drops] == ["duplicate", "duplicate"]
    assert desk.fake.complaints == []
    await desk.send_text(LEI, "再见", **checked)
    desk.clock.advance(seconds=600)
    await desk.send_text(LEI, **checked)
    assert desk.texts() == ["你好", "再见", "你好"]


async def test_unchecked_repeats_arrive_and_the_interval_is_half_an_hour_where_none_is_named(desk: Desk) -> None:
    for _ in range(2):
        await desk.send_text()
    await desk.send_text(enable_duplicate_check=1)
    desk.clock.advance(seconds=1799)
    await desk.send_text(enable_duplicate_check=1)
    assert len(desk.texts()) == 3
    desk.clock.advance(seconds=1)
    await desk.send_text(enable_duplicate_check=1)
    assert len(desk.texts()) == 4


async def test_a_recall_takes_back_every_copy_within_a_day(desk: Desk) -> None:
    msgid = (await desk.send_text(f"{LEI}|{MIN}"))["msgid"]
    desk.clock.advance(hours=23, minutes=59)
    for _ in range(2):
        assert await desk.post("message/recall", {"msgid": msgid}) == {"errcode": 0, "errmsg": "ok"}
    assert [desk.fake.messages_of(user)[0]["recalled"] for user in (LEI, MIN)] == [True, True]


async def test_a_recall_is_refused_after_a_day_for_others_and_for_nothing(two: Desk) -> None:
    msgid = (await two.send_text())["msgid"]
    assert (await two.post("message/recall", {"msgid": "x"}))["errcode"] == 40058
    assert (await two.post("message/recall", {}))["errcode"] == 40058
    two.become(OTHER_APP)
    assert (await two.post("message/recall", {"msgid": msgid}))["errcode"] == 40058
    two.become(APP)
    two.clock.present += timedelta(hours=24)
    assert (await two.post("message/recall", {"msgid": msgid}))["errcode"] == 42052
