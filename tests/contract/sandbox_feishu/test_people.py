"""What people and administrators do, and what apps hear of it."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.company import User, UserStatus, derived_id
from sandbox.feishu import FakeApp
from sandbox.feishu.settings import ALL_EVENTS, ALL_SCOPES, SCOPE_USER_ID
from tests.contract.sandbox_feishu.harness import (
    APP,
    COMPANY,
    HUA,
    LEI,
    OTHER_APP,
    WEI,
    Desk,
    Json,
    always,
    ok_frame,
    open_desk,
    socket_bot,
)

_EVERYTHING = replace(APP, events=ALL_EVENTS)
_PLATFORM, _RD = derived_id("od-", "rd-platform"), derived_id("od-", "rd")


async def _heard(desk: Desk, *deeds: Any) -> list[tuple[str, Json]]:
    """What a bot hears while these happen one after the other."""
    async with socket_bot(desk, always(ok_frame())) as bot:
        for deed in deeds:
            await deed
        await desk.fake.idle()
        return [(each["header"]["event_type"], each["event"]) for each in bot.envelopes]


async def test_opening_the_chat_is_told_every_time_with_the_last_message(desk: Desk) -> None:
    fake = desk.fake
    first, second = (event for _, event in await _heard(desk, fake.open_chat(LEI), fake.open_chat(LEI)))
    assert first == second
    assert (first["operator_id"]["open_id"], first["chat_id"][:3]) == (LEI, "oc_")
    assert "last_message_id" not in first
    message_id = (await desk.send_text(LEI)).data["message_id"]
    ((kind, third),) = await _heard(desk, fake.open_chat(LEI))
    assert kind == "im.chat.access_event.bot_p2p_chat_entered_v1"
    assert (third["last_message_id"], third["chat_id"]) == (message_id, first["chat_id"])


async def test_reading_is_told_once_to_those_who_subscribed() -> None:
    async with open_desk(apps=(_EVERYTHING,)) as desk:
        message_id = (await desk.send_text(LEI)).data["message_id"]
        events = await _heard(desk, desk.fake.open_chat(LEI), desk.fake.open_chat(LEI))
        read = [event for kind, event in events if kind == "im.message.message_read_v1"]
        assert [event["message_id_list"] for event in read] == [[message_id]]
        assert read[0]["reader"]["reader_id"]["open_id"] == LEI


async def test_a_recalled_message_is_told_and_another_persons_cannot_be(desk: Desk) -> None:
    message_id = await desk.fake.say(LEI, "说错了")
    events = await _heard(desk, desk.fake.recall(LEI, message_id))
    assert events[-1][0] == "im.message.recalled_v1"
    assert (events[-1][1]["message_id"], events[-1][1]["recall_type"]) == (message_id, "message_owner")
    assert desk.fake.messages_of(LEI)[0]["recalled"] is True
    with pytest.raises(ValueError, match="somebody else"):
        await desk.fake.recall(WEI, message_id)


async def test_an_emoji_is_told(desk: Desk) -> None:
    async with open_desk(apps=(_EVERYTHING,)) as open_to_all:
        message_id = (await open_to_all.send_text(LEI)).data["message_id"]
        ((kind, event),) = await _heard(open_to_all, open_to_all.fake.react(LEI, message_id, "SMILE"))
        assert (kind, event["reaction_type"]) == ("im.message.reaction.created_v1", {"emoji_type": "SMILE"})
        assert (event["operator_type"], event["user_id"]["open_id"]) == ("user", LEI)
        with pytest.raises(ValueError, match="not in this chat"):
            await open_to_all.fake.react(WEI, message_id, "SMILE")


async def test_a_pressed_menu_tells_its_key_and_whole_seconds(desk: Desk) -> None:
    ((kind, event),) = await _heard(desk, desk.fake.press_menu(LEI, "start_checkin"))
    assert (kind, event["event_key"]) == ("application.bot.menu_v6", "start_checkin")
    assert event["timestamp"] == int(desk.clock.present.timestamp())
    assert event["operator"]["operator_name"] == "王磊"


async def test_a_new_colleague_is_told_without_an_old_object(desk: Desk) -> None:
    new = User("qianduo", "钱多", ("rd",), leader="lihua")
    ((kind, event),) = await _heard(desk, desk.fake.hire(new))
    assert (kind, "old_object" in event) == ("contact.user.created_v3", False)
    assert (event["object"]["name"], event["object"]["leader_user_id"]) == ("钱多", HUA)
    assert [person["name"] for person in desk.fake.people()][-1] == "钱多"
    with pytest.raises(ValueError, match="already"):
        await desk.fake.hire(new)


async def test_a_change_is_told_with_the_changed_fields_only(desk: Desk) -> None:
    moved = replace(desk.fake.user(LEI), departments=("rd",), leader="zhaomin")
    ((kind, event),) = await _heard(desk, desk.fake.change_user(moved), desk.fake.change_user(moved))
    assert kind == "contact.user.updated_v3"
    assert event["object"]["department_ids"] == [_RD]
    assert event["old_object"] == {"department_ids": [_PLATFORM], "leader_user_id": HUA}


async def test_a_resignation_is_told_with_the_old_departments(desk: Desk) -> None:
    ((kind, event),) = await _heard(desk, desk.fake.resign(LEI))
    assert kind == "contact.user.deleted_v3"
    assert (event["object"]["department_ids"], event["object"]["status"]["is_resigned"]) == ([], True)
    assert event["old_object"] == {"open_id": LEI, "department_ids": [_PLATFORM]}
    person = next(each for each in desk.fake.people() if each["open_id"] == LEI)
    assert (person["status"], person["department"]) == ("resigned", "")
    with pytest.raises(ValueError, match="left"):
        await desk.fake.say(LEI, "我还在")


async def test_another_contact_range_is_told_and_outlives_a_restart(tmp_path: Any) -> None:
    path = str(tmp_path / "feishu.db")
    async with open_desk(path) as desk:
        others = frozenset(user.user_id for user in COMPANY.users) - {"wanglei"}
        ((kind, event),) = await _heard(desk, desk.fake.set_contact_range(others))
        assert kind == "contact.scope.updated_v3"
        assert [user["open_id"] for user in event["removed"]["users"]] == [LEI]
        assert event["added"]["users"] == []
        answer = await desk.call("GET", f"/open-apis/contact/v3/users/{LEI}")
        assert answer.refusal == (400, 41050)
    async with open_desk(path) as desk:
        assert (await desk.call("GET", f"/open-apis/contact/v3/users/{LEI}")).refusal == (400, 41050)


async def test_an_app_hears_nothing_of_people_outside_its_range() -> None:
    app = replace(APP, contact_range=frozenset({"zhangwei"}))
    async with open_desk(apps=(app,)) as desk:
        changed = [replace(desk.fake.user(each), job_title="专家") for each in (LEI, WEI)]
        events = await _heard(desk, *(desk.fake.change_user(each) for each in changed))
        assert [event["object"]["name"] for _, event in events] == ["张伟"]


async def test_every_app_hears_in_its_own_ids() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        async with socket_bot(desk, always(ok_frame()), OTHER_APP) as bot:
            await desk.fake.change_user(replace(desk.fake.user(LEI), name="王大磊"))
            await desk.fake.say(LEI, "你好", app_id=OTHER_APP.app_id)
        changed, said = (envelope["event"] for envelope in bot.envelopes)
        lei = desk.fake.world.directory.open_id(OTHER_APP.app_id, "wanglei")
        assert changed["object"]["open_id"] == said["sender"]["sender_id"]["open_id"] == lei != LEI


async def test_the_user_id_of_a_sender_needs_its_scope() -> None:
    app = FakeApp(APP.app_id, APP.secret, scopes=ALL_SCOPES - {SCOPE_USER_ID})
    async with open_desk(apps=(app,)) as desk:
        ((_, event),) = await _heard(desk, desk.fake.say(LEI, "你好"))
        assert set(event["sender"]["sender_id"]) == {"open_id", "union_id"}


async def test_people_are_listed_for_the_page(desk: Desk) -> None:
    lei = next(person for person in desk.fake.people() if person["open_id"] == LEI)
    assert lei == {
        "open_id": LEI,
        "user_id": "wanglei",
        "name": "王磊",
        "department": "研发/平台",
        "title": "工程师",
        "mail": "wanglei@example.com",
        "leader": HUA,
        "status": UserStatus.ACTIVE.value,
    }


async def test_nobody_is_known_by_an_unknown_id(desk: Desk) -> None:
    for deed in (desk.fake.say("ou_x", "你好"), desk.fake.open_chat("ou_x"), desk.fake.click("ou_x", "om_x", "a", {})):
        with pytest.raises(KeyError):
            await deed
    with pytest.raises(KeyError):
        desk.fake.configure(OTHER_APP)
