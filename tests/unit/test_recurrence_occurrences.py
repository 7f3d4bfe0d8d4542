"""At which instants a schedule fires, and what becomes of what falls on a day off."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import DayKind, DayOff, NoWorkday, WorkCalendar
from domain.recurrence import Occurrence, Recurrence, occurrences

WEEKEND = frozenset({5, 6})
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
CHINA = WorkCalendar.of("CN", WEEKEND, (), ())
BARE = WorkCalendar.of(None, WEEKEND, (), ())


def found(
    text: str,
    after: str,
    until: str,
    if_day_off: DayOff = DayOff.EARLIER,
    calendar: WorkCalendar = CHINA,
    zone: ZoneInfo = SHANGHAI,
) -> list[Occurrence]:
    """List the occurrences in a window of wall times."""
    begin, end = (datetime.fromisoformat(each).replace(tzinfo=zone) for each in (after, until))
    return list(
        occurrences(Recurrence.parse(text), after=begin, until=end, calendar=calendar, zone=zone, if_day_off=if_day_off)
    )


def fired(each: list[Occurrence], zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [one.fires_at.astimezone(zone).strftime("%m-%d %H:%M") for one in each if not one.skipped]


class TestAPlainWeek:
    def test_an_occurrence_on_a_workday_fires_as_named(self) -> None:
        assert found("FRI 16:00", "2026-11-23", "2026-11-30") == [
            Occurrence(
                nominal_day=date(2026, 11, 27),
                at=time(16),
                fires_at=datetime(2026, 11, 27, 8, tzinfo=UTC),
                moved=None,
                skipped=False,
                period="2026-W48",
                certain=True,
            )
        ]

    def test_a_window_holds_its_end_but_not_its_beginning(self) -> None:
        assert fired(found("FRI 16:00", "2026-11-20T16:00", "2026-11-27T16:00")) == ["11-27 16:00"]

    @pytest.mark.parametrize("until", ["2026-11-27T16:00", "2026-11-20"])
    def test_a_window_that_ends_where_it_begins_or_before_is_empty(self, until: str) -> None:
        assert found("daily 09:00", "2026-11-27T16:00", until) == []


class TestADayOff:
    """Friday 2026-02-20 is in the Spring Festival: 02-14 is a workday, 02-15 to 02-23 are off."""

    WINDOW = ("2026-02-13T17:00", "2026-02-26")

    @pytest.mark.parametrize(
        ("if_day_off", "fires"),
        [(DayOff.EARLIER, ["02-14 16:00"]), (DayOff.LATER, ["02-24 16:00"]), (DayOff.KEEP, ["02-20 16:00"])],
    )
    def test_it_moves_at_the_same_wall_time_or_is_kept(self, if_day_off: DayOff, fires: list[str]) -> None:
        assert fired(found("FRI 16:00", *self.WINDOW, if_day_off)) == fires

    @pytest.mark.parametrize("if_day_off", [DayOff.EARLIER, DayOff.LATER])
    def test_a_moved_occurrence_keeps_its_nominal_day_and_period_and_tells_why(self, if_day_off: DayOff) -> None:
        [moved] = found("FRI 16:00", *self.WINDOW, if_day_off)
        assert (moved.nominal_day, moved.at, moved.period) == (date(2026, 2, 20), time(16), "2026-W08")
        assert moved.moved is not None
        assert moved.moved.reason == "holiday:春节"

    def test_a_skipped_occurrence_is_told_at_its_nominal_instant(self) -> None:
        [skipped] = found("FRI 16:00", *self.WINDOW, DayOff.SKIP)
        assert skipped.skipped
        assert skipped.fires_at == datetime(2026, 2, 20, 8, tzinfo=UTC)
        assert skipped.moved is not None

    def test_what_is_kept_did_not_move(self) -> None:
        [kept] = found("FRI 16:00", *self.WINDOW, DayOff.KEEP)
        assert (kept.moved, kept.skipped) == (None, False)

    def test_it_is_found_in_the_window_it_moved_to_however_far_that_is(self) -> None:
        assert fired(found("FRI 16:00", "2026-02-14T15:00", "2026-02-14T16:00")) == ["02-14 16:00"]
        assert fired(found("FRI 16:00", "2026-02-24T15:00", "2026-02-24T16:00", DayOff.LATER)) == ["02-24 16:00"]
        closed = [date(2026, 7, 1) + timedelta(days=number) for number in range(40)]
        calendar = WorkCalendar.of(None, WEEKEND, closed, ())
        window = ("2026-06-30", "2026-06-30T16:00")
        assert fired(found("on 2026-08-05 16:00", *window, calendar=calendar)) == ["06-30 16:00"]
        window = ("2026-08-10", "2026-08-10T16:00")
        assert fired(found("on 2026-07-03 16:00", *window, DayOff.LATER, calendar)) == ["08-10 16:00"]

    def test_a_monthly_one_that_moves_out_of_its_month_stands_for_its_month(self) -> None:
        [january] = found("day 1 10:00", "2026-12-30", "2027-01-02")
        assert fired([january]) == ["12-31 10:00"]
        assert january.period == "2027-01"

    def test_the_tenth_of_2026_moves_where_it_is_off_and_stays_where_it_is_made_up(self) -> None:
        fires = fired(found("day 10 09:00", "2026-01-01", "2026-12-31", DayOff.LATER))
        assert [each[:5] for each in fires] == [
            "01-12",
            "02-10",
            "03-10",
            "04-10",
            "05-11",
            "06-10",
            "07-10",
            "08-10",
            "09-10",
            "10-10",
            "11-10",
            "12-10",
        ]

    def test_workday_schedules_have_nothing_to_move(self) -> None:
        for text in ("workdays 09:00", "first workday 10:00", "last workday 10:00"):
            assert all(each.moved is None for each in found(text, "2026-01-01", "2026-12-31"))


class TestMovesThatMeet:
    """From Thursday 2026-10-01 to Wednesday 10-07 all days are off; 09-30 and 10-08 are workdays."""

    WINDOW = ("2026-09-30", "2026-10-09")

    @pytest.mark.parametrize(
        ("text", "if_day_off", "fires"),
        [
            ("daily 09:00", DayOff.EARLIER, ["09-30 09:00", "10-08 09:00"]),
            ("daily 09:00", DayOff.LATER, ["09-30 09:00", "10-08 09:00"]),
            ("MON,FRI 09:00", DayOff.EARLIER, ["09-30 09:00"]),
            ("MON,FRI 09:00", DayOff.LATER, ["10-08 09:00"]),
        ],
    )
    def test_a_day_is_fired_on_once(self, text: str, if_day_off: DayOff, fires: list[str]) -> None:
        assert fired(found(text, *self.WINDOW, if_day_off)) == fires

    @pytest.mark.parametrize(("if_day_off", "nearest"), [(DayOff.EARLIER, 2), (DayOff.LATER, 5)])
    def test_the_nearest_fires_and_the_others_are_told_as_skipped(self, if_day_off: DayOff, nearest: int) -> None:
        each = found("MON,FRI 09:00", *self.WINDOW, if_day_off)
        assert {one.nominal_day for one in each} == {date(2026, 10, 2), date(2026, 10, 5)}
        assert [one.nominal_day for one in each if not one.skipped] == [date(2026, 10, nearest)]
        assert all(one.moved is not None and one.moved.kind is DayKind.HOLIDAY for one in each)

    def test_two_of_neighbouring_days_may_fire_on_neighbouring_days(self) -> None:
        assert fired(found("FRI 16:00", "2026-02-13", "2026-02-16")) == ["02-13 16:00", "02-14 16:00"]


class TestChangesOfClocks:
    def test_a_skipped_time_fires_after_the_gap_and_a_doubled_one_once(self) -> None:
        spring = found("daily 02:30", "2026-03-07T12:00", "2026-03-09", DayOff.KEEP, BARE, NEW_YORK)
        assert fired(spring, NEW_YORK) == ["03-08 03:00"]
        autumn = found("daily 01:30", "2026-10-31T12:00", "2026-11-02", DayOff.KEEP, BARE, NEW_YORK)
        assert [each.fires_at for each in autumn] == [datetime(2026, 11, 1, 5, 30, tzinfo=UTC)]

    def test_the_wall_time_stays_when_the_offset_changes(self) -> None:
        each = found("FRI 16:00", "2026-03-01", "2026-03-15", calendar=BARE, zone=NEW_YORK)
        assert fired(each, NEW_YORK) == ["03-06 16:00", "03-13 16:00"]
        assert [one.fires_at.hour for one in each] == [21, 20]


class TestCertainty:
    def test_what_hangs_on_a_year_without_official_data_is_not_certain(self) -> None:
        each = found("FRI 16:00", "2035-03-01", "2035-03-03")
        assert [(one.certain, one.moved) for one in each] == [(False, None)]
        assert not any(one.certain for one in found("first workday 10:00", "2035-03-01", "2035-03-03", DayOff.KEEP))

    def test_what_asks_no_calendar_is_certain_in_any_year(self) -> None:
        for text in ("FRI 16:00", "daily 09:00", "day 10 09:00", "on 2035-03-10 09:00"):
            assert all(one.certain for one in found(text, "2035-03-01", "2035-04-01", DayOff.KEEP))
        assert all(one.certain for one in found("FRI 16:00", "2035-03-01", "2035-04-01", calendar=BARE))

    def test_a_move_into_a_year_without_official_data_is_not_certain(self) -> None:
        calendar = WorkCalendar.of("CN", WEEKEND, [date(2026, 12, 31)], (), confirmed_years=())
        [moved] = found("on 2026-12-31 10:00", "2026-12-30", "2027-01-20", DayOff.LATER, calendar)
        assert fired([moved]) == ["01-04 10:00"]
        assert moved.certain is calendar.official(2027)


class TestRefusals:
    def test_a_calendar_without_workdays_is_refused_where_something_would_move(self) -> None:
        never = WorkCalendar.of(None, frozenset(range(7)), (), ())
        for if_day_off in (DayOff.EARLIER, DayOff.LATER):
            with pytest.raises(NoWorkday):
                found("FRI 16:00", "2026-03-01", "2026-03-15", if_day_off, never)
        assert all(each.skipped for each in found("FRI 16:00", "2026-03-01", "2026-03-15", DayOff.SKIP, never))
        assert len(found("FRI 16:00", "2026-03-01", "2026-03-15", DayOff.KEEP, never)) == 2

    def test_a_naive_border_is_refused_at_once(self) -> None:
        aware = datetime(2026, 3, 1, tzinfo=UTC)
        naive = aware.replace(tzinfo=None)
        weekly = Recurrence.parse("FRI 16:00")
        for after, until in ((naive, aware), (aware, naive)):
            with pytest.raises(ValueError, match="naive"):
                occurrences(weekly, after=after, until=until, calendar=CHINA, zone=SHANGHAI, if_day_off=DayOff.KEEP)
