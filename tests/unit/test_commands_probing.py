"""What `doctor` says about a calendar and about people: fine, advice, or broken with the fix."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from bot.commands.probing.calendar import probe_calendar
from bot.commands.probing.hints import hint_of
from bot.commands.probing.people import MOST_NAMED, probe_people
from domain.calendar import WorkCalendar
from domain.ids import PersonId
from domain.people import Person
from domain.policy import OrgPolicy
from domain.ports import Probe
from tests.builders import (
    CHEN_JING,
    WEEKEND,
    at,
    cadence,
    calendar,
    escalate,
    follow_up,
    ladder,
    org_policy,
    person,
    staff,
)


def about_people(people: Sequence[Person], policy: OrgPolicy | None = None) -> dict[str, Probe]:
    return {probe.name: probe for probe in probe_people(policy or org_policy(), people)}


def about_days(work_calendar: WorkCalendar, now: datetime) -> dict[str, Probe]:
    return {probe.name: probe for probe in probe_calendar(org_policy(work_calendar=work_calendar), now)}


def without(people: Sequence[Person], **nothing: None) -> list[Person]:
    return [replace(each, **nothing) for each in people]  # type: ignore[arg-type]


def test_known_years_are_fine() -> None:
    probes = about_days(calendar("CN"), at("2025-06-01 12:00"))
    assert [(name, probe.ok, probe.fix) for name, probe in probes.items()] == [
        ("calendar.2025", True, ""),
        ("calendar.2026", True, ""),
    ]


def test_next_year_s_unpublished_days_are_no_fault_in_summer() -> None:
    probe = about_days(calendar("CN"), at("2089-06-01 12:00"))["calendar.2090"]
    assert probe.ok
    assert "calendar.confirmed_years" in probe.fix


def test_next_year_s_unpublished_days_are_a_fault_in_december() -> None:
    probe = about_days(calendar("CN"), at("2089-12-15 12:00"))["calendar.2090"]
    assert not probe.ok
    assert "calendar.confirmed_years" in probe.fix


def test_the_year_is_that_of_the_organisation_s_zone() -> None:
    """At 20:00 UTC on New Year's Eve it is already next year in Shanghai."""
    assert list(about_days(calendar("CN"), at("2026-01-01 04:00"))) == ["calendar.2026", "calendar.2027"]


def test_a_year_that_an_admin_vouches_for_is_fine() -> None:
    vouched = WorkCalendar.of("CN", WEEKEND, (), (), confirmed_years=(2089, 2090))
    assert all(probe.ok and not probe.fix for probe in about_days(vouched, at("2089-12-15 12:00")).values())


def test_without_a_country_there_is_nothing_to_wait_for() -> None:
    assert list(about_days(calendar(), at("2089-12-15 12:00"))) == ["calendar.country"]


def test_a_company_in_order_has_nothing_broken() -> None:
    probes = about_people(staff())
    assert all(probe.ok for probe in probes.values())
    assert probes["people"].detail == "5 active, 0 left"


def test_nobody_at_all_is_a_fault() -> None:
    assert [probe.ok for probe in about_people([]).values()] == [False]
    assert [probe.ok for probe in about_people([person(active=False)]).values()] == [False]


def test_an_empty_leader_field_is_told_from_a_few_gaps() -> None:
    """The permission to read the field is forgotten far more often than the field itself."""
    nobody = about_people(without(staff(), manager_id=None))["people.managers"]
    assert not nobody.ok
    assert "leader field is empty for everybody" in nobody.detail
    assert "permission" in nobody.fix
    some = about_people(staff())["people.managers"]
    assert some.ok
    assert "2 of 5 without a manager: 赵敏 (zhaomin), 管理员 (admin)" in some.detail


def test_the_one_at_the_top_needs_no_manager() -> None:
    people = [person("wanglei", manager="zhaomin"), person("zhaomin", "赵敏")]
    assert about_people(people)["people.managers"].fix == ""
    assert about_people([person("zhaomin", "赵敏")])["people.managers"].ok


def test_many_gaps_are_counted_and_a_few_named() -> None:
    people = [person("top"), *(person(f"p{n}", f"人{n}") for n in range(20)), person("low", manager="top")]
    detail = about_people(people)["people.managers"].detail
    assert detail.count("(") == MOST_NAMED
    assert detail.endswith(f"and {21 - MOST_NAMED} more")


def test_no_hrbp_anywhere_breaks_a_ladder_that_escalates_to_one() -> None:
    people = without(staff(), hrbp_id=None)
    assert not about_people(people)["people.hrbps"].ok
    silent = org_policy(replace(cadence(), follow_up=None))
    assert about_people(people, silent)["people.hrbps"].ok


def test_an_hrbp_of_the_managers_above_counts() -> None:
    people = [person("wanglei", manager="lihua"), person("lihua", manager="zhaomin"), person("zhaomin", hrbp="lihua")]
    assert about_people(people)["people.hrbps"].detail == "everybody has an HRBP (own or inherited)"


def test_leaders_without_a_deputy_are_advice() -> None:
    probe = about_people(staff())["people.deputies"]
    assert probe.ok
    assert "2 of 2 without a deputy (of those who lead)" in probe.detail
    covered = [replace(each, deputy_id=PersonId("admin")) for each in staff()]
    assert about_people(covered)["people.deputies"].fix == ""


def test_no_mail_anywhere_breaks_a_ladder_that_speaks_by_mail() -> None:
    people = without(staff(), mail=None)
    assert not about_people(people)["people.mail"].ok
    by_chat = replace(escalate(48), by=escalate(48).by[:1])
    chatting = org_policy(replace(cadence(), follow_up=replace(follow_up(), ladder=ladder(by_chat))))
    assert about_people(people, chatting)["people.mail"].ok


def test_whoever_a_ladder_writes_to_by_mail_should_have_an_address() -> None:
    """The others may do without: only escalations go by mail."""
    assert about_people(staff())["people.escalation_mail"].fix == ""
    unheard = [replace(each, mail=None) if each.person_id == CHEN_JING else each for each in staff()]
    probe = about_people(unheard)["people.escalation_mail"]
    assert probe.ok
    assert "1 of 1 without a mail address" in probe.detail
    assert CHEN_JING in probe.detail
    assert "people file" in probe.fix
    by_chat = replace(escalate(48), by=escalate(48).by[:1])
    chatting = org_policy(replace(cadence(), follow_up=replace(follow_up(), ladder=ladder(by_chat))))
    assert about_people(unheard, chatting)["people.escalation_mail"].fix == ""


@pytest.mark.parametrize(
    ("lane", "code", "word"),
    [
        ("feishu", "230013", "可用范围"),
        ("feishu", "230006/11310", "应用能力"),
        ("wecom", "43012", "设置API接收"),
        ("dingtalk", "param.templateNotExist", "卡片平台"),
        ("", "no_platform", "people file"),
        ("mail", "no_mail", "people file"),
    ],
)
def test_a_code_that_is_kept_with_a_message_comes_with_what_helps(lane: str, code: str, word: str) -> None:
    assert word in hint_of(lane, code)


@pytest.mark.parametrize(("lane", "code"), [("feishu", "http-502"), ("mail", "550"), ("wecom", "230013"), ("", "")])
def test_a_code_without_advice_of_its_own_gets_none(lane: str, code: str) -> None:
    assert hint_of(lane, code) == ""


def test_people_without_an_account_are_never_asked() -> None:
    assert not about_people(without(staff(), platform=None))["people.reachable"].ok
    some = about_people([*staff(), replace(person("guest", "访客"), platform=None)])["people.reachable"]
    assert some.ok
    assert "访客 (guest)" in some.detail


@pytest.mark.parametrize("gone", [PersonId("nobody"), PersonId("left")])
def test_an_admin_whom_nobody_knows_is_a_fault(gone: PersonId) -> None:
    policy = replace(org_policy(), admins=(gone,))
    probe = about_people([*staff(), person("left", active=False)], policy)["people.admins"]
    assert not probe.ok
    assert gone in probe.detail


def test_no_admin_at_all_is_advice() -> None:
    probe = about_people(staff(), replace(org_policy(), admins=()))["people.admins"]
    assert probe.ok
    assert "org.admins" in probe.fix


def test_whatever_is_wrong_has_a_fix_and_whatever_is_fine_has_none() -> None:
    for people in ([], staff(), without(staff(), manager_id=None, mail=None, hrbp_id=None, platform=None)):
        for probe in about_people(people).values():
            assert probe.ok or probe.fix
            assert probe.detail
