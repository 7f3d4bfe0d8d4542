"""The last gate before a message leaves: quiet hours, days off, the daily budget; and the digest's lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.attention import Decision, Verdict, decide
from domain.calendar import Leave, NoWorkday
from domain.cards import Card
from domain.duties import Pace
from domain.ids import MessageId, PersonId
from domain.messages import Candidate, Outgoing
from domain.people import Person
from domain.policy import AttentionRules
from handlers import digest
from handlers.context import Context

PATIENCE = timedelta(days=1)
"""How long a message waits for somebody who has no workday in sight, before it is looked at again."""


@dataclass(slots=True)
class Release:
    """What is to be done with the due rows of one organisation's lane.

    Attributes:
        sends: To be sent now, in order.
        said: Unasked ones among them, each with the person and the local day whose budget they count against.
        waits: To be judged again at that instant.
        folds: To be folded into the digest of that local day.
        voids: Nothing left to say.
    """

    sends: list[Outgoing] = field(default_factory=list)
    said: dict[MessageId, tuple[PersonId, date]] = field(default_factory=dict)
    waits: list[tuple[MessageId, datetime]] = field(default_factory=list)
    folds: list[tuple[MessageId, date]] = field(default_factory=list)
    voids: list[MessageId] = field(default_factory=list)


def local_days(ctx: Context, candidates: Iterable[Candidate]) -> set[tuple[PersonId, date]]:
    """Return whose budgets of which local days have to be known to judge these rows."""
    return {(c.person.person_id, ctx.today(c.person)) for c in candidates if not c.asked}


class Gate:
    """Judges one lane's due rows, remembering what it has let through and what holds for whole zones."""

    def __init__(self, ctx: Context, said: Mapping[tuple[PersonId, date], int]) -> None:
        self._ctx = ctx
        self._said = Counter(said)
        self._known: dict[tuple[str, AttentionRules, tuple[Leave, ...], int, bool], Decision] = {}

    def judge(self, candidates: Iterable[Candidate]) -> Release:
        """Sort due rows into what is sent, waits, is folded, or has nothing left to say, as to somebody who has left.

        What a lost sender may have sent already goes out now, since only the same message with the same key is
        recognised. What a platform refused is judged anew, and takes a place of the day on which it goes out at last.
        """
        release = Release()
        for candidate in candidates:
            outgoing = self._filled(candidate) if candidate.person.active else None
            if outgoing is None:
                release.voids.append(candidate.outgoing.message_id)
            elif candidate.asked or candidate.interrupted:
                release.sends.append(outgoing)
            else:
                self._judge_unasked(candidate, outgoing, release)
        return release

    def _filled(self, candidate: Candidate) -> Outgoing | None:
        """Return what would be sent; a digest gets its lines now, and is nothing if none are left."""
        body = candidate.outgoing.body
        if not (isinstance(body, Card) and body.key.kind == digest.KIND):
            return candidate.outgoing
        card = digest.card(self._ctx, candidate.person, digest.day_of(body.key))
        return replace(candidate.outgoing, body=card) if card else None

    def _judge_unasked(self, candidate: Candidate, outgoing: Outgoing, release: Release) -> None:
        person, today = candidate.person, self._ctx.today(candidate.person)
        is_digest = isinstance(outgoing.body, Card) and outgoing.body.key.kind == digest.KIND
        said = self._said[person.person_id, today]
        # Where no digest can come, since the person is reached by mail alone, nothing is kept for it or folded into it.
        has_place = is_digest or not candidate.first_try or person.platform is None
        decision = self._decide(person, said, is_digest=has_place)
        if decision.verdict is Verdict.WAIT:
            release.waits.append((outgoing.message_id, decision.at))
        elif decision.verdict is Verdict.FOLD:
            self._fold(person, outgoing, decision.at, release)
        else:
            self._said[person.person_id, today] += 1
            release.said[outgoing.message_id] = (person.person_id, today)
            release.sends.append(outgoing)

    def _decide(self, person: Person, said: int, *, is_digest: bool) -> Decision:
        policy = self._ctx.policy
        rules = policy.attention_for(person)
        leave = tuple(self._ctx.store.people.leave_of(person.person_id))
        zone = person.zone or policy.zone
        key = (zone, rules, leave, said, is_digest)
        if key not in self._known:
            pace = Pace(policy.calendar, ZoneInfo(zone), leave)
            self._known[key] = _decided(self._ctx.now, rules, pace, said, is_digest=is_digest)
        return self._known[key]

    def _fold(self, person: Person, outgoing: Outgoing, at: datetime, release: Release) -> None:
        day = at.astimezone(self._ctx.policy.zone_of(person)).date()
        release.folds.append((outgoing.message_id, day))
        self._ctx.store.outbox.put(digest.draft(self._ctx.speaker(person), person, day, at))


def _decided(now: datetime, rules: AttentionRules, pace: Pace, said: int, *, is_digest: bool) -> Decision:
    try:
        return decide(now, rules, pace, said, is_digest=is_digest)
    except NoWorkday:  # one person's endless leave must not stop what others are waiting for
        return Decision(Verdict.WAIT, now + PATIENCE)
