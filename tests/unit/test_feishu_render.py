"""Feishu: the neutral card in the platform's components, within its limits, with people's words in plain text only."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.buttons import read_button_name
from adapters.feishu.markup import CUT_MARK
from adapters.feishu.render import MAX_BYTES, MAX_ELEMENTS, render, text_content
from domain.cards import (
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

KEY = CardKey("checkin", "0190ab12")
SUBMIT = Button("submit", "提交复盘", Style.MAIN, submits=True)
LATER = Button("later", "晚点再说")
SKIP = Button("skip", "这周跳过", Style.RISKY, confirm="这周就不写了吗?")
WEEKLY = Card(
    KEY,
    "本周复盘",
    "三个问题,一分钟",
    Tone.ASK,
    "待填写",
    (Paragraph("三个问题,一分钟。写给自己,也会有人回你。"),),
    (
        TextField("result", "本周最重要的成果?", placeholder="一两句即可"),
        TextField("obstacle", "遇到的主要障碍?", required=False, initial="没有"),
        ChoiceField("mood", "状态", (Option("3", "顺利"), Option("1", "有阻碍")), initial=("3",)),
    ),
    (SUBMIT, LATER, SKIP),
)


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


def tagged(card: Any, tag: str) -> list[dict[str, Any]]:
    return [node for node in walk(card) if node.get("tag") == tag]


def card_with(*blocks: Any, **fields: Any) -> Card:
    return Card(KEY, "t", "s", blocks=tuple(blocks), **fields)


def wire_size(card: dict[str, Any]) -> int:
    return len(orjson.dumps(orjson.dumps(card).decode()))


class TestWeeklyCard:
    def test_the_frame_is_that_of_a_personal_card_that_can_be_changed(self) -> None:
        card = render(WEEKLY, "ou_1")
        assert card["schema"] == "2.0"
        assert card["config"] == {
            "update_multi": True,
            "enable_forward": False,
            "summary": {"content": "三个问题,一分钟"},
        }
        tag = {"tag": "text_tag", "text": {"tag": "plain_text", "content": "待填写"}, "color": "blue"}
        title = {"tag": "plain_text", "content": "本周复盘"}
        assert card["header"] == {"title": title, "template": "blue", "text_tag_list": [tag]}

    def test_fields_and_submitting_buttons_stand_in_one_form_at_the_root(self) -> None:
        elements = render(WEEKLY, "ou_1")["body"]["elements"]
        form = next(each for each in elements if each["tag"] == "form")
        assert [each["name"] for each in tagged(form, "input") + tagged(form, "select_static")] == [
            "result",
            "obstacle",
            "mood",
        ]
        submits = tagged(form, "button")
        assert [each["form_action_type"] for each in submits] == ["submit"]

    def test_buttons_that_do_not_submit_stand_below_the_form_in_one_row(self) -> None:
        below = render(WEEKLY, "ou_1")["body"]["elements"][-1]
        assert below["tag"] == "column_set"
        buttons = tagged(below, "button")
        assert [each["text"]["content"] for each in buttons] == ["晚点再说", "这周跳过"]
        assert not any("form_action_type" in each for each in buttons)
        assert len({column["weight"] for column in below["columns"]}) == 1

    def test_every_button_says_what_it_does_in_value_and_name(self) -> None:
        for button in tagged(render(WEEKLY, "ou_1"), "button"):
            value = button["behaviors"][0]["value"]
            assert value["card"] == "checkin:0190ab12"
            assert read_button_name(button["name"]) == (KEY, value["action"])

    def test_names_are_unique_in_the_whole_card(self) -> None:
        names = [node["name"] for node in walk(render(WEEKLY, "ou_1")) if "name" in node]
        assert len(names) == len(set(names)) == 7

    def test_a_question_before_the_click_becomes_a_dialogue(self) -> None:
        skip = tagged(render(WEEKLY, "ou_1"), "button")[-1]
        assert skip["type"] == "danger"
        assert skip["confirm"] == {
            "title": {"tag": "plain_text", "content": "这周跳过"},
            "text": {"tag": "plain_text", "content": "这周就不写了吗?"},
        }

    def test_required_fields_are_marked_and_enforced_by_the_client(self) -> None:
        card = render(WEEKLY, "ou_1")
        result, obstacle = tagged(card, "input")
        assert (result["required"], result["label"]["content"]) == (True, "本周最重要的成果? *")
        assert (obstacle["required"], obstacle["label"]["content"]) == (False, "遇到的主要障碍?")
        assert obstacle["default_value"] == "没有"
        assert tagged(card, "select_static")[0]["required"] is True


class TestBlocks:
    def test_a_paragraph_is_plain_text(self) -> None:
        body = render(card_with(Paragraph("**a**"), Paragraph("b", small=True)), "")["body"]["elements"]
        assert body[0] == {"tag": "div", "text": {"tag": "plain_text", "content": "**a**"}}
        assert body[1]["text"]["text_size"] == "notation"

    def test_a_mention_calls_the_reader_and_escapes_our_sentence(self) -> None:
        element = render(card_with(Mention("张三", "*<at id=all>* 在等你")), "ou_1")["body"]["elements"][0]
        assert element["tag"] == "markdown"
        assert element["content"].startswith("<at id=ou_1></at> ")
        assert element["content"].count("<at") == 1
        assert "*" not in element["content"]

    @pytest.mark.parametrize("receiver", ["", "all></at><at id=x"])
    def test_without_an_id_a_mention_is_plain_words(self, receiver: str) -> None:
        element = render(card_with(Mention("张三", "在等你")), receiver)["body"]["elements"][0]
        assert element == {"tag": "div", "text": {"tag": "plain_text", "content": "@张三 在等你"}}

    def test_a_quote_is_shaded_and_plain(self) -> None:
        element = render(card_with(Quote("成果", "<at id=all></at>")), "")["body"]["elements"][0]
        assert element["background_style"] == "grey"
        assert [each["content"] for each in tagged(element, "plain_text")] == ["成果", "<at id=all></at>"]
        assert not tagged(element, "markdown")

    def test_a_quote_without_a_heading_is_just_the_words(self) -> None:
        element = render(card_with(Quote("", "好")), "")["body"]["elements"][0]
        assert [each["content"] for each in tagged(element, "plain_text")] == ["好"]

    def test_facts_are_rows_of_two_columns(self) -> None:
        elements = render(card_with(Facts((("原来", "12%"), ("现在", "10%")))), "")["body"]["elements"]
        assert [[text["content"] for text in tagged(row, "plain_text")] for row in elements] == [
            ["原来", "12%"],
            ["现在", "10%"],
        ]

    def test_a_divider_is_a_line(self) -> None:
        assert render(card_with(Divider()), "")["body"]["elements"] == [{"tag": "hr"}]


class TestCharts:
    def test_several_series_stand_side_by_side_with_a_legend(self) -> None:
        chart = Chart("小时", ("W45", "W46"), (Series("上周", (3, 4)), Series("本周", (2, 5))))
        element = render(card_with(chart), "")["body"]["elements"][0]
        assert element["aspect_ratio"] == "4:3"
        spec = element["chart_spec"]
        assert (spec["type"], spec["xField"], spec["yField"]) == ("bar", ["label", "series"], "value")
        assert spec["seriesField"] == "series"
        assert spec["legends"]["visible"] is True
        assert {"label": "W46", "series": "本周", "value": 5} in spec["data"]["values"]
        assert len(spec["data"]["values"]) == 4

    def test_one_series_needs_no_legend(self) -> None:
        chart = Chart("小时", ("一", "二"), (Series("本周", (2, 5)),))
        spec = render(card_with(chart), "")["body"]["elements"][0]["chart_spec"]
        assert spec["xField"] == "label"
        assert "legends" not in spec

    def test_labels_too_long_for_a_phone_turn_the_bars_on_their_side(self) -> None:
        chart = Chart("条", ("跨部门协同", "风险预判", "目标拆解"), (Series("本周", (2, 5, 1)),))
        element = render(card_with(chart), "")["body"]["elements"][0]
        assert element["aspect_ratio"] == "1:1"
        spec = element["chart_spec"]
        assert (spec["direction"], spec["xField"], spec["yField"]) == ("horizontal", "value", "label")


class TestFieldsAndButtons:
    def test_any_of_several_options_can_be_chosen(self) -> None:
        options = (Option("a", "甲"), Option("b", "乙"))
        field = ChoiceField("tags", "标签", options, required=False, multiple=True, initial=("b", "gone"))
        card = render(card_with(fields=(field,), buttons=(SUBMIT,)), "")
        element = tagged(card, "multi_select_static")[0]
        assert element["required"] is False
        assert element["selected_values"] == ["b"]
        assert [each["value"] for each in element["options"]] == ["a", "b"]

    def test_an_initial_choice_that_is_no_option_is_left_out(self) -> None:
        field = ChoiceField("mood", "状态", (Option("a", "甲"),), initial=("gone",))
        element = tagged(render(card_with(fields=(field,), buttons=(SUBMIT,)), ""), "select_static")[0]
        assert "initial_option" not in element

    def test_a_single_line_has_no_rows(self) -> None:
        field = TextField("x", "", multiline=False, max_length=5000, placeholder="p" * 300, initial="i" * 3000)
        element = tagged(render(card_with(fields=(field,), buttons=(SUBMIT,)), ""), "input")[0]
        assert "rows" not in element
        assert "label" not in element
        assert element["max_length"] == 1000
        assert len(element["placeholder"]["content"]) == 100
        assert len(element["default_value"]) == 1000

    def test_a_submitting_button_without_fields_is_an_ordinary_one(self) -> None:
        card = render(card_with(buttons=(SUBMIT,)), "")
        assert not tagged(card, "form")
        assert "form_action_type" not in tagged(card, "button")[0]

    def test_long_labels_get_rows_of_their_own_and_wide_ones_more_of_a_row(self) -> None:
        labels = ["现在回", "今晚 18:00 提醒我", "已当面聊过", "今天先不处理这件事,下周一再说"]
        buttons = tuple(Button(f"b{number}", label) for number, label in enumerate(labels))
        rows = render(card_with(buttons=buttons), "")["body"]["elements"]
        assert [[each["text"]["content"] for each in tagged(row, "button")] for row in rows] == [
            labels[:2],
            labels[2:3],
            labels[3:],
        ]
        assert [column["weight"] for column in rows[0]["columns"]] == [2, 4]

    def test_more_than_three_buttons_never_share_a_row(self) -> None:
        buttons = tuple(Button(f"b{number}", "好") for number in range(7))
        rows = render(card_with(buttons=buttons), "")["body"]["elements"]
        assert [len(row["columns"]) for row in rows] == [3, 3, 1]

    @pytest.mark.parametrize(
        "card",
        [
            card_with(buttons=(LATER, LATER)),
            card_with(fields=(TextField("a", "x"), TextField("a", "y")), buttons=(SUBMIT,)),
            card_with(fields=(TextField("", "x"),), buttons=(SUBMIT,)),
            card_with(fields=(TextField("a", "x"),), buttons=(LATER,)),
        ],
        ids=["two acts alike", "two fields alike", "a field without a name", "nothing submits"],
    )
    def test_a_card_that_the_platform_would_refuse_is_refused_here(self, card: Card) -> None:
        with pytest.raises(ContentRefused):
            render(card, "")

    def test_a_field_may_be_called_like_an_act(self) -> None:
        card = render(card_with(fields=(TextField("submit", "x"), TextField("form", "y")), buttons=(SUBMIT,)), "")
        names = [node["name"] for node in walk(card) if "name" in node]
        assert len(names) == len(set(names))


class TestLimits:
    def test_a_card_that_fits_is_not_cut(self) -> None:
        assert CUT_MARK not in orjson.dumps(render(card_with(Quote("h", "字" * 7000)), "")).decode()

    @pytest.mark.parametrize("sign", ["字", '"', "行\n", "\\", "👨‍👩‍👧"])
    def test_long_quotes_are_cut_to_fit_however_they_are_encoded(self, sign: str) -> None:
        card = render(card_with(Quote("h", sign * 20_000), Quote("k", "短"), Facts((("x", sign * 9_000),))), "")
        assert MAX_BYTES * 0.95 < wire_size(card) <= MAX_BYTES
        texts = [each["content"] for each in tagged(card, "plain_text")]
        assert "短" in texts
        assert sum(text.endswith(CUT_MARK) for text in texts) == 2

    def test_no_text_is_cut_that_is_shorter_than_another_is_left(self) -> None:
        quotes = [Quote("h", "字" * length) for length in (100, 2000, 6000, 9000)]
        texts = [each["content"] for each in tagged(render(card_with(*quotes), ""), "plain_text")]
        left = [text for text in texts if text.startswith("字")]
        assert left[:2] == [quotes[0].text, quotes[1].text]
        assert len(left[2]) == len(left[3])

    def test_many_quotes_lose_their_shading_before_anything_else(self) -> None:
        card = render(card_with(*[Quote(f"第 {number} 条", "好") for number in range(60)]), "")
        assert not tagged(card, "column_set")
        assert len([node for node in walk(card) if "tag" in node]) <= MAX_ELEMENTS
        assert tagged(card, "plain_text")[1]["content"] == "第 0 条\n好"

    def test_many_facts_become_lines(self) -> None:
        rows = tuple((f"项目{number}" if number else "item", "1") for number in range(40))
        card = render(card_with(Facts(rows), Facts(())), "")
        assert tagged(card, "div")[0]["text"]["content"].startswith("item: 1\n项目1：1\n")

    def test_a_card_with_too_many_parts_is_refused(self) -> None:
        with pytest.raises(ContentRefused):
            render(card_with(*[Divider()] * 200), "")

    def test_a_card_that_is_too_long_without_anybodys_words_is_refused(self) -> None:
        with pytest.raises(ContentRefused):
            render(card_with(Paragraph("字" * 10_000), Quote("h", "x" * 100)), "")

    def test_words_that_look_like_parts_do_not_count_as_parts(self) -> None:
        render(card_with(Quote("h", '{"tag":"div"}' * 300)), "")


words = st.text(max_size=60)
blocks = (
    st.builds(Paragraph, words, st.booleans())
    | st.builds(Mention, words, words)
    | st.builds(Quote, words, words | st.text(min_size=3000, max_size=6000))
    | st.builds(Facts, st.lists(st.tuples(words, words), max_size=12).map(tuple))
    | st.just(Divider())
)
names = st.text(min_size=1, max_size=12)
choices = st.builds(
    ChoiceField,
    names,
    words,
    st.lists(st.builds(Option, names, words), min_size=1, max_size=5, unique_by=lambda option: option.value).map(tuple),
    st.booleans(),
    st.booleans(),
    st.lists(names, max_size=2).map(tuple),
    words,
)
inputs = st.builds(TextField, names, words, st.booleans(), st.booleans(), st.integers(1, 1000), words, words)
buttons = st.builds(Button, names, words, st.sampled_from(Style), st.booleans(), st.none() | words)
cards = st.builds(
    Card,
    st.just(KEY),
    words,
    words,
    st.sampled_from(Tone),
    words,
    st.lists(blocks, max_size=8).map(tuple),
    st.lists(inputs | choices, max_size=5, unique_by=lambda field: field.name).map(tuple),
    st.lists(buttons, max_size=5, unique_by=lambda button: button.action).map(lambda some: (*some, SUBMIT)),
).filter(lambda card: len({button.action for button in card.buttons}) == len(card.buttons))


@given(cards, st.sampled_from(["ou_1", ""]))
def test_any_card_keeps_within_the_limits_and_keeps_words_out_of_markup(card: Card, receiver: str) -> None:
    shown = render(card, receiver)
    assert wire_size(shown) <= MAX_BYTES
    assert sum("tag" in node for node in walk(shown)) <= MAX_ELEMENTS
    named = [node["name"] for node in walk(shown) if "name" in node]
    assert len(named) == len(set(named))
    markdown = [each["content"] for each in tagged(shown, "markdown")]
    assert all(each.count("<") == 2 for each in markdown)
    assert not tagged(shown, "lark_md")


@given(st.text())
def test_a_text_message_holds_the_words_and_no_markup(text: str) -> None:
    content = text_content(text)
    assert list(content) == ["text"]
    assert "<at" not in content["text"]
