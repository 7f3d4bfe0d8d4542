"""Template cards: what each type needs, code by code, and what is cut or not shown."""

from dataclasses import replace
from typing import Any

import pytest

from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import APP, LEI, MIN, OTHER_APP, Desk, Json, open_desk
from tests.contract.sandbox_wecom.sample_cards import spoiled

_LONG_KEY = "k" * 1025
_INTERACTIVE = ("approval", "vote", "checkin")


@pytest.mark.parametrize("name", cards.ALL)
async def test_every_type_of_card_can_be_sent(desk: Desk, name: str) -> None:
    card = cards.ALL[name]()
    sent = await desk.send_card(LEI, card)
    assert sent["errcode"] == 0
    assert {**desk.card(), "task_id": ""} == {**card, "task_id": ""}
    assert ("response_code" in sent) is (name in _INTERACTIVE)
    assert desk.fake.complaints == []


_BAD: list[tuple[str, str, Any, int]] = [
    ("notice", "card_type", "menu_notice", 42031),
    ("notice", "card_type", None, 42031),
    ("notice", "card_action", None, 42045),
    ("notice", "card_action.type", 0, 42045),
    ("notice", "card_action.url", "", 42028),
    ("notice", "card_action", {"type": 2}, 42030),
    ("notice", "jump_list.0.title", None, 42033),
    ("notice", "jump_list.0.url", None, 42028),
    ("notice", "jump_list.0", {"type": 2, "title": "x"}, 42030),
    ("notice", "jump_list", [{"type": 0, "title": "x"}] * 4, 42042),
    ("notice", "jump_list", {"title": "x"}, 42042),
    ("notice", "horizontal_content_list.0.keyname", "", 42027),
    ("notice", "horizontal_content_list.0.userid", None, 42050),
    ("notice", "horizontal_content_list.0", {"keyname": "k", "type": 1}, 42028),
    ("notice", "horizontal_content_list.0", {"keyname": "k", "type": 2}, 42029),
    ("notice", "horizontal_content_list", [{"keyname": "k"}] * 7, 42035),
    ("notice", "horizontal_content_list", ["x"], 42035),
    ("notice", "quote_area", {"type": 1}, 42028),
    ("notice", "action_menu", {}, 42051),
    ("notice", "action_menu", {"action_list": [{"text": "x"}]}, 42051),
    ("notice", "action_menu", {"action_list": [{"key": "x"}]}, 42051),
    ("notice", "action_menu", {"action_list": [{"text": "x", "key": "x"}] * 2}, 42051),
    ("notice", "action_menu", {"action_list": [{"text": "x", "key": str(n)} for n in range(4)]}, 42051),
    ("news", "main_title", None, 42033),
    ("news", "card_image", None, 42044),
    ("news", "card_image.url", "", 42044),
    ("news", "image_text_area", {"type": 1, "url": "https://x"}, 42044),
    ("news", "image_text_area", {"type": 1, "image_url": "https://x"}, 42028),
    ("news", "card_action", None, 42045),
    ("news", "vertical_content_list.0.title", None, 42033),
    ("news", "vertical_content_list", [{"title": "t"}] * 5, 42036),
    ("approval", "main_title.title", "", 42033),
    ("approval", "button_list", None, 42038),
    ("approval", "button_list", [], 42038),
    ("approval", "button_list", [{"text": "t", "key": str(n)} for n in range(7)], 42038),
    ("approval", "button_list.0.text", "", 42038),
    ("approval", "button_list.0.key", None, 42039),
    ("approval", "button_list.0.key", "reject", 42039),
    ("approval", "button_list.0.key", _LONG_KEY, 42039),
    ("approval", "button_list.2.url", None, 42028),
    ("approval", "card_action", {"type": 1}, 42028),
    ("approval", "button_selection", {"question_key": "q", "option_list": []}, 42037),
    ("approval", "button_selection", {"option_list": [{"id": "a", "text": "a"}]}, 42043),
    ("vote", "main_title.title", None, 42033),
    ("vote", "checkbox", None, 42043),
    ("vote", "checkbox.question_key", None, 42043),
    ("vote", "checkbox.question_key", _LONG_KEY, 42043),
    ("vote", "checkbox.mode", 2, 40058),
    ("vote", "checkbox.option_list", None, 42037),
    ("vote", "checkbox.option_list", [{"id": str(n), "text": "t"} for n in range(21)], 42037),
    ("vote", "checkbox.option_list.0.id", "3", 42040),
    ("vote", "checkbox.option_list.0.id", "i" * 129, 42040),
    ("vote", "checkbox.option_list.0.text", "", 42041),
    ("vote", "submit_button", None, 42046),
    ("vote", "submit_button.key", "", 42046),
    ("vote", "submit_button.key", _LONG_KEY, 42046),
    ("vote", "submit_button.text", 5, 42049),
    ("checkin", "main_title", "title", 42033),
    ("checkin", "select_list", None, 42047),
    ("checkin", "select_list", [], 42047),
    ("checkin", "select_list.0.question_key", "progress", 42043),
    ("checkin", "select_list.0.option_list", [{"id": str(n), "text": "t"} for n in range(11)], 42037),
    ("checkin", "select_list.0.option_list.0.id", None, 42040),
    ("checkin", "select_list.0.option_list.0.text", None, 42041),
    ("checkin", "submit_button.key", None, 42046),
]


@pytest.mark.parametrize(("name", "path", "value", "code"), _BAD)
async def test_a_spoiled_card_is_refused_with_the_code_of_its_part(
    desk: Desk, name: str, path: str, value: Any, code: int
) -> None:
    assert (await desk.send_card(LEI, spoiled(cards.ALL[name](), path, value)))["errcode"] == code
    assert desk.fake.messages_of(LEI) == []


async def test_too_many_drop_downs_are_refused(desk: Desk) -> None:
    card = cards.checkin()
    selects = [{**card["select_list"][0], "question_key": str(number)} for number in range(4)]
    assert (await desk.send_card(LEI, {**card, "select_list": selects}))["errcode"] == 42047


async def test_what_may_be_missing_may_be_missing(desk: Desk) -> None:
    for name, path in (
        *(("notice", "main_title"), ("notice", "sub_title_text"), ("approval", "card_action"), ("approval", "source")),
        *(("vote", "submit_button.text"), ("vote", "checkbox.mode"), ("checkin", "source")),
    ):
        card = cards.ALL[name]()
        bare = spoiled(card, path, None) if path.split(".")[0] in card else card
        assert (await desk.send_card(LEI, bare))["errcode"] == 0, (name, path)


@pytest.mark.parametrize("task_id", [None, "", "带汉字", "a b", "t" * 129, 5])
@pytest.mark.parametrize("name", ["approval", "vote", "checkin", "menu"])
async def test_cards_with_clicks_need_a_good_task_id(desk: Desk, name: str, task_id: Any) -> None:
    card = cards.with_menu(cards.notice()) if name == "menu" else cards.ALL[name]()
    given = {} if task_id is None else {"task_id": task_id}
    assert (await desk.send(LEI, "template_card", {**card, **given}))["errcode"] == 42014


async def test_a_task_id_can_be_used_once_in_each_app_for_ever(two: Desk) -> None:
    card = {**cards.approval(), "task_id": "tweak-17_A@1" + "x" * 116}
    assert (await two.send_card(f"{LEI}|{MIN}", card))["errcode"] == 0
    two.clock.advance(days=400)
    two.token = ""
    assert (await two.send_card(MIN, card))["errcode"] == 42014
    assert (await two.send_card(MIN, {**cards.notice(), "task_id": card["task_id"]}))["errcode"] == 42014
    two.become(OTHER_APP)
    assert (await two.send_card(MIN, card))["errcode"] == 0


async def test_plain_notices_need_no_task_id(desk: Desk) -> None:
    for _ in range(2):
        assert (await desk.send(LEI, "template_card", cards.notice()))["errcode"] == 0


@pytest.mark.parametrize("name", [*_INTERACTIVE, "menu"])
async def test_cards_with_clicks_are_refused_where_no_callback_is_set_up(name: str) -> None:
    card = cards.with_menu(cards.notice()) if name == "menu" else cards.ALL[name]()
    async with open_desk(apps=(replace(APP, callback_url=""),)) as desk:
        assert (await desk.send_card(LEI, card))["errcode"] == 43012
        assert (await desk.send_card(LEI, cards.notice()))["errcode"] == 0


async def test_a_menu_makes_a_notice_one_that_can_be_updated(desk: Desk) -> None:
    sent = await desk.send_card(LEI, cards.with_menu(cards.notice()))
    assert sent["response_code"]
    assert (await desk.update(sent["response_code"], template_card=cards.notice()))["errcode"] == 0


@pytest.mark.parametrize(
    ("name", "path", "value", "complaint"),
    [
        ("approval", "main_title.title", "题" * 37, "main_title.title of 37 characters is cut after 36"),
        ("approval", "main_title.desc", "题" * 45, "main_title.desc of 45 characters is cut after 44"),
        ("approval", "button_list.1.text", "x" * 11, "button_list.text of 11 characters is cut after 10"),
        ("notice", "horizontal_content_list.0.keyname", "x" * 6, "horizontal_content_list.keyname of 6 characters"),
        ("notice", "sub_title_text", "x" * 161, "sub_title_text of 161 characters is cut after 160"),
        ("checkin", "select_list.2.option_list.1.text", "x" * 17, "select_list.option_list.text of 17 characters"),
        ("vote", "sub_title_text", "说明", "vote_interaction does not show sub_title_text"),
        ("checkin", "quote_area", {"type": 0}, "multiple_interaction does not show quote_area"),
        ("approval", "replace_text", "已同意", "button_interaction does not show replace_text"),
    ],
)
async def test_what_the_client_cuts_or_hides_is_accepted_with_a_complaint(
    desk: Desk, name: str, path: str, value: Any, complaint: str
) -> None:
    card: Json = spoiled(cards.ALL[name](), path, value)
    assert (await desk.send_card(LEI, card))["errcode"] == 0
    (told,) = desk.fake.complaints
    assert told.startswith(complaint)
