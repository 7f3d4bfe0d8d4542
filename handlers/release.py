"""The last gate before a message leaves: quiet hours, days off, the daily budget; and the digest's lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.attention import Decision, Verdict, decide
from domain.calendar import Leave
from domain.cards import Card
from domain.duties import Pace
from domain.ids import MessageId, PersonId
from domain.messages import Candidate, Outgoing
from domain.people import Person
from domain.policy import AttentionRules
from handlers import digest
from handlers.context import Context


@dataclass(slots=True)
class Release:
    """What is to be done with the due rows of one organisation's lane.

    Attributes:
        sends: To be sent now, in order.
        said: Unasked ones among them, as (person, local day), to be counted against the budget.
        waits: To be judged again at that instant.
        folds: To be folded into the digest of that local day.
        voids: Nothing left to say.
    """

    sends: list[Outgoing] = field(default_factory=list)
    said: list[tuple[PersonId, date]] = field(default_factory=list)
    waits: list[tuple[MessageId, datetime]] = field(default_factory=list)
    folds: list[tuple[MessageId, date]] = field(default_factory=list)
    voids: list[MessageId] = field(default_factory=list)


def local_days(ctx: Context, candidates: Iterable[Candidate]) -> set[tuple[PersonId, date]]:
    """Return whose budgets of which local days have to be known to judge these rows."""
    return {(c.person.person_id, ctx.today(c.person)) for c in candidates if not c.asked and c.first_try}


class Gate:
    """Judges one lane's due rows, remembering what it has let through and what holds for whole zones."""

    def __init__(self, ctx: Context, said: Mapping[tuple[PersonId, date], int]) -> None:
        self._ctx = ctx
        self._said = Counter(said)
        self._known: dict[tuple[str, AttentionRules, tuple[Leave, ...], int, bool], Decision] = {}

    def judge(self, candidates: Iterable[Candidate]) -> Release:
        """Sort due rows into what is sent, waits, is folded, or has nothing left to say."""
        release = Release()
        for candidate in candidates:
            if candidate.asked or not candidate.first_try:
                release.sends.append(candidate.outgoing)
            else:
                self._judge_unasked(candidate, release)
        return release

    def _judge_unasked(self, candidate: Candidate, release: Release) -> None:
        person, outgoing = candidate.person, candidate.outgoing
        today = self._ctx.today(person)
        is_digest = isinstance(outgoing.body, Card) and outgoing.body.key.kind == digest.KIND
        decision = self._decide(person, self._said[person.person_id, today], is_digest=is_digest)
        if decision.verdict is Verdict.WAIT:
            release.waits.append((outgoing.message_id, decision.at))
        elif decision.verdict is Verdict.FOLD:
            self._fold(person, outgoing, decision.at, release)
        else:
            self._send(person, outgoing, today, release, is_digest=is_digest)

    def _decide(self, person: Person, said: int, *, is_digest: bool) -> Decision:
        policy = self._ctx.policy
        rules = policy.attention_for(person)
        leave = tuple(self._ctx.store.people.leave_of(person.person_id))
        zone = person.zone or policy.zone
        key = (zone, rules, leave, said, is_digest)
        if key not in self._known:
            pace = Pace(policy.calendar, ZoneInfo(zone), leave)
            self._known[key] = decide(self._ctx.now, rules, pace, said, is_digest=is_digest)
        return self._known[key]

    def _fold(self, person: Person, outgoing: Outgoing, at: datetime, release: Release) -> None:
        day = at.astimezone(self._ctx.policy.zone_of(person)).date()
        release.folds.append((outgoing.message_id, day))
        self._ctx.store.outbox.put(digest.draft(person, day, at))

    def _send(self, person: Person, outgoing: Outgoing, today: date, release: Release, *, is_digest: bool) -> None:
        if is_digest and isinstance(outgoing.body, Card):
            card = digest.card(self._ctx, person, digest.day_of(outgoing.body.key))
            if card is None:
                release.voids.append(outgoing.message_id)
                return
            outgoing = replace(outgoing, body=card)
        self._said[person.person_id, today] += 1
        release.said.append((person.person_id, today))
        release.sends.append(outgoing)
