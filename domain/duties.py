"""Duties: who owes what to whom by when, and the ladder that climbs while nothing happens.

A duty is one value with one `next_at`. Rungs fire in order, each at most once, whatever the clock does. Hours are
counted from the opening on the ladder's clock; days on which the debtor is away do not count unless a deputy stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.calendar import ClockKind, Leave, WorkCalendar, add
from domain.ids import DutyId, OrgId, PersonId
from domain.people import Role

ANSWER = "answer"
"""The kind of duty that a question opens for the person asked; nobody can answer for somebody else."""


class Act(StrEnum):
    """What a rung does."""

    REMIND = "remind"
    """Say again what is owed, to whom it is owed by."""
    ESCALATE = "escalate"
    """Ask somebody else to look after the matter; the debtor is told in the same words."""
    NOTIFY = "notify"
    """Let somebody know, with nothing to do."""
    CLOSE = "close"
    """Stop waiting: the duty expires."""


class Channel(StrEnum):
    """How a rung speaks."""

    CHAT = "chat"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a ladder.

    Attributes:
        act: What it does.
        to: Who hears it.
        by: Through which channels.
        after: Time since the opening on the ladder's clock; exactly one of `after` and `before` is set.
        before: Time before the due instant, in elapsed time; if that is already past at the opening, at once.

    Raises:
        ValueError: If both times are set or none, or one is negative.
    """

    act: Act
    to: Role = Role.DEBTOR
    by: tuple[Channel, ...] = (Channel.CHAT,)
    after: timedelta | None = None
    before: timedelta | None = None

    def __post_init__(self) -> None:
        times = [length for length in (self.after, self.before) if length is not None]
        if len(times) != 1 or times[0] < timedelta(0):
            raise ValueError("a rung has one time, after the opening or before the due instant, and it is not negative")


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs in the order in which they fire.

    Attributes:
        name: As the configuration calls it.
        clock: How the hours are counted.
        rungs: Possibly none: then the duty waits for ever.
        due: When the duty is due after its opening, or `None` for the last rung's time.
    """

    name: str
    clock: ClockKind
    rungs: tuple[Rung, ...]
    due: timedelta | None = None

    @property
    def allowed(self) -> timedelta:
        """How long the debtor has, on the ladder's clock."""
        if self.due is not None:
            return self.due
        return max((rung.after for rung in self.rungs if rung.after is not None), default=timedelta(0))


class DutyState(StrEnum):
    """Where a duty stands; every state but `OPEN` is final."""

    OPEN = "open"
    FULFILLED = "fulfilled"
    WAIVED = "waived"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody owes something by a time.

    Attributes:
        org_id: The organisation.
        duty_id: Its id.
        kind: What is owed ("answer", "reply", or a practice's own word).
        subject: Id of the thing it is about, within the kind.
        debtor_id: Who owes.
        about_id: Whom it is about, often who is waiting.
        ladder: What happens while it is open.
        opened_at: UTC; the clock starts here and nothing but a new duty starts it again.
        due_at: UTC; what people are told as "until".
        step: How many rungs have fired.
        snoozed_until: An extra reminder asked for by the debtor, UTC, or `None`.
        state: Where it stands.
        closed_at: When it left `OPEN`.
        closed_by: Who closed it, `None` for the clock.
        reason: Why it was waived, in a catalogue word or a person's own.
        followed_by: Who has said that they look after it, or `None`; the debtor owes it all the same.
        followed_at: Since when, UTC; set exactly if `followed_by` is.
        tell_at: When the debtor is to be shown it for the first time, UTC, because somebody else was in their place;
            `None` once they have been.
    """

    org_id: OrgId
    duty_id: DutyId
    kind: str
    subject: str
    debtor_id: PersonId
    about_id: PersonId
    ladder: Ladder
    opened_at: datetime
    due_at: datetime
    step: int = 0
    snoozed_until: datetime | None = None
    state: DutyState = DutyState.OPEN
    closed_at: datetime | None = None
    closed_by: PersonId | None = None
    reason: str = ""
    followed_by: PersonId | None = None
    followed_at: datetime | None = None
    tell_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is still owed."""
        return self.state is DutyState.OPEN


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes for a debtor: working days, zone, and the leave that stops the clock."""

    calendar: WorkCalendar
    zone: ZoneInfo
    leave: Sequence[Leave] = ()


def due_at(ladder: Ladder, opened_at: datetime, pace: Pace) -> datetime:
    """Return when a duty opened at that instant is due, UTC."""
    return add(
        opened_at, ladder.allowed, kind=ladder.clock, calendar=pace.calendar, zone=pace.zone, leave=tuple(pace.leave)
    )


def rung_at(duty: Duty, step: int, pace: Pace) -> datetime | None:
    """Return when the rung with that index fires, UTC, or `None` beyond the last one."""
    if step >= len(duty.ladder.rungs):
        return None
    rung = duty.ladder.rungs[step]
    if rung.before is not None:
        return max(duty.opened_at, due_at(duty.ladder, duty.opened_at, pace) - rung.before)
    return add(
        duty.opened_at,
        rung.after or timedelta(0),
        kind=duty.ladder.clock,
        calendar=pace.calendar,
        zone=pace.zone,
        leave=tuple(pace.leave),
    )


def next_at(duty: Duty, pace: Pace) -> datetime | None:
    """Return when the duty next wants attention: a rung, a snoozed reminder, a debtor to be told; `None` if never."""
    if not duty.is_open:
        return None
    moments = (rung_at(duty, duty.step, pace), duty.snoozed_until, duty.tell_at)
    return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class Fired:
    """What came of a duty's moment.

    Attributes:
        duty: Its new state.
        rung: What is to be done, or `None` if the moment had already passed into other hands.
        reminder_only: True for a snoozed reminder, which does not climb the ladder.
        tells: Whether the debtor is to be shown it now; comes without a rung.
    """

    duty: Duty
    rung: Rung | None
    reminder_only: bool = False
    tells: bool = False


def fire(duty: Duty, now: datetime, pace: Pace) -> Fired:
    """Take the one thing that is due now: telling the debtor, the next rung, the snoozed reminder, or nothing.

    A duty with several rungs overdue fires them one call at a time, in order. Nobody is reminded of what they have not
    been shown.
    """
    if not duty.is_open:
        return Fired(duty, None)
    if duty.tell_at is not None and duty.tell_at <= now:
        return Fired(replace(duty, tell_at=None), None, tells=True)
    rung_moment = rung_at(duty, duty.step, pace)
    if rung_moment is not None and rung_moment <= now:
        return _climb(duty, now)
    if duty.snoozed_until is not None and duty.snoozed_until <= now:
        return Fired(replace(duty, snoozed_until=None), Rung(Act.REMIND, after=timedelta(0)), reminder_only=True)
    return Fired(duty, None)


def _climb(duty: Duty, now: datetime) -> Fired:
    rung = duty.ladder.rungs[duty.step]
    climbed = replace(duty, step=duty.step + 1)
    if rung.act is Act.CLOSE:
        climbed = replace(climbed, state=DutyState.EXPIRED, closed_at=now, snoozed_until=None, tell_at=None)
    elif _says_the_same(rung) and duty.snoozed_until is not None and duty.snoozed_until <= now:
        climbed = replace(climbed, snoozed_until=None)
    return Fired(climbed, rung)


def _says_the_same(rung: Rung) -> bool:
    # Only then is a snoozed reminder that is due as well already said, to the same person and in the same place.
    return rung.act is Act.REMIND and rung.to is Role.DEBTOR and Channel.CHAT in rung.by


def fulfil(duty: Duty, now: datetime, by: PersonId) -> Duty:
    """Close the duty as done; one that is closed already stays as it is, except that a late answer still counts."""
    if duty.state in (DutyState.FULFILLED, DutyState.WAIVED):
        return duty
    return replace(duty, state=DutyState.FULFILLED, closed_at=now, closed_by=by, snoozed_until=None, tell_at=None)


def waive(duty: Duty, now: datetime, by: PersonId | None, reason: str) -> Duty:
    """Close the duty because a human, or somebody's leaving, says that nothing is owed; only an open one changes."""
    if not duty.is_open:
        return duty
    closed = replace(duty, state=DutyState.WAIVED, closed_at=now, closed_by=by, reason=reason)
    return replace(closed, snoozed_until=None, tell_at=None)


def snooze(duty: Duty, until: datetime) -> Duty:
    """Ask for one more reminder; the ladder climbs on as before."""
    return replace(duty, snoozed_until=until) if duty.is_open else duty


def follow(duty: Duty, now: datetime, by: PersonId) -> Duty:
    """Note that somebody looks after an open duty; whoever did so before has been relieved.

    The ladder climbs on, for a promise to look after a matter is not yet an answer to it.
    """
    if not duty.is_open or by == duty.followed_by:
        return duty
    return replace(duty, followed_by=by, followed_at=now)


def hand_over(duty: Duty, to: PersonId) -> Duty:
    """Make somebody else the debtor: the ladder goes on where it stands, the reminder asked for by the old one goes.

    Whoever looks after it goes on doing so, unless it has become their own.
    """
    if not duty.is_open or to == duty.debtor_id:
        return duty
    moved = replace(duty, debtor_id=to, snoozed_until=None, tell_at=None)
    return replace(moved, followed_by=None, followed_at=None) if to == duty.followed_by else moved
