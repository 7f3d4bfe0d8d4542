"""What answers say when looked at together: comparison with a team's mean, and the advice that follows.

Means are shown only for groups of at least `MINIMUM_GROUP` people, so that nobody can be computed out of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.questionnaire import Question, Questionnaire

MINIMUM_GROUP = 5
"""Smallest number of answers, one's own included, of which a mean is shown (requirements P-13)."""

NOTABLE = 0.5
"""How far from the mean, in points of the question's scale, an answer must be to be called above or below."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question's answer beside the group's.

    Attributes:
        question: Which.
        mine: The person's score.
        mean: The mean score of those published; the person may not be among them yet.
        size: How many answers the mean is of.
        advice: The practice's own words for such an answer; may be empty.
    """

    question: Question
    mine: float
    mean: float
    size: int
    advice: str


def scored(questionnaire: Questionnaire) -> tuple[str, ...]:
    """Return the names of the questions that can be compared."""
    return tuple(q.name for q in questionnaire.questions if any(o.score is not None for o in q.options))


def compare(
    questionnaire: Questionnaire,
    mine: Mapping[str, str | tuple[str, ...]],
    group: Sequence[Mapping[str, str | tuple[str, ...]]],
) -> tuple[Comparison, ...]:
    """Compare a person's answers with those of a group.

    Of each question so many answers are taken, in the order given, that they are a whole multiple of `MINIMUM_GROUP`:
    a question that some left out must not tell who did not.

    Args:
        questionnaire: What was asked.
        mine: The person's answers.
        group: The published answers, in the order in which they were published.

    Returns:
        One entry a scored question that enough of the group have answered; none for a small group.
    """
    found = (_compare_one(question, mine, group) for question in questionnaire.questions)
    return tuple(comparison for comparison in found if comparison is not None)


def _compare_one(
    question: Question,
    mine: Mapping[str, str | tuple[str, ...]],
    group: Sequence[Mapping[str, str | tuple[str, ...]]],
) -> Comparison | None:
    own = _score(question, mine)
    scores = [score for answers in group if (score := _score(question, answers)) is not None]
    scores = scores[: len(scores) - len(scores) % MINIMUM_GROUP]
    if own is None or not scores:
        return None
    mean = sum(scores) / len(scores)
    return Comparison(question, own, mean, len(scores), _advice(question, own, mean))


def _score(question: Question, answers: Mapping[str, str | tuple[str, ...]]) -> float | None:
    value = answers.get(question.name)
    return question.score_of(value) if isinstance(value, str) else None


def _advice(question: Question, mine: float, mean: float) -> str:
    if question.advice is None:
        return ""
    if mine <= mean - NOTABLE:
        return question.advice.below
    if mine >= mean + NOTABLE:
        return question.advice.above
    return question.advice.level
