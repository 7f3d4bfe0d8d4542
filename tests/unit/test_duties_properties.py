"""Rules of duties that hold under any sequence of acts, at any clock, for any ladder and any leave."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.duties import Act, Duty, DutyState, Fired, Pace, due_at, fire, fulfil, hand_over, next_at, rung_at
from domain.duties import snooze as snoozed
from domain.duties import waive as waived
from domain.ids import PersonId
from domain.people import Role
from tests.strategies import duties, instants, leaves, lengths, paces, person_ids

TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A duty and how time passes for its debtor."""

    owed: Duty
    pace: Pace


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a duty, somewhere on its ladder, perhaps snoozed, perhaps closed, with leave near its opening."""
    days = draw(paces())
    owed = draw(duties(days))
    days = replace(days, leave=tuple(draw(st.lists(leaves(owed.opened_at.date()), max_size=2))))
    owed = replace(owed, step=draw(st.integers(0, len(owed.ladder.rungs))))
    until = draw(st.none() | lengths())
    owed = owed if until is None else snoozed(owed, owed.opened_at + until)
    closing = draw(st.sampled_from(["open", "open", "open", "fulfilled", "waived"]))
    if closing == "open":
        return Case(owed, days)
    closed = fulfil if closing == "fulfilled" else lambda duty, now, by: waived(duty, now, by, "当面聊过")
    return Case(closed(owed, owed.opened_at, owed.debtor_id), days)


@given(cases(), instants())
def test_a_duty_that_wants_no_attention_never_changes_by_the_clock(case: Case, now: datetime) -> None:
    if next_at(case.owed, case.pace) is None:
        assert fire(case.owed, now, case.pace) == Fired(case.owed, None)


@given(cases())
def test_something_happens_at_next_at_and_nothing_a_moment_before(case: Case) -> None:
    moment = next_at(case.owed, case.pace)
    if moment is not None:
        before = fire(case.owed, moment - TICK, case.pace)
        assert (before.duty, before.rung) == (case.owed, None)
        happened = fire(case.owed, moment, case.pace)
        assert happened.rung is not None
        assert happened.duty != case.owed


@given(cases())
def test_nothing_can_happen_any_more_exactly_when_the_duty_is_closed_or_its_ladder_and_snooze_are_spent(
    case: Case,
) -> None:
    owed = case.owed
    spent = owed.step == len(owed.ladder.rungs) and owed.snoozed_until is None
    assert (next_at(owed, case.pace) is None) == (spent or not owed.is_open)


@given(cases(), lengths())
def test_a_snooze_leaves_every_rung_where_it_was(case: Case, until: timedelta) -> None:
    later = snoozed(case.owed, case.owed.opened_at + until)
    steps = range(len(case.owed.ladder.rungs))
    assert [rung_at(later, n, case.pace) for n in steps] == [rung_at(case.owed, n, case.pace) for n in steps]
    sooner, usual = next_at(later, case.pace), next_at(case.owed, case.pace)
    assert usual is None or case.owed.snoozed_until is not None or (sooner is not None and sooner <= usual)


@given(cases())
def test_no_rung_fires_before_the_opening_and_none_after_the_due_instant_by_counting_back(case: Case) -> None:
    due = due_at(case.owed.ladder, case.owed.opened_at, case.pace)
    assert due >= case.owed.opened_at
    for step, rung in enumerate(case.owed.ladder.rungs):
        moment = rung_at(case.owed, step, case.pace)
        assert moment is not None
        assert moment >= case.owed.opened_at
        assert rung.before is None or moment <= due


@given(cases())
def test_more_leave_never_brings_a_rung_or_the_due_instant_forward(case: Case) -> None:
    worked = replace(case.pace, leave=())
    assert due_at(case.owed.ladder, case.owed.opened_at, worked) <= due_at(
        case.owed.ladder, case.owed.opened_at, case.pace
    )
    for step in range(len(case.owed.ladder.rungs)):
        without, with_leave = rung_at(case.owed, step, worked), rung_at(case.owed, step, case.pace)
        assert without is not None
        assert with_leave is not None
        assert without <= with_leave


class DutyUnderAnyClock(RuleBasedStateMachine):
    """One duty, any order of acts, a clock that jumps both ways, leave that comes and goes, debtors that change."""

    @initialize(data=st.data(), days=paces())
    def open_a_duty(self, data: st.DataObject, days: Pace) -> None:
        self.pace = days
        self.opened = data.draw(duties(days))
        self.owed = self.opened
        self.now = self.opened.opened_at
        self.climbed: list[int] = []
        self.extra_reminders = 0
        self.asked_for_reminders = 0
        self.closed: Duty | None = None

    @rule(step=lengths(), back=st.booleans())
    def move_the_clock(self, step: timedelta, back: bool) -> None:
        self.now += -step if back else step

    @precondition(lambda self: next_at(self.owed, self.pace) is not None)
    @rule()
    def jump_to_what_is_next(self) -> None:
        moment = next_at(self.owed, self.pace)
        assert moment is not None
        self.now = max(self.now, moment)
        assert self._fire().rung is not None

    @rule()
    def tick(self) -> None:
        self._fire()

    @rule()
    def tick_until_nothing_is_due(self) -> None:
        calls = 0
        while self._fire().rung is not None:
            calls += 1
            assert calls <= len(self.opened.ladder.rungs) + 1
        upcoming = next_at(self.owed, self.pace)
        assert upcoming is None or upcoming > self.now

    @rule(until=lengths())
    def ask_for_a_reminder(self, until: timedelta) -> None:
        if self.owed.is_open:
            self.asked_for_reminders += 1
        self._become(snoozed(self.owed, self.now + until))

    @rule(to=person_ids(), days=paces())
    def hand_it_over(self, to: PersonId, days: Pace) -> None:
        changes_hands = self.owed.is_open and to != self.owed.debtor_id
        self._become(hand_over(self.owed, to))
        assert not changes_hands or (self.owed.debtor_id, self.owed.snoozed_until) == (to, None)
        self.pace = days

    @rule(data=st.data())
    def go_on_leave(self, data: st.DataObject) -> None:
        self.pace = replace(self.pace, leave=(*self.pace.leave, data.draw(leaves(self.now.date()))))

    @rule()
    def cancel_all_leave(self) -> None:
        self.pace = replace(self.pace, leave=())

    @rule(by=person_ids())
    def fulfil_it(self, by: PersonId) -> None:
        if self.owed.state is DutyState.EXPIRED:
            self.closed = None  # a late answer still counts
        self._become(fulfil(self.owed, self.now, by))
        assert self.owed.state in (DutyState.FULFILLED, DutyState.WAIVED)

    @rule(by=person_ids())
    def waive_it(self, by: PersonId) -> None:
        self._become(waived(self.owed, self.now, by, "当面聊过"))
        assert not self.owed.is_open

    def _fire(self) -> Fired:
        before = self.owed
        fired = fire(before, self.now, self.pace)
        note(f"{self.now}: {fired.rung}")
        if fired.rung is None:
            assert fired.duty == before
        elif fired.reminder_only:
            self._check_reminder(before, fired)
        else:
            self._check_rung(before, fired)
        self._become(fired.duty)
        return fired

    def _check_reminder(self, before: Duty, fired: Fired) -> None:
        assert before.is_open
        assert before.snoozed_until is not None
        assert before.snoozed_until <= self.now
        assert fired.duty == replace(before, snoozed_until=None)
        assert fired.rung is not None
        assert (fired.rung.act, fired.rung.to) == (Act.REMIND, Role.DEBTOR)
        self.extra_reminders += 1

    def _check_rung(self, before: Duty, fired: Fired) -> None:
        moment = rung_at(before, before.step, self.pace)
        assert before.is_open
        assert moment is not None
        assert moment <= self.now
        assert fired.rung == before.ladder.rungs[before.step]
        assert fired.duty.is_open == (fired.rung.act is not Act.CLOSE)
        self.climbed.append(before.step)

    def _become(self, duty: Duty) -> None:
        if self.closed is not None:
            assert duty == self.closed, "a closed duty changed"
        assert duty.step >= self.owed.step
        self.owed = duty
        if not duty.is_open:
            self.closed = duty

    @invariant()
    def rungs_have_fired_once_each_in_order_and_none_was_skipped(self) -> None:
        assert self.climbed == list(range(self.owed.step))
        assert self.owed.step <= len(self.opened.ladder.rungs)

    @invariant()
    def a_snooze_is_given_at_most_once(self) -> None:
        waiting = self.owed.snoozed_until is not None
        assert self.extra_reminders + waiting <= self.asked_for_reminders

    @invariant()
    def only_an_open_duty_has_something_ahead(self) -> None:
        spent = self.owed.step == len(self.owed.ladder.rungs) and self.owed.snoozed_until is None
        assert (next_at(self.owed, self.pace) is None) == (spent or not self.owed.is_open)
        assert self.owed.is_open == (self.owed.closed_at is None)

    @invariant()
    def what_was_agreed_at_the_opening_stays(self) -> None:
        kept = {"ladder", "opened_at", "due_at", "kind", "subject", "about_id", "duty_id", "org_id"}
        assert all(getattr(self.owed, name) == getattr(self.opened, name) for name in kept)


TestDutyUnderAnyClock = DutyUnderAnyClock.TestCase
