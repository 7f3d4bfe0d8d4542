"""The ladder climbs on while processes die: each rung speaks once, in order, and none is passed over.

Chat messages bear a `uuid`, so Feishu drops what a successor repeats. A mail server knows no such key: a letter that it
took over the very moment the process died, before the store could know, comes a second time, with the same Message-ID.
So letters are promised at least once, and each kill may double one of them at most: the one that was in doubt then.
Mails leave one by one for that reason, whatever else waits.

The ladder does not close its duty: what is still unsaid then is withdrawn, and after a long downtime that may be all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.crash import strikes
from tests.crash.firm import Firm, asked_at
from tests.crash.replica import Replica
from tests.crash.rounds import known_for_an_hour, missed_minute
from tests.crash.town_hall import Arrival, TownHall, town_hall, words_of

pytestmark = pytest.mark.crash

PEOPLE = 16
KILLS = 6
STALLS = 2
"""Calls to HR that Feishu may refuse for coming too fast: when the machine stalls, distances shrink on the way."""

LADDER = {
    "clock": "elapsed",
    "rungs": [
        {"after": "3s", "do": "remind", "to": "debtor"},
        {"after": "6s", "do": "escalate", "to": "hrbp", "by": ["chat", "mail"]},
        {"after": "9s", "do": "remind", "to": "debtor"},
    ],
}


async def test_each_rung_speaks_once_and_in_order_though_the_process_keeps_dying(
    sqlite_url: str, tmp_path: Path, chance: Random
) -> None:
    firm = Firm(PEOPLE, 2, 4, {"friday": asked_at(missed_minute(), ladder="steep")}, {"steep": LADDER})
    async with town_hall(tmp_path, sqlite_url, firm, chance) as hall:
        known_for_an_hour(hall, "friday")
        in_doubt = []
        for number in range(KILLS):
            replica = await hall.start()
            await _strike(hall, number, replica)
            await hall.bury(replica)
            in_doubt.append(_letters_in_doubt(hall))
        await hall.open()
        await hall.until(lambda: not hall.something_is_to_come(), "every ladder is climbed and everything is said")
        _assert_climbed_in_order(hall)
        _assert_heard_once_and_in_order(hall)
        _assert_lettered(hall, in_doubt)
        assert hall.refused_as_too_fast() == []
        assert len(hall.refused_to_one_person()) <= STALLS
        assert hall.complaints() == []


async def _strike(hall: TownHall, number: int, replica: Replica) -> None:
    """A third of the strikes fall on letters, a third on messages, a third anywhere."""
    if number % 3 == 0:
        await strikes.at_some_moment(hall, 6.0, lambda: replica)
    elif number % 3 == 1:
        await strikes.at_an_arrival(hall, hall.chance.randint(1, 20), lambda: replica)
    else:
        await strikes.at_an_arrival(hall, hall.chance.randint(1, 6), lambda: replica, Arrival.MAIL)


def _letters_in_doubt(hall: TownHall) -> int:
    """How many letters the mail server has and the store does not know of."""
    return len({each.text for each in hall.mail.letters()}) - hall.books.count(
        "outbox AND lane = 'mail' AND state = 'sent'"
    )


def _assert_climbed_in_order(hall: TownHall) -> None:
    """The history of each duty tells its rungs, each once, one after the other."""
    told = "SELECT subject, detail FROM history WHERE org_id = :org AND kind = 'duty.rung' ORDER BY at, place"
    climbed: dict[str, list[str]] = {}
    for duty, detail in hall.books.rows(told):
        climbed.setdefault(duty, []).append(json.loads(detail)["step"])
    assert list(climbed.values()) == [["1", "2", "3"]] * PEOPLE
    assert hall.books.count("duty AND state = 'open' AND step = 3") == PEOPLE


def _assert_heard_once_and_in_order(hall: TownHall) -> None:
    """The debtor hears the question, a reminder, that HR was asked, and a reminder; HR hears of each matter once."""
    heard = {person: [message["kind"] for message in chat] for person, chat in hall.chats().items()}
    assert heard == {each: ["card", "card", "text", "card"] for each in hall.firm.people}
    asked = {partner: [words_of(message) for message in hall.chat(partner)] for partner in hall.firm.partners}
    matters = {
        person: sum(person in words for words in asked[hall.firm.partner_of(person)]) for person in hall.firm.people
    }
    assert sum(map(len, asked.values())) == PEOPLE
    assert matters == dict.fromkeys(hall.firm.people, 1)


def _assert_lettered(hall: TownHall, in_doubt: Sequence[int]) -> None:
    """Each matter has its letter; no kill left more than one in doubt, and only those may have come again."""
    letters = Counter(letter.text for letter in hall.mail.letters())
    assert len(letters) == PEOPLE
    assert max(in_doubt) <= 1
    assert letters.total() <= PEOPLE + sum(in_doubt)
