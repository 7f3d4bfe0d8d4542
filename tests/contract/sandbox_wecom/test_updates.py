"""`update_template_card`: what a response code opens, once, and what becomes of each person's copy."""

from typing import Any

import pytest

from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import APP, HUA, LEI, MIN, OTHER_APP, Desk, Json, open_talk


async def _sent(desk: Desk, receivers: str = LEI, card: Json | None = None) -> str:
    sent = await desk.send_card(receivers, card or {**cards.approval(), "task_id": "t-17"})
    assert sent["errcode"] == 0, sent
    return str(sent["response_code"])


async def test_a_code_greys_the_buttons_once(desk: Desk) -> None:
    code = await _sent(desk)
    grey = {"replace_name": "已同意"}
    assert await desk.update(code, button=grey) == {"errcode": 0, "errmsg": "ok"}
    (message,) = desk.fake.messages_of(LEI)
    assert [(each["label"], each["disabled"]) for each in message["buttons"]] == [("已同意", True)]
    assert message["version"] == 2
    assert (await desk.update(code, button=grey))["errcode"] == 60140


async def test_a_whole_new_card_can_be_of_any_type_and_keeps_the_task_id(desk: Desk) -> None:
    code = await _sent(desk)
    assert (await desk.update(code, template_card=cards.notice()))["errcode"] == 0
    assert desk.card() == {**cards.notice(), "task_id": "t-17"}
    assert [each.cause.value for each in desk.fake.versions(desk.fake.messages_of(LEI)[0]["id"])] == ["sent", "updated"]


async def test_only_named_receivers_who_have_the_card_are_affected(desk: Desk) -> None:
    code = await _sent(desk, f"{LEI}|{MIN}")
    answer = await desk.update(code, ["WANGLEI", HUA, "Nobody"], button={"replace_name": "好"})
    assert (answer["errcode"], answer["invaliduser"]) == (0, ["nobody", HUA])
    assert ("replace_text" in desk.card(LEI), "replace_text" in desk.card(MIN)) == (True, False)


async def test_all_receivers_can_be_meant(desk: Desk) -> None:
    code = await _sent(desk, f"{LEI}|{MIN}")
    await desk.update(code, atall=1, button={"replace_name": "已处理"})
    assert [desk.card(user)["replace_text"] for user in (LEI, MIN)] == ["已处理", "已处理"]
    assert desk.fake.messages_of(HUA) == []


async def test_a_department_can_be_meant(desk: Desk) -> None:
    code = await _sent(desk, f"{LEI}|{MIN}")
    platform = desk.fake.department_number("rd-platform")
    body = {"partyids": [platform], "agentid": APP.agent_id, "response_code": code, "button": {"replace_name": "好"}}
    assert (await desk.post("message/update_template_card", body))["invaliduser"] == ["zhangwei"]
    assert ("replace_text" in desk.card(LEI), "replace_text" in desk.card(MIN)) == (True, False)


async def test_a_code_lives_for_72_hours(desk: Desk) -> None:
    first = await _sent(desk)
    second = await _sent(desk, card={**cards.approval(), "task_id": "t-18"})
    desk.clock.advance(hours=71, minutes=59)
    assert (await desk.update(first, button={"replace_name": "好"}))["errcode"] == 0
    desk.clock.advance(minutes=1)
    assert (await desk.update(second, button={"replace_name": "好"}))["errcode"] == 60140


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"response_code": "x"}, 60140),
        ({"response_code": None}, 60140),
        ({"agentid": 1000003}, 301002),
        ({"userids": []}, 82001),
        ({"userids": "wanglei"}, 40035),
        ({"userids": [f"u{number}" for number in range(1001)]}, 40032),
        ({"partyids": list(range(101))}, 82002),
        ({"tagids": list(range(101))}, 82003),
        ({"button": None}, 40058),
        ({"button": {}}, 40058),
        ({"button": None, "template_card": {"card_type": "text_notice"}}, 42033),
        ({"button": None, "template_card": {**cards.notice(), "card_action": {}}}, 42045),
        ({"button": None, "template_card": {**cards.approval(), "task_id": "another"}}, 42016),
        ({"button": None, "template_card": "x"}, 42031),
    ],
)
async def test_a_bad_update_is_refused_and_spends_nothing(desk: Desk, more: dict[str, Any], code: int) -> None:
    ticket = await _sent(desk)
    body = {"userids": [LEI], "agentid": APP.agent_id, "response_code": ticket, "button": {"replace_name": "好"}}
    assert (await desk.post("message/update_template_card", {**body, **more}))["errcode"] == code
    assert desk.fake.messages_of(LEI)[0]["version"] == 1
    assert (await desk.post("message/update_template_card", body))["errcode"] == 0


async def test_a_code_is_of_no_use_to_another_app(two: Desk) -> None:
    code = await _sent(two)
    two.become(OTHER_APP)
    assert (await two.update(code, button={"replace_name": "好"}))["errcode"] == 42015


async def test_a_notice_has_no_buttons_to_grey(desk: Desk) -> None:
    code = await _sent(desk, card=cards.with_menu(cards.notice()))
    assert (await desk.update(code, button={"replace_name": "好"}))["errcode"] == 40058


async def test_a_recalled_card_is_nobodys(desk: Desk) -> None:
    sent = await desk.send_card(LEI, cards.approval())
    await desk.post("message/recall", {"msgid": sent["msgid"]})
    assert (await desk.update(sent["response_code"], button={"replace_name": "好"}))["invaliduser"] == [LEI]


async def test_a_click_gives_a_second_ticket_that_leaves_the_first() -> None:
    async with open_talk() as (desk, endpoint):
        code = await _sent(desk, f"{LEI}|{MIN}")
        await desk.fake.click(LEI, desk.fake.messages_of(LEI)[0]["id"], "approve", {})
        (of_click,) = endpoint.told("ResponseCode")
        assert of_click not in (None, code)
        assert (await desk.update(str(of_click), button={"replace_name": "已同意"}))["errcode"] == 0
        assert (await desk.update(str(of_click), button={"replace_name": "已同意"}))["errcode"] == 60140
        assert (await desk.update(code, [MIN], button={"replace_name": "已由他人处理"}))["errcode"] == 0
        assert [desk.card(user)["replace_text"] for user in (LEI, MIN)] == ["已同意", "已由他人处理"]


async def test_what_the_client_cuts_of_an_update_is_accepted_with_a_complaint(desk: Desk) -> None:
    code = await _sent(desk)
    long = cards.spoiled(cards.notice(), "main_title.title", "题" * 37)
    assert (await desk.update(code, template_card=long))["errcode"] == 0
    assert desk.fake.complaints == ["main_title.title of 37 characters is cut after 36"]


async def test_an_updated_card_can_be_live_again(desk: Desk) -> None:
    code = await _sent(desk, card={**cards.checkin(), "task_id": "t-1"})
    closed = {**cards.checkin(), "replace_text": "已提交"}
    closed["select_list"] = [{**each, "disable": True} for each in closed["select_list"]]
    assert (await desk.update(code, template_card=closed))["errcode"] == 0
    assert [each["disabled"] for each in desk.fake.messages_of(LEI)[0]["inputs"]] == [True] * 3
    assert desk.fake.complaints == []
