"""How a schedule is written, which days it names, and for which period each stands."""

from datetime import date

import pytest

from domain.calendar import WorkCalendar
from domain.recurrence import BadRecurrence, Recurrence
from domain.recurrence_text import ALLOWED

CHINA = WorkCalendar.of("CN", frozenset({5, 6}), (), ())


def named(text: str, from_day: str, to_day: str, calendar: WorkCalendar = CHINA) -> list[str]:
    recurrence = Recurrence.parse(text)
    found = recurrence.nominal(date.fromisoformat(from_day), date.fromisoformat(to_day), calendar)
    return [f"{day} {at:%H:%M}" for day, at in found]


def named_days(text: str, from_day: str, to_day: str, calendar: WorkCalendar = CHINA) -> list[str]:
    return [line[:10] for line in named(text, from_day, to_day, calendar)]


class TestText:
    @pytest.mark.parametrize("text", ALLOWED)
    def test_every_example_that_messages_show_is_its_own_canonical_text(self, text: str) -> None:
        assert str(Recurrence.parse(text)) == text

    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            ("fri 16:00", "FRI 16:00"),
            ("  Friday   9:05 ", "FRI 09:05"),
            ("周五 16:00", "FRI 16:00"),
            ("星期五 16：00", "FRI 16:00"),  # full-width colon
            ("周天 10:00", "SUN 10:00"),
            ("星期日 10:00", "SUN 10:00"),
            ("周一、周三 09:30", "MON,WED 09:30"),
            ("WED, mon ,wed 09:30", "MON,WED 09:30"),
            ("FRI 16:00 EVERY 2 WEEKS FROM 2026-11-06", "FRI 16:00 every 2 weeks from 2026-11-06"),
            ("Last 周五 15:00", "last FRI 15:00"),
            ("QUARTERLY Last Day 15:00", "quarterly last day 15:00"),
            ("quarterly day 10 09:00", "quarterly day 10 09:00"),
            ("second tue 10:00", "second TUE 10:00"),
            ("third workday 10:00", "third workday 10:00"),
            ("on 2027-01-15, 2026-12-15,2026-12-15 10:00", "on 2026-12-15,2027-01-15 10:00"),
            ("daily 00:00", "daily 00:00"),
        ],
    )
    def test_one_schedule_has_one_canonical_text(self, text: str, canonical: str) -> None:
        recurrence = Recurrence.parse(text)
        assert str(recurrence) == canonical
        assert Recurrence.parse(canonical) == recurrence

    @pytest.mark.parametrize("text", ["5 16:00", "1-5 09:00", "0 16 * * 5", "1,3 09:30", "first 1 10:00", "*/2 09:00"])
    def test_numbers_for_weekdays_are_refused_with_the_reason(self, text: str) -> None:
        with pytest.raises(BadRecurrence, match="different days in different cron libraries"):
            Recurrence.parse(text)

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("", "nothing to read"),
            ("   ", "nothing to read"),
            ("FRI", "a time such as 16:00 is missing at the end"),
            ("FRI 24:00", "'24:00' is no time; write hours and minutes from 00:00 to 23:59"),
            ("FRI 16:60", "'16:60' is no time"),
            ("FRI 1600", "'1600' is no time"),
            ("FRI 16:00:00", "'16:00:00' is no time"),
            ("FREITAG 16:00", "'freitag' is neither a weekday"),
            ("MON,,WED 09:30", "'' is neither a weekday"),
            ("fortnightly FRI 16:00", "'fortnightly' is neither a weekday"),
            ("FRI 16:00 weekly", "the word 'every' is expected, not 'weekly'"),
            ("FRI 16:00 every 1 weeks from 2026-11-06", "'1' is no number from 2 to 52"),
            ("FRI 16:00 every two weeks from 2026-11-06", "'two' is no number from 2 to 52"),
            ("FRI 16:00 every 2 months from 2026-11-06", "the word 'weeks' is expected, not 'months'"),
            ("FRI 16:00 every 2 weeks", "the word 'from' is missing at the end"),
            ("FRI 16:00 every 2 weeks from 2026-11-06,2026-11-13", "weeks are counted from one date"),
            (
                "FRI 16:00 every 2 weeks from 2026-11-06 until 2027",
                "nothing may follow here, but there is 'until 2027'",
            ),
            ("day 0 09:00", "'0' is no number from 1 to 31"),
            ("day 32 09:00", "'32' is no number from 1 to 31"),
            ("day last 09:00", "'last' is no number from 1 to 31"),
            ("first day 09:00", "write 'day 1', not 'first day'"),
            ("fifth FRI 09:00", "'fifth' is neither a weekday"),
            ("last 15:00", "'15:00' is neither a weekday"),
            ("quarterly", "a monthly form is missing at the end"),
            ("quarterly FRI 16:00", "'fri' does not begin one"),
            ("quarterly daily 16:00", "'daily' does not begin one"),
            ("on 10:00", "'10:00' is no date"),
            ("on 2026-02-30 10:00", "there is no day 2026-02-30"),
            ("on 20261215 10:00", "'20261215' is no date"),
            ("on 2026-W51-2 10:00", "is no date; write year-month-day"),
            ("daily 09:00 10:00", "nothing may follow here"),
        ],
    )
    def test_a_refusal_says_what_is_wrong_and_what_is_allowed(self, text: str, problem: str) -> None:
        with pytest.raises(BadRecurrence) as refused:
            Recurrence.parse(text)
        assert problem in str(refused.value)
        assert str(refused.value).startswith(repr(text))
        assert str(refused.value).endswith("; ".join(ALLOWED))


class TestNominalDays:
    def test_both_ends_are_included_and_an_empty_span_names_nothing(self) -> None:
        assert named("FRI 16:00", "2026-11-06", "2026-11-13") == ["2026-11-06 16:00", "2026-11-13 16:00"]
        assert named("FRI 16:00", "2026-11-07", "2026-11-06") == []

    def test_several_weekdays_come_in_order(self) -> None:
        assert named_days("WED,MON 09:30", "2026-11-02", "2026-11-11") == [
            "2026-11-02",
            "2026-11-04",
            "2026-11-09",
            "2026-11-11",
        ]

    def test_every_second_week_is_counted_from_its_date_over_the_end_of_the_year(self) -> None:
        assert named_days("FRI 16:00 every 2 weeks from 2026-11-06", "2026-10-01", "2027-01-20") == [
            "2026-11-06",
            "2026-11-20",
            "2026-12-04",
            "2026-12-18",
            "2027-01-01",
            "2027-01-15",
        ]

    def test_weeks_are_counted_from_the_week_of_the_date_and_nothing_is_named_before_it(self) -> None:
        assert named_days("MON,FRI 16:00 every 2 weeks from 2026-11-04", "2026-10-01", "2026-11-20") == [
            "2026-11-06",  # Monday 11-02 is in the week, but before the date
            "2026-11-16",
            "2026-11-20",
        ]

    def test_daily_names_weekends_and_workdays_only_workdays(self) -> None:
        assert len(named("daily 09:00", "2026-10-01", "2026-10-10")) == 10
        assert named_days("workdays 09:00", "2026-09-18", "2026-10-10") == [
            "2026-09-18",
            "2026-09-20",  # make-up Sunday
            "2026-09-21",
            "2026-09-22",
            "2026-09-23",
            "2026-09-24",
            "2026-09-28",
            "2026-09-29",
            "2026-09-30",
            "2026-10-08",
            "2026-10-09",
            "2026-10-10",  # make-up Saturday
        ]

    def test_a_day_beyond_the_months_end_means_its_last_day(self) -> None:
        assert named_days("day 31 09:00", "2028-01-15", "2028-04-30") == [
            "2028-01-31",
            "2028-02-29",
            "2028-03-31",
            "2028-04-30",
        ]

    def test_a_day_of_the_month_is_named_whether_it_is_worked_or_not(self) -> None:
        assert named_days("day 10 09:00", "2026-01-01", "2026-02-28") == ["2026-01-10", "2026-02-10"]

    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("last day 15:00", ["2026-01-31", "2026-02-28"]),
            ("first workday 10:00", ["2026-01-04", "2026-02-02"]),
            ("last workday 15:00", ["2026-01-30", "2026-02-28"]),
            ("second workday 10:00", ["2026-01-05", "2026-02-03"]),
            ("first MON 10:00", ["2026-01-05", "2026-02-02"]),
            ("fourth SUN 10:00", ["2026-01-25", "2026-02-22"]),
            ("last FRI 15:00", ["2026-01-30", "2026-02-27"]),
        ],
    )
    def test_a_place_in_the_month_is_counted_from_the_end_it_names(self, text: str, days: list[str]) -> None:
        assert named_days(text, "2026-01-01", "2026-02-28") == days

    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("quarterly day 10 09:00", ["2026-01-10", "2026-04-10", "2026-07-10", "2026-10-10"]),
            ("quarterly first workday 10:00", ["2026-01-04", "2026-04-01", "2026-07-01", "2026-10-08"]),
            ("quarterly second TUE 10:00", ["2026-01-13", "2026-04-14", "2026-07-14", "2026-10-13"]),
            ("quarterly last day 15:00", ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]),
            ("quarterly last workday 15:00", ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31"]),
            ("quarterly last FRI 15:00", ["2026-03-27", "2026-06-26", "2026-09-25", "2026-12-25"]),
        ],
    )
    def test_a_quarter_has_its_first_month_or_for_last_its_last(self, text: str, days: list[str]) -> None:
        assert named_days(text, "2026-01-01", "2026-12-31") == days

    def test_a_month_without_workdays_names_none_and_one_with_few_its_last(self) -> None:
        february = [date(2026, 2, number) for number in range(1, 29)]
        closed = WorkCalendar.of(None, frozenset({5, 6}), february, ())
        assert named_days("first workday 10:00", "2026-02-01", "2026-02-28", closed) == []
        nearly_closed = WorkCalendar.of(None, frozenset({5, 6}), set(february) - {date(2026, 2, 5)}, ())
        assert named_days("third workday 10:00", "2026-02-01", "2026-02-28", nearly_closed) == ["2026-02-05"]

    def test_given_dates_are_named_in_order(self) -> None:
        assert named("on 2026-12-15,2026-11-15,2027-02-01 10:00", "2026-11-01", "2026-12-31") == [
            "2026-11-15 10:00",
            "2026-12-15 10:00",
        ]


class TestPeriods:
    @pytest.mark.parametrize(
        ("text", "day", "period"),
        [
            ("FRI 16:00", "2026-11-27", "2026-W48"),
            ("FRI 16:00", "2027-01-01", "2026-W53"),  # the week's Thursday is in the old year
            ("MON 09:00", "2024-12-30", "2025-W01"),  # or already in the new one
            ("FRI 16:00 every 2 weeks from 2026-11-06", "2026-11-20", "2026-W47"),
            ("MON,WED 09:30", "2026-11-25", "2026-11-25"),  # two in a week stand for two periods
            ("daily 09:00", "2026-11-27", "2026-11-27"),
            ("workdays 09:00", "2026-11-27", "2026-11-27"),
            ("day 10 09:00", "2026-11-10", "2026-11"),
            ("last FRI 15:00", "2026-11-27", "2026-11"),
            ("quarterly first workday 10:00", "2026-10-08", "2026-Q4"),
            ("quarterly last day 15:00", "2026-12-31", "2026-Q4"),
            ("quarterly last day 15:00", "2026-03-31", "2026-Q1"),
            ("on 2026-12-15 10:00", "2026-12-15", "2026-12-15"),
        ],
    )
    def test_a_nominal_day_stands_for_one_period(self, text: str, day: str, period: str) -> None:
        assert Recurrence.parse(text).period(date.fromisoformat(day)) == period
