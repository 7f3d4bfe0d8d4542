"""What the demo page gets to draw: texts, cards in the platform's own form, and what can be pressed and chosen."""

from typing import Any

from sandbox.control_stage import PlatformFake
from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import LEI, Desk, open_talk

_KEYS = {"id", "time", "from", "kind", "text", "card", "buttons", "inputs", "version", "recalled", "type", "content"}


def _brief(message: dict[str, Any]) -> list[tuple[str, str, str, bool, bool, str | None]]:
    keys = ("action", "label", "style", "disabled", "submits", "link")
    return [tuple(button[key] for key in keys) for button in message["buttons"]]


async def test_the_fake_fits_the_stage(desk: Desk) -> None:
    stage: PlatformFake = desk.fake
    assert list(stage.messages_of(LEI)) == []


async def test_texts_and_cards_have_the_keys_of_the_stage() -> None:
    async with open_talk() as (desk, _):
        await desk.send_text()
        await desk.send_card(LEI, {**cards.approval(), "task_id": "t-1"})
        await desk.fake.say(LEI, "收到")
        chat = desk.fake.messages_of(LEI)
        assert all(set(message) == _KEYS for message in chat)
        assert [(each["from"], each["kind"], each["text"], each["version"]) for each in chat] == [
            ("bot", "text", "你好", 1),
            ("bot", "card", None, 1),
            ("me", "text", "收到", 1),
        ]
        assert chat[1]["card"] == {**cards.approval(), "task_id": "t-1"}
        assert chat[0]["time"] == "2026-11-20T08:00:00+00:00"


async def test_buttons_are_named_by_their_keys(desk: Desk) -> None:
    await desk.send_card(LEI, cards.approval())
    link = "https://bot.example.com/t/17"
    assert _brief(desk.fake.messages_of(LEI)[0]) == [
        ("approve", "同意", "primary", False, False, None),
        ("reject", "驳回", "danger", False, False, None),
        (link, "详情", "default", False, False, link),
    ]


async def test_buttons_beside_a_drop_down_submit_it(desk: Desk) -> None:
    await desk.send_card(LEI, cards.approval_with_reason())
    message = desk.fake.messages_of(LEI)[0]
    assert [button[4] for button in _brief(message)] == [True, True, False]
    assert [(each["name"], each["kind"], each["initial"]) for each in message["inputs"]] == [("why", "select", "a")]


async def test_the_submit_button_has_its_own_key_and_a_usual_label(desk: Desk) -> None:
    await desk.send_card(LEI, cards.spoiled(cards.vote(), "submit_button.text", None))
    assert _brief(desk.fake.messages_of(LEI)[0]) == [("submit_vote", "提交", "primary", False, True, None)]


async def test_menus_and_links_can_be_pressed_too(desk: Desk) -> None:
    await desk.send_card(LEI, cards.with_menu(cards.notice()))
    assert [each[:2] for each in _brief(desk.fake.messages_of(LEI)[0])] == [
        ("mute", "静音"),
        ("leave", "退订"),
        ("https://bot.example.com/b/4", "全部徽章"),
    ]


async def test_drop_downs_always_have_a_choice_and_votes_need_none(desk: Desk) -> None:
    await desk.send_card(LEI, cards.checkin())
    inputs = desk.fake.messages_of(LEI)[-1]["inputs"]
    assert [(each["name"], each["label"], each["kind"], each["initial"]) for each in inputs] == [
        ("mood", "心情", "select", "unset"),
        ("progress", "进度", "select", "ok"),
        ("help", "需要帮助", "select", "no"),
    ]
    assert inputs[2]["options"] == [{"value": "no", "label": "不需要"}, {"value": "yes", "label": "需要"}]
    for mode, kind, initial in ((0, "select", None), (1, "multi", [])):
        await desk.send_card(LEI, cards.vote(mode))
        (one,) = desk.fake.messages_of(LEI)[-1]["inputs"]
        assert (one["kind"], one["label"], one["initial"]) == (kind, "本周心情", initial)
    checked = cards.spoiled(cards.vote(), "checkbox.option_list.1.is_checked", True)
    await desk.send_card(LEI, checked)
    assert desk.fake.messages_of(LEI)[-1]["inputs"][0]["initial"] == "3"


async def test_a_textcard_has_one_link(desk: Desk) -> None:
    url = "https://bot.example.com/a"
    await desk.send(LEI, "textcard", {"title": "审批", "description": "请看", "url": url})
    await desk.send(LEI, "textcard", {"title": "审批", "description": "请看", "url": url, "btntxt": "去审批"})
    first, second = desk.fake.messages_of(LEI)
    assert (first["kind"], first["type"], first["text"]) == ("text", "textcard", "审批\n请看")
    assert _brief(first) == [(url, "详情", "default", False, False, url)]
    assert _brief(second)[0][1] == "去审批"


async def test_markdown_is_shown_as_it_was_written(desk: Desk) -> None:
    await desk.send(LEI, "markdown", {"content": "**徽章**"})
    (message,) = desk.fake.messages_of(LEI)
    assert (message["type"], message["text"], message["buttons"]) == ("markdown", "**徽章**", [])
