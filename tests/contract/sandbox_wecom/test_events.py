"""What people and administrators do, and what apps and the contact-sync assistant are told of it."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from sandbox.company import User, UserStatus
from sandbox.wecom import WeComFake
from tests.contract.sandbox_wecom.harness import (
    APP,
    CORP,
    HUA,
    JING,
    LEI,
    MIN,
    OTHER_APP,
    START,
    SYNC,
    WEI,
    YUAN,
    Clock,
    callback_app,
    open_desk,
    open_talk,
)


async def test_a_text_is_told_with_its_number_and_the_writers_exact_id() -> None:
    async with open_talk() as (desk, endpoint):
        message_id = await desk.fake.say(WEI, "本周完成了登录页")
        (event,) = endpoint.events
        assert {child.tag: child.text for child in event} == {
            "ToUserName": CORP,
            "FromUserName": WEI,
            "CreateTime": str(int(START.timestamp())),
            "MsgType": "text",
            "Content": "本周完成了登录页",
            "MsgId": message_id,
            "AgentID": str(APP.agent_id),
        }
        assert message_id.isdecimal()
        assert int(message_id).bit_length() <= 63
        assert desk.texts(WEI) == ["本周完成了登录页"]


async def test_a_quote_is_not_told() -> None:
    async with open_talk() as (desk, endpoint):
        first = await desk.fake.say(LEI, "一")
        await desk.fake.say(LEI, "二", first)
        assert {child.tag for child in endpoint.events[1]} == {child.tag for child in endpoint.events[0]}
        with pytest.raises(ValueError, match="not in this chat"):
            await desk.fake.say(MIN, "三", first)


async def test_opening_the_chat_is_told_with_an_empty_key_where_the_app_wants_it() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.fake.open_chat(LEI)
        assert (endpoint.told("Event"), endpoint.told("EventKey")) == (["enter_agent"], [""])
        desk.fake.configure(replace(desk.fake.app(), reports_enter=False))
        await desk.fake.open_chat(LEI)
        assert len(endpoint.events) == 1


@pytest.mark.parametrize("somebody", ["frozen", "gone"])
async def test_who_left_or_is_disabled_can_do_nothing(somebody: str) -> None:
    async with open_talk() as (desk, _):
        await desk.fake.hire(User("gone", "离职"))
        await desk.fake.resign("gone")
        for deed in (desk.fake.say(somebody, "x"), desk.fake.open_chat(somebody)):
            with pytest.raises(ValueError, match="has left, is disabled"):
                await deed


async def test_joining_and_leaving_the_firm_is_told_by_subscriptions() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.fake.hire(User("newbie", "新人", ("hr",)))
        await desk.fake.change_user(replace(desk.fake.user("newbie"), job_title="专员"))
        await desk.fake.change_user(replace(desk.fake.user("newbie"), status=UserStatus.FROZEN))
        await desk.fake.change_user(replace(desk.fake.user("newbie"), status=UserStatus.ACTIVE))
        await desk.fake.resign("newbie")
        assert endpoint.told("Event") == ["subscribe", "unsubscribe", "subscribe", "unsubscribe"]
        assert set(endpoint.told("FromUserName")) == {"newbie"}
        assert (await desk.get("user/get", userid="newbie"))["errcode"] == 60111
        with pytest.raises(ValueError, match="already"):
            await desk.fake.hire(User("zhangwei", "同名"))


async def test_a_changed_range_tells_who_came_and_who_left_and_outlives_a_restart(tmp_path: object) -> None:
    path, clock = f"{tmp_path}/wecom.db", Clock()
    async with callback_app() as endpoint:
        async with open_desk(path, apps=(endpoint.settings,), clock=clock) as desk:
            await desk.fake.set_visible_range(frozenset({"rd-platform"}), frozenset({JING}))
            told = Counter(zip(endpoint.told("Event"), endpoint.told("FromUserName"), strict=True))
            assert set(told) == {("unsubscribe", user) for user in (YUAN, HUA, MIN, "fresh")}
            with pytest.raises(ValueError, match="does not see"):
                await desk.fake.say(MIN, "x")
        async with open_desk(path, apps=(endpoint.settings,), clock=clock) as desk:
            assert (await desk.send_text(MIN))["errcode"] == 81013
            await desk.fake.set_visible_range()
            assert endpoint.told("Event")[4:] == ["subscribe"] * 4
            for departments, users in (
                (frozenset({"no such"}), frozenset[str]()),
                (frozenset[str](), frozenset({"no such"})),
            ):
                with pytest.raises(KeyError):
                    await desk.fake.set_visible_range(departments, users)


async def test_two_deeds_of_one_person_in_one_second_have_the_same_head() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.fake.open_chat(LEI)
        await desk.fake.say(LEI, "你好")
        heads = {(event.findtext("FromUserName"), event.findtext("CreateTime")) for event in endpoint.events}
        assert len(heads) == 1


async def test_the_contact_sync_assistant_hears_of_ids_and_departments_only() -> None:
    async with (
        callback_app(settings=SYNC) as sync,
        open_desk(apps=(replace(APP, callback_url=""), sync.settings)) as desk,
    ):
        for number in range(10):
            await desk.fake.hire(User(f"u{number}", "新人", ("hr", "rd")))
        await desk.fake.change_user(replace(desk.fake.user("u0"), name="改名"))
        await desk.fake.resign("u0")
        assert set(sync.told("Event")) == {"change_contact"}
        assert set(sync.told("FromUserName")) == {"sys"}
        assert sync.told("ChangeType") == ["create_user"] * 10 + ["update_user", "delete_user"]
        assert (sync.told("UserID")[-1], sync.told("Department")[-2:]) == ("u0", ["4,2", None])
        assert all(event.find("AgentID") is None and event.find("Name") is None for event in sync.events)
        envelopes = [heard.envelope() for heard in sync.heard]
        assert {envelope.findtext("AgentID") for envelope in envelopes} == {None, ""}


async def test_one_fake_is_one_company() -> None:
    clock = Clock()
    for apps in ((APP, replace(OTHER_APP, corp_id="ww-other")), (APP, APP)):
        with pytest.raises(ValueError, match="one company"):
            WeComFake(None, clock.now, clock.monotonic, Random(1), apps)


async def test_the_people_are_told_with_their_neutral_ids() -> None:
    async with open_desk() as desk:
        people = {person["userid"]: person for person in desk.fake.people()}
        assert people[LEI] == {
            "userid": LEI,
            "name": "王磊",
            "department": "研发/平台",
            "title": "工程师",
            "leader": HUA,
            "status": "active",
        }
        with pytest.raises(KeyError):
            desk.fake.user("nobody")
        with pytest.raises(KeyError):
            desk.fake.configure(replace(APP, agent_id=5))
