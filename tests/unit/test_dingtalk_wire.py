"""DingTalk: what the platform's payloads say in our words, and our answers in theirs.

Payloads are the vendor's examples (dingtalk.md 7.4, 9.5, 9.6, 10.3, read 2026-11-22), with ids shortened and people
invented.
"""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dingtalk.buttons import packed
from adapters.dingtalk.render import Template, face
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.wire import QUOTA_USED_UP, Reader, encode_answer, object_in
from domain.cards import Answer, Card, CardKey, Paragraph, Quote, Toast, ToastKind
from domain.errors import ContentRefused, Malformed
from domain.events import CardClicked, DirectoryChanged, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId
from tests.unit.test_dingtalk_errors import JSON

ORG = OrgId("acme")
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
SAID_AT = datetime(2026, 1, 31, 9, 28, 17, 611000, tzinfo=UTC)
KEY = CardKey("checkin", "c1")
READER = Reader("dingabc", ORG)
SETTINGS = DingTalkSettings("dingabc", "s", card_template="c", form_template="f")


def message(**fields: Any) -> dict[str, Any]:
    """A robot message of a private chat."""
    return {
        "senderPlatform": "Mac",
        "conversationId": "cidJ8k=",
        "chatbotCorpId": "dinge8a5",
        "chatbotUserId": "$:LWCP_v1:$C",
        "msgId": "msgMxpQ+q==",
        "senderNick": "张三",
        "isAdmin": False,
        "senderStaffId": "manager1234",
        "senderCorpId": "dinge8a5",
        "senderId": "$:LWCP_v1:$F",
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=x",
        "sessionWebhookExpiredTime": 1769857097744,
        "createAt": 1769851697611,
        "conversationType": "1",
        "text": {"content": " 本周上线了报表"},
        "robotCode": "dingabc",
        "msgtype": "text",
    } | fields


def click(action: object = packed(KEY, "later"), form: object = None, **fields: Any) -> dict[str, Any]:
    """A card callback."""
    parameters = {"action": action} | ({"form": form} if form is not None else {})
    content = orjson.dumps({"cardPrivateData": {"actionIds": ["1"], "params": parameters}}).decode()
    return {
        "type": "actionCallback",
        "outTrackId": "m1",
        "corpId": "dinge8a5",
        "userId": "manager1234",
        "userIdType": 1,
        "spaceType": "im",
        "extension": "{}",
        "content": content,
    } | fields


def heard(**fields: Any) -> Inbound:
    return READER.message(message(**fields), NOW)


class TestMessages:
    def test_a_private_text_is_what_somebody_said(self) -> None:
        origin = Origin(ORG, "dingtalk", "dingabc/msgMxpQ+q==", "manager1234", SAID_AT)
        assert heard() == TextSaid(origin, "本周上线了报表")

    def test_the_reference_of_a_link_stays_in_the_text(self) -> None:
        said = heard(text={"content": "已处理 #7f3a2c"})
        assert isinstance(said, TextSaid)
        assert said.text == "已处理 #7f3a2c"

    @pytest.mark.parametrize("missing", [{"senderStaffId": ""}, {"senderStaffId": None}])
    def test_somebody_outside_the_organisation_is_a_stranger(self, missing: dict[str, Any]) -> None:
        said = heard(**missing)
        assert isinstance(said, TextSaid)
        assert said.origin.actor == ""

    def test_a_rich_text_is_its_words_without_its_pictures(self) -> None:
        runs = [{"text": "上线了"}, {"type": "picture", "downloadCode": "x"}, {"text": "报表"}, 5]
        said = heard(msgtype="richText", content={"richText": runs}, text=None)
        assert isinstance(said, TextSaid)
        assert said.text == "上线了报表"

    def test_a_voice_message_is_what_the_platform_understood(self) -> None:
        said = heard(msgtype="audio", content={"recognition": "本周上线了报表", "duration": 4000}, text=None)
        assert isinstance(said, TextSaid)
        assert said.text == "本周上线了报表"

    @pytest.mark.parametrize("kind", ["picture", "video", "file", "unknownMsgType", "", None])
    def test_what_holds_no_words_is_ignored(self, kind: str | None) -> None:
        ignored = heard(msgtype=kind, content={"downloadCode": "x"}, text=None)
        assert isinstance(ignored, Ignored)
        assert ignored.event_type == f"robot:{kind or ''}"

    @pytest.mark.parametrize("text", [None, {}, {"content": "  "}, {"content": 5}, "x"])
    def test_a_text_without_words_is_ignored(self, text: object) -> None:
        assert isinstance(heard(text=text), Ignored)

    def test_groups_are_not_listened_to(self) -> None:
        ignored = heard(conversationType="2", isInAtList=True)
        assert isinstance(ignored, Ignored)
        assert ignored.event_type == "robot:group"

    @pytest.mark.parametrize("code", [20001, "20001"])
    def test_a_message_whose_words_were_withheld_says_that_the_quota_is_used_up(self, code: object) -> None:
        payload = {name: value for name, value in message(errorCode=code, errorMessage="x").items() if name != "text"}
        ignored = READER.message(payload, NOW)
        assert isinstance(ignored, Ignored)
        assert ignored.event_type == QUOTA_USED_UP

    def test_without_an_id_a_repetition_is_known_by_its_content(self) -> None:
        first, again, other = heard(msgId=""), heard(msgId=""), heard(msgId="", text={"content": "别的"})
        assert first.origin.event_id == again.origin.event_id != other.origin.event_id

    @pytest.mark.parametrize("at", [None, "soon", True, 0, -5, 10**20, 5.5])
    def test_a_time_that_makes_no_sense_is_the_time_of_receipt(self, at: object) -> None:
        assert heard(createAt=at).origin.occurred_at == NOW

    def test_a_time_may_be_a_string(self) -> None:
        assert heard(createAt="1769851697611").origin.occurred_at == SAID_AT


class TestClicks:
    def test_a_click_names_who_pressed_which_button_of_which_card(self) -> None:
        clicked = READER.click(click(), "frame-1", NOW)
        origin = Origin(ORG, "dingtalk", f"dingabc/m1/manager1234/{'later'}/frame-1", "manager1234", NOW)
        assert clicked == CardClicked(origin, KEY, "later", {}, "m1", silent=True)

    def test_a_form_comes_along(self) -> None:
        form = {"result": "上线了报表", "mood": {"index": 1, "value": "3"}}
        clicked = READER.click(click(packed(KEY, "submit"), form), "frame-1", NOW)
        assert (clicked.action, clicked.form) == ("submit", {"result": "上线了报表", "mood": "3"})

    def test_the_same_delivery_is_the_same_click_and_another_is_another(self) -> None:
        first, again, second = (READER.click(click(), frame, NOW) for frame in ("f-1", "f-1", "f-2"))
        assert first.origin.event_id == again.origin.event_id != second.origin.event_id

    def test_the_content_may_be_called_value_or_be_no_string(self) -> None:
        content = click()["content"]
        assert READER.click(click(content=None, value=content), "f", NOW).action == "later"
        assert READER.click(click(content=orjson.loads(content)), "f", NOW).action == "later"

    @pytest.mark.parametrize("content", [None, "", "no json", "[]", "{}", '{"cardPrivateData":5}', 7])
    def test_a_click_that_says_nothing_is_about_no_card(self, content: object) -> None:
        clicked = READER.click(click(content=content), "f", NOW)
        assert (clicked.card, clicked.action) == (None, "")

    def test_a_foreign_button_is_an_action_without_a_card(self) -> None:
        clicked = READER.click(click("agree"), "f", NOW)
        assert (clicked.card, clicked.action) == (None, "agree")

    @pytest.mark.parametrize("user", ["", None, 5])
    def test_a_click_of_nobody_is_unreadable(self, user: object) -> None:
        with pytest.raises(Malformed):
            READER.click(click(userId=user), "f", NOW)


class TestEvents:
    def test_somebody_who_left_is_named(self) -> None:
        data = {"timeStamp": "1685501863357", "userId": ["015x", "016y", 5]}
        changed = READER.event("user_leave_org", "ev-1", "1685501863357", data, NOW)
        assert isinstance(changed, DirectoryChanged)
        assert (changed.left, changed.origin.event_id) == (("015x", "016y"), "dingabc/ev-1")
        assert changed.origin.occurred_at.year == 2023

    def test_members_may_begin_with_a_capital_and_hold_one_person(self) -> None:
        changed = READER.event("user_leave_org", "ev-1", None, {"UserId": "015x"}, NOW)
        assert isinstance(changed, DirectoryChanged)
        assert changed.left == ("015x",)

    @pytest.mark.parametrize(
        "kind", ["user_add_org", "user_modify_org", "org_dept_create", "org_dept_modify", "org_dept_remove"]
    )
    def test_other_changes_only_say_that_there_is_something_new(self, kind: str) -> None:
        changed = READER.event(kind, "ev-1", 0, {"userId": ["015x"], "deptId": [1]}, NOW)
        assert isinstance(changed, DirectoryChanged)
        assert changed.left == ()

    @pytest.mark.parametrize("kind", ["robot_msg_read", "bpms_task_change", ""])
    def test_everything_else_is_ignored(self, kind: str) -> None:
        assert isinstance(READER.event(kind, "ev-1", None, {}, NOW), Ignored)

    def test_without_an_id_a_repetition_is_known_by_its_content(self) -> None:
        first, again, other = (
            READER.event("user_add_org", "", None, {"userId": [user]}, NOW) for user in ("a", "a", "b")
        )
        assert first.origin.event_id == again.origin.event_id != other.origin.event_id


class TestAnswers:
    DONE = Card(KEY, "本周复盘", "已提交", blocks=(Paragraph("收到"),))

    def test_without_a_new_face_the_answer_is_an_empty_object(self) -> None:
        assert encode_answer(Answer(Toast(ToastKind.SUCCESS, "已提交")), "m1", SETTINGS) == {}

    @pytest.mark.parametrize(("card_id", "template"), [("m1", Template.CARD), ("m1.form", Template.FORM)])
    def test_a_new_face_is_that_of_the_clicked_cards_template(self, card_id: str, template: Template) -> None:
        answer = encode_answer(Answer(None, self.DONE), card_id, SETTINGS)
        assert answer["cardUpdateOptions"] == {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
        assert answer["cardData"] == {"cardParamMap": face(self.DONE, template, SETTINGS)}

    def test_a_face_too_long_is_cut_and_one_that_cannot_be_is_refused(self) -> None:
        long = replace(self.DONE, blocks=(Quote("成果", "字" * 5000),))
        assert encode_answer(Answer(None, long), "m1", SETTINGS)["cardData"]
        with pytest.raises(ContentRefused):
            encode_answer(Answer(None, replace(self.DONE, blocks=(Paragraph("字" * 5000),))), "m1", SETTINGS)


class TestAnything:
    @pytest.mark.parametrize("text", [None, "", "[]", "5", "no json", b"\xff", 5])
    def test_what_is_no_object_is_unreadable(self, text: object) -> None:
        with pytest.raises(Malformed):
            object_in(text)

    @given(st.dictionaries(st.sampled_from(sorted(message() | {"content": 1, "errorCode": 1})), JSON))
    def test_any_message_is_an_event(self, fields: dict[str, Any]) -> None:
        assert isinstance(READER.message(message() | fields, NOW), TextSaid | Ignored)
        assert isinstance(READER.message(fields, NOW), TextSaid | Ignored)

    @given(st.dictionaries(st.sampled_from(sorted(click() | {"value": 1})), JSON), JSON, JSON)
    def test_any_click_is_an_event_or_unreadable(self, fields: dict[str, Any], action: Any, form: Any) -> None:
        with contextlib.suppress(Malformed):
            assert isinstance(READER.click(click(action, form) | fields, "f", NOW), CardClicked)

    @given(st.sampled_from(["user_leave_org", "user_add_org", "x"]), st.text(max_size=5), JSON, JSON)
    def test_any_event_is_an_event(self, kind: str, event_id: str, at: Any, users: Any) -> None:
        assert READER.event(kind, event_id, at, {"userId": users}, NOW).origin.org_id == ORG
