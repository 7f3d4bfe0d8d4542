"""People and administrators: writing, joining, leaving, and the events that tell of it."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.company import Department, User, read_company
from sandbox.dingtalk.directory import number_of
from tests.contract.sandbox_dingtalk.harness import (
    APP,
    COMPANY,
    LEI,
    OTHER_APP,
    SAMPLE_COMPANY,
    WEI,
    Desk,
    open_desk,
    stream_bot,
)


async def test_people_are_named_by_the_companys_own_ids(desk: Desk) -> None:
    assert desk.fake.people()[3] == {
        "userid": LEI,
        "name": "王磊",
        "department": "研发/平台",
        "title": "工程师",
        "mail": "wanglei@example.com",
        "leader": "lihua",
        "status": "active",
    }


async def test_the_sample_company_fits(desk: Desk) -> None:
    desk.fake.load_company(read_company(SAMPLE_COMPANY))
    numbers = [number_of(each.department_id) for each in read_company(SAMPLE_COMPANY).departments]
    assert len(desk.fake.people()) == 30
    assert len(set(numbers)) == len(numbers)


async def _told(desk: Desk, bot: Any) -> list[tuple[str, Any]]:
    await desk.fake.idle()
    payloads = [payload.get("userId") or payload.get("deptId") for payload in bot.payloads()]
    return list(zip(bot.event_types(), payloads, strict=True))


async def test_joining_changing_and_leaving_are_told(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        await desk.fake.hire(User("xinren", "新人", ("rd",), leader="lihua"))
        await desk.fake.change_user(replace(desk.fake.user(LEI), leader="zhaomin"))
        await desk.fake.change_user(desk.fake.user(LEI))
        await desk.fake.resign(WEI)
        assert await _told(desk, bot) == [
            ("user_add_org", ["xinren"]),
            ("user_modify_org", [LEI]),
            ("user_leave_org", [WEI]),
        ]
    assert desk.fake.people()[4]["status"] == "resigned"


async def test_departments_are_told(desk: Desk) -> None:
    async with stream_bot(desk) as bot:
        await desk.fake.change_department(Department("rd-apps", "应用", parent="rd"))
        await desk.fake.change_department(replace(COMPANY.departments[0], leader="zhaomin"))
        assert await _told(desk, bot) == [
            ("org_dept_create", [number_of("rd-apps")]),
            ("org_dept_modify", [number_of("rd")]),
        ]


async def test_a_taken_id_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match=LEI):
        await desk.fake.hire(User(LEI, "另一个"))


async def test_an_app_hears_of_people_in_its_range_only() -> None:
    narrow = replace(OTHER_APP, contact_range=frozenset({LEI}))
    async with open_desk(apps=(APP, narrow)) as desk, stream_bot(desk) as one:
        async with stream_bot(desk, app=narrow) as two:
            await desk.fake.resign(WEI)
            await desk.fake.resign(LEI)
        assert (len(one.frames), len(two.frames)) == (2, 1)


async def test_who_left_can_neither_write_nor_open_the_chat(desk: Desk) -> None:
    await desk.fake.resign(LEI)
    with pytest.raises(ValueError, match=LEI):
        await desk.fake.say(LEI, "你好")
    with pytest.raises(ValueError, match=LEI):
        await desk.fake.open_chat(LEI)


async def test_who_does_not_see_the_app_cannot_write() -> None:
    async with open_desk(apps=(replace(APP, usable_range=frozenset({LEI})),)) as desk:
        with pytest.raises(ValueError, match=WEI):
            await desk.fake.say(WEI, "你好")


async def test_an_unknown_person_is_a_mistake_of_the_caller(desk: Desk) -> None:
    for deed in (desk.fake.say("nobody", "你好"), desk.fake.open_chat("nobody"), desk.fake.resign("nobody")):
        with pytest.raises(KeyError):
            await deed
    with pytest.raises(KeyError):
        desk.fake.messages_of("nobody")


async def test_a_quoted_message_must_be_in_the_chat(desk: Desk) -> None:
    await desk.send(LEI, WEI)
    mine, theirs = desk.fake.messages_of(LEI)[0]["id"], desk.fake.messages_of(WEI)[0]["id"]
    async with stream_bot(desk) as bot:
        await desk.fake.say(LEI, "好", mine)
        with pytest.raises(ValueError, match="chat"):
            await desk.fake.say(LEI, "好", theirs)
    assert bot.texts() == ["好"]


async def test_an_outsider_cannot_write_in_a_group(desk: Desk) -> None:
    group = desk.fake.add_group("研发群", [LEI])
    with pytest.raises(ValueError, match=WEI):
        await desk.fake.say_in_group(group, WEI, "你好")
    with pytest.raises(KeyError):
        await desk.fake.say_in_group("cidunknown==", LEI, "你好")


async def test_settings_of_an_app_can_be_changed(desk: Desk) -> None:
    desk.fake.configure(replace(APP, templates=()))
    assert desk.fake.app().templates == ()
    with pytest.raises(KeyError):
        desk.fake.configure(OTHER_APP)


def test_printing_an_app_shows_no_secret() -> None:
    app = replace(APP, event_token="the-token", event_aes_key="the-key")
    assert not [secret for secret in (APP.client_secret, "the-token", "the-key") if secret in repr(app)]
