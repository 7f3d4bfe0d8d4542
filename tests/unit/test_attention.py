"""What the bot may say unasked: never at night, never on days off, never more than the day's budget, never lost."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attention import Decision, Verdict, decide
from domain.calendar import QuietHours, local_day
from domain.duties import Pace
from domain.policy import AttentionRules
from tests.builders import at, attention, leave, pace
from tests.strategies import attention_rules, instants, lengths, paces

MORNING = at("2026-11-27 10:00")


class TestQuiet:
    @pytest.mark.parametrize(
        ("now", "allowed"),
        [
            ("2026-11-26 19:59", "2026-11-26 19:59"),
            ("2026-11-26 20:00", "2026-11-27 08:30"),  # the night begins
            ("2026-11-27 03:00", "2026-11-27 08:30"),
            ("2026-11-27 08:29", "2026-11-27 08:30"),
            ("2026-11-27 08:30", "2026-11-27 08:30"),  # the night is over
            ("2026-11-27 20:00", "2026-11-30 08:30"),  # Friday night: Monday morning
            ("2026-11-28 12:00", "2026-11-30 08:30"),  # Saturday
        ],
    )
    def test_a_message_waits_for_the_next_allowed_minute(self, now: str, allowed: str) -> None:
        verdict = Verdict.SEND if now == allowed else Verdict.WAIT
        assert decide(at(now), attention(), pace(), 0) == Decision(verdict, at(allowed))

    def test_it_is_the_readers_own_night_that_counts(self) -> None:
        new_york = ZoneInfo("America/New_York")
        assert decide(MORNING, attention(), pace(zone=new_york), 0) == Decision(
            Verdict.WAIT, at("2026-11-27 08:30", new_york)
        )

    def test_days_off_may_be_opened(self) -> None:
        saturday = at("2026-11-28 12:00")
        assert decide(saturday, attention(workdays_only=False), pace(), 0).verdict is Verdict.SEND

    def test_leave_is_quiet_as_a_whole(self) -> None:
        on_leave = pace([leave("2026-11-27", "2026-12-01")])
        assert decide(MORNING, attention(), on_leave, 0) == Decision(Verdict.WAIT, at("2026-12-02 08:30"))

    def test_without_quiet_hours_a_workday_is_open_all_day(self) -> None:
        night = at("2026-11-27 03:00")
        assert decide(night, attention(quiet=None), pace(), 0) == Decision(Verdict.SEND, night)


class TestBudget:
    @pytest.mark.parametrize(
        ("said", "verdict"), [(0, Verdict.SEND), (4, Verdict.SEND), (5, Verdict.FOLD), (6, Verdict.FOLD)]
    )
    def test_the_last_place_of_the_day_is_the_digests(self, said: int, verdict: Verdict) -> None:
        assert decide(MORNING, attention(per_day=6), pace(), said).verdict is verdict

    def test_a_budget_of_one_is_the_digest_alone(self) -> None:
        assert decide(MORNING, attention(per_day=1), pace(), 0).verdict is Verdict.FOLD
        assert decide(MORNING, attention(per_day=1), pace(), 0, is_digest=True).verdict is Verdict.SEND

    def test_what_is_too_much_goes_into_this_evenings_digest(self) -> None:
        assert decide(MORNING, attention(), pace(), 5) == Decision(Verdict.FOLD, at("2026-11-27 18:00"))

    @pytest.mark.parametrize("now", ["2026-11-27 18:00", "2026-11-27 19:00"])
    def test_what_is_too_much_after_the_digest_waits_for_the_next_days(self, now: str) -> None:
        assert decide(at(now), attention(), pace(), 5) == Decision(Verdict.FOLD, at("2026-11-30 18:00"))

    def test_a_digest_at_a_quiet_hour_comes_with_the_first_allowed_minute_of_a_day(self) -> None:
        folded = decide(MORNING, attention(digest_at=time(21, 0)), pace(), 5)
        assert folded == Decision(Verdict.FOLD, at("2026-11-30 08:30"))

    def test_a_digest_in_a_quiet_noon_comes_when_the_noon_is_over(self) -> None:
        siesta = attention(quiet=QuietHours(time(12, 0), time(14, 0)), digest_at=time(13, 0))
        assert decide(MORNING, siesta, pace(), 5) == Decision(Verdict.FOLD, at("2026-11-27 14:00"))

    @pytest.mark.parametrize(("said", "verdict"), [(5, Verdict.SEND), (6, Verdict.WAIT), (9, Verdict.WAIT)])
    def test_the_digest_itself_is_sent_while_there_is_a_place_and_never_folded(
        self, said: int, verdict: Verdict
    ) -> None:
        assert decide(MORNING, attention(per_day=6), pace(), said, is_digest=True).verdict is verdict

    def test_the_night_comes_before_the_budget(self) -> None:
        night = at("2026-11-26 22:00")
        assert decide(night, attention(), pace(), 99) == Decision(Verdict.WAIT, at("2026-11-27 08:30"))


def test_a_wall_clock_that_goes_back_over_midnight_does_not_move_the_digest_into_the_past() -> None:
    """In St. John's at 00:01 on 2010-11-07 it became 23:01 of the 6th once more; the 7th had begun all the same."""
    newfoundland = ZoneInfo("America/St_Johns")
    second_half_past_eleven = datetime(2010, 11, 7, 3, 0, tzinfo=UTC)
    rules = attention(per_day=1, quiet=None, workdays_only=False, digest_at=time(0, 0))
    folded = decide(second_half_past_eleven, rules, pace(zone=newfoundland), 0)
    assert folded == Decision(Verdict.FOLD, at("2010-11-08 00:00", newfoundland))


def _is_allowed(now: datetime, rules: AttentionRules, days: Pace) -> bool:
    """Tell by the wall clock and the calendar alone whether something unasked may be said."""
    day = local_day(now, days.zone)
    wall = now.astimezone(days.zone).time()
    works = days.calendar.is_workday(day) and not any(one.covers(day) for one in days.leave)
    return (works or not rules.workdays_only) and not (rules.quiet is not None and rules.quiet.contains(wall))


class TestAnyRules:
    @given(instants(), attention_rules(), paces(), st.integers(0, 5), st.booleans())
    def test_nothing_is_sent_or_moved_to_where_it_may_not_be_said(
        self, now: datetime, rules: AttentionRules, days: Pace, said: int, is_digest: bool
    ) -> None:
        decision = decide(now, rules, days, said, is_digest=is_digest)
        assert _is_allowed(decision.at, rules, days)
        assert decision.at == now if decision.verdict is Verdict.SEND else decision.at > now

    @given(instants(), attention_rules(), paces(), st.integers(0, 5), st.booleans())
    def test_nothing_is_sent_above_the_budget(
        self, now: datetime, rules: AttentionRules, days: Pace, said: int, is_digest: bool
    ) -> None:
        decision = decide(now, rules, days, said, is_digest=is_digest)
        places = rules.per_day if is_digest else rules.per_day - 1
        assert decision.verdict is not Verdict.SEND or said < places
        assert decision.verdict is not Verdict.FOLD or not is_digest

    @given(instants(), lengths(timedelta(days=4)), attention_rules(), paces())
    def test_a_local_day_has_one_instant_for_its_digest(
        self, now: datetime, later: timedelta, rules: AttentionRules, days: Pace
    ) -> None:
        """The digest of a day is one message; what were folded into a second one of that day would never be told."""
        folds = [decide(moment, rules, days, rules.per_day) for moment in (now, now + later)]
        instants_of = {local_day(one.at, days.zone): one.at for one in folds if one.verdict is Verdict.FOLD}
        assert all(one.at in instants_of.values() for one in folds if one.verdict is Verdict.FOLD)

    @given(instants(), attention_rules(), paces(), st.floats(0, 1))
    def test_a_message_that_waits_waits_for_the_same_instant_all_the_time(
        self, now: datetime, rules: AttentionRules, days: Pace, part: float
    ) -> None:
        decision = decide(now, rules, days, 0, is_digest=True)
        between = now + (decision.at - now) * part
        if between < decision.at:
            assert decide(between, rules, days, 0, is_digest=True) == decision
        else:
            assert decide(decision.at, rules, days, 0, is_digest=True) == Decision(Verdict.SEND, decision.at)

    @given(instants(), st.lists(lengths(timedelta(days=2)), min_size=1, max_size=20), attention_rules(), paces())
    def test_nobody_hears_more_than_the_budget_on_any_day_and_every_message_is_heard(
        self, start: datetime, offsets: list[timedelta], rules: AttentionRules, days: Pace
    ) -> None:
        heard = _play([start + offset for offset in offsets], rules, days)
        a_day = Counter(local_day(moment, days.zone) for moment, _ in heard)
        assert max(a_day.values()) <= rules.per_day
        assert sum(messages for _, messages in heard) == len(offsets)
        assert all(_is_allowed(moment, rules, days) for moment, _ in heard)


def _play(due: list[datetime], rules: AttentionRules, days: Pace) -> list[tuple[datetime, int]]:
    """Deliver messages as an outbox would; return when something was said, and how many messages it told of."""
    queue: list[tuple[datetime, bool, int]] = []
    for moment in due:
        heappush(queue, (moment, False, 1))
    heard: list[tuple[datetime, int]] = []
    while queue:
        now, is_digest, messages = heappop(queue)
        while is_digest and queue and queue[0][:2] == (now, True):
            messages += heappop(queue)[2]  # one digest tells of all that was folded into its instant
        today = local_day(now, days.zone)
        said = sum(local_day(moment, days.zone) == today for moment, _ in heard)
        decision = decide(now, rules, days, said, is_digest=is_digest)
        if decision.verdict is Verdict.SEND:
            heard.append((now, messages))
        else:
            heappush(queue, (decision.at, is_digest or decision.verdict is Verdict.FOLD, messages))
    return heard
