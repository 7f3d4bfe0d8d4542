"""Pressing buttons: what the app is told, what its answer does, and what the client shows when it fails."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from sandbox.feishu import ClickResult, Timing
from sandbox.feishu.settings import ALL_SCOPES, CARD_CLICKED, SCOPE_USER_ID
from tests.contract.sandbox_feishu.harness import (
    APP,
    HUA,
    IMPATIENT,
    LEI,
    WEI,
    Desk,
    Json,
    always,
    button,
    checkin_card,
    ok_frame,
    open_desk,
    plain_card,
    socket_bot,
    text,
    webhook_app,
    webhook_bot,
)

_DONE = plain_card("✅ 已提交")
_TOAST = {"type": "success", "content": "已提交"}
_FULL = {"q1": "上线了报表", "mood": "blocked", "tags": ["a", "b"], "due": "2026-11-27", "help": True, "who": HUA}
_ANSWER = {"toast": _TOAST, "card": {"type": "raw", "data": _DONE}}
_SUBMIT = "submit_ck"
_CALLBACK = [{"type": "callback", "value": {"op": "x"}}]


async def _click(desk: Desk, answer: Any, action: str = _SUBMIT, form: Json | None = None) -> ClickResult:
    """Press a button of a fresh check-in card while a bot answers callbacks with this."""
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(ok_frame(answer))):
        return await desk.fake.click(LEI, message_id, action, _FULL if form is None else form)


async def test_a_submitted_form_reaches_the_app_with_all_it_needs(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        await desk.fake.click(LEI, message_id, _SUBMIT, _FULL)
    (envelope,) = bot.envelopes
    header, event = envelope["header"], envelope["event"]
    assert header["event_type"] == CARD_CLICKED
    assert header["create_time"] == str(int(desk.clock.present.timestamp() * 1_000_000))
    assert event["operator"]["open_id"] == LEI
    assert event["operator"]["user_id"] == "wanglei"
    assert event["action"] == {
        "tag": "button",
        "timezone": "Asia/Shanghai",
        "name": _SUBMIT,
        "value": {"op": "checkin"},
        "form_value": {**_FULL, "due": "2026-11-27 +0800"},
    }
    assert event["context"]["open_message_id"] == message_id
    assert event["context"]["open_chat_id"].startswith("oc_")
    assert event["token"].startswith("c-")
    assert event["host"] == "im_message"


async def test_an_untouched_form_sends_initial_values_and_leaves_the_rest_out(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        await desk.fake.click(LEI, message_id, _SUBMIT, {"q1": "好"})
    assert bot.envelopes[0]["event"]["action"]["form_value"] == {"q1": "好", "mood": "ok", "help": False}


async def test_the_user_id_is_told_only_with_its_scope() -> None:
    async with open_desk(apps=(replace(APP, scopes=ALL_SCOPES - {SCOPE_USER_ID}),)) as desk:
        message_id = await desk.card_id(LEI)
        async with socket_bot(desk, always(ok_frame({}))) as bot:
            await desk.fake.click(LEI, message_id, "skip", {})
        assert "user_id" not in bot.envelopes[0]["event"]["operator"]


async def test_the_answers_card_replaces_the_old_one_and_its_toast_is_shown(desk: Desk) -> None:
    result = await _click(desk, _ANSWER)
    assert result == ClickResult(_TOAST, _DONE, None)
    (seen,) = desk.fake.messages_of(LEI)
    assert (seen["card"], seen["version"]) == (_DONE, 2)


async def test_an_empty_answer_changes_nothing(desk: Desk) -> None:
    assert await _click(desk, {}) == ClickResult()
    assert desk.fake.messages_of(LEI)[0]["version"] == 1


async def test_a_toast_is_told_in_the_persons_language(desk: Desk) -> None:
    toast = {"content": "Saved", "i18n": {"zh_cn": "已保存", "en_us": "Saved"}}
    result = await _click(desk, {"toast": toast})
    assert result.toast == {"type": "info", "content": "已保存"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"toast": {"type": "loud", "content": "x"}}, "200672"),
        ({"toast": {"type": "info"}}, "200672"),
        ({"toast": "x"}, "200672"),
        ([], "200672"),
        ({"card": _DONE}, "200672"),
        ({"card": "x"}, "200672"),
        ({"card": {"type": "raw", "data": json.dumps(_DONE)}}, "200673"),
        ({"card": {"type": "template", "data": {"template_id": "AAq1"}}}, "200673"),
        ({"card": {"type": "raw", "data": {"schema": "2.0", "elements": []}}}, "200673"),
        ({"card": {"type": "raw", "data": plain_card("x" * 31_000)}}, "200673"),
        ({"card": {"type": "raw", "data": {"elements": []}}}, "200830"),
    ],
)
async def test_a_bad_answer_shows_its_code_and_leaves_the_card(desk: Desk, answer: Any, error: str) -> None:
    assert await _click(desk, answer) == ClickResult(error=error)
    assert desk.fake.messages_of(LEI)[0]["version"] == 1


@pytest.mark.parametrize(
    ("frame", "error"),
    [({"code": 500}, "200671"), ({"code": 200}, "108002"), (None, "200341"), ({"code": 200, "data": "e"}, "200341")],
)
async def test_a_bad_answer_frame_shows_its_code(hasty: Desk, frame: Any, error: str) -> None:
    message_id = await hasty.card_id(LEI)
    async with socket_bot(hasty, always(frame)):
        assert (await hasty.fake.click(LEI, message_id, "skip", {})).error == error


async def test_without_a_connection_or_subscription_the_client_says_not_configured(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    assert (await desk.fake.click(LEI, message_id, "skip", {})).error == "200340"
    desk.fake.configure(replace(APP, events=APP.events - {CARD_CLICKED}))
    async with socket_bot(desk, always(ok_frame({}))):
        assert (await desk.fake.click(LEI, message_id, "skip", {})).error == "200340"


async def test_a_connection_that_ends_in_place_of_the_callback_shows_not_connected(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        desk.fake.set_fault("ws_close")
        assert (await desk.fake.click(LEI, message_id, "skip", {})).error == "200342"
        assert bot.envelopes == []
    assert desk.fake.deliveries() == []


@pytest.mark.parametrize(("answer", "error"), [(500, "200671"), (302, "200671"), ({}, None), ([1], "200672")])
async def test_over_http_the_status_and_the_body_decide(answer: Any, error: str | None) -> None:
    async with webhook_bot(always(answer)) as bot, open_desk(apps=(webhook_app(bot),)) as desk:
        message_id = await desk.card_id(LEI)
        assert (await desk.fake.click(LEI, message_id, "skip", {})).error == error
        assert len(bot.received) == 1


async def test_a_late_answer_over_http_is_200341_and_is_not_asked_for_again() -> None:
    hold = asyncio.Event()

    async def late() -> Json:
        await hold.wait()
        return _ANSWER

    async with webhook_bot(lambda _: late()) as bot, open_desk(apps=(webhook_app(bot),), timing=IMPATIENT) as desk:
        message_id = await desk.card_id(LEI)
        assert (await desk.fake.click(LEI, message_id, _SUBMIT, _FULL)).error == "200341"
        hold.set()
        desk.clock.advance(hours=7)
        assert await desk.fake.run_due_retries() == 0
        assert desk.fake.messages_of(LEI)[0]["version"] == 1


async def test_a_closed_port_is_200342() -> None:
    async with webhook_bot(always({})) as bot:
        app = replace(webhook_app(bot), callback_url="http://127.0.0.1:1/")
        async with open_desk(apps=(app,)) as desk:
            message_id = await desk.card_id(LEI)
            assert (await desk.fake.click(LEI, message_id, "skip", {})).error == "200342"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "required: q1"),
        ({"q1": ""}, "required: q1"),
        ({"q1": "x" * 21}, "too long: q1"),
        ({"q1": 5}, "not possible: q1"),
        ({"q1": "x", "mood": "angry"}, "not possible: mood"),
        ({"q1": "x", "tags": ["a", "z"]}, "not possible: tags"),
        ({"q1": "x", "tags": "a"}, "not possible: tags"),
        ({"q1": "x", "due": "morgen"}, "not possible: due"),
        ({"q1": "x", "who": WEI}, "not possible: who"),
        ({"q1": "x", "extra": 1}, "unknown input: extra"),
    ],
)
async def test_the_client_does_not_send_what_cannot_be_entered(desk: Desk, form: Json, error: str) -> None:
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        assert (await desk.fake.click(LEI, message_id, _SUBMIT, form)).error == error
        assert bot.envelopes == []


async def test_only_the_pressed_buttons_form_is_sent(desk: Desk) -> None:
    forms = [
        {
            "tag": "form",
            "name": f"form_{number}",
            "elements": [
                {"tag": "input", "name": f"text_{number}", "required": True},
                button(f"send_{number}", f"提交{number}", form_action_type="submit"),
            ],
        }
        for number in (1, 2)
    ]
    message_id = await desk.card_id(LEI, {"schema": "2.0", "body": {"elements": forms}})
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        await desk.fake.click(LEI, message_id, "send_2", {"text_1": "一", "text_2": "二"})
    action = bot.envelopes[0]["event"]["action"]
    assert action["form_value"] == {"text_2": "二"}
    assert "value" not in action


async def test_a_button_is_found_by_what_is_written_on_it(desk: Desk) -> None:
    assert (await _click(desk, _ANSWER, "提交")).error is None


async def test_links_and_reset_buttons_ask_nobody(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    for action in ("open", "reset_ck"):
        assert await desk.fake.click(LEI, message_id, action, {}) == ClickResult()


async def test_a_vanished_or_disabled_button_cannot_be_pressed(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    assert (await desk.fake.click(LEI, message_id, "nothing", {})).error == "gone"
    assert (await desk.fake.click(LEI, message_id, "", {})).error == "gone"
    disabled = {"schema": "2.0", "body": {"elements": [button("skip", "跳过", disabled=True, behaviors=_CALLBACK)]}}
    await desk.patch(message_id, disabled)
    assert (await desk.fake.click(LEI, message_id, "skip", {})).error == "disabled"
    assert (await desk.fake.click(LEI, message_id, _SUBMIT, _FULL)).error == "gone"
    note = (await desk.send_text(LEI)).data["message_id"]
    assert (await desk.fake.click(LEI, note, "skip", {})).error == "gone"


async def test_a_recalled_old_or_foreign_card_cannot_be_pressed(desk: Desk) -> None:
    message_id, recalled = await desk.card_id(LEI), await desk.card_id(LEI)
    await desk.call("DELETE", f"/open-apis/im/v1/messages/{recalled}")
    assert (await desk.fake.click(LEI, recalled, "skip", {})).error == "recalled"
    assert (await desk.fake.click(WEI, message_id, "skip", {})).error == "not yours"
    desk.clock.advance(days=14)
    assert (await desk.fake.click(LEI, message_id, "skip", {})).error == "expired"
    with pytest.raises(KeyError):
        await desk.fake.click(LEI, "om_nobody", "skip", {})


async def test_a_card_forwarded_with_its_buttons_names_whoever_pressed(desk: Desk) -> None:
    card = checkin_card()
    card["config"] = {"enable_forward": True, "enable_forward_interaction": True}
    message_id = await desk.card_id(LEI, card)
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        await desk.fake.click(WEI, message_id, "skip", {})
    assert bot.envelopes[0]["event"]["operator"]["open_id"] == WEI


@pytest.mark.parametrize(
    ("element", "entered", "told"),
    [
        ({"tag": "input", "name": "x"}, "文字", {"input_value": "文字"}),
        ({"tag": "select_static", "name": "x", "options": [{"value": "a", "text": text("甲")}]}, "a", {"option": "a"}),
        ({"tag": "multi_select_person", "name": "x", "options": [{"value": HUA}]}, [HUA], {"options": [HUA]}),
        ({"tag": "checker", "name": "x"}, True, {"checked": True}),
        ({"tag": "date_picker", "name": "x"}, "2026-11-27", {"option": "2026-11-27 +0800"}),
        ({"tag": "picker_time", "name": "x"}, "09:30", {"option": "09:30 +0800"}),
        ({"tag": "picker_datetime", "name": "x"}, "2026-11-27 09:30", {"option": "2026-11-27 09:30 +0800"}),
    ],
)
async def test_an_input_outside_of_forms_calls_back_on_change(
    desk: Desk, element: Json, entered: Any, told: Json
) -> None:
    card = {"schema": "2.0", "body": {"elements": [{**element, "behaviors": _CALLBACK}]}}
    message_id = await desk.card_id(LEI, card)
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        await desk.fake.click(LEI, message_id, "x", {"x": entered})
    action = bot.envelopes[0]["event"]["action"]
    assert {key: action[key] for key in told} == told
    assert (action["tag"], action["value"]) == (element["tag"], {"op": "x"})


async def test_a_lone_tick_without_a_callback_stays_on_the_phone(desk: Desk) -> None:
    card = {"schema": "2.0", "body": {"elements": [{"tag": "checker", "name": "x"}]}}
    assert await desk.fake.click(LEI, await desk.card_id(LEI, card), "x", {"x": True}) == ClickResult()


async def test_an_old_cards_button_sends_its_value(desk: Desk) -> None:
    pressed = {"tag": "button", "text": text("好"), "type": "primary", "value": {"k": "v"}}
    message_id = await desk.card_id(LEI, {"elements": [{"tag": "action", "actions": [pressed]}]})
    async with socket_bot(desk, always(ok_frame({}))) as bot:
        await desk.fake.click(LEI, message_id, "好", {})
    assert bot.envelopes[0]["event"]["action"]["value"] == {"k": "v"}


async def _patch_during(desk: Desk, answer: Any) -> tuple[ClickResult, list[str], Json]:
    """Press a button whose app patches the card before it answers."""
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(None)) as bot:
        clicking = asyncio.create_task(desk.fake.click(LEI, message_id, "skip", {}))
        await bot.received.wait()
        assert (await desk.patch(message_id, plain_card("太早"))).code == 0
        await bot.answer_last(ok_frame(answer))
        result = await clicking
    causes = [version.cause.value for version in desk.fake.versions(message_id)]
    return result, causes, desk.fake.messages_of(LEI)[0]["card"]


async def test_a_patch_before_the_answer_is_overwritten_by_the_answers_card(desk: Desk) -> None:
    result, causes, card = await _patch_during(desk, _ANSWER)
    assert (result.card, causes, card) == (_DONE, ["sent", "patched", "click_answered"], _DONE)


async def test_a_patch_before_an_answer_without_card_is_undone(desk: Desk) -> None:
    result, causes, card = await _patch_during(desk, {"toast": _TOAST})
    assert (result.toast, causes, card) == (_TOAST, ["sent", "patched", "click_reverted"], checkin_card())


async def test_a_recalled_card_is_not_brought_back_by_the_answer(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(None)) as bot:
        clicking = asyncio.create_task(desk.fake.click(LEI, message_id, "skip", {}))
        await bot.received.wait()
        await desk.call("DELETE", f"/open-apis/im/v1/messages/{message_id}")
        await bot.answer_last(ok_frame(_ANSWER))
        assert (await clicking).card is None
    assert desk.fake.messages_of(LEI)[0]["version"] == 1


# Delayed updates

_UPDATE = "/open-apis/interactive/v1/card/update"


async def _clicked_token(desk: Desk, answer: Any = None) -> tuple[str, str]:
    message_id = await desk.card_id(LEI)
    async with socket_bot(desk, always(ok_frame({} if answer is None else answer))) as bot:
        await desk.fake.click(LEI, message_id, "skip", {})
    return message_id, bot.envelopes[0]["event"]["token"]


async def test_a_clicked_card_is_updated_later_twice_and_not_more(desk: Desk) -> None:
    _, token = await _clicked_token(desk)
    for number in (1, 2):
        answer = await desk.call("POST", _UPDATE, {"token": token, "card": plain_card(str(number))})
        assert (answer.code, answer.body["msg"]) == (0, "ok")
    assert (await desk.call("POST", _UPDATE, {"token": token, "card": _DONE})).code == 300040
    assert desk.fake.messages_of(LEI)[0]["card"] == plain_card("2")


async def test_a_token_is_of_no_use_before_the_answer_and_good_after_a_missing_one(hasty: Desk) -> None:
    message_id = await hasty.card_id(LEI)
    async with socket_bot(hasty, always(None)) as bot:
        clicking = asyncio.create_task(hasty.fake.click(LEI, message_id, "skip", {}))
        await bot.received.wait()
        body = {"token": bot.envelopes[0]["event"]["token"], "card": _DONE}
        assert (await hasty.call("POST", _UPDATE, body)).code == 300000
        await clicking
        assert (await hasty.call("POST", _UPDATE, body)).code == 0


async def test_a_token_lives_for_half_an_hour(desk: Desk) -> None:
    _, token = await _clicked_token(desk)
    desk.clock.advance(minutes=30)
    assert (await desk.call("POST", _UPDATE, {"token": token, "card": _DONE})).code == 300030


@pytest.mark.parametrize(
    ("card", "code"),
    [
        (json.dumps(_DONE), 10002),
        ({"schema": "2.0", "elements": []}, 11311),
        (plain_card("x" * 31_000), 230025),
        ({"elements": []}, 230099),
    ],
)
async def test_a_late_update_needs_a_good_card(desk: Desk, card: Any, code: int) -> None:
    _, token = await _clicked_token(desk)
    assert (await desk.call("POST", _UPDATE, {"token": token, "card": card})).code == code


async def test_a_late_update_needs_a_token_of_the_app_and_a_card_that_still_stands(desk: Desk) -> None:
    message_id, token = await _clicked_token(desk)
    for wrong in ("", "x", "c-unknown"):
        assert (await desk.call("POST", _UPDATE, {"token": wrong, "card": _DONE})).code == 300020
    await desk.call("DELETE", f"/open-apis/im/v1/messages/{message_id}")
    assert (await desk.call("POST", _UPDATE, {"token": token, "card": _DONE})).code == 200000


async def test_a_token_of_another_app_is_refused() -> None:
    other = replace(APP, app_id="cli_b2", secret="other")
    async with open_desk(apps=(APP, other)) as desk:
        _, token = await _clicked_token(desk)
        desk.become(other)
        assert (await desk.call("POST", _UPDATE, {"token": token, "card": _DONE})).code == 200310


def test_the_platform_waits_three_seconds_by_default() -> None:
    assert Timing().answer_seconds == 3.0
    assert Timing().connect_seconds == 2.0
    assert Timing().challenge_seconds == 1.0
