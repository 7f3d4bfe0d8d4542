"""Feishu: what the platform's envelopes say in our words, and our answers in theirs.

Payloads are the vendor's examples (pages "接收消息", "卡片回传交互", "用户进入与机器人的会话", contact events, read
2026-11-22), with ids shortened and people invented.
"""

import contextlib
import copy
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.buttons import button_name, button_value
from adapters.feishu.render import render
from adapters.feishu.wire import decode, encode_answer
from domain.cards import Answer, Card, CardKey, Mention, Paragraph, Toast, ToastKind
from domain.errors import Malformed
from domain.events import CardClicked, ChatOpened, DirectoryChanged, FormValue, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId

ORG = OrgId("acme")
RECEIVED_AT = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
SAID_AT = datetime(2026, 11, 20, 8, 36, 41, 345000, tzinfo=UTC)


def header(kind: str, **fields: Any) -> dict[str, Any]:
    known = {"event_id": "ev-1", "token": "t", "create_time": "1795163801345", "tenant_key": "736588c9260f175e"}
    return known | {"event_type": kind, "app_id": "cli_1"} | fields


def envelope(kind: str, event: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"schema": "2.0", "header": header(kind, **fields), "event": event}


def message(**fields: Any) -> dict[str, Any]:
    sender = {"sender_id": {"union_id": "on_1", "open_id": "ou_zhang"}, "sender_type": "user", "tenant_key": "7365"}
    said = {"message_id": "om_1", "create_time": "1795163801345", "chat_id": "oc_1", "chat_type": "p2p"}
    text = {"message_type": "text", "content": '{"text":"本周上线了报表"}'}
    return envelope("im.message.receive_v1", {"sender": sender, "message": said | text | fields})


def click(**action: Any) -> dict[str, Any]:
    operator = {"tenant_key": "2df7", "user_id": "867", "open_id": "ou_zhang", "union_id": "on_1"}
    context = {"open_message_id": "om_9", "open_chat_id": "oc_1"}
    acted = {"tag": "button", "timezone": "Asia/Shanghai"} | action
    event = {"operator": operator, "token": "c-295e", "action": acted, "host": "im_message", "context": context}
    return envelope("card.action.trigger", event, create_time="1795163801345678")


def heard(payload: dict[str, Any], bot: str = "") -> Inbound:
    return decode(payload, ORG, RECEIVED_AT, bot)


def said(payload: dict[str, Any], bot: str = "") -> str:
    inbound = heard(payload, bot)
    assert isinstance(inbound, TextSaid)
    return inbound.text


def mention(key: str, name: str, open_id: str = "ou_x", kind: str = "user") -> dict[str, Any]:
    return {"key": key, "id": {"open_id": open_id}, "mentioned_type": kind, "name": name, "tenant_key": "7365"}


class TestTexts:
    def test_a_private_text_is_heard_with_its_author_and_the_platforms_time(self) -> None:
        origin = Origin(ORG, "feishu", "cli_1/om_1", "ou_zhang", SAID_AT)
        assert heard(message()) == TextSaid(origin, "本周上线了报表", None)

    def test_a_quoted_message_is_named(self) -> None:
        inbound = heard(message(parent_id="om_0", root_id="om_0"))
        assert isinstance(inbound, TextSaid)
        assert inbound.reply_to == "om_0"

    def test_a_redelivery_with_another_event_id_has_the_same_key(self) -> None:
        first, second = message(), message()
        second["header"]["event_id"] = "ev-2"
        assert heard(first).origin.event_id == heard(second).origin.event_id

    def test_the_same_message_told_to_two_apps_has_two_keys(self) -> None:
        other = message()
        other["header"]["app_id"] = "cli_2"
        assert heard(message()).origin.event_id != heard(other).origin.event_id

    def test_mentions_become_names_and_long_keys_win(self) -> None:
        mentions = [mention("@_user_1", "李华"), mention("@_user_10", "王磊")]
        content = '{"text":"@_user_10 和 @_user_1 一起"}'
        assert said(message(content=content, mentions=mentions)) == "@王磊 和 @李华 一起"

    def test_a_name_that_looks_like_a_key_is_left_alone(self) -> None:
        mentions = [mention("@_user_1", "_user_2"), mention("@_user_2", "王磊")]
        assert said(message(content='{"text":"@_user_1 @_user_2"}', mentions=mentions)) == "@_user_2 @王磊"

    @pytest.mark.parametrize(
        ("bot", "kind"), [("ou_bot", "user"), ("", "bot")], ids=["by its id", "by what the platform says"]
    )
    def test_the_bots_own_mention_is_dropped(self, bot: str, kind: str) -> None:
        mentions = [mention("@_user_1", "复盘", "ou_bot", kind)]
        assert said(message(content='{"text":"@_user_1 帮助"}', mentions=mentions), bot) == "帮助"

    def test_rich_text_is_heard_line_by_line(self) -> None:
        runs = [
            [{"tag": "text", "text": "问过 "}, {"tag": "at", "user_id": "@_user_1", "user_name": "李华"}],
            [{"tag": "a", "href": "https://example.com", "text": "报告"}, {"tag": "img", "image_key": "img_1"}],
            [{"tag": "at", "user_id": "all", "user_name": "所有人"}, {"tag": "md", "text": "**好**"}],
        ]
        content = orjson.dumps({"title": "本周", "content": runs}).decode()
        mentions = [mention("@_user_1", "李华")]
        assert said(message(message_type="post", content=content, mentions=mentions)) == (
            "本周\n问过 @李华\n报告\n@所有人**好**"
        )

    def test_rich_text_wrapped_by_language_is_heard_too(self) -> None:
        content = '{"zh_cn":{"title":"","content":[[{"tag":"text","text":"好"}]]}}'
        assert said(message(message_type="post", content=content)) == "好"

    @pytest.mark.parametrize("kind", ["image", "file", "audio", "sticker", "interactive", "merge_forward", "location"])
    def test_what_has_no_words_is_ignored_and_named(self, kind: str) -> None:
        inbound = heard(message(message_type=kind, content='{"image_key":"img_1"}'))
        assert isinstance(inbound, Ignored)
        assert inbound.event_type == f"im.message.receive_v1:{kind}"
        assert inbound.origin.actor == "ou_zhang"

    @pytest.mark.parametrize("content", ["no json", "[]", '{"text":5}', None, '{"other":"x"}'])
    def test_a_text_that_cannot_be_read_is_ignored(self, content: object) -> None:
        assert isinstance(heard(message(content=content)), Ignored)

    def test_rich_text_of_pictures_only_is_ignored(self) -> None:
        content = '{"title":"","content":[[{"tag":"img","image_key":"img_1"}]]}'
        assert isinstance(heard(message(message_type="post", content=content)), Ignored)

    def test_what_is_said_in_a_group_is_ignored(self) -> None:
        inbound = heard(message(chat_type="group"))
        assert isinstance(inbound, Ignored)
        assert "报表" not in repr(inbound)

    @pytest.mark.parametrize("sender_type", ["bot", "app"])
    def test_what_a_bot_says_is_ignored(self, sender_type: str) -> None:
        payload = message()
        payload["event"]["sender"]["sender_type"] = sender_type
        assert isinstance(heard(payload), Ignored)

    def test_outer_blanks_are_stripped(self) -> None:
        assert said(message(content='{"text":"  好的\\n"}')) == "好的"


class TestClicks:
    KEY = CardKey("checkin", "0190ab")

    def test_a_click_brings_card_action_fields_and_message_back(self) -> None:
        form = {
            "q1": "上线了报表",
            "mood": "ok",
            "tags": ["a", "b"],
            "help": False,
            "empty": "",
            "count": 3,
            "no": None,
        }
        inbound = heard(
            click(value=button_value(self.KEY, "submit"), name=button_name(self.KEY, "submit"), form_value=form)
        )
        read: dict[str, FormValue] = {
            "q1": "上线了报表",
            "mood": "ok",
            "tags": ("a", "b"),
            "help": False,
            "empty": "",
            "count": "3",
        }
        at = datetime(2026, 11, 20, 8, 36, 41, 345678, tzinfo=UTC)
        origin = Origin(ORG, "feishu", "cli_1/ev-1", "ou_zhang", at)
        assert inbound == CardClicked(origin, self.KEY, "submit", read, "om_9")

    @pytest.mark.parametrize("lost", ["value", "name"])
    def test_either_value_or_name_is_enough(self, lost: str) -> None:
        payload = click(value=button_value(self.KEY, "submit"), name=button_name(self.KEY, "submit"))
        del payload["event"]["action"][lost]
        inbound = heard(payload)
        assert isinstance(inbound, CardClicked)
        assert (inbound.card, inbound.action) == (self.KEY, "submit")

    def test_a_button_that_is_not_ours_is_a_click_without_a_card(self) -> None:
        inbound = heard(click(value={"op": "approve"}, name="btn_approve"))
        assert isinstance(inbound, CardClicked)
        assert (inbound.card, inbound.action, inbound.form) == (None, "btn_approve", {})

    def test_a_click_without_an_event_id_gets_a_key_of_its_own(self) -> None:
        payload = click(name="b")
        payload["header"].pop("event_id")
        again, other = copy.deepcopy(payload), copy.deepcopy(payload)
        other["event"]["token"] = "c-other"
        keys = [heard(each).origin.event_id for each in (payload, again, other)]
        assert keys[0] == keys[1]
        assert keys[1] != keys[2]

    @pytest.mark.parametrize("member", ["token", "host", "context"])
    def test_a_click_is_read_without_any_member_that_may_be_missing(self, member: str) -> None:
        payload = click(value=button_value(self.KEY, "submit"))
        del payload["event"][member]
        del payload["header"]["token"]
        assert isinstance(heard(payload), CardClicked)

    def test_a_click_by_nobody_is_malformed(self) -> None:
        payload = click()
        del payload["event"]["operator"]
        with pytest.raises(Malformed):
            heard(payload)


class TestOtherEvents:
    def test_opening_the_chat_is_told(self) -> None:
        event = {"chat_id": "oc_1", "operator_id": {"open_id": "ou_zhang"}}
        inbound = heard(envelope("im.chat.access_event.bot_p2p_chat_entered_v1", event))
        assert isinstance(inbound, ChatOpened)
        assert inbound.origin.actor == "ou_zhang"

    @pytest.mark.parametrize(
        ("kind", "event", "left"),
        [
            ("contact.user.created_v3", {"object": {"open_id": "ou_1", "status": {"is_resigned": False}}}, ()),
            ("contact.user.updated_v3", {"object": {"open_id": "ou_1", "status": {"is_frozen": True}}}, ()),
            ("contact.user.updated_v3", {"object": {"open_id": "ou_1", "status": {"is_resigned": True}}}, ("ou_1",)),
            ("contact.user.updated_v3", {"object": {"open_id": "ou_1", "status": {"is_exited": True}}}, ("ou_1",)),
            ("contact.user.deleted_v3", {"object": {"open_id": "ou_1"}, "old_object": {}}, ("ou_1",)),
            ("contact.user.deleted_v3", {"object": {}, "old_object": {"open_id": "ou_1"}}, ("ou_1",)),
            ("contact.user.deleted_v3", {}, ()),
            ("contact.department.updated_v3", {"object": {"name": "平台组"}}, ()),
            ("contact.scope.updated_v3", {"added": {}}, ()),
        ],
    )
    def test_a_change_of_the_directory_names_those_who_left(
        self, kind: str, event: dict[str, Any], left: tuple[str, ...]
    ) -> None:
        inbound = heard(envelope(kind, event))
        assert isinstance(inbound, DirectoryChanged)
        assert inbound.left == left

    @pytest.mark.parametrize("kind", ["im.message.message_read_v1", "im.message.reaction.created_v1", "x.new_v9"])
    def test_what_we_have_no_use_for_is_ignored_by_name(self, kind: str) -> None:
        inbound = heard(envelope(kind, {"reader": {}}))
        assert isinstance(inbound, Ignored)
        assert inbound.event_type == kind

    def test_an_old_envelope_is_ignored_under_its_own_id(self) -> None:
        old = {"ts": "1.0", "uuid": "u-1", "token": "t", "type": "event_callback"}
        inbound = heard(old | {"event": {"type": "message", "app_id": "cli_1"}})
        assert inbound == Ignored(Origin(ORG, "feishu", "cli_1/u-1", "", RECEIVED_AT), "message")

    def test_an_event_without_an_id_is_known_by_its_content(self) -> None:
        payloads = [envelope("x.y_v1", {"n": number}, event_id=None) for number in (1, 1, 2)]
        first, again, other = (heard(payload).origin.event_id for payload in payloads)
        assert first == again != other

    @pytest.mark.parametrize("payload", [{}, {"header": {}}, {"header": "x", "event": []}, {"event": {"type": 5}}])
    def test_what_is_no_event_is_malformed(self, payload: dict[str, Any]) -> None:
        with pytest.raises(Malformed):
            heard(payload)


class TestTimes:
    @pytest.mark.parametrize(
        ("sent", "read"),
        [
            ("1795163801345", SAID_AT),
            ("1795163801345000", SAID_AT),
            (1795163801345, SAID_AT),
            ("1795163801", SAID_AT.replace(microsecond=0)),
        ],
    )
    def test_milliseconds_microseconds_and_seconds_are_told_apart(self, sent: object, read: datetime) -> None:
        assert heard(envelope("x", {}, create_time=sent)).origin.occurred_at == read

    @pytest.mark.parametrize("sent", [None, "", "soon", "0", "-5", True, 1.5, "9" * 30, "9" * 5000, []])
    def test_without_a_time_that_makes_sense_the_time_of_receipt_counts(self, sent: object) -> None:
        assert heard(envelope("x", {}, create_time=sent)).origin.occurred_at == RECEIVED_AT

    @given(st.integers() | st.text() | st.text("0123456789", min_size=1))
    def test_no_time_whatsoever_breaks_the_reading(self, sent: object) -> None:
        assert heard(envelope("x", {}, create_time=sent)).origin.occurred_at.tzinfo is UTC


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KINDS = ["im.message.receive_v1", "card.action.trigger", "contact.user.deleted_v3", "contact.user.updated_v3"]
KINDS += ["im.chat.access_event.bot_p2p_chat_entered_v1", "contact.scope.updated_v3", "something.else_v1"]


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A good envelope in which any one member has become something else."""
    payload: dict[str, Any] = draw(st.sampled_from([message(), click(value={}, form_value={"a": []})]))
    payload = copy.deepcopy(payload)
    payload["header"]["event_type"] = draw(st.sampled_from(KINDS))
    spot: Any = payload
    while True:
        name = draw(st.sampled_from(sorted(spot)))
        if not isinstance(spot[name], dict) or not spot[name] or draw(st.booleans()):
            spot[name] = draw(json_values)
            return payload
        spot = spot[name]


@given(spoiled())
def test_an_envelope_with_any_member_spoiled_is_an_event_or_malformed(payload: dict[str, Any]) -> None:
    try:
        inbound = heard(payload)
    except Malformed:
        return
    assert inbound.origin.event_id
    assert heard(payload) == inbound


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_any_object_is_an_event_or_malformed(payload: dict[str, Any]) -> None:
    with contextlib.suppress(Malformed):
        assert heard(payload).origin.org_id == ORG


class TestAnswers:
    def test_no_answer_is_an_empty_object(self) -> None:
        assert encode_answer(Answer()) == {}

    @pytest.mark.parametrize("kind", list(ToastKind))
    def test_a_sentence_is_a_toast(self, kind: ToastKind) -> None:
        assert encode_answer(Answer(Toast(kind, "已提交"))) == {"toast": {"type": kind.value, "content": "已提交"}}

    def test_a_new_face_goes_along_as_a_raw_card_for_whoever_clicked(self) -> None:
        card = Card(CardKey("checkin", "1"), "复盘", "已提交", blocks=(Mention("张三", "收到"), Paragraph("谢谢")))
        answer = encode_answer(Answer(Toast(ToastKind.SUCCESS, "已提交"), card), "ou_zhang")
        assert answer["card"] == {"type": "raw", "data": render(card, "ou_zhang")}
        assert b"<at id=ou_zhang></at>" in orjson.dumps(answer)
