"""WeCom: what the platform's messages and events say in our words.

Payloads are the examples of wecom.md 11 (vendor pages "消息格式" and "事件格式", read 2026-11-22), people invented.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.buttons import button_key
from adapters.wecom.selects import NEUTRAL
from adapters.wecom.wire import decode
from adapters.wecom.xml_tree import Element, read_xml
from domain.cards import IN_WORDS, CardKey
from domain.errors import Malformed
from domain.events import CardClicked, ChatOpened, DirectoryChanged, Ignored, Inbound, Origin, TextSaid
from domain.ids import OrgId
from tests.contract.wecom_stub import CORP, NOW, event

ORG = OrgId("acme")
KEY = CardKey("checkin", "0190f0f0f0f07000800000000000abcd")
TASK = "0190f0f0f0f07000800000000000beef"
RECEIVED_AT = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def heard(message: str, app: str = "1000002") -> Inbound:
    return decode(read_xml(message.encode()), ORG, app, RECEIVED_AT)


def message(
    kind: str = "text", inner: str = "<Content><![CDATA[本周完成了登录页]]></Content>", number: str = "756"
) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[zhangsan]]></FromUserName>"
        f"<CreateTime>1795316400</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{inner}"
        f"<MsgId>{number}</MsgId><AgentID>1000002</AgentID></xml>"
    )


def selected(*items: tuple[str, list[str]]) -> str:
    told = "".join(
        f"<SelectedItem><QuestionKey><![CDATA[{key}]]></QuestionKey><OptionIds>"
        + "".join(f"<OptionId><![CDATA[{one}]]></OptionId>" for one in ids)
        + "</OptionIds></SelectedItem>"
        for key, ids in items
    )
    return f"<SelectedItems>{told}</SelectedItems>"


def click(action: str = "submit", *items: tuple[str, list[str]], code: str = "C1", user: str = "zhangsan") -> str:
    inner = f"<EventKey><![CDATA[{button_key(KEY, action)}]]></EventKey><TaskId><![CDATA[{TASK}]]></TaskId>"
    inner += f"<CardType><![CDATA[multiple_interaction]]></CardType><ResponseCode><![CDATA[{code}]]></ResponseCode>"
    return event("template_card_event", user, inner + (selected(*items) if items else ""))


class TestTexts:
    def test_a_text_is_heard_with_its_author_and_the_platforms_time(self) -> None:
        assert heard(message()) == TextSaid(Origin(ORG, "wecom", "1000002/756", "zhangsan", NOW), "本周完成了登录页")

    def test_outer_blanks_go_and_inner_ones_stay(self) -> None:
        inbound = heard(message(inner="<Content><![CDATA[ 一\n  二 \n]]></Content>"))
        assert isinstance(inbound, TextSaid)
        assert inbound.text == "一\n  二"

    def test_a_reference_behind_a_label_is_left_to_the_core(self) -> None:
        inbound = heard(message(inner="<Content>已处理 #7f3a2c</Content>"))
        assert isinstance(inbound, TextSaid)
        assert inbound.text == "已处理 #7f3a2c"

    @pytest.mark.parametrize("kind", ["image", "voice", "video", "location", "link", "file"])
    def test_what_holds_no_words_is_ignored(self, kind: str) -> None:
        assert heard(message(kind, "<MediaId>m</MediaId>")) == Ignored(
            Origin(ORG, "wecom", "1000002/756", "zhangsan", NOW), f"message:{kind}"
        )

    def test_a_text_of_nobody_is_ignored(self) -> None:
        assert isinstance(heard(message().replace("zhangsan", "")), Ignored)

    def test_a_message_without_a_type_is_malformed(self) -> None:
        with pytest.raises(Malformed):
            heard("<xml><FromUserName>zhangsan</FromUserName></xml>")

    @pytest.mark.parametrize("time", ["", "soon", "-1", "9" * 30])
    def test_without_a_time_of_its_own_it_has_that_of_its_arrival(self, time: str) -> None:
        inbound = heard(message().replace("1795316400", time))
        assert inbound.origin.occurred_at == RECEIVED_AT


class TestClicks:
    def test_a_button_tells_card_action_and_message(self) -> None:
        inbound = heard(click("later"))
        assert inbound == CardClicked(inbound.origin, KEY, "later", {}, TASK, silent=True)
        assert (inbound.origin.actor, inbound.origin.occurred_at) == ("zhangsan", NOW)

    def test_a_form_brings_its_answers_without_those_not_given(self) -> None:
        items = [
            ("mood", ["5"]),
            ("pace", [NEUTRAL]),
            ("tags[]", ["a"]),
            ("more[]", ["a", "b"]),
            ("none", []),
            ("", ["x"]),
        ]
        inbound = heard(click("submit", *items))
        assert isinstance(inbound, CardClicked)
        assert inbound.form == {"mood": "5", "tags": ("a",), "more": ("a", "b")}

    def test_the_button_in_place_of_fields_is_an_action_like_others(self) -> None:
        inbound = heard(click(IN_WORDS))
        assert isinstance(inbound, CardClicked)
        assert (inbound.card, inbound.action) == (KEY, "in_words")

    def test_a_choice_in_the_menu_of_a_card_is_a_click(self) -> None:
        assert isinstance(heard(click("later").replace("template_card_event", "template_card_menu_event")), CardClicked)

    def test_a_key_that_is_not_ours_is_an_action_without_a_card(self) -> None:
        inbound = heard(event("template_card_event", inner="<EventKey>approve:17</EventKey><TaskId>t</TaskId>"))
        assert isinstance(inbound, CardClicked)
        assert (inbound.card, inbound.action, inbound.message) == (None, "approve:17", "t")

    def test_a_click_of_nobody_is_malformed(self) -> None:
        with pytest.raises(Malformed):
            heard(click(user=""))


class TestKeys:
    def test_a_repetition_has_the_same_key_in_whatever_order_it_comes(self) -> None:
        root = read_xml(click("submit", ("mood", ["5"])).encode())
        turned = replace(root, children=list(reversed(root.children)))
        first, second = (decode(each, ORG, "1000002", RECEIVED_AT) for each in (root, turned))
        assert first == second

    def test_two_clicks_of_a_member_in_one_second_are_two_events(self) -> None:
        keys = {heard(each).origin.event_id for each in (click("a"), click("b"), click("a", code="C2"))}
        assert len(keys) == 3

    def test_two_events_of_a_member_in_one_second_are_two(self) -> None:
        assert heard(event("subscribe")).origin.event_id != heard(event("enter_agent")).origin.event_id

    def test_two_members_are_two(self) -> None:
        assert heard(event("enter_agent", "a")).origin.event_id != heard(event("enter_agent", "b")).origin.event_id

    def test_what_two_apps_are_told_has_two_keys(self) -> None:
        assert heard(message()).origin.event_id != heard(message(), "1000003").origin.event_id

    @pytest.mark.parametrize("kind", ["create_user", "update_user", "delete_user"])
    def test_changes_of_two_people_in_one_second_are_two(self, kind: str) -> None:
        keys = {
            heard(
                event("change_contact", "sys", f"<ChangeType>{kind}</ChangeType><UserID>{who}</UserID>")
            ).origin.event_id
            for who in ("a", "b")
        }
        assert len(keys) == 2


class TestComingAndGoing:
    @pytest.mark.parametrize("kind", ["enter_agent", "subscribe"])
    def test_whoever_comes_opens_the_chat(self, kind: str) -> None:
        inbound = heard(event(kind, inner="<EventKey></EventKey>"))
        assert isinstance(inbound, ChatOpened)
        assert inbound.origin.actor == "zhangsan"

    def test_opening_by_nobody_is_ignored(self) -> None:
        assert isinstance(heard(event("enter_agent", "")), Ignored)

    def test_leaving_the_visible_range_is_a_change_of_the_directory_and_not_a_farewell(self) -> None:
        inbound = heard(event("unsubscribe"))
        assert isinstance(inbound, DirectoryChanged)
        assert (inbound.left, inbound.origin.actor) == ((), "")

    def test_whoever_is_deleted_has_left(self) -> None:
        inner = "<ChangeType><![CDATA[delete_user]]></ChangeType><UserID><![CDATA[zhaoliu]]></UserID>"
        inbound = heard(event("change_contact", "sys", inner))
        assert isinstance(inbound, DirectoryChanged)
        assert inbound.left == ("zhaoliu",)

    @pytest.mark.parametrize("kind", ["create_user", "update_user", "create_party", "delete_party", "update_tag", ""])
    def test_every_other_change_is_only_a_reason_to_read_again(self, kind: str) -> None:
        inbound = heard(event("change_contact", "sys", f"<ChangeType>{kind}</ChangeType><UserID>x</UserID>"))
        assert isinstance(inbound, DirectoryChanged)
        assert inbound.left == ()

    @pytest.mark.parametrize("kind", ["click", "view", "LOCATION", "inactive_alert", "batch_job_result", "", "new"])
    def test_what_we_have_no_use_for_is_ignored(self, kind: str) -> None:
        inbound = heard(event(kind))
        assert isinstance(inbound, Ignored)
        assert inbound.event_type == f"event:{kind}"


names = st.sampled_from(
    [
        *("MsgType", "Event", "EventKey", "FromUserName", "CreateTime", "MsgId", "Content", "TaskId", "ChangeType"),
        *("UserID", "SelectedItems", "SelectedItem", "QuestionKey", "OptionIds", "OptionId", "ResponseCode"),
    ]
)
texts = st.text(max_size=9) | st.sampled_from(
    ["event", "text", "template_card_event", "change_contact", "delete_user", "enter_agent", "a|b:c", "%ff|%ff:%ff"]
)
trees = st.recursive(
    st.builds(Element, names, texts),
    lambda inner: st.builds(Element, names, texts, st.lists(inner, max_size=5)),
    max_leaves=12,
)


@given(st.lists(trees, max_size=8))
def test_any_message_is_an_event_or_malformed(children: list[Element]) -> None:
    try:
        inbound = decode(Element("xml", "", children), ORG, "1000002", RECEIVED_AT)
    except Malformed:
        return
    assert inbound.origin.event_id.startswith("1000002/")
    assert inbound.origin.occurred_at.tzinfo is UTC
