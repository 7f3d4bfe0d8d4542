"""Outgoing messages: what goes first, and what a message is if nobody says more."""

from itertools import pairwise

from domain.ids import MessageId
from domain.messages import Call, Draft, Fate, Outcome, Outgoing, Priority
from tests.builders import LI_HUA, ORG, card


def test_what_a_person_asked_for_goes_before_what_people_said_before_what_the_bot_wants() -> None:
    """The outbox sends the smallest first, and the daily budget is spent in the same order."""
    assert [priority.name for priority in sorted(Priority)] == [
        "ANSWER",
        "PERSONAL",
        "ESCALATION",
        "REMINDER",
        "PROMPT",
        "SUMMARY",
        "DIGEST",
    ]


def test_there_is_room_for_another_priority_between_any_two() -> None:
    """Rows in the outbox keep the number; a priority that comes later must not renumber them."""
    ranks = sorted(int(priority) for priority in Priority)
    assert all(after - before > 1 for before, after in pairwise(ranks))


def test_a_draft_is_unasked_at_once_and_by_chat_unless_said_otherwise() -> None:
    bare = Draft(LI_HUA, "好的", Priority.ANSWER, "answer-1")
    assert (bare.asked, bare.send_after, bare.by_mail, bare.duty_id) == (False, None, False, None)


def test_a_first_try_changes_no_message_and_has_no_tries_before_it() -> None:
    row = Outgoing(ORG, MessageId("message-1"), "feishu", Call.CARD, LI_HUA, "ou_1", card())
    assert (row.target, row.attempts) == ("", 0)


def test_an_outcome_blames_nobody_unless_it_says_so() -> None:
    sent = Outcome(MessageId("message-1"), Fate.SENT, external_id="om_1")
    assert (sent.error, sent.retry_at, sent.receiver_lost) == ("", None, False)
