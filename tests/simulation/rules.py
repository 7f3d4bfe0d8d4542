"""All rules of a run, and the story that is told when one of them is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from tests.simulation import rules_of_duties, rules_of_rounds, rules_of_speech
from tests.simulation.playing import Run
from tests.simulation.story import story_of

Rule = Callable[[Run], Iterator[str]]
"""Yields a sentence for every breach it finds."""

_MOST_BREACHES = 5
"""Breaches of one rule that are told; the others are mostly the same."""


def nothing_failed_inside(run: Run) -> Iterator[str]:
    """No handler raised, nothing was parked, no lane stood still."""
    return iter(run.record.errors)


RULES: Sequence[Rule] = (
    nothing_failed_inside,
    rules_of_speech.nothing_unasked_goes_out_outside_allowed_hours,
    rules_of_speech.nobody_hears_more_than_the_budget,
    rules_of_duties.no_duty_is_lost,
    rules_of_duties.every_answer_opens_what_it_calls_for,
    rules_of_duties.rungs_fire_once_in_order,
    rules_of_duties.no_rung_fires_before_its_time,
    rules_of_duties.no_rung_fires_late,
    rules_of_rounds.everybody_is_asked_once,
    rules_of_rounds.every_answer_is_kept,
    rules_of_speech.each_message_is_sent_at_most_once,
    rules_of_speech.nothing_is_said_for_a_duty_after_it_was_closed,
    rules_of_rounds.an_occurrence_comes_round_once,
    rules_of_rounds.every_occurrence_comes_round_in_time,
    rules_of_speech.whoever_left_hears_nothing_more,
    rules_of_duties.whoever_left_owes_nothing,
    rules_of_duties.whoever_owes_something_was_shown_it,
    rules_of_speech.what_was_folded_is_told_by_a_digest,
    rules_of_speech.nothing_is_left_behind,
    rules_of_duties.history_is_append_only,
)
"""Everything that must be true of every run, however the plan was drawn."""


def broken_rules(run: Run) -> dict[str, list[str]]:
    """Return the breaches of a run, by the rule that is broken."""
    found = {rule.__name__: list(islice(rule(run), _MOST_BREACHES)) for rule in RULES}
    return {name: breaches for name, breaches in found.items() if breaches}


def check(run: Run) -> None:
    """Hold a run to all rules.

    Raises:
        AssertionError: One is broken; the message names it and tells the whole story.
    """
    broken = broken_rules(run)
    if broken:
        told = [f"{name}:\n  " + "\n  ".join(breaches) for name, breaches in broken.items()]
        raise AssertionError("\n".join([*told, "", "What happened:", *story_of(run)]))
