"""What a person learns when their answers are put beside the team's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.insight import NOTABLE, compare, scored
from domain.questionnaire import Advice, QuestionKind
from tests.builders import choice_question, micro, questionnaire, text_question

Given = dict[str, str | tuple[str, ...]]
FIVE = ("很差", "较差", "一般", "较好", "很好")
ADVICE = Advice("可以加一点速度", "节奏正合适", "先缓一缓")


def _answer(score: int) -> Given:
    return {"pace": f"v{score}"}


def _without_pace() -> Given:
    return {"goal": "v1"}


def _scale(advice: Advice | None = ADVICE) -> list[str]:
    """Return the advice for the answers 1 to 5 beside a team of 1, 2, 3, 4 and 5, whose mean is 3."""
    asked = questionnaire(choice_question(labels=FIVE, kind=QuestionKind.SCALE, advice=advice))
    group = [_answer(score) for score in range(1, 6)]
    return [compare(asked, mine, group)[0].advice for mine in group]


@pytest.mark.parametrize("size", range(5))
def test_nothing_is_said_of_a_group_below_five(size: int) -> None:
    answers: list[Given] = [{"pace": "v2", "support": "v1", "goal": "v3"}] * size
    assert compare(micro(), {"pace": "v2"}, answers) == ()


def test_five_answers_with_ones_own_are_enough() -> None:
    group = [_answer(score) for score in (1, 1, 2, 3, 3)]
    [found] = compare(micro(), _answer(3), group)
    assert (found.mine, found.mean, found.size) == (3.0, 2.0, 5)


def test_only_those_who_answered_the_question_count_towards_the_five() -> None:
    mine: Given = {"pace": "v2", "goal": "v1"}
    group = [mine, mine, mine, mine, _without_pace()]
    assert [found.question.name for found in compare(micro(), mine, group)] == ["goal"]


def test_a_question_one_has_not_answered_oneself_is_not_compared() -> None:
    assert compare(micro(), {}, [_answer(2)] * 6) == ()


def test_questions_come_in_the_order_in_which_they_were_asked() -> None:
    everything: Given = {"goal": "v1", "support": "v2", "pace": "v3"}
    assert [found.question.name for found in compare(micro(), everything, [everything] * 5)] == [
        "pace",
        "support",
        "goal",
    ]


def test_free_text_and_several_choices_have_no_mean() -> None:
    several = choice_question("tools", kind=QuestionKind.CHOICES)
    given: Given = {"result": "新模具一次试产成功", "tools": ("v1", "v2")}
    assert compare(questionnaire(text_question(), several), given, [given] * 9) == ()


def test_an_option_without_a_score_counts_for_nobody() -> None:
    group: list[Given] = [_answer(2)] * 4 + [{"pace": "不适用"}]
    assert compare(micro(), _answer(2), group) == ()


def test_the_advice_follows_the_distance_from_the_mean() -> None:
    assert _scale() == [ADVICE.below, ADVICE.below, ADVICE.level, ADVICE.above, ADVICE.above]


def test_half_a_point_is_notable_and_less_is_not() -> None:
    near, far = (
        [_answer(score) for score in (2, 2, 2, 3, 3)],
        [_answer(score) for score in (1, 2, 2, 2, 3, 3, 3, 3, 3, 3)],
    )
    at_the_border = compare(micro(), _answer(3), far)[0]
    assert (at_the_border.mine - at_the_border.mean, at_the_border.advice) == (NOTABLE, "先缓一缓")
    assert compare(micro(), _answer(2), far)[0].advice == "可以加一点速度"
    assert compare(micro(), _answer(2), near)[0].advice == "节奏正合适"


def test_a_question_without_advice_is_compared_in_silence() -> None:
    assert _scale(advice=None) == [""] * 5


@given(st.lists(st.integers(1, 5), max_size=20), st.integers(1, 5))
def test_the_mean_is_of_whole_fives_and_lies_between_the_extremes(scores: list[int], own: int) -> None:
    asked = questionnaire(choice_question(labels=FIVE))
    found = compare(asked, _answer(own), [_answer(score) for score in scores])
    assert bool(found) == (len(scores) >= 5)
    for comparison in found:
        counted = scores[: comparison.size]
        assert comparison.size == len(scores) - len(scores) % 5
        assert comparison.mean == pytest.approx(sum(counted) / len(counted))
        assert min(counted) <= comparison.mean <= max(counted)
        assert comparison.mine == own


@given(st.lists(st.one_of(st.none(), st.integers(1, 5)), max_size=30), st.integers(0, 30))
def test_two_means_of_a_question_differ_by_five_people_or_by_none(scores: list[int | None], earlier: int) -> None:
    """Whoever looks before and after an answer came in learns nothing of it (P-14), also where some left it out."""
    asked = questionnaire(choice_question(labels=FIVE))
    group = [_answer(score) if score else _without_pace() for score in scores]
    sizes = [sum(found.size for found in compare(asked, _answer(3), part)) for part in (group[:earlier], group)]
    assert all(size % 5 == 0 for size in sizes)
    assert sizes[0] <= sizes[1]


def test_only_questions_with_scores_are_published() -> None:
    asked = questionnaire(text_question(), choice_question(labels=FIVE))
    assert scored(asked) == ("pace",)
