"""Answers typed in chat: numbers, letters, labels, numbered lines, and the ways in which people really write them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refused
from domain.questionnaire import AnswerOption, Question, QuestionKind, Questionnaire, read_typed, typed_value
from tests.builders import choice_question, micro, questionnaire, review_answers, text_question
from tests.strategies import answers_to, choice_questions, questionnaires, texts, words

SEVERAL = choice_question("tools", "用了哪些工具?", ("看板", "站会", "复盘"), kind=QuestionKind.CHOICES)
ZERO_TO_TWO = Question(
    "nps", "愿意推荐吗?", QuestionKind.SCALE, tuple(AnswerOption(f"s{n}", str(n), float(n)) for n in range(3))
)
SECOND_FIRST_THIRD = {"pace": "v2", "support": "v1", "goal": "v3"}


class TestOneAnswer:
    @pytest.mark.parametrize(
        "text", ["2", "B", "b", "正好", " 正好 ", "２", "Ｂ", "②", "2.", "2、", "(2)", "（2）", "B)", "b。", "v2"]
    )
    def test_an_option_is_named_by_number_letter_or_label(self, text: str) -> None:
        assert typed_value(choice_question(), text) == "v2"

    @pytest.mark.parametrize("text", ["", " ", "4", "0", "D", "还行", "12", "正", "正好 偏快", "。"])
    def test_what_names_no_option_is_none(self, text: str) -> None:
        assert typed_value(choice_question(), text) is None

    @pytest.mark.parametrize(("text", "value"), [("0", "s0"), ("1", "s1"), ("2", "s2"), ("3", "s2"), ("a", "s0")])
    def test_on_a_scale_the_number_that_is_shown_wins_over_the_place_in_the_list(self, text: str, value: str) -> None:
        assert typed_value(ZERO_TO_TWO, text) == value

    @pytest.mark.parametrize("label", ["正常(按计划)", "需要帮助/支援", "On track", "ＯＫ了", "好。"])
    def test_a_label_is_recognised_as_it_stands_on_the_card(self, label: str) -> None:
        assert typed_value(choice_question(labels=("偏慢", label)), label) == "v2"
        assert typed_value(choice_question(labels=("偏慢", label)), label.lower()) == "v2"

    def test_the_tenth_option_is_reached_by_number_and_letter(self) -> None:
        many = choice_question(labels=[f"选项{n}号" for n in range(1, 13)])
        assert (typed_value(many, "10"), typed_value(many, "J"), typed_value(many, "12")) == ("v10", "v10", "v12")

    @pytest.mark.parametrize("text", ["2", "B", "B 刚好", "刚好", "b刚好"[1:], " 刚好。"])
    def test_an_option_that_bears_its_letter_is_also_named_without_it(self, text: str) -> None:
        lettered = choice_question(labels=("A 从容", "B 刚好", "C 有点赶"))
        assert lettered.unlettered == ("从容", "刚好", "有点赶")
        assert typed_value(lettered, text) == "v2"

    @pytest.mark.parametrize(
        "labels",
        [("A 从容", "B刚好"), ("A 从容", "A 刚好"), ("从容", "B 刚好"), [f"{n} 号" for n in range(30)], ("A", "B")],
    )
    def test_a_letter_that_is_not_the_options_own_belongs_to_its_words(self, labels: tuple[str, ...]) -> None:
        assert choice_question(labels=labels).unlettered == tuple(labels)

    def test_options_beyond_the_alphabet_have_numbers_only(self) -> None:
        many = choice_question(labels=[f"选项{n}号" for n in range(1, 29)])
        assert (typed_value(many, "27"), typed_value(many, "{")) == ("v27", None)

    @pytest.mark.parametrize("text", ["1 3", "13", "1、3", "a,c", "AC", "看板 复盘", "复盘，看板", "3/1", "1 1 3"])
    def test_several_options_are_named_in_any_order_and_manner(self, text: str) -> None:
        assert typed_value(SEVERAL, text) == ("v1", "v3")

    @pytest.mark.parametrize("text", ["", "1 4", "看板和复盘", "看板 周会", ",,"])
    def test_several_options_are_none_if_one_of_them_is_unknown(self, text: str) -> None:
        assert typed_value(SEVERAL, text) is None

    def test_several_options_may_bear_blanks_and_strokes_in_their_labels(self) -> None:
        asked = choice_question(labels=("On track", "需要帮助/支援", "偏慢"), kind=QuestionKind.CHOICES)
        assert typed_value(asked, "On track，需要帮助/支援") == ("v1", "v2")
        assert typed_value(asked, "需要帮助/支援") == ("v2",)

    def test_free_text_is_kept_in_the_persons_own_signs(self) -> None:
        assert typed_value(text_question(), "  １、新模具①次试产成功。 ") == "１、新模具①次试产成功。"
        assert typed_value(text_question(), " \n") is None

    def test_too_long_a_text_is_refused_with_the_question_and_the_limit(self) -> None:
        with pytest.raises(Refused) as refused:
            typed_value(text_question(text="补充一句?", max_length=20), "字" * 21)
        assert (refused.value.key, refused.value.args_for_sentence) == (
            "answer.too_long",
            {"question": "补充一句?", "most": 20},
        )

    @given(choice_questions("q"), st.data())
    def test_every_option_is_reached_by_its_number_letter_and_label(self, asked: Question, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, len(asked.options)))
        option = asked.options[number - 1]
        name = data.draw(st.sampled_from([str(number), "abcdefg"[number - 1], "ABCDEFG"[number - 1], option.label]))
        read = typed_value(asked, name)
        assert read == ((option.value,) if asked.kind is QuestionKind.CHOICES else option.value)

    @given(choice_questions("q"), texts())
    def test_any_text_gives_options_of_the_question_or_none(self, asked: Question, text: str) -> None:
        read = typed_value(asked, text)
        chosen = read if isinstance(read, tuple) else (read,)
        assert read is None or set(chosen) <= {option.value for option in asked.options}


class TestWholeQuestionnaire:
    @pytest.mark.parametrize(
        "text",
        [
            "2 1 3",
            "2,1,3",
            "2，1，3",
            "2、1、3",
            "２　１　３",
            "213",
            "BAC",
            "bac",
            "ＢＡＣ",
            "b a c",
            "B/A/C",
            "2。 1。 3。",
            "正好 不够 清楚",
            "正好\n不够\n清楚",
            "1、正好\n2、不够\n3、清楚",
            "1. B\n2. A\n3. C",
            "1) 2\n2) 1\n3) 3",
            "（1）B\n（2）A\n（3）C",
            "①B\n②A\n③C",
            "1：正好\n2：不够\n3：清楚",
            "1.B 2.A 3.C",
            "1、正好 2、不够 3、清楚",
            "3、清楚\n1、正好\n2、不够",
        ],
    )
    def test_three_choices_are_read_however_they_are_written(self, text: str) -> None:
        assert read_typed(micro(), text) == SECOND_FIRST_THIRD

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2 1",
            "2 1 3 1",
            "21",
            "2134",
            "BAD",
            "正好",
            "1、正好\n2、不够",
            "1、正好\n1、不够\n2、清楚",
            "好的",
            "2 1 9",
        ],
    )
    def test_an_incomplete_or_overfull_set_is_none(self, text: str) -> None:
        assert read_typed(micro(), text) is None

    @pytest.mark.parametrize(
        "text",
        [
            "1、新模具一次试产成功\n2、来料检验排队\n3、与质检约定加急通道",
            "１．新模具一次试产成功\n２．来料检验排队\n３．与质检约定加急通道",
            "① 新模具一次试产成功\n② 来料检验排队\n③ 与质检约定加急通道",
            "(1)新模具一次试产成功\n(2)来料检验排队\n(3)与质检约定加急通道",
            "\n  1: 新模具一次试产成功\n\n  2: 来料检验排队\n  3: 与质检约定加急通道  \n",
            "2、来料检验排队\n1、新模具一次试产成功\n3、与质检约定加急通道",
            "1、新模具一次试产成功 2、来料检验排队 3、与质检约定加急通道",
        ],
    )
    def test_three_texts_are_read_from_numbers(self, text: str) -> None:
        assert read_typed(questionnaire(), text) == review_answers()

    def test_a_line_without_a_number_goes_on_with_the_answer_before_it(self) -> None:
        read = read_typed(questionnaire(), "1、试产成功\n良率 98%\n2、排队\n3、加急")
        assert read is not None
        assert read["result"] == "试产成功\n良率 98%"

    @pytest.mark.parametrize("line", ["2.5 万元回款", "10:30 和客户对齐", "12.1 上线", "2026、2027 两年"])
    def test_a_line_that_begins_with_a_figure_is_no_new_answer(self, line: str) -> None:
        read = read_typed(questionnaire(), f"1、试产成功\n{line}\n2、排队\n3、加急")
        assert read is not None
        assert read["result"] == f"试产成功\n{line}"

    @pytest.mark.parametrize(
        "text",
        [
            "试产成功 排队 加急",
            "试产成功\n排队\n加急",
            "小结:\n1、试产成功\n2、排队\n3、加急",
            "1、试产成功\n1) 模具\n2) 夹具\n2、排队\n3、加急",
            "1、试产成功\n2、排队\n4、加急",
            "1、试产成功\n2、\n3、加急",
        ],
    )
    def test_texts_that_cannot_be_told_apart_for_sure_are_none(self, text: str) -> None:
        assert read_typed(questionnaire(), text) is None

    def test_an_optional_question_may_be_left_empty_behind_its_number(self) -> None:
        obstacle = replace(text_question("obstacle", "障碍?"), required=False)
        asked = questionnaire(text_question(), obstacle, text_question("action", "行动?"))
        assert read_typed(asked, "1、试产成功\n2、\n3、加急") == {"result": "试产成功", "action": "加急"}

    def test_texts_and_choices_mix_behind_numbers(self) -> None:
        asked = questionnaire(text_question(), choice_question(), SEVERAL)
        assert read_typed(asked, "1、试产成功\n2、B\n3、1、3") == {
            "result": "试产成功",
            "pace": "v2",
            "tools": ("v1", "v3"),
        }

    def test_two_numbers_for_one_question_with_several_choices_are_two_choices(self) -> None:
        assert read_typed(questionnaire(SEVERAL), "1、3") == {"tools": ("v1", "v3")}

    def test_one_word_is_not_taken_for_the_only_text(self) -> None:
        """Whoever waits for one text decides whether the next message is it; "帮助" is not."""
        assert read_typed(questionnaire(text_question("reply", "回一句")), "帮助") is None

    def test_a_complete_set_with_too_long_a_text_is_refused_and_names_the_question(self) -> None:
        asked = questionnaire(text_question(), text_question("action", "下周的关键行动?", max_length=20))
        with pytest.raises(Refused) as refused:
            read_typed(asked, f"1、试产成功\n2、{'字' * 21}")
        assert refused.value.args_for_sentence["question"] == "下周的关键行动?"


class TestConditions:
    ASKED = questionnaire(
        choice_question("blocked", "有卡点吗?", ("没有", "有")),
        choice_question("which", "哪一类?", ("人手", "物料"), only_if=("blocked", ("v2",))),
        choice_question(),
    )

    def test_a_question_that_does_not_come_up_wants_no_answer(self) -> None:
        assert read_typed(self.ASKED, "1 3") == {"blocked": "v1", "pace": "v3"}

    def test_a_question_that_comes_up_wants_its_answer_in_its_place(self) -> None:
        assert read_typed(self.ASKED, "2 1 3") == {"blocked": "v2", "which": "v1", "pace": "v3"}
        assert read_typed(self.ASKED, "2 3") is None


@given(questionnaires(), st.data())
def test_a_complete_set_typed_with_numbers_is_read_as_it_was_meant(asked: Questionnaire, data: st.DataObject) -> None:
    answers = _plain_answers(data.draw(answers_to(asked)), asked, data)
    shown = [question for question in asked.asked(answers)]
    sign = data.draw(st.sampled_from(["、", ". ", ") ", "）", ":", "："]))
    lines = [f"{n}{sign}{_typed(question, answers)}" for n, question in enumerate(shown, start=1)]
    if len(lines) > 1:
        assert read_typed(asked, "\n".join(lines)) == answers


def _plain_answers(
    answers: dict[str, str | tuple[str, ...]], asked: Questionnaire, data: st.DataObject
) -> dict[str, str | tuple[str, ...]]:
    """Return the answers with texts that hold no number which could be taken for the next one."""
    plain = words(20).map(lambda text: "".join(sign for sign in text if not sign.isnumeric()).strip()).filter(bool)
    texts_of = {question.name for question in asked.questions if question.kind is QuestionKind.TEXT}
    return {name: data.draw(plain) if name in texts_of else value for name, value in answers.items()}


def _typed(question: Question, answers: dict[str, str | tuple[str, ...]]) -> str:
    value = answers.get(question.name, "")
    if question.kind is QuestionKind.TEXT:
        return value if isinstance(value, str) else ""
    chosen = (value,) if isinstance(value, str) else value
    return ",".join(question.label_of(one) for one in chosen)


@given(questionnaires(), texts())
def test_any_message_is_a_complete_set_or_none_or_refused(asked: Questionnaire, text: str) -> None:
    read = _read_or_refused(asked, text)
    if isinstance(read, Refused):
        assert read.key == "answer.too_long"
    else:
        assert read is None or (asked.pending(read) == () and asked.relevant(read) == read)


def _read_or_refused(asked: Questionnaire, text: str) -> dict[str, str | tuple[str, ...]] | Refused | None:
    try:
        return read_typed(asked, text)
    except Refused as refused:
        return refused
