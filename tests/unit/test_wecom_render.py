"""WeCom: every card becomes a template card within the documented limits, and nothing that is needed gets lost."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.buttons import CLOSED, button_key, read_key
from adapters.wecom.labels import CHINESE, ENGLISH, Labels, labels_of
from adapters.wecom.render import Face, Template, pressable, render
from adapters.wecom.selects import NEUTRAL, read_selected
from adapters.wecom.words import clean
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
from tests import strategies
from tests.contract.wecom_rules import broken_rules

KEY = CardKey("checkin", "0190f0f0f0f07000800000000000abcd")
TASK = "0190f0f0f0f07000800000000000beef"
SUBMIT = Button("submit", "提交复盘", Style.MAIN, submits=True)
LATER = Button("later", "晚点再说")
SKIP = Button("skip", "这周跳过", Style.RISKY)
MOOD = ChoiceField("mood", "状态", (Option("3", "顺利"), Option("2", "一般"), Option("1", "有阻碍")))
TAGS = ChoiceField("tags", "标签", (Option("a", "甲"), Option("b", "乙")), required=False, multiple=True)
WORDS = TextField("result", "本周最重要的成果？")


def card(*blocks: object, fields: object = (), buttons: object = (), tag: str = "", tone: Tone = Tone.ASK) -> Card:
    return Card(KEY, "本周复盘", "一分钟", tone, tag, blocks, fields, buttons)  # type: ignore[arg-type]


def choice(name: str, count: int, **changes: object) -> ChoiceField:
    options = tuple(Option(f"v{number}", f"选项{number}") for number in range(count))
    return replace(ChoiceField(name, f"问题 {name}", options), **changes)  # type: ignore[arg-type]


def fresh(made: Card) -> Face:
    face = render(made, TASK, CHINESE, fresh=True)
    assert broken_rules(face.template) == []
    return face


def changed(made: Card) -> Template:
    face = render(made, TASK, CHINESE, fresh=False)
    assert broken_rules(face.template, update=True) == []
    assert face.in_front == ""
    return face.template


class TestDropDowns:
    PACE, MEETINGS = choice("pace", 9), choice("meetings", 3)
    ASKED = card(fields=(MOOD, PACE, MEETINGS), buttons=(SUBMIT, LATER, SKIP), tag="待填写")

    def test_three_choices_are_one_card(self) -> None:
        template = fresh(self.ASKED).template
        assert template["card_type"] == "multiple_interaction"
        assert [each["question_key"] for each in template["select_list"]] == ["mood", "pace", "meetings"]
        assert [each["title"] for each in template["select_list"]] == ["状态", "问题 pace", "问题 meetings"]
        assert template["submit_button"] == {"text": "提交复盘", "key": button_key(KEY, "submit")}
        assert template["source"] == {"desc": "待填写"}
        assert template["task_id"] == TASK

    def test_the_first_line_is_neutral_and_selected_and_stands_for_no_answer(self) -> None:
        select = fresh(self.ASKED).template["select_list"][0]
        assert select["option_list"][0] == {"id": NEUTRAL, "text": "请选择"}
        assert select["selected_id"] == NEUTRAL
        assert read_selected("mood", [NEUTRAL]) is None

    def test_what_was_chosen_before_is_selected(self) -> None:
        made = card(fields=(replace(MOOD, initial=("2",)), replace(self.PACE, initial=("gone",))), buttons=(SUBMIT,))
        selects = fresh(made).template["select_list"]
        assert [each["selected_id"] for each in selects] == ["2", NEUTRAL]

    def test_the_other_buttons_are_named_as_words_to_type(self) -> None:
        face = fresh(self.ASKED)
        assert face.template["main_title"] == {"title": "本周复盘", "desc": "也可以直接回复：晚点再说 / 这周跳过"}
        assert face.in_front == ""

    def test_a_short_introduction_stands_beside_them(self) -> None:
        face = fresh(replace(self.ASKED, blocks=(Paragraph("点三下就好。"),)))
        assert face.template["main_title"]["desc"] == "点三下就好。 · 也可以直接回复：晚点再说 / 这周跳过"
        assert face.in_front == ""

    def test_a_longer_one_is_said_in_front_in_full_and_the_ways_out_stay_on_the_card(self) -> None:
        words = "这周过得怎么样？" * 6
        face = fresh(replace(self.ASKED, blocks=(Paragraph(words), Quote("上周你说", "先把登录页做完"))))
        assert face.template["main_title"]["desc"] == "也可以直接回复：晚点再说 / 这周跳过"
        assert words in face.in_front
        assert "上周你说\n先把登录页做完" in face.in_front
        assert "也可以直接回复：晚点再说 / 这周跳过" in face.in_front

    def test_questions_that_stand_on_the_card_are_not_asked_in_front_of_it_too(self) -> None:
        face = fresh(replace(self.ASKED, blocks=(Paragraph("这周过得怎么样？" * 6),)))
        assert [each["title"] for each in face.template["select_list"]] == [each.label for each in self.ASKED.fields]
        assert not any(each.label in face.in_front for each in self.ASKED.fields)

    def test_options_whose_names_are_cut_are_listed_in_front(self) -> None:
        long = ChoiceField("plan", "打算", (Option("a", "先把手上的三件事做完再开始新的"), Option("b", "马上开始" * 5)))
        face = fresh(card(fields=(long, MOOD), buttons=(SUBMIT,)))
        shown = face.template["select_list"][0]["option_list"]
        assert shown[2]["text"] == "马上开始马上开始马上开始马上开…"
        assert f"打算：先把手上的三件事做完再开始新的 / {'马上开始' * 5}" in face.in_front

    @pytest.mark.parametrize(
        "fields",
        [
            (WORDS,),
            (MOOD, WORDS),
            (choice("a", 10), MOOD),
            (choice("a", 2), choice("b", 2), choice("c", 2), choice("d", 2)),
            (MOOD, TAGS),
            (choice("a", 21),),
            (choice("a", 0), MOOD),
            (ChoiceField("a", "a", (Option("1", "同" * 20 + "甲"), Option("2", "同" * 20 + "乙"))), MOOD),
            (ChoiceField("a", "a", (Option("x" * 129, "甲"),)), MOOD),
            (ChoiceField("a", "a", (Option(NEUTRAL, "甲"),)), MOOD),
            (ChoiceField("a", "a", (Option("1", "甲"), Option("1", "乙"))), MOOD),
            (ChoiceField("a", "a", (Option("1", ""), Option("2", "乙"))), MOOD),
            (ChoiceField("a[]", "a", (Option("1", "甲"),)), MOOD),
            (ChoiceField("a" * 1024, "a", (Option("1", "甲"),)), MOOD),
        ],
        ids=lambda fields: "+".join(f"{field.name[:8]}" for field in fields),
    )
    def test_what_no_card_can_hold_is_asked_in_words(self, fields: tuple[TextField | ChoiceField, ...]) -> None:
        template = fresh(card(fields=fields, buttons=(SUBMIT, LATER, SKIP))).template
        assert template["card_type"] == "button_interaction"
        assert [button["text"] for button in template["button_list"]] == ["文字填写", "晚点再说", "这周跳过"]
        assert read_key(template["button_list"][0]["key"]) == (KEY, IN_WORDS)

    @pytest.mark.parametrize(("style", "drawn"), [(Style.MAIN, 1), (Style.PLAIN, 2)])
    def test_words_invite_as_strongly_as_what_they_stand_for(self, style: Style, drawn: int) -> None:
        """To add a line to what is done is no call to action."""
        template = fresh(card(fields=(WORDS,), buttons=(replace(SUBMIT, style=style),))).template
        assert template["button_list"][0]["style"] == drawn

    def test_the_questions_that_will_be_asked_are_shown_as_far_as_there_is_room(self) -> None:
        made = card(Paragraph("一分钟。"), fields=(WORDS, TextField("next", "下周？" * 60)), buttons=(SUBMIT,))
        face = fresh(made)
        assert face.template["sub_title_text"] == "本周最重要的成果？"
        assert face.in_front == ""


class TestVotes:
    def test_one_choice_is_a_row_of_circles_under_its_question(self) -> None:
        template = fresh(card(fields=(MOOD,), buttons=(SUBMIT,))).template
        assert template["card_type"] == "vote_interaction"
        assert template["main_title"] == {"title": "本周复盘", "desc": "状态"}
        assert (template["checkbox"]["question_key"], template["checkbox"]["mode"]) == ("mood", 0)
        assert template["checkbox"]["option_list"][0] == {"id": "3", "text": "顺利", "is_checked": False}

    def test_several_answers_are_boxes_and_come_back_as_several_even_if_one_is_ticked(self) -> None:
        box = fresh(card(fields=(replace(TAGS, initial=("b", "a")),), buttons=(SUBMIT,))).template["checkbox"]
        assert box["mode"] == 1
        assert [option["is_checked"] for option in box["option_list"]] == [True, True]
        assert read_selected(box["question_key"], ["a"]) == ("tags", ("a",))
        assert read_selected("mood", ["3"]) == ("mood", "3")
        assert read_selected(box["question_key"], []) is None

    def test_of_one_answer_only_one_is_ticked(self) -> None:
        box = fresh(card(fields=(replace(MOOD, initial=("2", "1")),), buttons=(SUBMIT,))).template["checkbox"]
        assert [option["is_checked"] for option in box["option_list"]] == [False, True, False]

    def test_twenty_options_fit(self) -> None:
        assert fresh(card(fields=(choice("a", 20),), buttons=(SUBMIT,))).template["card_type"] == "vote_interaction"

    def test_a_long_question_is_said_in_front_and_its_beginning_on_the_card(self) -> None:
        question = "下周最想先动手的一件事是哪一件，按重要程度选一个，选不出来就选最后一个，改主意了随时可以再改？"
        face = fresh(card(fields=(replace(MOOD, label=question),), buttons=(SUBMIT,)))
        assert face.template["main_title"]["desc"].startswith("下周最想先动手")
        assert question in face.in_front


class TestButtons:
    def test_an_approval_shows_facts_words_and_buttons(self) -> None:
        made = card(
            Paragraph("可能在出差，麻烦看一眼。"),
            Facts((("团队", "研发/平台"), ("谁在等谁", "王磊 → 李华"))),
            buttons=(Button("follow", "我来跟进", Style.MAIN), Button("normal", "属正常情况"), SKIP),
            tag="请看一眼",
            tone=Tone.REMIND,
        )
        assert fresh(made) == Face(
            {
                "card_type": "button_interaction",
                "source": {"desc": "请看一眼", "desc_color": 2},
                "main_title": {"title": "本周复盘", "desc": "可能在出差，麻烦看一眼。"},
                "horizontal_content_list": [
                    {"keyname": "团队", "value": "研发/平台"},
                    {"keyname": "谁在等谁", "value": "王磊 → 李华"},
                ],
                "button_list": [
                    {"type": 0, "text": "我来跟进", "style": 1, "key": button_key(KEY, "follow")},
                    {"type": 0, "text": "属正常情况", "style": 2, "key": button_key(KEY, "normal")},
                    {"type": 0, "text": "这周跳过", "style": 4, "key": button_key(KEY, "skip")},
                ],
                "task_id": TASK,
            }
        )

    def test_words_stand_in_the_line_the_quotation_and_the_paragraph(self) -> None:
        made = card(
            Mention("张三", "在吗？"),
            Paragraph("两句话。"),
            Divider(),
            Quote("成果", "上线了"),
            Quote("障碍", "没有"),
            buttons=(LATER,),
        )
        template = fresh(made).template
        assert template["main_title"]["desc"] == "@张三 在吗？"
        assert template["quote_area"] == {"type": 0, "quote_text": "上线了", "title": "成果"}
        assert template["sub_title_text"] == "两句话。\n障碍\n没有"

    def test_a_chart_is_told_in_words(self) -> None:
        both = Chart("小时", ("W45", "W46"), (Series("我", (3, 4.5)), Series("团队", (2, 5))))
        one = Chart("条", ("一月",), (Series("我", (3,)),))
        assert fresh(card(both, one, buttons=(LATER,))).template["sub_title_text"] == (
            "W45：我 3 / 团队 2\nW46：我 4.5 / 团队 5\n条\n一月：3"
        )

    def test_a_fact_too_long_for_its_place_is_a_sentence(self) -> None:
        rows = (("提交的时间是", "周五"), ("提交", "很" * 31), ("连续", "3 期"), ("空", ""))
        template = fresh(card(Facts(rows), buttons=(LATER,))).template
        assert template["horizontal_content_list"] == [{"keyname": "连续", "value": "3 期"}]
        assert template["main_title"]["desc"] == "提交的时间是：周五"
        assert template["sub_title_text"] == f"提交：{'很' * 31}\n空："

    def test_more_than_six_facts_and_buttons_are_told_in_words(self) -> None:
        rows = tuple((f"第{number}", str(number)) for number in range(8))
        buttons = tuple(Button(f"a{number}", f"做{number}") for number in range(8))
        face = fresh(card(Facts(rows), buttons=buttons))
        assert len(face.template["horizontal_content_list"]) == len(face.template["button_list"]) == 6
        assert face.template["main_title"]["desc"] == "也可以直接回复：做6 / 做7"
        assert face.template["sub_title_text"] == "第6：6\n第7：7"

    def test_what_does_not_fit_is_said_in_front_in_full_and_the_card_says_so(self) -> None:
        quotes = tuple(Quote(f"问题 {number}", f"第 {number} 个回答，" + "很长" * 90) for number in range(3))
        face = fresh(card(Paragraph("周五交的。"), *quotes, fields=(WORDS,), buttons=(SUBMIT, LATER)))
        for quote in quotes:
            assert f"{quote.heading}\n{quote.text}" in face.in_front
        assert face.template["quote_area"]["quote_text"].endswith("…（全文见上一条）")
        assert face.template["sub_title_text"].endswith("…（全文见上一条）")

    def test_a_long_button_is_cut(self) -> None:
        template = fresh(card(buttons=(Button("a", "Remind me this evening"),))).template
        assert template["button_list"][0]["text"] == "Remind me…"

    def test_control_characters_do_not_reach_the_client(self) -> None:
        made = replace(card(Quote("a\x00", "b\x1b[0m"), buttons=(LATER,)), title="\x07铃")
        template = fresh(made).template
        assert template["main_title"]["title"] == "铃"
        assert template["quote_area"] == {"type": 0, "quote_text": "b[0m", "title": "a"}

    def test_a_card_without_a_title_has_its_summary_for_one(self) -> None:
        made = replace(card(buttons=(LATER,)), title=" ")
        assert fresh(made).template["main_title"]["title"] == "一分钟"
        assert fresh(replace(made, summary="")).template["main_title"]["title"] == "…"


class TestNewFaces:
    def test_a_card_without_buttons_keeps_a_grey_one_that_says_the_state(self) -> None:
        template = changed(card(Paragraph("收到。"), tag="已提交", tone=Tone.DONE))
        assert template["card_type"] == "button_interaction"
        assert template["replace_text"] == "已提交"
        assert [(each["text"], read_key(each["key"])) for each in template["button_list"]] == [
            ("已提交", (KEY, CLOSED)),
        ]

    def test_without_a_state_it_says_that_it_was_changed(self) -> None:
        assert changed(card())["replace_text"] == "已更新"

    def test_fields_without_buttons_are_locked_with_their_answers(self) -> None:
        template = changed(card(fields=(replace(MOOD, initial=("3",)), choice("a", 2)), tag="已提交"))
        assert [each["disable"] for each in template["select_list"]] == [True, True]
        assert template["select_list"][0]["selected_id"] == "3"
        assert template["replace_text"] == template["submit_button"]["text"] == "已提交"
        assert changed(card(fields=(TAGS,)))["checkbox"]["disable"] is True

    def test_words_without_buttons_are_only_shown(self) -> None:
        template = changed(card(Paragraph("收到。"), fields=(WORDS,)))
        assert (template["card_type"], template["replace_text"]) == ("button_interaction", "已更新")
        assert "sub_title_text" not in template

    def test_with_buttons_it_looks_as_if_it_were_fresh(self) -> None:
        made = card(Paragraph("改好再点一次提交"), fields=(MOOD, choice("a", 2)), buttons=(SUBMIT, LATER))
        assert changed(made) == fresh(made).template

    def test_what_does_not_fit_is_cut_and_points_nowhere(self) -> None:
        template = changed(card(Quote("成果", "长" * 200), buttons=(LATER,)))
        assert template["quote_area"]["quote_text"] == "长" * 159 + "…"


class TestRefusals:
    @pytest.mark.parametrize(
        ("fields", "buttons"),
        [
            ((MOOD, MOOD), (SUBMIT,)),
            ((), (LATER, LATER)),
            ((replace(MOOD, name=""),), (SUBMIT,)),
            ((MOOD,), (LATER,)),
            ((MOOD,), ()),
        ],
        ids=["two fields", "two buttons", "no name", "nothing submits", "no button"],
    )
    def test_a_card_that_contradicts_itself_is_not_sent(
        self, fields: tuple[ChoiceField, ...], buttons: tuple[Button, ...]
    ) -> None:
        with pytest.raises(ContentRefused):
            render(card(fields=fields, buttons=buttons), TASK, CHINESE, fresh=True)

    def test_two_submitting_buttons_leave_the_main_one_on_the_card(self) -> None:
        draft = Button("draft", "先存着", submits=True)
        template = fresh(card(fields=(MOOD,), buttons=(draft, SUBMIT))).template
        assert template["submit_button"]["text"] == "提交复盘"
        assert template["main_title"]["desc"] == "状态 · 也可以直接回复：先存着"


@pytest.mark.parametrize(
    ("locale", "labels"), [("zh-CN", CHINESE), ("en", ENGLISH), ("en-GB", ENGLISH), ("ja", CHINESE)]
)
def test_the_platforms_own_words_come_in_two_languages(locale: str, labels: Labels) -> None:
    assert labels_of(locale) is labels


@pytest.mark.parametrize("labels", [CHINESE, ENGLISH])
def test_our_own_labels_fit_their_places(labels: Labels) -> None:
    (button,) = render(card(fields=(WORDS,), buttons=(SUBMIT,)), TASK, labels, fresh=True).template["button_list"]
    assert button["text"] == labels.in_words
    assert len(labels.choose) <= 16
    assert len(labels.done) <= 10


def with_submit(made: Card) -> Card:
    return replace(made, buttons=tuple(replace(each, submits=each.action == "submit") for each in made.buttons))


any_card = strategies.cards().map(with_submit)
submittable = any_card.filter(lambda made: not made.fields or any(button.submits for button in made.buttons))
wide_choices = st.lists(
    st.builds(
        ChoiceField,
        st.text("abc[]é", min_size=1, max_size=8),
        st.text(max_size=60),
        st.lists(
            st.builds(Option, st.text("xyz\x00", max_size=140), st.text("甲乙丙 \n", max_size=20)), max_size=22
        ).map(tuple),
        st.booleans(),
        st.booleans(),
        st.lists(st.text("xyz", max_size=3), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda field: field.name,
).map(tuple)


@given(submittable.filter(pressable), st.sampled_from([CHINESE, ENGLISH]))
def test_any_card_keeps_within_the_limits(made: Card, labels: Labels) -> None:
    assert broken_rules(render(made, TASK, labels, fresh=True).template) == []


@given(any_card.filter(lambda made: not made.fields or not made.buttons or any(b.submits for b in made.buttons)))
def test_any_new_face_keeps_within_the_limits(made: Card) -> None:
    changed(made)


@given(wide_choices, st.text(max_size=50), st.booleans())
def test_any_fields_keep_within_the_limits_or_are_asked_in_words(
    fields: tuple[ChoiceField, ...], words: str, locked: bool
) -> None:
    made = card(Paragraph(words), fields=fields, buttons=() if locked else (SUBMIT, LATER))
    if locked:
        changed(made)
    else:
        fresh(made)


@given(submittable.filter(pressable))
def test_nothing_that_is_said_gets_lost(made: Card) -> None:
    """Whatever is not on the card stands in front of it."""
    face = render(made, TASK, CHINESE, fresh=True)
    everything = squeezed(face.in_front + " ".join(strings(face.template)))
    for block in made.blocks:
        match block:
            case Quote():
                said = [block.heading, block.text]
            case Paragraph() | Mention():
                said = [block.text]
            case Facts():
                said = [part for row in block.rows for part in row]
            case _:
                said = []
        assert all(squeezed(clean(text)) in everything for text in said)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def squeezed(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())
