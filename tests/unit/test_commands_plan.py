"""`plan`: what fires when, why a holiday moved it, and where nobody can know yet."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Here, configured

ONE_ZONE = "people:\n  - {id: zhaomin, name: 赵敏, ids: {feishu: ou_4}}\n"


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


def planned(here: Here, file: Path, first: str, days: int) -> dict[str, Any]:
    assert here("plan", "--config", file, "--from", first, "--days", days, "--json") == 0, here.err
    [organisation] = json.loads(here.out)
    return dict(organisation)


def test_every_moment_is_told_in_local_time_and_in_utc(here: Here, tmp_path: Path) -> None:
    plan = planned(here, configured(tmp_path, people=ONE_ZONE), "2026-11-23", 7)
    [moment] = plan["moments"]
    assert moment["local"] == "2026-11-27T16:00:00+08:00"
    assert moment["utc"] == "2026-11-27T08:00:00+00:00"
    assert (moment["cadence"], moment["stage"], moment["zone"]) == ("weekly", "ask", "Asia/Shanghai")


def test_people_of_another_zone_are_asked_by_their_own_clock(here: Here, tmp_path: Path) -> None:
    plan = planned(here, configured(tmp_path), "2026-11-23", 7)
    assert {(each["zone"], each["local"]) for each in plan["moments"]} == {
        ("Asia/Shanghai", "2026-11-27T16:00:00+08:00"),
        ("Europe/Berlin", "2026-11-27T16:00:00+01:00"),
    }


def test_a_holiday_that_moved_something_is_named(here: Here, tmp_path: Path) -> None:
    """National Day 2026 begins on a Thursday; the Friday check-in comes on the Wednesday before."""
    file = configured(tmp_path, people=ONE_ZONE)
    [moved] = [each for each in planned(here, file, "2026-09-28", 7)["moments"]]
    assert moved["local"].startswith("2026-09-30T16:00")
    assert moved["nominal_day"] == "2026-10-02"
    assert moved["reason"] == "moved: 2026-10-02 is holiday 国庆节"
    assert here("plan", "--config", file, "--from", "2026-09-28", "--days", 7) == 0
    assert "moved: 2026-10-02 is holiday 国庆节" in here.out


def test_what_is_skipped_is_told_and_told_as_skipped(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, "cadences: {weekly: {preset: review, if_day_off: skip}}", people=ONE_ZONE)
    [skipped] = planned(here, file, "2026-09-28", 7)["moments"]
    assert skipped["skipped"]
    assert here("plan", "--config", file, "--from", "2026-09-28", "--days", 7) == 0
    assert "(ask)" in here.out
    assert "skipped: 2026-10-02 is holiday 国庆节" in here.out


def test_a_year_without_official_days_is_stated_plainly(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, people=ONE_ZONE)
    plan = planned(here, file, "2090-01-01", 31)
    assert not any(each["certain"] for each in plan["moments"])
    assert plan["warnings"][0].startswith("calendar: 2090 has no official data yet for CN")
    assert here("plan", "--config", file, "--from", "2090-01-01", "--days", 31) == 0
    assert "not certain: no official holidays yet for 2090" in here.out
    assert "warning: calendar: 2090 has no official data yet" in here.out


def test_a_year_that_an_admin_vouches_for_is_certain(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, "calendar: {confirmed_years: [2090]}", people=ONE_ZONE)
    plan = planned(here, file, "2090-01-01", 31)
    assert all(each["certain"] for each in plan["moments"])
    assert plan["warnings"] == []


def test_the_first_day_begins_at_midnight_of_the_organisation_and_the_last_one_counts(
    here: Here, tmp_path: Path
) -> None:
    file = configured(tmp_path, people=ONE_ZONE)
    assert len(planned(here, file, "2026-11-27", 1)["moments"]) == 1
    assert planned(here, file, "2026-11-28", 6)["moments"] == []
    assert len(planned(here, file, "2026-11-28", 7)["moments"]) == 1


def test_moments_come_in_the_order_of_time(here: Here, tmp_path: Path) -> None:
    more = "cadences: {weekly: {preset: review}, monday: {preset: monday}, micro: {preset: micro}}"
    moments = planned(here, configured(tmp_path, more), "2026-09-01", 90)["moments"]
    times = [datetime.fromisoformat(each["utc"]) for each in moments]
    assert times == sorted(times)
    assert {each["cadence"] for each in moments} == {"weekly", "monday", "micro"}


def test_nothing_to_fire_is_said(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, "cadences: {}")
    assert here("plan", "--config", file, "--from", "2026-11-23") == 0
    assert "nothing would fire" in here.out


def test_without_a_first_day_it_is_today(here: Here, tmp_path: Path) -> None:
    assert here("plan", "--config", configured(tmp_path), "--days", 30, "--json") == 0
    [organisation] = json.loads(here.out)
    assert len(organisation["from"]) == len("2026-11-23")
    assert len(organisation["moments"]) >= 3


def test_each_organisation_has_its_own_part(here: Here, tmp_path: Path) -> None:
    configured(tmp_path, org="acme")
    configured(tmp_path, org="beta")
    assert here("plan", "--config", tmp_path, "--from", "2026-11-23", "--days", 7) == 0
    assert "acme (示例科技): 2026-11-23 to 2026-11-29" in here.out
    assert "beta (示例科技): 2026-11-23 to 2026-11-29" in here.out


@pytest.mark.parametrize("text", ["2026/09/01", "tomorrow", "2026-9-1", "2026-02-30", "20260901", "2026-W36-2", ""])
def test_a_first_day_in_a_wrong_form_is_refused_with_the_right_one(here: Here, tmp_path: Path, text: str) -> None:
    assert here("plan", "--config", configured(tmp_path), "--from", text) == 2
    assert "--from" in here.err
    assert "2026-09-01" in here.err
    assert here.out == ""


@pytest.mark.parametrize("days", ["0", "-1", "many", "3661"])
def test_a_number_of_days_out_of_range_is_refused(here: Here, tmp_path: Path, days: str) -> None:
    assert here("plan", "--config", configured(tmp_path), "--days", days) == 2
    assert "--days" in here.err


def on_dingtalk(folder: Path, app: str = "", more: str = "") -> Path:
    """Write an organisation whose people are on DingTalk, as its directory says."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "ding.yaml"
    file.write_text(f"platforms:\n  dingtalk: {{client_id: d, client_secret: s{app}}}\n{more}", "utf-8")
    return file


def test_the_use_of_an_allowance_stands_beside_it_month_by_month(here: Here, tmp_path: Path) -> None:
    file = on_dingtalk(tmp_path, more="cadences: {weekly: {preset: micro}}")
    assert here("plan", "--config", file, "--from", "2026-11-20", "--days", 20, "--people", 45) == 0
    lines = [line.split() for line in here.out.splitlines()]
    assert ["month", "cadence", "people", "API", "calls", "pushes"] in lines
    assert ["2026-11", "weekly", "180", "912", "720"] in lines
    assert "2026-11  all on dingtalk  180     912 of 5000 (18 %)   720 of 3000 (24 %)" in here.out
    assert "warning: dingtalk" not in here.out


def test_a_month_that_would_use_four_fifths_of_an_allowance_is_warned_of(here: Here, tmp_path: Path) -> None:
    file = on_dingtalk(tmp_path, ", allowance: {api: 900, push: 0}", "cadences: {weekly: {preset: micro}}")
    assert here("plan", "--config", file, "--from", "2026-11-20", "--days", 5, "--people", 45) == 0
    assert "912 of 900 (101 %)" in here.out
    assert "720 of unlimited" in here.out
    assert "warning: dingtalk: 2026-11 would use 912 of 900 API calls at worst (101 %)" in here.out


def test_programs_get_the_forecast_and_its_warnings_too(here: Here, tmp_path: Path) -> None:
    file = on_dingtalk(tmp_path, ", allowance: {api: 900, push: 0}", "cadences: {weekly: {preset: micro}}")
    assert here("plan", "--config", file, "--from", "2026-11-20", "--days", 5, "--people", 45, "--json") == 0
    [organisation] = json.loads(here.out)
    use = {"people": 180, "calls": 912, "pushes": 720}
    assert organisation["forecast"] == [
        {
            "platform": "dingtalk",
            "month": "2026-11",
            "practices": {"weekly": use},
            "total": use,
            "allowance": {"calls": 900, "pushes": None},
        }
    ]
    assert [each.split(" would")[0] for each in organisation["warnings"]] == ["dingtalk: 2026-11"]


def test_how_many_people_a_directory_has_must_be_said(here: Here, tmp_path: Path) -> None:
    assert here("plan", "--config", on_dingtalk(tmp_path), "--from", "2026-11-20", "--days", 5) == 0
    assert "the allowance of dingtalk is not forecast: say --people NUMBER" in here.out


def test_without_an_allowance_nothing_is_forecast(here: Here, tmp_path: Path) -> None:
    assert planned(here, configured(tmp_path), "2026-11-23", 7)["forecast"] == []
    assert here("plan", "--config", configured(tmp_path), "--from", "2026-11-23", "--days", 7) == 0
    assert "allowance" not in here.out


@pytest.mark.parametrize("people", ["0", "-1", "many", "1000001"])
def test_a_number_of_people_out_of_range_is_refused(here: Here, tmp_path: Path, people: str) -> None:
    assert here("plan", "--config", configured(tmp_path), "--people", people) == 2
    assert "--people" in here.err


def test_a_wrong_configuration_is_not_planned(here: Here, tmp_path: Path) -> None:
    assert here("plan", "--config", configured(tmp_path, "cadence: {}"), "--json") == 2
    assert here.out == ""
