"""Single values: durations, times, dates, zones, names and schedules."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.values import (
    Address,
    Day,
    Department,
    Duration,
    FieldName,
    MailAddress,
    Name,
    Schedule,
    WallTime,
    Zone,
)


def value(form: Any, written: object) -> Any:
    return TypeAdapter(form).validate_python(written)


def refused(form: Any, written: object) -> str:
    with pytest.raises(ValidationError) as raised:
        value(form, written)
    (error,) = raised.value.errors()
    assert error["type"] == "refused"
    return f"{error['ctx']['message']}; {error['ctx']['allowed']}"


class TestDurations:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("24h", timedelta(hours=24)),
            ("2d", timedelta(days=2)),
            ("30m", timedelta(minutes=30)),
            ("90s", timedelta(seconds=90)),
            ("1d12h", timedelta(hours=36)),
            ("1d 12h", timedelta(hours=36)),
            ("2 天", timedelta(days=2)),
            ("48小时", timedelta(hours=48)),
            ("1天 30 分钟", timedelta(days=1, minutes=30)),
            (" 24h ", timedelta(hours=24)),
            ("0s", timedelta(0)),
            ("366d", timedelta(days=366)),
        ],
    )
    def test_a_number_with_its_unit_is_a_duration(self, written: str, meant: timedelta) -> None:
        assert value(Duration, written) == meant

    @pytest.mark.parametrize("written", ["24", "h", "-1h", "1.5h", "1w", "24 hours", "", None, ["24h"], "PT24H", "h24"])
    def test_anything_else_is_refused_with_examples(self, written: object) -> None:
        assert "a number with its unit: 24h, 2d, 30m, 90s" in refused(Duration, written)

    @pytest.mark.parametrize("written", ["367d", "9000h", "365d 25h"])
    def test_more_than_a_year_is_a_mistake(self, written: str) -> None:
        assert "at most 366d" in refused(Duration, written)

    @given(st.text("0123456789dhms 天小时分钟秒.-", max_size=50))
    def test_any_text_is_a_duration_of_at_most_a_year_or_refused(self, text: str) -> None:
        try:
            meant = value(Duration, text)
        except ValidationError:
            refused(Duration, text)
        else:
            assert timedelta(0) <= meant <= timedelta(days=366)


class TestTimesAndDates:
    @pytest.mark.parametrize(("written", "meant"), [("20:00", time(20)), ("8:05", time(8, 5)), ("00:00", time(0))])
    def test_a_wall_time_has_hours_and_minutes(self, written: str, meant: time) -> None:
        assert value(WallTime, written) == meant

    @pytest.mark.parametrize("written", ["24:00", "12:60", "noon", "12", "12:00:00", None, ""])
    def test_an_impossible_wall_time_is_refused(self, written: object) -> None:
        assert "00:00 to 23:59" in refused(WallTime, written)

    def test_a_date_is_year_month_day(self) -> None:
        assert value(Day, "2026-12-25") == date(2026, 12, 25)

    @pytest.mark.parametrize("written", ["2026-02-30", "2026-13-01"])
    def test_a_day_that_does_not_exist_is_told_as_such(self, written: str) -> None:
        assert f"there is no day {written}" in refused(Day, written)

    @pytest.mark.parametrize("written", ["25.12.2026", "2026/12/25", "Friday", "", None, "20261225"])
    def test_another_form_of_date_is_refused(self, written: object) -> None:
        assert "year-month-day" in refused(Day, written)

    @given(st.dates(), st.times())
    def test_every_date_and_minute_reads_back(self, day: date, wall: time) -> None:
        assert value(Day, day.isoformat()) == day
        minute = wall.replace(second=0, microsecond=0)
        assert value(WallTime, minute.isoformat("minutes")) == minute


class TestZones:
    @pytest.mark.parametrize("written", ["Asia/Shanghai", "UTC", "America/Argentina/Buenos_Aires"])
    def test_an_iana_zone_is_kept(self, written: str) -> None:
        assert value(Zone, written) == written

    @pytest.mark.parametrize(
        ("written", "near"),
        [("Asia/Shanghia", "Asia/Shanghai"), ("Shanghai", "Asia/Shanghai"), ("asia/shanghai ", "Asia/Shanghai")],
    )
    def test_a_zone_that_is_not_there_is_refused_with_near_ones(self, written: str, near: str) -> None:
        assert near in refused(Zone, written).split("; an IANA")[0]

    @pytest.mark.parametrize("written", ["", "Asia", "../etc/passwd", "/etc/localtime", "GMT+8", "\x00"])
    def test_what_is_no_zone_at_all_is_refused_too(self, written: str) -> None:
        assert "is no time zone" in refused(Zone, written)


class TestNames:
    @pytest.mark.parametrize("written", ["weekly", "monday-2", "周会", "a" * 40])
    def test_names_may_be_chinese(self, written: str) -> None:
        assert value(Name, written) == written

    @pytest.mark.parametrize("written", ["", "weekly@x", "a b", "1st", "a" * 41, "a.b", "-a"])
    def test_names_are_refused_with_the_rule(self, written: str) -> None:
        assert "1 to 40 letters, digits, _ or -" in refused(Name, written)

    @pytest.mark.parametrize("written", ["", "问题", "a-b", "a" * 31, "_a", "1a"])
    def test_keys_of_answers_are_ascii(self, written: str) -> None:
        assert "1 to 30 ASCII letters" in refused(FieldName, written)

    @pytest.mark.parametrize("written", ["研发", "研发/平台", "R&D/Platform team"])
    def test_a_department_is_a_path(self, written: str) -> None:
        assert value(Department, written) == written

    @pytest.mark.parametrize("written", ["/研发", "研发/", "研发//平台", "", " 研发"])
    def test_a_path_with_a_gap_is_refused(self, written: str) -> None:
        assert "joined by /" in refused(Department, written)


class TestAddresses:
    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("https://open.feishu.cn/", "https://open.feishu.cn"),
            ("http://127.0.0.1:8080/fake", "http://127.0.0.1:8080/fake"),
        ],
    )
    def test_an_address_loses_the_slash_at_its_end(self, written: str, kept: str) -> None:
        assert value(Address, written) == kept

    @pytest.mark.parametrize("written", ["open.feishu.cn", "ftp://x", "https://", "https://x y", "https://x/?a=1", ""])
    def test_what_is_no_address_is_refused_and_not_repeated(self, written: str) -> None:
        told = refused(Address, written)
        assert told == "is no address; http:// or https://, a host, perhaps a path"

    @pytest.mark.parametrize("written", ["fupan", "a@b@c", "Fupan <a@b>", ""])
    def test_a_mail_address_is_one_word_with_an_at(self, written: str) -> None:
        assert value(MailAddress, "fupan@example.com") == "fupan@example.com"
        assert "is no mail address" in refused(MailAddress, written)


class TestSchedules:
    @pytest.mark.parametrize("written", ["FRI 16:00", "last workday 15:00", "周五 16:00", "on 2026-12-15 10:00"])
    def test_a_schedule_is_kept_as_written(self, written: str) -> None:
        assert value(Schedule, written) == written

    @pytest.mark.parametrize("written", ["5 16:00", "FRI", "FRI 25:00", "0 16 * * 5", ""])
    def test_a_schedule_that_cannot_be_read_is_refused_with_examples(self, written: str) -> None:
        assert "FRI 16:00" in refused(Schedule, written)


def test_a_refused_value_is_shown_short() -> None:
    assert len(refused(Duration, "x" * 500)) < 120
