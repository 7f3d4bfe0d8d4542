"""WeCom's robot: its frames, what it is told, its tighter cards, and words that are no markup in its richer dialect."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adapters.wecom.buttons import button_key
from adapters.wecom.labels import CHINESE
from adapters.wecom.look import ROBOT
from adapters.wecom.markdown import MOST_PARTS as MOST_MESSAGES
from adapters.wecom.markdown import ROBOT as ROBOT_MARKDOWN
from adapters.wecom.markdown import markdown_messages
from adapters.wecom.render import pressable, render
from adapters.wecom.robot_frames import Frame, frame_in, frame_out
from adapters.wecom.robot_settings import RobotSettings
from adapters.wecom.robot_wire import decode
from adapters.wecom.robot_words import MARKDOWN_BYTES, MOST_PARTS, plain_messages
from domain.cards import Button, Card, CardKey, ChoiceField, Facts, Option, Paragraph, Quote, Style
from domain.errors import ContentRefused, Malformed, Misconfigured
from domain.events import CardClicked, ChatOpened, Ignored, Inbound, TextSaid
from domain.ids import OrgId
from tests import strategies
from tests.contract.wecom_rules import broken_rules

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
KEY = CardKey("tweak", "t1")
CUT = CHINESE.cut


def said(**more: Any) -> dict[str, Any]:
    common = {"msgid": "M1", "aibotid": "aib1", "chattype": "single", "from": {"userid": "LiHua"}}
    return {**common, "msgtype": "text", "text": {"content": " 你好 "}, **more}


def event(kind: str, **more: Any) -> dict[str, Any]:
    return said(msgtype="event", create_time=1795316412, event={"eventtype": kind, **more})


def told(body: dict[str, Any]) -> Inbound:
    return decode(body, OrgId("acme"), NOW)


class TestFrames:
    def test_an_answer_is_read_with_its_result(self) -> None:
        frame = frame_in('{"headers":{"req_id":"sub-1"},"errcode":0,"errmsg":"ok"}')
        assert (frame.command, frame.req_id, frame.accepted) == ("", "sub-1", True)

    @pytest.mark.parametrize("code", ["1", "null", '"0"', "0.0", "[]"])
    def test_an_answer_without_the_number_zero_is_no_yes(self, code: str) -> None:
        assert not frame_in(f'{{"headers":{{"req_id":"a"}},"errcode":{code}}}').accepted

    @given(st.text(max_size=20), st.text(max_size=20), st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
    def test_what_is_written_can_be_read(self, command: str, req_id: str, body: dict[str, str]) -> None:
        frame = frame_in(frame_out(f"x{command}", req_id, body))
        assert frame == Frame(f"x{command}", req_id, body)

    def test_a_ping_has_no_body(self) -> None:
        assert orjson.loads(frame_out("ping", "p1")) == {"cmd": "ping", "headers": {"req_id": "p1"}}

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"headers":5}', '{"headers":{"req_id":5}}', '{"headers":{}}'])
    def test_what_is_none_is_malformed(self, text: str) -> None:
        with pytest.raises(Malformed):
            frame_in(text)

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda x: (
                st.lists(x) | st.dictionaries(st.sampled_from(["cmd", "headers", "req_id", "body", "errcode"]), x)
            ),
        )
    )
    def test_nothing_but_malformed_comes_of_odd_frames(self, loaded: Any) -> None:
        try:
            frame_in(orjson.dumps(loaded, option=orjson.OPT_NON_STR_KEYS).decode())
        except (Malformed, orjson.JSONEncodeError):
            return


class TestWhatIsTold:
    def test_words_in_private(self) -> None:
        heard = told(said())
        assert isinstance(heard, TextSaid)
        assert (heard.text, heard.origin.actor, heard.origin.event_id) == ("你好", "LiHua", "aib1/M1")
        assert heard.origin.occurred_at == NOW

    def test_what_was_spoken_comes_as_words(self) -> None:
        heard = told(said(msgtype="voice", voice={"content": "请假两天"}))
        assert isinstance(heard, TextSaid)
        assert heard.text == "请假两天"

    def test_words_in_a_group_are_dropped(self) -> None:
        heard = told(said(chattype="group", chatid="g1"))
        assert heard == Ignored(heard.origin, "message:group")
        assert "你好" not in repr(heard)

    @pytest.mark.parametrize("kind", ["image", "mixed", "stream"])
    def test_other_messages_are_ignored(self, kind: str) -> None:
        assert isinstance(told(said(msgtype=kind)), Ignored)

    def test_the_chat_was_opened(self) -> None:
        heard = told(event("enter_chat"))
        assert isinstance(heard, ChatOpened)
        assert heard.origin.occurred_at == datetime.fromtimestamp(1795316412, UTC)

    @pytest.mark.parametrize("nested", [True, False])
    def test_a_click_in_either_of_its_two_forms(self, nested: bool) -> None:
        ids: object = ["5"] if nested else "5"
        item = {"question_key": "mood", "option_ids": {"option_id": ids}}
        items: object = [item] if nested else item
        click = {"event_key": button_key(KEY, "ok"), "task_id": "T1", "selected_items": {"selected_item": items}}
        heard = told(event("template_card_event", **({"template_card_event": click} if nested else click)))
        assert isinstance(heard, CardClicked)
        assert (heard.card, heard.action, heard.message, heard.silent) == (KEY, "ok", "T1", True)
        assert heard.form == {"mood": "5"}

    def test_other_events_are_ignored(self) -> None:
        heard = told(event("feedback_event", content="secret"))
        assert heard == Ignored(heard.origin, "event:feedback_event")

    @pytest.mark.parametrize(
        "body",
        [{}, said(msgid=""), said(msgtype=5), {**event("template_card_event"), "from": {}}],
    )
    def test_what_says_too_little_is_malformed(self, body: dict[str, Any]) -> None:
        with pytest.raises(Malformed):
            told(body)

    @given(
        st.dictionaries(
            st.sampled_from(["from", "event", "text", "chattype", "create_time"]),
            st.none() | st.integers() | st.text(max_size=3) | st.just({"userid": 1, "eventtype": [], "content": {}}),
        )
    )
    def test_odd_members_never_raise(self, odd: dict[str, Any]) -> None:
        assert told(said(**odd)).origin.org_id == "acme"


class TestCards:
    MOST: ClassVar[dict[str, int]] = {"title": 26, "desc": 30}

    @given(strategies.cards(), st.booleans())
    def test_every_card_stays_within_a_robots_sizes(self, card: Card, fresh: bool) -> None:
        assume(pressable(card) or not fresh)  # what is only read is sent as markdown
        try:
            template = render(card, "T1", CHINESE, fresh=fresh, look=ROBOT).template
        except ContentRefused:
            return
        assert broken_rules(template, update=not fresh) == []
        assert all(len(template["main_title"].get(name, "")) <= most for name, most in self.MOST.items())
        assert len(template.get("sub_title_text", "")) <= 112
        assert len(template.get("source", {}).get("desc", "")) <= 13
        assert all(len(row["value"]) <= 26 for row in template.get("horizontal_content_list", []))
        lists = [*template.get("select_list", []), *filter(None, [template.get("checkbox")])]
        assert all(len(option["text"]) <= 10 for each in lists for option in each["option_list"])

    def test_what_fits_an_apps_card_only_is_said_in_front(self) -> None:
        words = "字" * 40
        made = Card(
            KEY,
            "本周复盘",
            "s",
            blocks=(Facts((("目标", "x" * 28),)), Paragraph(words * 3)),
            buttons=(Button("ok", "同意", Style.MAIN), Button("no", "不同意", Style.RISKY)),
        )
        face = render(made, "T1", CHINESE, fresh=True, look=ROBOT)
        assert words * 3 in face.in_front
        assert [each["style"] for each in face.template["button_list"]] == [1, 3]
        closed = render(replace(made, buttons=()), "T1", CHINESE, fresh=False, look=ROBOT).template
        assert closed["button_list"][0]["style"] == 4

    def test_options_that_look_alike_when_cut_are_asked_in_words(self) -> None:
        options = (Option("a", "完成了大部分工作内容甲"), Option("b", "完成了大部分工作内容乙"))
        made = Card(
            KEY,
            "题",
            "s",
            fields=(ChoiceField("x", "题", options),),
            buttons=(Button("go", "交", Style.MAIN, submits=True),),
        )
        assert render(made, "T", CHINESE, fresh=True).template["card_type"] == "vote_interaction"
        assert render(made, "T", CHINESE, fresh=True, look=ROBOT).template["card_type"] == "button_interaction"


class TestWords:
    @pytest.mark.parametrize(
        ("words", "shown"),
        [
            ("2*3*4", "2＊3＊4"),
            ("`x`", "｀x｀"),
            ("snake_case _强调_", "snake_case ＿强调＿"),
            ("~~删~~", "~\u200b~删~\u200b~"),
            ("[x](http://evil.example)", "[x]\u200b(http://evil.example)"),
            ("[x]: http://evil.example", "[x]\u200b: http://evil.example"),
            ("# 一", "\u200b# 一"),
            ("1. 一\n2) 二", "\u200b1. 一  \n\u200b2) 二"),
            ("题\n---", "题  \n\u200b---"),
            ("一\n    码", "一  \n\u200b    码"),
            ("一\n\n二", "一  \n  \n二"),
        ],
    )
    def test_they_are_shown_as_they_stand(self, words: str, shown: str) -> None:
        assert plain_messages(words, CUT) == [shown]

    def test_nothing_gives_no_message(self) -> None:
        assert plain_messages(" \n ", CUT) == []

    @given(st.text(max_size=300), st.integers(1, 200))
    def test_no_message_is_too_long(self, words: str, times: int) -> None:
        parts = plain_messages(words * times, CUT)
        assert len(parts) <= MOST_PARTS
        assert all(0 < len(part.encode()) <= MARKDOWN_BYTES for part in parts)

    def test_what_is_cut_says_so(self) -> None:
        assert plain_messages("很长。" * 20000, CUT)[-1].endswith(CUT)

    def test_a_read_card_has_no_colours_and_its_quotation_ends(self) -> None:
        made = Card(
            KEY,
            "小结",
            "s",
            tag="已了结",
            blocks=(Paragraph("旁注", small=True), Quote("他说", "好*了*"), Paragraph("完")),
        )
        (content,) = markdown_messages(made, CHINESE, ROBOT_MARKDOWN)
        assert [line.strip() for line in content.split("\n")] == [
            *("**小结**", "已了结", "旁注", "", "**他说**", "> 好＊了＊", "", "完")
        ]

    @given(strategies.cards())
    def test_no_card_that_is_read_is_too_long(self, card: Card) -> None:
        if pressable(card):
            card = replace(card, fields=(), buttons=())
        parts = markdown_messages(card, CHINESE, ROBOT_MARKDOWN)
        assert len(parts) <= MOST_MESSAGES
        assert all(len(part.encode()) <= MARKDOWN_BYTES for part in parts)


class TestSettings:
    @pytest.mark.parametrize(("bot_id", "secret"), [("", "s"), ("b", "")])
    def test_id_and_secret_are_needed(self, bot_id: str, secret: str) -> None:
        with pytest.raises(Misconfigured, match="bot_id and robot_secret"):
            RobotSettings(bot_id, secret)

    def test_they_show_no_secret(self) -> None:
        assert "top-secret" not in repr(RobotSettings("b", "top-secret", proxy="http://u:top-secret@h:1"))
