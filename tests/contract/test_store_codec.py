"""Values come back from their stored text as they were, also when an older release wrote it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orjson import JSONEncodeError

from domain.cadences import Audience, Listener, Notice, Section, Summary
from domain.cards import Answer, Card, CardKey, Toast, ToastKind
from domain.duties import Ladder
from domain.messages import Body, Call, Mail
from storage import codec
from storage.instants import in_micros, instant, instant_or_none, micros, micros_or_none
from storage.message_ids import message_id_of
from storage.outbox import call_of
from tests import builders, strategies
from tests.builders import ORG
from tests.contract.store_world import OTHER

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ANSWERS = st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS).map(tuple))
TOASTS = st.none() | st.builds(Toast, st.sampled_from(ToastKind), TEXTS)


@given(strategies.cards())
def test_a_card_comes_back_as_it_was(card: Card) -> None:
    assert codec.decode_card(codec.encode_card(card)) == card


@given(strategies.ladders())
def test_a_ladder_comes_back_as_it_was(ladder: Ladder) -> None:
    assert codec.decode_ladder(codec.encode_ladder(ladder)) == ladder


@given(strategies.audiences(), strategies.ladders(), strategies.lengths())
def test_a_cadence_comes_back_as_it_was(audience: Audience, ladder: Ladder, length: timedelta) -> None:
    summary = Summary(Listener.TEAM, (Section.COUNTS, Section.AGENDA), length, of="weekly")
    cadence = replace(
        builders.cadence(audience=audience),
        answer_ladder=ladder,
        summary=summary,
        notice=Notice(length),
        grace=length,
        agenda=("议程", "🦉"),
    )
    assert codec.decode_cadence(codec.encode_cadence(cadence)) == cadence


@given(ANSWERS)
def test_a_persons_answers_come_back_as_they_were(answers: dict[str, str | tuple[str, ...]]) -> None:
    assert codec.decode_answers(codec.encode_answers(answers)) == answers


@given(st.builds(Answer, TOASTS, st.none() | strategies.cards()))
def test_what_a_platform_was_told_comes_back_as_it_was(answer: Answer) -> None:
    assert codec.decode_callback_answer(codec.encode_callback_answer(answer)) == answer


@given(TEXTS | st.builds(Mail, TEXTS, TEXTS) | strategies.cards())
def test_what_a_message_says_comes_back_as_it_was(body: Body) -> None:
    assert codec.decode_body(call_of(body), codec.encode_body(body)) == body


def test_an_updates_body_is_a_card() -> None:
    card = builders.card()
    assert codec.decode_body(Call.UPDATE, codec.encode_card(card)) == card


def test_a_field_that_an_older_release_did_not_know_takes_its_default() -> None:
    stored = json.loads(codec.encode_cadence(builders.cadence()))
    del stored["agenda"], stored["report"], stored["audience"]["without"]
    assert codec.decode_cadence(json.dumps(stored)) == builders.cadence()


def test_a_field_that_is_gone_since_is_ignored() -> None:
    stored = json.loads(codec.encode_card(builders.card()))
    stored["mood"] = stored["blocks"][0]["mood"] = "sunny"
    assert codec.decode_card(json.dumps(stored)) == builders.card()


def test_half_a_surrogate_pair_is_refused_when_it_is_written_not_when_it_is_read() -> None:
    with pytest.raises(JSONEncodeError):
        codec.encode_answers({"result": "\ud83e"})


@given(strategies.instants(), st.integers(0, 999_999))
def test_an_instant_comes_back_to_the_microsecond(second: datetime, microsecond: int) -> None:
    moment = second.replace(microsecond=microsecond)
    assert instant(micros(moment)) == moment
    assert instant_or_none(micros_or_none(moment)) == moment


def test_an_instant_of_another_zone_comes_back_as_the_same_instant_in_utc() -> None:
    moment = datetime(2026, 11, 27, 16, 0, tzinfo=timezone(timedelta(hours=8)))
    assert instant(micros(moment)) == moment
    assert instant(micros(moment)).tzinfo is UTC


def test_no_instant_stays_none() -> None:
    assert micros_or_none(None) is None
    assert instant_or_none(None) is None


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        micros(datetime(2026, 11, 27))  # noqa: DTZ001 - that is what is refused


def test_lengths_are_stored_in_microseconds() -> None:
    assert in_micros(timedelta(seconds=1, microseconds=5)) == 1_000_005


@given(TEXTS, TEXTS)
def test_messages_of_different_dedupe_keys_have_different_ids(first: str, second: str) -> None:
    assert (message_id_of(0, ORG, first) == message_id_of(0, ORG, second)) == (first == second)


def test_the_same_dedupe_key_names_different_messages_in_two_organisations() -> None:
    assert message_id_of(0, ORG, "m1") != message_id_of(0, OTHER, "m1")


@given(strategies.instants(), TEXTS)
def test_an_id_fits_every_platforms_idempotency_key(now: datetime, dedupe: str) -> None:
    message_id = message_id_of(micros(now), ORG, dedupe)
    assert len(message_id) == 32
    assert int(message_id, 16) >= 0


@given(strategies.instants(), strategies.instants(), TEXTS, TEXTS)
def test_ids_sort_by_the_time_of_birth(first: datetime, second: datetime, one: str, other: str) -> None:
    early, late = sorted((first, second))
    if early < late:
        assert message_id_of(micros(early), ORG, one) < message_id_of(micros(late), ORG, other)


def test_a_cards_text_is_the_same_whenever_it_is_written() -> None:
    assert codec.encode_card(builders.card()) == codec.encode_card(builders.card(CardKey("reply", "duty-1")))
