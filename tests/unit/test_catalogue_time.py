"""Instants, dates and lengths of time in people's words, in the reader's zone and language."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import read_catalogue
from tests.builders import at

WORDS = read_catalogue()
SHANGHAI = "Asia/Shanghai"
NOW = at("2026-11-25 10:00")
"""A Wednesday."""

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def instant(wall: str, locale: str = "zh-CN", now: datetime = NOW, zone: str = SHANGHAI) -> str:
    return WORDS.instant(locale, at(wall), zone, now)


class TestInstants:
    @pytest.mark.parametrize(
        ("wall", "chinese", "english"),
        [
            ("2026-11-25 16:05", "今天 16:05", "today 16:05"),
            ("2026-11-25 00:00", "今天 00:00", "today 00:00"),
            ("2026-11-26 00:00", "明天 00:00", "tomorrow 00:00"),
            ("2026-11-24 23:59", "昨天 23:59", "yesterday 23:59"),
            ("2026-11-23 09:30", "周一 09:30", "Mon 09:30"),
            ("2026-11-29 16:05", "周日 16:05", "Sun 16:05"),
            ("2026-11-30 16:05", "下周一 16:05", "next Mon 16:05"),
            ("2026-11-22 16:05", "上周日 16:05", "last Sun 16:05"),
            ("2026-12-06 16:05", "下周日 16:05", "next Sun 16:05"),
            ("2026-12-07 16:05", "12月7日 16:05", "7 Dec 16:05"),
            ("2026-11-15 16:05", "11月15日 16:05", "15 Nov 16:05"),
            ("2026-03-06 08:00", "3月6日 08:00", "6 Mar 08:00"),
            ("2027-03-06 08:00", "2027年3月6日 08:00", "6 Mar 2027 08:00"),
            ("2025-11-25 08:00", "2025年11月25日 08:00", "25 Nov 2025 08:00"),
        ],
    )
    def test_an_instant_is_told_as_people_would(self, wall: str, chinese: str, english: str) -> None:
        assert (instant(wall), instant(wall, "en")) == (chinese, english)

    def test_the_readers_zone_decides_which_day_it_is(self) -> None:
        late = "2026-11-26 02:00"
        assert (instant(late), instant(late, zone="Europe/Berlin")) == ("明天 02:00", "今天 19:00")

    def test_the_days_around_new_year_are_of_one_week(self) -> None:
        assert instant("2027-01-03 16:00", now=at("2026-12-30 10:00")) == "周日 16:00"

    def test_tomorrow_is_said_before_the_weekday_of_another_week(self) -> None:
        assert instant("2026-11-30 09:00", now=at("2026-11-29 10:00")) == "明天 09:00"

    @given(instants, instants, st.sampled_from(["zh-CN", "en"]), st.sampled_from([SHANGHAI, "America/New_York"]))
    def test_two_days_of_a_year_are_never_told_alike(
        self, one: datetime, now: datetime, locale: str, zone: str
    ) -> None:
        told = WORDS.instant(locale, one, zone, now)
        assert told != WORDS.instant(locale, one + timedelta(days=1), zone, now)
        assert told.endswith(one.astimezone(ZoneInfo(zone)).strftime("%H:%M"))

    def test_a_stamp_has_date_weekday_and_time(self) -> None:
        assert WORDS.stamp("zh-CN", at("2026-11-27 16:05"), SHANGHAI) == "11月27日 周五 16:05"
        assert WORDS.stamp("en", at("2026-11-27 16:05"), SHANGHAI) == "Fri 27 Nov 16:05"


class TestDays:
    def test_a_date_is_told_without_its_year(self) -> None:
        assert (WORDS.day("zh-CN", date(2026, 11, 27)), WORDS.day("en", date(2026, 11, 27))) == ("11月27日", "27 Nov")

    @pytest.mark.parametrize("locale", ["zh-CN", "en"])
    def test_the_days_of_a_year_have_names_of_their_own(self, locale: str) -> None:
        days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
        assert len({WORDS.day(locale, day) for day in days}) == 365
        assert len({WORDS.weekday(locale, day) for day in days}) == 7

    def test_the_week_begins_on_monday(self) -> None:
        assert (WORDS.weekday("zh-CN", date(2026, 11, 23)), WORDS.weekday("en", date(2026, 11, 29))) == ("周一", "Sun")


class TestSpans:
    @pytest.mark.parametrize(
        ("seconds", "chinese", "english"),
        [
            (0, "不到 1 分钟", "under a minute"),
            (29, "不到 1 分钟", "under a minute"),
            (60, "1 分钟", "1 minute"),
            (150, "2 分钟", "2 minutes"),
            (3600, "1 小时", "1 hour"),
            (5400, "1 小时 30 分钟", "1 hour 30 minutes"),
            (3599.9, "1 小时", "1 hour"),
            (86399, "1 天", "1 day"),
            (86400, "1 天", "1 day"),
            (97200, "1 天 3 小时", "1 day 3 hours"),
            (172800, "2 天", "2 days"),
            (2 * 86400 - 60, "2 天", "2 days"),
        ],
    )
    def test_a_length_of_time_has_two_units_at_most(self, seconds: float, chinese: str, english: str) -> None:
        assert (WORDS.span("zh-CN", seconds), WORDS.span("en", seconds)) == (chinese, english)

    @given(st.integers(0, 10**8))
    def test_what_is_told_is_near_what_was_meant(self, seconds: int) -> None:
        sizes = {"minute": 60, "hour": 3600, "day": 86400}
        told = WORDS.span("en", seconds).split()
        if told[0] == "under":
            assert seconds < 60
            return
        counts = {unit.rstrip("s"): int(count) for count, unit in zip(told[::2], told[1::2], strict=True)}
        meant = sum(sizes[unit] * count for unit, count in counts.items())
        assert abs(meant - seconds) <= (30 if "minute" in counts or seconds < 86400 - 30 else 1830)
        assert len(counts) <= 2
        assert 0 not in counts.values()
