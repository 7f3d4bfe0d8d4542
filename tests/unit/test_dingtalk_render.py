"""DingTalk: the neutral card as a template's variables and as words, within limits, with nothing typed as markup."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import assume, given

from adapters.dingtalk.buttons import drawn_buttons, packed, reference, unpacked
from adapters.dingtalk.form import answers_of, form_of
from adapters.dingtalk.markup import CUT_MARK, SEND_MESSAGE
from adapters.dingtalk.render import (
    MAX_PARAM_BYTES,
    Template,
    card_message,
    face,
    template_for,
    text_message,
)
from adapters.dingtalk.settings import LABELS, DingTalkSettings
from domain.cards import (
    IN_WORDS,
    Button,
    Card,
    CardKey,
    Chart,
    ChoiceField,
    Divider,
    Facts,
    Mention,
    Option,
    Paragraph,
    Quote,
    Series,
    Style,
    TextField,
    Tone,
)
from domain.errors import ContentRefused
from tests.strategies import card_keys, cards, words

ZH = LABELS["zh-CN"]
KEY = CardKey("checkin", "0190ab12")
SUBMIT = Button("submit", "提交复盘", Style.MAIN, submits=True)
LATER = Button("later", "晚点再说")
SKIP = Button("skip", "这周跳过", Style.RISKY)
MOOD = ChoiceField("mood", "2. 状态", (Option("3", "顺利"), Option("1", "有阻碍")), initial=("3",))
WEEKLY = Card(
    KEY,
    "本周复盘",
    "三个问题,一分钟",
    Tone.ASK,
    "待填写",
    (Paragraph("写给自己,也会有人回你。"),),
    (TextField("result", "1. 本周最重要的成果?", placeholder="一两句即可"), MOOD),
    (SUBMIT, LATER, SKIP),
)
BOTH = DingTalkSettings("c", "s", card_template="card.schema", form_template="form.schema", value_bytes=1024)
CARD_ONLY = replace(BOTH, form_template="")
NEITHER = DingTalkSettings("c", "s")


def card_with(*blocks: Any, **fields: Any) -> Card:
    return Card(KEY, "t", "s", blocks=tuple(blocks), **fields)


def said(card: Card, ref: str = "") -> str:
    message = card_message(card, ZH, ref)
    assert message.key == "sampleMarkdown"
    content = orjson.loads(message.param)
    assert set(content) == {"title", "text"}
    return str(content["text"])


def links(text: str) -> list[tuple[str, str]]:
    return [
        (label, unquote(sent)) for label, sent in re.findall(rf"\[([^\]]*)\]\({re.escape(SEND_MESSAGE)}([^)]*)\)", text)
    ]


class TestButtonsAndReferences:
    def test_a_reference_is_the_end_of_a_rows_id(self) -> None:
        assert reference("0190f0f0f0f07000800000000000abcd") == "#00abcd"

    @given(card_keys(), words(20))
    def test_what_is_packed_into_a_button_is_unpacked(self, key: CardKey, action: str) -> None:
        assert unpacked(packed(key, action)) == (key, action)

    @pytest.mark.parametrize("value", [None, 5, {}, []])
    def test_what_is_no_text_is_no_action(self, value: object) -> None:
        assert unpacked(value) == (None, "")

    @pytest.mark.parametrize("value", ["agree", "agree ", "agree nocolon", ""])
    def test_what_is_not_ours_is_an_action_without_a_card(self, value: str) -> None:
        assert unpacked(value) == (None, value)

    def test_where_fields_cannot_be_shown_one_button_leads_to_them(self) -> None:
        drawn = drawn_buttons(WEEKLY, "文字填写")
        assert [(button.action, button.label) for button in drawn] == [
            (IN_WORDS, "文字填写"),
            ("later", "晚点再说"),
            ("skip", "这周跳过"),
        ]

    def test_a_card_without_fields_keeps_its_buttons(self) -> None:
        assert drawn_buttons(replace(WEEKLY, fields=()), "文字填写") == (SUBMIT, LATER, SKIP)


class TestWords:
    def test_a_whole_card_reads_like_this(self) -> None:
        assert said(WEEKLY, "#7f3a2c").split("\n\n") == [
            "### 本周复盘 【待填写】",
            "写给自己,也会有人回你。",
            "1． 本周最重要的成果?",
            "2． 状态  \n  1）顺利  \n  2）有阻碍",
            f"**[文字填写]({SEND_MESSAGE}%E6%96%87%E5%AD%97%E5%A1%AB%E5%86%99%20%237f3a2c)**",
            f"**[晚点再说]({SEND_MESSAGE}%E6%99%9A%E7%82%B9%E5%86%8D%E8%AF%B4%20%237f3a2c)**",
            f"**[这周跳过]({SEND_MESSAGE}%E8%BF%99%E5%91%A8%E8%B7%B3%E8%BF%87%20%237f3a2c)**",
            ZH.tap_hint,
            ZH.number_hint,
        ]

    def test_each_link_sends_its_label_and_the_reference(self) -> None:
        assert links(said(WEEKLY, "#7f3a2c")) == [
            ("文字填写", "文字填写 #7f3a2c"),
            ("晚点再说", "晚点再说 #7f3a2c"),
            ("这周跳过", "这周跳过 #7f3a2c"),
        ]

    def test_without_a_reference_a_link_sends_the_bare_label(self) -> None:
        assert links(said(WEEKLY))[1] == ("晚点再说", "晚点再说")

    def test_one_question_needs_no_hint_at_numbers_and_no_button_no_hint_at_all(self) -> None:
        assert ZH.number_hint not in said(replace(WEEKLY, fields=(MOOD,)))
        bare = said(replace(WEEKLY, fields=(), buttons=()))
        assert ZH.tap_hint not in bare
        assert links(bare) == []

    def test_the_line_in_the_list_of_chats_is_the_summary_or_the_title(self) -> None:
        assert orjson.loads(card_message(WEEKLY, ZH, "").param)["title"] == "三个问题,一分钟"
        assert orjson.loads(card_message(replace(WEEKLY, summary=""), ZH, "").param)["title"] == "本周复盘"

    def test_words_are_in_the_settings_language(self) -> None:
        text = orjson.loads(card_message(WEEKLY, LABELS["en"], "").param)["text"]
        assert "In words" in text

    @given(cards(), words(8))
    def test_only_our_buttons_are_links_and_they_send_what_they_say(self, card: Card, ref: str) -> None:
        assume(not card.fields or any(button.submits for button in card.buttons))
        text = said(card, f"#{ref}")
        assert [sent for _, sent in links(text)] == [
            f"{button.label} #{ref}".strip() for button in drawn_buttons(card, ZH.in_words)
        ]
        assert text.count("](") == len(drawn_buttons(card, ZH.in_words))

    @given(cards())
    def test_every_message_is_within_the_limit(self, card: Card) -> None:
        assume(not card.fields or any(button.submits for button in card.buttons))
        assert len(card_message(card, ZH, "#abcdef").param.encode()) <= MAX_PARAM_BYTES


class TestBlocksInWords:
    def test_a_mention_calls_the_reader_by_name(self) -> None:
        assert "**@张三** 在等你" in said(card_with(Mention("张三", "在等你")))

    def test_a_quote_stands_behind_its_heading_and_is_nothing_but_words(self) -> None:
        text = said(card_with(Quote("成果", "**上线**\n[x](dtmd://y)")))
        assert "**成果**\n\n> ＊＊上线＊＊  \n> ［x］(dtmd：//y)  " in text

    def test_a_quote_without_a_heading_is_just_the_words(self) -> None:
        assert said(card_with(Quote("", "好"))).endswith("\n\n> 好  ")

    def test_facts_are_rows(self) -> None:
        assert "原来：12%  \n  Now: 10%" in said(card_with(Facts((("原来", "12%"), ("Now", "10%")))))

    def test_a_chart_is_said_in_numbers(self) -> None:
        chart = Chart("小时", ("W45", "W46"), (Series("上周", (3, 4.5)), Series("本周", (2,))))
        assert "**小时**  \n  W45: 上周 3 · 本周 2  \n  W46: 上周 4.5" in said(card_with(chart))

    def test_a_divider_is_a_line_that_makes_no_heading_of_what_stands_above(self) -> None:
        text = said(card_with(Paragraph("上"), Divider(), Paragraph("下")))
        assert "上\n\n——————\n\n下" in text


class TestSize:
    def test_peoples_words_are_cut_alike_until_the_message_fits(self) -> None:
        long = card_with(*(Quote(f"第 {number} 条", "字" * 2000) for number in range(5)))
        message = card_message(long, ZH, "")
        assert len(message.param.encode()) <= MAX_PARAM_BYTES
        text = orjson.loads(message.param)["text"]
        assert text.count(CUT_MARK) == 5
        assert len(message.param.encode()) > MAX_PARAM_BYTES - 100

    def test_what_is_too_long_without_anybodys_words_is_refused(self) -> None:
        with pytest.raises(ContentRefused):
            card_message(card_with(Paragraph("字" * 5000)), ZH, "")

    def test_a_plain_text_is_sent_as_it_is_or_refused(self) -> None:
        message = text_message("**好** [x](y)")
        assert (message.key, orjson.loads(message.param)) == ("sampleText", {"content": "**好** [x](y)"})
        with pytest.raises(ContentRefused):
            text_message("字" * 5000)


@pytest.mark.parametrize(
    "card",
    [
        replace(WEEKLY, buttons=(SUBMIT, SUBMIT)),
        replace(WEEKLY, buttons=(SUBMIT, Button("", "x"))),
        replace(WEEKLY, fields=(MOOD, MOOD)),
        replace(WEEKLY, buttons=(LATER,)),
    ],
)
def test_a_card_that_contradicts_itself_is_refused_in_every_form(card: Card) -> None:
    for attempt in (
        lambda: card_message(card, ZH, ""),
        lambda: face(card, Template.CARD, BOTH),
        lambda: template_for(card, BOTH),
    ):
        with pytest.raises(ContentRefused):
            attempt()


class TestTemplates:
    def test_a_card_with_questions_uses_the_form_and_others_the_card(self) -> None:
        assert template_for(WEEKLY, BOTH) is Template.FORM
        assert template_for(replace(WEEKLY, fields=()), BOTH) is Template.CARD

    def test_without_a_form_template_the_questions_are_said_on_the_card(self) -> None:
        assert template_for(WEEKLY, CARD_ONLY) is Template.CARD
        assert template_for(WEEKLY, NEITHER) is None

    def test_what_is_longer_than_a_variable_may_be_is_said_in_words(self) -> None:
        long = card_with(Quote("成果", "字" * 1000))
        assert template_for(long, BOTH) is None
        assert template_for(long, replace(BOTH, value_bytes=4000)) is Template.CARD

    def test_a_form_that_is_too_long_leaves_the_questions_to_words_on_the_card(self) -> None:
        options = tuple(Option(f"value-{number}", f"选项 {number}") for number in range(25))
        card = replace(WEEKLY, fields=(ChoiceField("q", "1. 选一个", options),))
        assert template_for(card, BOTH) is Template.CARD

    def test_the_form_component_has_one_button_so_two_that_submit_are_left_to_words(self) -> None:
        two = replace(WEEKLY, buttons=(SUBMIT, replace(SUBMIT, action="draft")))
        assert template_for(two, BOTH) is Template.CARD
        drawn = face(two, Template.FORM, BOTH)
        assert (drawn["form"], drawn["form_status"]) == ('{"fields":[]}', "disabled")
        assert orjson.loads(drawn["buttons"])[0]["action"] == packed(KEY, IN_WORDS)


class TestFaces:
    def test_a_card_fills_every_variable_with_a_string(self) -> None:
        drawn = face(replace(WEEKLY, fields=(), buttons=(LATER,)), Template.CARD, BOTH)
        assert drawn == {
            "title": "本周复盘",
            "tag": "待填写",
            "tone": "ask",
            "body": "写给自己,也会有人回你。",
            "buttons": '[{"action":"later checkin:0190ab12","label":"晚点再说","style":"plain"}]',
            "status": "open",
        }

    def test_a_form_asks_its_questions_and_submits_by_its_own_button(self) -> None:
        drawn = face(WEEKLY, Template.FORM, BOTH)
        assert (drawn["form_status"], drawn["form_btn_text"]) == ("normal", "提交复盘")
        assert drawn["form_action"] == packed(KEY, "submit")
        assert [each["action"] for each in orjson.loads(drawn["buttons"])] == [
            packed(KEY, "later"),
            packed(KEY, "skip"),
        ]
        assert orjson.loads(drawn["form"]) == form_of(WEEKLY.fields)
        assert "状态" not in drawn["body"]

    def test_once_answered_a_form_asks_nothing_any_more(self) -> None:
        drawn = face(replace(WEEKLY, fields=(), buttons=()), Template.FORM, BOTH)
        assert (drawn["form"], drawn["form_status"], drawn["status"]) == ('{"fields":[]}', "disabled", "closed")
        assert (drawn["form_btn_text"], drawn["form_action"], drawn["buttons"]) == ("", "", "[]")

    def test_both_faces_of_a_template_fill_the_same_variables(self) -> None:
        done = replace(WEEKLY, fields=(), buttons=())
        assert set(face(WEEKLY, Template.FORM, BOTH)) == set(face(done, Template.FORM, BOTH))
        assert set(face(WEEKLY, Template.CARD, BOTH)) == set(face(done, Template.CARD, BOTH))

    def test_a_card_without_a_form_component_asks_in_words(self) -> None:
        drawn = face(WEEKLY, Template.CARD, BOTH)
        assert "2． 状态" in drawn["body"]
        assert orjson.loads(drawn["buttons"])[0] == {
            "action": packed(KEY, IN_WORDS),
            "label": "文字填写",
            "style": "main",
        }

    def test_a_face_that_must_fit_is_cut_and_says_so(self) -> None:
        drawn = face(card_with(Quote("成果", "字" * 1000)), Template.CARD, BOTH)
        assert len(drawn["body"].encode()) <= 1024
        assert CUT_MARK in drawn["body"]

    def test_a_face_that_cannot_be_cut_is_refused(self) -> None:
        with pytest.raises(ContentRefused):
            face(card_with(Paragraph("字" * 1000)), Template.CARD, BOTH)

    @given(cards())
    def test_every_face_that_is_chosen_fits_and_holds_strings_only(self, card: Card) -> None:
        assume(not card.fields or any(button.submits for button in card.buttons))
        template = template_for(card, BOTH)
        if template is not None:
            drawn = face(card, template, BOTH)
            assert all(isinstance(value, str) and len(value.encode()) <= 1024 for value in drawn.values())
            assert CUT_MARK not in drawn["body"] or CUT_MARK in repr(card)
            for each in orjson.loads(drawn["buttons"]):
                assert unpacked(each["action"])[0] == card.key


class TestForms:
    def test_every_kind_of_field_has_its_component(self) -> None:
        many = ChoiceField(
            "tags", "标签", (Option("a", "甲"), Option("b", "乙"), Option("c", "丙")), False, True, ("c", "a", "gone")
        )
        fields = (TextField("result", "成果", initial="上线", placeholder="一两句"), MOOD, many)
        assert form_of(fields)["fields"] == [
            {
                "name": "result",
                "label": "成果",
                "required": True,
                "placeholder": "一两句",
                "type": "TEXT",
                "defaultValue": "上线",
            },
            {
                "name": "mood",
                "label": "2. 状态",
                "required": True,
                "type": "SELECT",
                "options": [{"value": "3", "text": "顺利"}, {"value": "1", "text": "有阻碍"}],
                "defaultValue": {"index": 0, "value": "3"},
            },
            {
                "name": "tags",
                "label": "标签",
                "required": False,
                "type": "MULTI_SELECT",
                "options": [{"value": "a", "text": "甲"}, {"value": "b", "text": "乙"}, {"value": "c", "text": "丙"}],
                "defaultValue": {"index": [2, 0], "value": ["c", "a"]},
            },
        ]

    def test_a_default_that_is_no_option_is_left_out(self) -> None:
        assert "defaultValue" not in form_of([replace(MOOD, initial=("gone",))])["fields"][0]

    def test_what_a_form_brings_back_is_read_by_kind(self) -> None:
        brought = {
            "result": "上线了报表",
            "mood": {"index": 3, "value": "4"},
            "tags": {"index": [1, 3], "value": ["2", 4]},
            "sure": True,
            "empty": None,
            "nothing": {"index": None, "value": None},
            "number": 7,
        }
        assert answers_of(brought) == {
            "result": "上线了报表",
            "mood": "4",
            "tags": ("2", "4"),
            "sure": True,
            "number": "7",
        }

    @pytest.mark.parametrize("form", [None, [], "x", 5])
    def test_what_is_no_form_brings_nothing(self, form: object) -> None:
        assert answers_of(form) == {}
