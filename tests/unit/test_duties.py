"""Who owes what by when, by example: what people are told, and what happens while nothing happens."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.calendar import ClockKind
from domain.duties import (
    Act,
    Channel,
    Duty,
    DutyState,
    Ladder,
    Pace,
    Rung,
    due_at,
    fire,
    follow,
    fulfil,
    hand_over,
    next_at,
    rung_at,
    snooze,
    waive,
)
from domain.ids import PersonId
from domain.people import Role
from tests.builders import (
    CHEN_JING,
    FRIDAY,
    LI_HUA,
    WANG_LEI,
    at,
    calendar,
    close,
    duty,
    escalate,
    hours,
    ladder,
    leave,
    org_policy,
    pace,
    person,
    remind,
)

MONDAY, TUESDAY = at("2026-11-30 16:00"), at("2026-12-01 16:00")
MINUTE = timedelta(minutes=1)


def _acts(owed: Duty, now: datetime, days: Pace | None = None) -> tuple[Duty, list[Act]]:
    """Fire until nothing is due; return the duty and what came of it."""
    acts: list[Act] = []
    while (fired := fire(owed, now, days or pace())).rung is not None:
        owed = fired.duty
        acts.append(fired.rung.act)
        assert len(acts) <= len(owed.ladder.rungs) + 1, "more came of it than its rungs and one snooze"
    return owed, acts


class TestDue:
    @pytest.mark.parametrize(
        ("opened", "due", "country"),
        [
            ("2026-11-27 16:00", "2026-12-01 16:00", None),  # over a weekend
            ("2026-11-25 09:30", "2026-11-27 09:30", None),  # within a week
            ("2026-11-28 11:00", "2026-12-02 00:00", None),  # opened on a day off: all of Monday and Tuesday
            ("2026-09-18 16:00", "2026-09-21 16:00", "CN"),  # Sunday 20 September is a make-up workday
            ("2026-02-13 16:00", "2026-02-24 16:00", "CN"),  # Saturday 14 February works, then Spring Festival
            ("2026-09-30 16:00", "2026-10-09 16:00", "CN"),  # over the National Day week
        ],
    )
    def test_a_manager_has_48_hours_of_workdays(self, opened: str, due: str, country: str | None) -> None:
        days = pace(work_calendar=calendar(country))
        assert due_at(ladder(), at(opened), days) == at(due)

    def test_the_elapsed_clock_runs_through_the_weekend(self) -> None:
        assert due_at(ladder(clock=ClockKind.ELAPSED), FRIDAY, pace()) == at("2026-11-29 16:00")

    def test_a_ladder_may_name_a_due_time_before_its_last_rung(self) -> None:
        assert due_at(ladder(remind(24), escalate(48), due=hours(24)), FRIDAY, pace()) == MONDAY

    def test_without_rungs_and_due_time_it_is_due_at_once(self) -> None:
        assert due_at(Ladder("none", ClockKind.WORKDAYS, ()), FRIDAY, pace()) == FRIDAY

    def test_what_people_are_told_is_when_the_last_rung_fires(self) -> None:
        owed = duty()
        assert owed.due_at == rung_at(owed, 1, pace()) == TUESDAY


class TestLeave:
    """While the debtor is away the clock of workdays stands still, unless a deputy stands in."""

    AWAY = leave("2026-11-30", "2026-12-04")

    def test_leave_moves_every_rung_that_is_still_ahead(self) -> None:
        owed = duty()
        assert [rung_at(owed, step, pace([self.AWAY])) for step in (0, 1)] == [
            at("2026-12-07 16:00"),
            at("2026-12-08 16:00"),
        ]

    def test_a_deputy_keeps_the_clock_running(self) -> None:
        policy = org_policy()
        with_deputy = policy.pace_for(person(LI_HUA, deputy="zhaomin"), [self.AWAY], "reply")
        assert next_at(duty(), with_deputy) == MONDAY

    def test_without_a_deputy_the_clock_stands_still(self) -> None:
        alone = org_policy().pace_for(person(LI_HUA), [self.AWAY], "reply")
        assert next_at(duty(), alone) == at("2026-12-07 16:00")

    def test_leave_that_is_told_late_does_not_undo_what_fired(self) -> None:
        owed, _ = _acts(duty(), MONDAY)
        fired = fire(owed, MONDAY, pace([self.AWAY]))
        assert (fired.duty.step, fired.rung) == (1, None)
        assert next_at(owed, pace([self.AWAY])) == at("2026-12-08 16:00")

    def test_the_elapsed_clock_knows_no_leave(self) -> None:
        owed = duty(ladder(clock=ClockKind.ELAPSED))
        assert next_at(owed, pace([self.AWAY])) == at("2026-11-28 16:00")


class TestLadder:
    def test_nothing_fires_before_its_time(self) -> None:
        owed = duty()
        fired = fire(owed, MONDAY - MINUTE, pace())
        assert (fired.duty, fired.rung) == (owed, None)

    def test_rungs_fire_at_their_times_in_order(self) -> None:
        owed, first = _acts(duty(), MONDAY)
        assert (first, next_at(owed, pace())) == ([Act.REMIND], TUESDAY)
        owed, second = _acts(owed, TUESDAY)
        assert (second, next_at(owed, pace())) == ([Act.ESCALATE], None)
        assert owed.is_open

    def test_after_downtime_all_overdue_rungs_fire_one_call_at_a_time(self) -> None:
        owed, acts = _acts(duty(), TUESDAY + hours(500))
        assert (owed.step, acts) == (2, [Act.REMIND, Act.ESCALATE])

    def test_a_fired_rung_says_what_to_do_for_whom_and_how(self) -> None:
        owed = replace(duty(), step=1)
        assert fire(owed, TUESDAY, pace()).rung == Rung(
            Act.ESCALATE, Role.HRBP, (Channel.CHAT, Channel.MAIL), after=hours(48)
        )

    def test_a_clock_that_goes_back_fires_nothing_again(self) -> None:
        owed, _ = _acts(duty(), TUESDAY)
        assert _acts(owed, FRIDAY) == (owed, [])

    def test_rungs_out_of_order_wait_for_those_before_them(self) -> None:
        owed = duty(ladder(escalate(48), remind(24)))
        assert _acts(owed, MONDAY)[1] == []
        assert _acts(owed, TUESDAY)[1] == [Act.ESCALATE, Act.REMIND]

    def test_a_closing_rung_ends_the_duty_and_the_rungs_behind_it(self) -> None:
        owed, acts = _acts(duty(ladder(remind(24), close(48), escalate(72))), TUESDAY + hours(500))
        assert acts == [Act.REMIND, Act.CLOSE]
        assert (owed.state, owed.closed_at, owed.closed_by) == (DutyState.EXPIRED, TUESDAY + hours(500), None)
        assert next_at(owed, pace()) is None

    def test_a_duty_without_rungs_waits_for_ever(self) -> None:
        owed = duty(Ladder("none", ClockKind.WORKDAYS, ()))
        assert next_at(owed, pace()) is None
        assert _acts(owed, TUESDAY + hours(9999)) == (owed, [])


class TestBeforeDue:
    """Rungs that count back from the due instant, such as two days before a milestone (R4)."""

    TWO_DAYS_BEFORE = Rung(Act.REMIND, before=timedelta(days=2))

    def test_it_fires_that_long_before_the_due_instant(self) -> None:
        owed = duty(Ladder("goal", ClockKind.ELAPSED, (self.TWO_DAYS_BEFORE,), timedelta(days=10)))
        assert next_at(owed, pace()) == FRIDAY + timedelta(days=8)

    def test_it_fires_at_once_where_less_time_is_left(self) -> None:
        owed = duty(Ladder("goal", ClockKind.ELAPSED, (self.TWO_DAYS_BEFORE,), timedelta(days=1)))
        assert next_at(owed, pace()) == FRIDAY

    def test_it_moves_with_the_due_instant_over_leave(self) -> None:
        steps = Ladder("goal", ClockKind.WORKDAYS, (Rung(Act.REMIND, before=hours(3)),), hours(24))
        assert next_at(duty(steps), pace([leave("2026-11-30")])) == at("2026-12-01 13:00")

    @pytest.mark.parametrize(
        ("after", "before"), [(None, None), (hours(1), hours(1)), (hours(-1), None), (None, hours(-1))]
    )
    def test_a_rung_has_exactly_one_time_that_is_not_negative(
        self, after: timedelta | None, before: timedelta | None
    ) -> None:
        with pytest.raises(ValueError, match="one time"):
            Rung(Act.REMIND, after=after, before=before)


class TestSnooze:
    TONIGHT = at("2026-11-27 18:00")

    def test_it_adds_one_reminder_to_the_debtor_that_is_no_rung(self) -> None:
        fired = fire(snooze(duty(), self.TONIGHT), self.TONIGHT, pace())
        assert fired.rung is not None
        assert (fired.rung.act, fired.rung.to, fired.reminder_only) == (Act.REMIND, Role.DEBTOR, True)
        assert fired.duty == duty()

    def test_it_is_given_once(self) -> None:
        assert _acts(snooze(duty(), self.TONIGHT), self.TONIGHT)[1] == [Act.REMIND]

    def test_it_never_delays_the_ladder(self) -> None:
        late = snooze(duty(), TUESDAY + hours(100))
        assert next_at(late, pace()) == MONDAY
        owed, acts = _acts(late, TUESDAY)
        assert acts == [Act.REMIND, Act.ESCALATE]
        assert next_at(owed, pace()) == TUESDAY + hours(100)

    def test_asking_again_moves_the_reminder(self) -> None:
        twice = snooze(snooze(duty(), self.TONIGHT), self.TONIGHT + hours(1))
        assert next_at(twice, pace()) == self.TONIGHT + hours(1)

    def test_a_ladders_own_reminder_to_the_debtor_says_it_already(self) -> None:
        assert _acts(snooze(duty(), self.TONIGHT), MONDAY)[1] == [Act.REMIND]

    @pytest.mark.parametrize("rung", [remind(24, to=Role.ABOUT), Rung(Act.REMIND, by=(Channel.MAIL,), after=hours(24))])
    def test_a_rung_that_speaks_to_others_or_elsewhere_does_not_replace_it(self, rung: Rung) -> None:
        owed, acts = _acts(snooze(duty(ladder(rung)), self.TONIGHT), MONDAY)
        assert (acts, owed.snoozed_until) == ([Act.REMIND, Act.REMIND], None)

    def test_a_reminder_rung_before_the_snooze_leaves_it_alone(self) -> None:
        owed, acts = _acts(snooze(duty(), MONDAY + hours(2)), MONDAY)
        assert (acts, owed.snoozed_until) == ([Act.REMIND], MONDAY + hours(2))

    def test_it_goes_when_the_ladder_gives_up(self) -> None:
        owed, _ = _acts(snooze(duty(ladder(close(24))), TUESDAY), MONDAY)
        assert (owed.snoozed_until, next_at(owed, pace())) == (None, None)

    def test_a_closed_duty_cannot_be_snoozed(self) -> None:
        done = fulfil(duty(), MONDAY, LI_HUA)
        assert snooze(done, TUESDAY) == done


class TestClosing:
    def test_fulfilling_says_when_and_by_whom(self) -> None:
        done = fulfil(snooze(duty(), TUESDAY), MONDAY, LI_HUA)
        assert (done.state, done.closed_at, done.closed_by, done.snoozed_until) == (
            DutyState.FULFILLED,
            MONDAY,
            LI_HUA,
            None,
        )

    def test_waiving_says_why(self) -> None:
        waived = waive(duty(), MONDAY, CHEN_JING, "属正常策略调整")
        assert (waived.state, waived.closed_at, waived.closed_by, waived.reason) == (
            DutyState.WAIVED,
            MONDAY,
            CHEN_JING,
            "属正常策略调整",
        )

    def test_the_clock_can_waive_what_somebody_who_left_owed(self) -> None:
        assert waive(duty(), MONDAY, None, "left").closed_by is None

    @pytest.mark.parametrize("closed", [fulfil(duty(), MONDAY, LI_HUA), waive(duty(), MONDAY, CHEN_JING, "x")])
    def test_what_is_closed_by_somebody_stays_as_it_is(self, closed: Duty) -> None:
        assert fulfil(closed, TUESDAY, WANG_LEI) == closed
        assert waive(closed, TUESDAY, WANG_LEI, "late") == closed
        assert hand_over(closed, WANG_LEI) == closed
        assert fire(closed, TUESDAY + hours(99), pace()).rung is None

    def test_an_expired_duty_can_still_be_fulfilled_late(self) -> None:
        expired, _ = _acts(duty(ladder(close(24))), MONDAY)
        late = fulfil(expired, TUESDAY, LI_HUA)
        assert (late.state, late.closed_at, late.closed_by) == (DutyState.FULFILLED, TUESDAY, LI_HUA)

    def test_an_expired_duty_cannot_be_waived(self) -> None:
        expired, _ = _acts(duty(ladder(close(24))), MONDAY)
        assert waive(expired, TUESDAY, CHEN_JING, "late") == expired


class TestHandingOver:
    DEPUTY = PersonId("zhaomin")

    def test_the_ladder_goes_on_where_it_stands(self) -> None:
        owed, _ = _acts(duty(), MONDAY)
        handed = hand_over(owed, self.DEPUTY)
        assert (handed.debtor_id, handed.step, handed.opened_at) == (self.DEPUTY, 1, FRIDAY)
        assert next_at(handed, pace()) == TUESDAY

    def test_the_reminder_that_the_old_debtor_asked_for_goes(self) -> None:
        assert hand_over(snooze(duty(), MONDAY), self.DEPUTY).snoozed_until is None

    def test_handing_it_to_whoever_owes_it_changes_nothing(self) -> None:
        snoozed = snooze(duty(), MONDAY)
        assert hand_over(snoozed, LI_HUA) == snoozed

    def test_the_new_debtor_is_told_at_once_and_not_when_the_old_one_would_have_been(self) -> None:
        assert hand_over(replace(duty(), tell_at=TUESDAY), self.DEPUTY).tell_at is None


class TestTelling:
    """Somebody else was in the debtor's place when it was opened: the debtor is told when back."""

    UNTOLD = replace(duty(), tell_at=FRIDAY + hours(2))

    def test_the_debtor_is_told_once_at_that_time_and_the_ladder_stands_where_it_stood(self) -> None:
        assert next_at(self.UNTOLD, pace()) == FRIDAY + hours(2)
        assert not fire(self.UNTOLD, FRIDAY + hours(1), pace()).tells
        fired = fire(self.UNTOLD, FRIDAY + hours(2), pace())
        assert (fired.tells, fired.rung, fired.duty) == (True, None, duty())

    def test_nobody_is_reminded_of_what_they_were_not_told(self) -> None:
        fired = fire(self.UNTOLD, TUESDAY, pace())
        assert fired.tells
        assert _acts(fired.duty, TUESDAY)[1] == [Act.REMIND, Act.ESCALATE]

    def test_of_a_closed_duty_nobody_is_told(self) -> None:
        for closed in (fulfil(self.UNTOLD, FRIDAY, CHEN_JING), waive(self.UNTOLD, FRIDAY, None, "left")):
            assert closed.tell_at is None
            assert not fire(replace(closed, tell_at=FRIDAY), MONDAY, pace()).tells


class TestFollowing:
    def test_who_looks_after_it_is_kept_since_when_and_the_ladder_climbs_on(self) -> None:
        followed = follow(duty(), MONDAY, CHEN_JING)
        assert (followed.followed_by, followed.followed_at) == (CHEN_JING, MONDAY)
        assert _acts(followed, TUESDAY)[1] == [Act.REMIND, Act.ESCALATE]

    def test_saying_so_again_changes_nothing_and_somebody_else_relieves_them(self) -> None:
        followed = follow(duty(), MONDAY, CHEN_JING)
        assert follow(followed, TUESDAY, CHEN_JING) == followed
        assert follow(followed, TUESDAY, PersonId("zhaomin")).followed_at == TUESDAY

    def test_it_outlives_a_change_of_hands_unless_it_has_become_their_own(self) -> None:
        followed = follow(duty(), MONDAY, CHEN_JING)
        assert hand_over(followed, PersonId("zhaomin")).followed_by == CHEN_JING
        own = hand_over(followed, CHEN_JING)
        assert (own.followed_by, own.followed_at) == (None, None)

    def test_nobody_looks_after_what_is_closed(self) -> None:
        done = fulfil(duty(), MONDAY, LI_HUA)
        assert follow(done, TUESDAY, CHEN_JING) == done
