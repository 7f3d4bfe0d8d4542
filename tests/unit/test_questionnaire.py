"""Questions: which are asked, what a form may bring back, and how a card shows them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cards import ChoiceField, Option, TextField
from domain.errors import Refused
from domain.events import FormValue
from domain.questionnaire import QuestionKind, Questionnaire, fields_of, read_form
from tests.builders import choice_question, questionnaire, review_answers, text_question
from tests.strategies import answers_to, questionnaires, texts

Given = dict[str, str | tuple[str, ...]]
BLOCKED = choice_question("blocked", "有卡点吗?", ("没有", "有"))
WHICH = choice_question("which", "哪一类?", ("人手", "物料"), only_if=("blocked", ("v2",)))
WHAT = replace(text_question("what", "缺什么物料?"), only_if=("which", ("v2",)))
CHAINED = questionnaire(BLOCKED, WHICH, WHAT, text_question("action", "下周的关键行动?"))


def _names(asked: Questionnaire, answers: Given) -> list[str]:
    return [question.name for question in asked.asked(answers)]


class TestConditions:
    def test_a_conditional_question_appears_with_the_answer_it_hangs_on(self) -> None:
        assert _names(CHAINED, {}) == ["blocked", "action"]
        assert _names(CHAINED, {"blocked": "v2"}) == ["blocked", "which", "action"]
        assert _names(CHAINED, {"blocked": "v2", "which": "v2"}) == ["blocked", "which", "what", "action"]

    def test_it_vanishes_with_all_that_hang_on_it_when_that_answer_changes(self) -> None:
        assert _names(CHAINED, {"blocked": "v1", "which": "v2", "what": "铜材"}) == ["blocked", "action"]

    def test_one_of_several_choices_is_enough_to_bring_it_up(self) -> None:
        several = replace(BLOCKED, kind=QuestionKind.CHOICES)
        assert _names(questionnaire(several, WHICH), {"blocked": ("v1", "v2")}) == ["blocked", "which"]

    def test_a_question_cannot_hang_on_one_that_comes_later(self) -> None:
        assert _names(questionnaire(WHICH, BLOCKED), {"blocked": "v2"}) == ["blocked"]

    def test_orphaned_and_unknown_answers_are_not_relevant(self) -> None:
        given_answers = {"blocked": "v1", "which": "v2", "what": "铜材", "action": "", "old": "x"}
        assert CHAINED.relevant(given_answers) == {"blocked": "v1"}

    @given(questionnaires(), st.data())
    def test_every_complete_set_is_relevant_as_a_whole_and_leaves_nothing_pending(
        self, asked: Questionnaire, data: st.DataObject
    ) -> None:
        answers = data.draw(answers_to(asked))
        assert asked.relevant(answers) == answers
        assert asked.pending(answers) == ()

    @given(questionnaires(), st.data())
    def test_without_a_required_answer_that_question_is_pending(
        self, asked: Questionnaire, data: st.DataObject
    ) -> None:
        answers = data.draw(answers_to(asked))
        for name in answers:
            fewer = {other: value for other, value in answers.items() if other != name}
            required = next(question for question in asked.questions if question.name == name).required
            assert (name in [question.name for question in asked.pending(fewer)]) == required

    @given(questionnaires(), st.data())
    def test_what_is_relevant_needs_no_second_look(self, asked: Questionnaire, data: st.DataObject) -> None:
        names = st.sampled_from([question.name for question in asked.questions])
        values: list[str | tuple[str, ...]] = ["", "v1", "v2", ("v1", "v2"), ()]
        mixed = data.draw(st.dictionaries(names, st.sampled_from(values)))
        kept = asked.relevant(mixed)
        assert asked.relevant(kept) == kept
        assert asked.asked(kept) == asked.asked(mixed)


class TestForm:
    def test_a_filled_form_becomes_answers_without_outer_blanks(self) -> None:
        form = {"result": "  新模具一次试产成功\n", "obstacle": "来料检验排队", "action": "与质检约定加急通道"}
        assert read_form(questionnaire(), form) == review_answers()

    def test_empty_missing_and_foreign_fields_are_dropped(self) -> None:
        assert read_form(questionnaire(), {"result": " \u3000 ", "action": "催料", "stranger": "x"}) == {
            "action": "催料"
        }

    def test_an_orphaned_answer_is_dropped_with_those_that_hang_on_it(self) -> None:
        form = {"blocked": "v1", "which": "v2", "what": "铜材", "action": "催料"}
        assert read_form(CHAINED, form) == {"blocked": "v1", "action": "催料"}

    @pytest.mark.parametrize("length", [19, 20])
    def test_text_up_to_the_limit_is_taken(self, length: int) -> None:
        assert read_form(questionnaire(text_question("note", max_length=20)), {"note": "字" * length})

    def test_too_long_a_text_is_refused_with_the_question_and_the_limit(self) -> None:
        with pytest.raises(Refused) as refused:
            read_form(questionnaire(text_question("note", "补充一句?", max_length=20)), {"note": "字" * 21})
        assert (refused.value.key, refused.value.args_for_sentence) == (
            "answer.too_long",
            {"question": "补充一句?", "most": 20},
        )

    def test_blanks_around_a_text_do_not_count_towards_its_length(self) -> None:
        asked = questionnaire(text_question("note", max_length=20))
        assert read_form(asked, {"note": f"  {'字' * 20}  "}) == {"note": "字" * 20}

    @pytest.mark.parametrize("kind", [QuestionKind.CHOICE, QuestionKind.SCALE, QuestionKind.CHOICES])
    @pytest.mark.parametrize("value", ["v9", ("v1", "v9"), "偏慢"])
    def test_an_unknown_option_is_refused_with_the_question(
        self, kind: QuestionKind, value: str | tuple[str, ...]
    ) -> None:
        with pytest.raises(Refused) as refused:
            read_form(questionnaire(choice_question(kind=kind)), {"pace": value})
        assert (refused.value.key, refused.value.args_for_sentence) == (
            "answer.no_such_option",
            {"question": "这周的节奏?"},
        )

    def test_a_single_choice_may_come_back_as_a_list_of_one(self) -> None:
        assert read_form(questionnaire(choice_question()), {"pace": ("v2",)}) == {"pace": "v2"}

    def test_several_choices_may_come_back_as_one_text(self) -> None:
        several = choice_question(kind=QuestionKind.CHOICES)
        assert read_form(questionnaire(several), {"pace": "v2"}) == {"pace": ("v2",)}

    def test_the_same_boxes_ticked_in_another_order_are_the_same_answer(self) -> None:
        several = questionnaire(choice_question(kind=QuestionKind.CHOICES))
        assert read_form(several, {"pace": ("v3", "v1", "v3")}) == read_form(several, {"pace": ("v1", "v3")})

    @pytest.mark.parametrize("value", [True, False])
    def test_a_tick_is_no_answer_to_a_question(self, value: bool) -> None:
        assert read_form(questionnaire(text_question(), choice_question()), {"result": value, "pace": value}) == {}

    @given(questionnaires(), st.data())
    def test_what_was_answered_comes_back_as_it_was(self, asked: Questionnaire, data: st.DataObject) -> None:
        answers = data.draw(answers_to(asked))
        assert read_form(asked, answers) == answers

    @given(questionnaires(), st.data())
    def test_any_form_gives_answers_to_asked_questions_or_a_refusal_that_names_one(
        self, asked: Questionnaire, data: st.DataObject
    ) -> None:
        names = st.sampled_from([question.name for question in asked.questions] + ["stranger"])
        values = st.booleans() | texts() | st.lists(st.sampled_from(["v1", "v2", "v9"])).map(tuple)
        form = data.draw(st.dictionaries(names, values))
        read = _read_or_refused(asked, form)
        if isinstance(read, Refused):
            assert read.args_for_sentence["question"] in [question.text for question in asked.questions]
        else:
            assert set(read) <= {question.name for question in asked.asked(read)}
            assert all(read.values())


def _read_or_refused(asked: Questionnaire, form: dict[str, FormValue]) -> Given | Refused:
    try:
        return read_form(asked, form)
    except Refused as refused:
        return refused


class TestLabels:
    def test_a_stored_value_shows_its_label_and_free_text_itself(self) -> None:
        assert choice_question().label_of("v2") == "正好"
        assert text_question().label_of("v2") == "v2"

    def test_a_stored_value_has_the_score_of_its_option(self) -> None:
        assert choice_question().score_of("v3") == 3.0
        assert choice_question().score_of("不适用") is None


class TestFields:
    def test_a_text_question_becomes_a_text_field_with_what_was_written(self) -> None:
        asked = replace(text_question(max_length=200), placeholder="一句话就够", required=False)
        assert fields_of((asked,), {"result": "试产成功"}) == (
            TextField("result", "本周最重要的成果?", False, True, 200, "试产成功", "一句话就够"),
        )

    def test_a_choice_becomes_a_choice_field_with_what_was_chosen(self) -> None:
        options = (Option("v1", "偏慢"), Option("v2", "正好"), Option("v3", "偏快"))
        assert fields_of((text_question(), choice_question()), {"pace": "v3"})[1] == ChoiceField(
            "pace", "2. 这周的节奏?", options, True, False, ("v3",), ""
        )

    @given(questionnaires())
    def test_several_questions_are_numbered_from_one_and_a_single_one_is_not(self, asked: Questionnaire) -> None:
        labels = [field.label for field in fields_of(asked.questions, {})]
        texts_asked = [question.text for question in asked.questions]
        numbered = [f"{number}. {text}" for number, text in enumerate(texts_asked, start=1)]
        assert labels == (texts_asked if len(texts_asked) == 1 else numbered)

    def test_no_questions_make_no_fields(self) -> None:
        assert fields_of((), {}) == ()

    def test_several_choices_show_all_that_were_chosen(self) -> None:
        [field] = fields_of((choice_question(kind=QuestionKind.CHOICES),), {"pace": ("v1", "v3")})
        assert isinstance(field, ChoiceField)
        assert (field.multiple, field.initial) == (True, ("v1", "v3"))

    def test_nothing_is_chosen_where_nothing_was_answered(self) -> None:
        [field] = fields_of((choice_question(),), {})
        assert isinstance(field, ChoiceField)
        assert field.initial == ()

    @given(questionnaires(), st.data())
    def test_a_card_sent_back_untouched_changes_nothing(self, asked: Questionnaire, data: st.DataObject) -> None:
        answers = data.draw(answers_to(asked))
        form = {field.name: field.initial for field in fields_of(asked.asked(answers), answers)}
        assert read_form(asked, form) == answers
