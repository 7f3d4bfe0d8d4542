"""Questionnaires: questions that can be asked, answered and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.practice_schema import QuestionnairePart
from config.questionnaires import questionnaire_findings, questionnaire_of
from domain.questionnaire import Advice, AnswerOption, Question, QuestionKind, Questionnaire
from tests.unit.config_texts import loaded, problems

YES_NO = "kind: choice, options: [yes, no]"

names = st.sampled_from(["a", "b", "c", "d"])
questions = st.fixed_dictionaries(
    {"name": names, "text": st.just("?"), "kind": st.sampled_from(["text", "choice", "choices", "scale"])},
    optional={
        "options": st.lists(st.sampled_from(["1", "2", "3", "x"]), max_size=3),
        "only_if": st.fixed_dictionaries(
            {"question": names, "is": st.lists(st.sampled_from(["1", "2", "x"]), min_size=1)}
        ),
        "advice": st.just({"below": "slow down"}),
    },
)


def questionnaire(questions_flow: str) -> Questionnaire:
    found = loaded(
        f"questionnaires: {{own: {{title: 问问, questions: {questions_flow}}}}}\n"
        "cadences: {weekly: {when: FRI 16:00, questionnaire: own}}\n"
    ).policy.cadences[0]
    assert found.questionnaire is not None
    return found.questionnaire


def told(questions_flow: str) -> list[str]:
    found = problems(f"questionnaires: {{own: {{title: 问问, questions: {questions_flow}}}}}")
    return [each.removeprefix("org.yaml:3: questionnaires.own.questions") for each in found]


class TestMeaning:
    def test_a_question_becomes_the_domains_value(self) -> None:
        flow = """[{name: mood, text: 怎么样？, kind: choice, shared: true, required: false, placeholder: 选一个,
            options: [{value: A, label: 好, score: 2}, {value: B, label: 一般, score: 1.5}],
            advice: {below: 歇一歇, above: 帮帮别人}}]"""
        (question,) = questionnaire(flow).questions
        assert question == Question(
            "mood",
            "怎么样？",
            QuestionKind.CHOICE,
            (AnswerOption("A", "好", 2), AnswerOption("B", "一般", 1.5)),
            required=False,
            shared=True,
            placeholder="选一个",
            advice=Advice(below="歇一歇", above="帮帮别人"),
        )

    def test_left_out_a_question_is_a_required_private_text(self) -> None:
        (question,) = questionnaire("[{name: a, text: 说说}]").questions
        assert question == Question("a", "说说", QuestionKind.TEXT, required=True, shared=False, max_length=1000)

    def test_words_as_options_are_value_and_label(self) -> None:
        (question,) = questionnaire("[{name: a, text: 选, kind: choices, options: [审批, 报销]}]").questions
        assert question.options == (AnswerOption("审批", "审批"), AnswerOption("报销", "报销"))

    def test_the_numbers_of_a_scale_are_its_scores(self) -> None:
        options = "[1, {value: 2, label: 两分}, {value: 3, label: 三分, score: 9}]"
        (question,) = questionnaire(f"[{{name: a, text: 打分, kind: scale, options: {options}}}]").questions
        assert [option.score for option in question.options] == [1, 2, 9]

    def test_a_condition_names_question_and_values(self) -> None:
        flow = f"[{{name: a, text: 选, {YES_NO}}}, {{name: b, text: 说, only_if: {{question: a, is: no}}}}]"
        assert questionnaire(flow).questions[1].only_if == ("a", ("no",))


class TestMistakes:
    @pytest.mark.parametrize(
        ("flow", "expected"),
        [
            ("[]", ": must not be empty; leave the key out instead"),
            ("[{name: a, text: x}, {name: a, text: y}]", "[1].name: 'a' is the name of a question above"),
            (
                "[{name: 问, text: x}]",
                "[0].name: '问' is no name for this; allowed: 1 to 30 ASCII letters, digits or _",
            ),
            ("[{name: a, text: x, kind: choice}]", "[0]: a choice needs at least two options"),
            ("[{name: a, text: x, kind: scale, options: [1]}]", "[0].options: a scale needs at least two options"),
            ("[{name: a, text: x, options: [p, q]}]", "[0].options: a text has no options; allowed: kind: choice,"),
            ("[{name: a, text: x, max_length: 0}]", "[0].max_length: must be greater than or equal to 1"),
            ("[{name: a, text: x, max_length: 1001}]", "[0].max_length: must be less than or equal to 1000"),
            (f"[{{name: a, text: x, max_length: 9, {YES_NO}}}]", "[0].max_length: is for texts only"),
            ("[{name: a, text: x, kind: choice, options: [p, p]}]", "[0].options: 'p' is there twice"),
            (
                "[{name: a, text: x, kind: choice, options: [{value: 1, label: p}, {value: 2, label: p}]}]",
                "[0].options: 'p' is there twice",
            ),
            (
                "[{name: a, text: x, kind: choice, options: [{label: p, score: 1}, q]}]",
                "[0].options: some options have a score and some have none",
            ),
            (
                "[{name: a, text: x, kind: scale, options: [1, viele]}]",
                "[0].options[1]: a scale's options have numbers",
            ),
            ("[{name: a, text: x, advice: {below: y}}]", "[0].advice: can be given on scores only"),
            (
                "[{name: a, text: x, kind: choice, options: [{label: p, score: .inf}, q]}]",
                "[0].options[0].score: must be",
            ),
            ("[{name: a, text: ''}]", "[0].text: must have at least 1 character"),
            ("[{text: x}]", "[0].name: is missing"),
            ("[{name: a, text: x, kind: essay}]", "[0].kind: is none of the words known here; allowed: 'choice', "),
        ],
    )
    def test_a_mistake_is_told_where_it_stands(self, flow: str, expected: str) -> None:
        (only,) = told(flow)
        assert only.startswith(expected)

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("{question: later, is: no}", ".question: 'later' is no question with options above; allowed: a"),
            ("{question: words, is: no}", ".question: 'words' is no question with options above; allowed: a"),
            ("{question: aa, is: no}", ".question: 'aa' is no question with options above; did you mean 'a'?"),
            ("{question: a, is: [yes, maybe]}", ".is[1]: 'maybe' is no value of 'a'; allowed: yes, no"),
            ("{question: a, is: []}", ".is: must not be empty; leave the key out instead"),
        ],
    )
    def test_a_condition_hangs_on_a_value_of_an_earlier_question(self, condition: str, expected: str) -> None:
        flow = f"""[{{name: a, text: x, {YES_NO}}}, {{name: words, text: y}},
            {{name: b, text: z, only_if: {condition}}}, {{name: later, text: x, {YES_NO}}}]"""
        (only,) = problems(f"questionnaires: {{own: {{title: 问问, questions: {flow}}}}}")
        assert only.startswith(f"org.yaml:4: questionnaires.own.questions[2].only_if{expected}")

    def test_a_first_question_cannot_hang_on_anything(self) -> None:
        (only,) = told("[{name: a, text: x, only_if: {question: a, is: b}}]")
        assert only.endswith("allowed: none here")

    def test_several_mistakes_of_one_questionnaire_are_told_together(self) -> None:
        assert len(told("[{name: a, text: x, kind: choice}, {name: a, text: x, options: [p, q]}]")) == 3


@given(st.lists(questions, min_size=1, max_size=4))
def test_a_questionnaire_without_findings_can_be_asked_to_its_end(written: list[dict[str, object]]) -> None:
    part = QuestionnairePart.model_validate({"title": "t", "questions": written})
    if list(questionnaire_findings(part)):
        return
    asked = questionnaire_of("own", part)
    assert len({question.name for question in asked.questions}) == len(asked.questions)
    answers = {q.name: q.options[0].value if q.options else "words" for q in asked.questions}
    assert asked.pending(answers) == ()
    for question in asked.questions:
        assert (question.kind is QuestionKind.TEXT) != (len(question.options) >= 2)
        if question.only_if is not None:
            name, values = question.only_if
            assert all(question in asked.asked({name: value}) for value in values)
