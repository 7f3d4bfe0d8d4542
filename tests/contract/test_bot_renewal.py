"""A card that can no longer be changed: where something is left to do on it, a fresh one comes, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.cards import Button, Card, CardKey, Paragraph, Style
from domain.errors import TargetGone
from domain.ids import DutyId, PersonId
from domain.messages import Call, Draft, Outgoing, Priority
from storage.database import Database
from tests.builders import LI_HUA, ORG, at, staff
from tests.contract.bot_rig import UNPACED, Line, hire, open_line

KEY = CardKey("reply", "c1")
SENTENCE = "原来的卡片已不能更新，这是最新的。"


def face(words: str, *, buttons: bool = True, style: Style = Style.MAIN) -> Card:
    """Return a face of the card."""
    press = (Button("reply", "现在回", style),) if buttons else ()
    return Card(KEY, "有人在等你一句话", "等你一句话", blocks=(Paragraph(words),), buttons=press)


@pytest.fixture
async def line(database: Database) -> AsyncIterator[Line]:
    """A delivery whose platform has forgotten every card that it shows."""
    async with open_line(database) as opened:
        opened.chat.verdict = _gone
        yield opened


def _gone(message: Outgoing) -> Exception | None:
    return TargetGone("42014") if message.call is Call.UPDATE else None


async def lie(line: Line, duty: str | None = None, dedupe: str = "card") -> None:
    """Let the card lie in Li Hua's chat, for a minute."""
    duty_id = DutyId(duty) if duty else None
    line.put(Draft(LI_HUA, face("第一次"), Priority.PERSONAL, dedupe, asked=True, duty_id=duty_id))
    await line.delivery.settle()
    line.clock.advance(timedelta(minutes=1))


def show(line: Line, card: Card) -> None:
    """Give all copies of the card a new face."""
    now = line.clock.now()
    with line.database.transaction() as transaction:
        transaction.tell(now)
        transaction.store(ORG).outbox.show(KEY, LI_HUA, card, now - timedelta(days=14))


def cards(line: Line) -> list[Card]:
    """Return the cards that were sent, in order."""
    sent = [call.message for call in line.chat.calls if call.message.call is Call.CARD]
    return [message.body for message in sent if isinstance(message.body, Card)]


async def test_a_fresh_card_comes_with_a_sentence_and_the_present_face(line: Line) -> None:
    await lie(line)
    show(line, face("第二次"))
    await line.delivery.settle()
    await line.delivery.settle()
    assert cards(line)[1] == replace(face("第二次"), blocks=(Paragraph(SENTENCE), Paragraph("第二次")))
    assert line.dead() == []
    assert line.states() == {}


async def test_whoever_reads_english_is_told_in_english(line: Line) -> None:
    hire(line.database, [replace(person, locale="en") for person in staff() if person.person_id == LI_HUA])
    await lie(line)
    show(line, face("again"))
    await line.delivery.settle()
    await line.delivery.settle()
    assert cards(line)[1].blocks[0] == Paragraph("The earlier card can no longer change; this is the present one.")


async def test_where_nothing_is_left_to_do_the_old_face_stays_and_nobody_is_bothered(line: Line) -> None:
    await lie(line)
    show(line, face("了结", buttons=False))
    await line.delivery.settle()
    await line.delivery.settle()
    assert len(cards(line)) == 1
    assert line.dead() == []
    assert line.states() == {}


async def test_what_may_still_be_added_to_a_done_thing_is_no_reason_to_send_its_card_again(line: Line) -> None:
    """A report that offers to add a line came anew when HRBP followed up, when it was answered, and after thanks."""
    await lie(line)
    show(line, face("有人回你了", style=Style.PLAIN))
    await line.delivery.settle()
    await line.delivery.settle()
    assert len(cards(line)) == 1
    assert line.dead() == []
    assert line.states() == {}


async def test_at_night_it_waits_for_the_morning(line: Line) -> None:
    await lie(line)
    line.clock.at = at("2026-11-27 23:00")
    show(line, face("第二次"))
    await line.delivery.settle()
    await line.delivery.settle()
    assert len(cards(line)) == 1
    line.clock.at = at("2026-11-30 08:30")
    await line.delivery.settle()
    assert len(cards(line)) == 2


async def test_the_fresh_card_is_the_one_that_changes_from_then_on(line: Line) -> None:
    """The old copy is asked to change as well, and in vain; that brings no third card."""
    await lie(line)
    show(line, face("第二次"))
    await line.delivery.settle()
    fresh = line.chat.calls[-1].message.message_id
    line.chat.verdict = lambda message: None if message.target == f"om_{fresh}" else _gone(message)
    for number in range(3, 6):
        line.clock.advance(timedelta(minutes=1))
        show(line, face(f"第{number}次"))
        await line.delivery.settle()
        await line.delivery.settle()
    assert len(cards(line)) == 2
    shown = [call.message.body for call in line.chat.calls if call.message.target == f"om_{fresh}"]
    assert shown == [face(f"第{number}次") for number in range(3, 6)]
    assert line.dead() == []


async def test_when_the_fresh_card_is_gone_too_another_comes(line: Line) -> None:
    await lie(line)
    for number in range(2, 5):
        line.clock.advance(timedelta(minutes=20))
        show(line, face(f"第{number}次"))
        await line.delivery.settle()
        await line.delivery.settle()
    assert len(cards(line)) == 4


async def test_of_two_old_copies_only_one_is_renewed(line: Line) -> None:
    await lie(line)
    line.clock.advance(timedelta(hours=1))
    await lie(line, dedupe="reminder")
    show(line, face("第二次"))
    await line.delivery.settle()
    await line.delivery.settle()
    assert len(cards(line)) == 3


async def test_it_is_withdrawn_with_the_duty_that_the_old_card_spoke_for(line: Line) -> None:
    await lie(line, duty="d1")
    line.clock.at = at("2026-11-27 23:00")
    show(line, face("第二次"))
    await line.delivery.settle()
    with line.database.transaction() as transaction:
        assert transaction.store(ORG).outbox.withdraw(DutyId("d1")) == 1
    line.clock.at = at("2026-11-30 09:00")
    await line.delivery.settle()
    assert len(cards(line)) == 1


async def test_a_face_that_was_replaced_while_it_was_sent_brings_no_card(line: Line) -> None:
    """Its successor tells the platform's refusal itself."""
    await lie(line)
    show(line, face("第二次"))

    def replaced(message: Outgoing) -> Exception | None:
        if message.call is Call.UPDATE and message.body == face("第二次"):
            show(line, face("第三次"))
        return _gone(message)

    line.chat.verdict = replaced
    await line.delivery.settle()
    await line.delivery.settle()
    assert [card.blocks[-1] for card in cards(line)] == [Paragraph("第一次"), Paragraph("第三次")]


async def test_a_text_whose_target_is_gone_is_a_dead_letter_as_before(line: Line) -> None:
    line.chat.verdict = lambda _message: TargetGone("230031")
    line.put(Draft(PersonId(LI_HUA), "你好", Priority.ANSWER, "text", asked=True))
    await line.delivery.settle()
    assert line.dead() == [("text", "230031")]


async def test_where_no_card_can_change_changes_are_dropped_quietly(database: Database) -> None:
    async with open_line(database, abilities=replace(UNPACED, updates=False)) as line:
        await lie(line)
        show(line, face("第二次"))
        await line.delivery.settle()
        assert len(line.chat.calls) == 1
        assert line.dead() == []
        assert line.states() == {}
