"""Clicks: what the app is told, with what ticket, and what the client does not let a person do."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.wecom import ClickResult, State
from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import LEI, MIN, Desk, Event, Json, open_talk, text_of


def _selected(event: Event) -> dict[str, list[str]]:
    return {
        item.findtext("QuestionKey") or "": [option.text or "" for option in item.findall("OptionIds/OptionId")]
        for item in event.findall("SelectedItems/SelectedItem")
    }


async def _click(desk: Desk, action: str, form: Json | None = None, user: str = LEI) -> ClickResult:
    return await desk.fake.click(user, desk.fake.messages_of(user)[-1]["id"], action, form or {})


async def test_a_button_tells_its_key_the_task_and_a_fresh_code_and_no_selection() -> None:
    async with open_talk() as (desk, endpoint):
        sent = await desk.send_card(LEI, {**cards.approval(), "task_id": "tweak-17"})
        for _ in range(2):
            assert await _click(desk, "approve") == ClickResult()
        for event in endpoint.events:
            found = {path: text_of(event, path) for path in ("Event", "EventKey", "TaskId", "CardType", "AgentID")}
            assert found == {
                "Event": "template_card_event",
                "EventKey": "approve",
                "TaskId": "tweak-17",
                "CardType": "button_interaction",
                "AgentID": "1000002",
            }
            assert event.find("SelectedItems") is None
        assert len({*endpoint.told("ResponseCode"), sent["response_code"]}) == 3


_ANSWERS: list[tuple[str, Json, dict[str, list[str]]]] = [
    ("checkin", {}, {"mood": ["unset"], "progress": ["ok"], "help": ["no"]}),
    ("checkin", {"mood": "5", "help": "yes"}, {"mood": ["5"], "progress": ["ok"], "help": ["yes"]}),
    ("checkin", {"mood": ["3"], "progress": ""}, {"mood": ["3"], "progress": ["ok"], "help": ["no"]}),
    ("vote", {"mood": "3"}, {"mood": ["3"]}),
    ("vote", {}, {"mood": []}),
    ("votes", {"mood": ["1", "5"]}, {"mood": ["5", "1"]}),
    ("votes", {"mood": []}, {"mood": []}),
    ("reason", {}, {"why": ["a"]}),
    ("reason", {"why": "b"}, {"why": ["b"]}),
]
_WITH_QUESTIONS: dict[str, tuple[Any, str]] = {
    "checkin": (cards.checkin, "submit_checkin"),
    "vote": (cards.vote, "submit_vote"),
    "votes": (lambda: cards.vote(1), "submit_vote"),
    "reason": (cards.approval_with_reason, "approve"),
}


@pytest.mark.parametrize(("name", "form", "selected"), _ANSWERS)
async def test_a_submit_tells_every_question_with_its_choice(
    name: str, form: Json, selected: dict[str, list[str]]
) -> None:
    card, key = _WITH_QUESTIONS[name]
    async with open_talk() as (desk, endpoint):
        await desk.send_card(LEI, card())
        assert await _click(desk, key, form) == ClickResult()
        assert endpoint.told("EventKey") == [key]
        assert _selected(endpoint.events[0]) == selected


async def test_an_unknown_preselection_means_the_first_option() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.send_card(LEI, cards.spoiled(cards.checkin(), "select_list.0.selected_id", "no such"))
        await _click(desk, "提交")
        assert _selected(endpoint.events[0])["mood"] == ["unset"]


@pytest.mark.parametrize(
    ("name", "action", "form", "error"),
    [
        ("approval", "nothing", {}, "gone"),
        ("approval", "", {}, "gone"),
        ("approval", "approve", {"why": "x"}, "unknown input: why"),
        ("checkin", "submit_checkin", {"mood": "9"}, "not possible: mood"),
        ("checkin", "submit_checkin", {"mood": ["5", "3"]}, "not possible: mood"),
        ("checkin", "submit_checkin", {"mood": 5}, "not possible: mood"),
        ("vote", "submit_vote", {"mood": ["5", "3"]}, "not possible: mood"),
        ("votes", "submit_vote", {"mood": ["5", [3]]}, "not possible: mood"),
    ],
)
async def test_what_the_client_does_not_let_a_person_do(name: str, action: str, form: Json, error: str) -> None:
    card = cards.vote(1) if name == "votes" else cards.ALL[name]()
    async with open_talk() as (desk, endpoint):
        await desk.send_card(LEI, card)
        assert await _click(desk, action, form) == ClickResult(error=error)
        assert endpoint.events == []


async def test_texts_recalled_cards_and_others_cards_cannot_be_pressed() -> None:
    async with open_talk() as (desk, endpoint):
        sent = await desk.send_card(f"{LEI}|{MIN}", cards.approval())
        theirs = desk.fake.messages_of(MIN)[0]["id"]
        assert (await desk.fake.click(LEI, theirs, "approve", {})).error == "not yours"
        await desk.post("message/recall", {"msgid": sent["msgid"]})
        assert (await _click(desk, "approve")).error == "recalled"
        await desk.send_text()
        assert (await _click(desk, "approve")).error == "gone"
        with pytest.raises(KeyError):
            await desk.fake.click(LEI, "no-such-message", "approve", {})
        assert endpoint.events == []


async def test_links_and_choices_alone_tell_nothing() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.send_card(LEI, cards.approval())
        assert await _click(desk, "详情") == ClickResult()
        await desk.send_card(LEI, cards.checkin())
        assert await _click(desk, "mood", {"mood": "5"}) == ClickResult()
        assert endpoint.events == []


async def test_a_menu_entry_is_an_event_of_its_own_without_selection() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.send_card(LEI, cards.with_menu(cards.approval_with_reason()))
        await _click(desk, "mute", {"why": "b"})
        await _click(desk, "approve")
        assert endpoint.told("Event") == ["template_card_menu_event", "template_card_event"]
        assert [_selected(event) for event in endpoint.events] == [{}, {"why": ["a"]}]


async def test_a_grey_card_can_not_be_pressed_and_an_updated_live_one_can() -> None:
    async with open_talk() as (desk, endpoint):
        sent = await desk.send_card(LEI, {**cards.approval(), "task_id": "t-1"})
        await _click(desk, "approve")
        await desk.update(sent["response_code"], button={"replace_name": "已同意"})
        for action in ("approve", "reject", "已同意"):
            assert (await _click(desk, action)).error == "disabled"
        again = {**cards.vote(), "task_id": "t-1"}
        await desk.update(str(endpoint.told("ResponseCode")[0]), template_card=again)
        assert await _click(desk, "submit_vote", {"mood": "5"}) == ClickResult()
        assert endpoint.told("CardType") == ["button_interaction", "vote_interaction"]


async def test_a_locked_drop_down_keeps_its_choice() -> None:
    async with open_talk() as (desk, endpoint):
        sent = await desk.send_card(LEI, {**cards.checkin(), "task_id": "t-1"})
        locked = cards.spoiled(cards.checkin(), "select_list.0.disable", True)
        await desk.update(sent["response_code"], template_card=locked)
        await _click(desk, "submit_checkin", {"mood": "5", "progress": "late"})
        assert _selected(endpoint.events[0]) == {"mood": ["unset"], "progress": ["late"], "help": ["no"]}


async def test_an_impatient_finger_makes_two_events_of_one_second_with_different_codes() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.send_card(LEI, cards.approval())
        message_id = desk.fake.messages_of(LEI)[0]["id"]
        assert await desk.fake.click_twice(LEI, message_id, "approve", {}) == (ClickResult(), ClickResult())
        assert len(endpoint.events) == 2
        assert len(set(endpoint.told("CreateTime"))) == 1
        assert len(set(endpoint.told("ResponseCode"))) == 2


async def test_each_receiver_of_one_send_clicks_the_same_task() -> None:
    async with open_talk() as (desk, endpoint):
        await desk.send_card(f"{LEI}|{MIN}", {**cards.approval(), "task_id": "t-1"})
        for user in (LEI, MIN):
            await _click(desk, "approve", user=user)
        assert (endpoint.told("TaskId"), endpoint.told("FromUserName")) == (["t-1", "t-1"], [LEI, MIN])


async def test_a_click_that_the_app_did_not_take_is_tried_again() -> None:
    async with open_talk(lambda _: 500) as (desk, endpoint):
        await desk.send_card(LEI, cards.approval())
        assert await _click(desk, "approve") == ClickResult(error="no answer")
        endpoint.script = lambda _: ""
        desk.clock.advance(seconds=1)
        await desk.fake.run_due_retries()
        assert len(set(endpoint.told("ResponseCode"))) == 1
        assert [each.state for each in desk.fake.deliveries()] == [State.DONE]


async def test_a_click_without_a_callback_address_gets_no_answer() -> None:
    async with open_talk() as (desk, _):
        await desk.send_card(LEI, cards.approval())
        desk.fake.configure(replace(desk.fake.app(), callback_url=""))
        assert (await _click(desk, "approve")).error == "no answer"


async def test_who_no_longer_sees_the_app_cannot_press() -> None:
    async with open_talk() as (desk, _):
        await desk.send_card(LEI, cards.approval())
        await desk.fake.set_visible_range(frozenset(), frozenset({MIN}))
        assert (await _click(desk, "approve")).error == "gone"
