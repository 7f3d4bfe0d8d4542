"""The forecast of a monthly allowance: whom a practice reaches, what that costs at worst, and when to warn."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.forecast import DINGTALK_BATCH, Forecast, MonthOfUse, forecast, forecast_of, share, tariffs_of
from config.organisation import LoadedOrg
from config.roll import TEAM_SIZE, Roll
from config.round_costs import Tariff, Use, stage_cost
from domain.cadences import Audience, AudienceRole, Cadence, Listener, Owner, Scope, Stage
from domain.ids import OrgId, PersonId
from domain.people import Person, reporting_cycle
from tests.unit.config_texts import ENV, read

SHANGHAI = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
PLAIN = Tariff("dingtalk", 5000, 3000, DINGTALK_BATCH)
FORMS = replace(PLAIN, cards=True, forms=True)
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
"""Four Fridays, all workdays."""

MICRO = "cadences: {weekly: {preset: micro}}"
REVIEW = "cadences: {weekly: {preset: review}}"
SILENT = "cadences: {weekly: {preset: micro, ladder: null}}"


def organisation(more: str = MICRO, dingtalk: str = "", folder: Path = Path()) -> LoadedOrg:
    """Return an organisation with an app of DingTalk."""
    app = f"platforms:\n  dingtalk: {{client_id: d, client_secret: s{dingtalk}}}\n"
    result = read(app + more, ENV, folder)
    assert result.org is not None, "\n".join(map(str, result.problems))
    return result.org


def november(size: int, more: str = MICRO, tariff: Tariff = PLAIN) -> Use:
    """Return the use of November 2026 by a guessed company of a size."""
    (month,) = forecast(organisation(more).policy, Roll.guess(size, SHANGHAI, "dingtalk"), tariff, *NOVEMBER)
    return month.total


def somebody(
    person_id: str, manager: str = "", *, hrbp: str = "", zone: str = "", platform: str = "dingtalk"
) -> Person:
    return Person(
        OrgId("main"),
        PersonId(person_id),
        person_id,
        department="研发" if manager else "",
        manager_id=PersonId(manager) if manager else None,
        hrbp_id=PersonId(hrbp) if hrbp else None,
        zone=zone or None,
        platform=platform or None,
    )


FIRM = Roll.of(
    [
        somebody("zhao", hrbp="chen"),
        somebody("li", "zhao"),
        somebody("wang", "li", zone=BERLIN),
        somebody("liu", "li"),
        somebody("chen", "zhao", platform="feishu"),
        somebody("gone", "li", platform=""),
    ],
    SHANGHAI,
)


def ids(people: list[Person]) -> set[str]:
    return {person.person_id for person in people}


class TestWhom:
    def test_people_of_a_zone_are_asked_in_that_zone(self) -> None:
        assert FIRM.zones() == [SHANGHAI, BERLIN]
        assert ids(FIRM.asked(Audience(), BERLIN)) == {"wang"}
        assert ids(FIRM.asked(Audience(Scope(("研发",))), SHANGHAI)) == {"li", "liu", "chen", "gone"}

    @pytest.mark.parametrize(
        ("role", "asked"), [(AudienceRole.MANAGERS, {"zhao", "li"}), (AudienceRole.HRBPS, {"chen"})]
    )
    def test_a_role_narrows_it_to_those_who_hold_it(self, role: AudienceRole, asked: set[str]) -> None:
        assert ids(FIRM.asked(Audience(role=role), SHANGHAI)) == asked

    @pytest.mark.parametrize(
        ("listener", "groups"),
        [
            (Listener.TEAM, [{"li", "wang", "liu", "gone"}, {"zhao", "li", "chen"}]),
            (Listener.MANAGERS, [{"li"}, {"zhao"}]),
            (Listener.HRBPS, [{"chen"}]),
            (Listener.AUDIENCE, [{"zhao", "li", "liu", "chen", "gone"}]),
        ],
    )
    def test_a_summary_is_heard_in_groups(self, listener: Listener, groups: list[set[str]]) -> None:
        assert [ids(list(group)) for group in FIRM.told(listener, Audience(), SHANGHAI)] == groups

    def test_a_team_without_anybody_asked_hears_nothing(self) -> None:
        only_wang = Audience(Scope(people=(PersonId("wang"),)))
        assert [ids(list(group)) for group in FIRM.told(Listener.TEAM, only_wang, SHANGHAI)] == [{"li", "wang"}]

    @pytest.mark.parametrize(
        ("owner", "person", "found"),
        [
            (Owner.MANAGER, "wang", "li"),
            (Owner.DOTTED, "wang", "li"),
            (Owner.HRBP, "wang", "chen"),
            (Owner.MANAGER, "zhao", None),
        ],
    )
    def test_a_follow_up_has_the_owner_it_would_have(self, owner: Owner, person: str, found: str | None) -> None:
        owed_by = FIRM.owner(owner, FIRM.people[PersonId(person)])
        assert (owed_by.person_id if owed_by else None) == found

    def test_a_second_manager_owes_it_where_there_is_one(self) -> None:
        author = replace(FIRM.people[PersonId("wang")], dotted_id=PersonId("chen"))
        owed_by = FIRM.owner(Owner.DOTTED, author)
        assert owed_by is not None
        assert owed_by.person_id == "chen"

    @given(st.integers(1, 400))
    def test_a_guessed_company_is_one_tree_of_full_teams(self, size: int) -> None:
        roll = Roll.guess(size, SHANGHAI, "dingtalk")
        people = list(roll.people.values())
        assert len(people) == size == len(roll.asked(Audience(), SHANGHAI))
        assert [person for person in people if person.manager_id is None] == people[:1]
        assert reporting_cycle(people) is None
        teams = sorted(len(team) for team in roll.managers.values())
        assert sum(teams) == size - 1
        assert teams[1:] == [TEAM_SIZE] * (len(teams) - 1)

    def test_of_people_who_are_only_a_number_every_practice_is_for_everybody_once(self) -> None:
        text = REVIEW + "\noverrides: [{department: 研发, cadences: {weekly: {when: THU 10:00}}}]"
        found = forecast(organisation(text).policy, Roll.guess(30, SHANGHAI, "dingtalk"), PLAIN, *NOVEMBER)
        assert [list(month.practices) for month in found] == [["weekly"]]
        assert found[0].total.people == 4 * 30


class TestCosts:
    """Four Fridays of three choices; one reminder each, and everybody answers."""

    def test_without_templates_a_prompt_goes_to_twenty_in_a_call_and_answers_come_one_by_one(self) -> None:
        each_friday = Use(45, 3 + 45 + 45 * 4, 45 * 4)
        assert november(45) == each_friday * 4

    def test_with_templates_each_card_is_a_call_and_an_answer_one_push(self) -> None:
        each_friday = Use(45, 45 + 2 * 45, 45)
        assert november(45, tariff=FORMS) == each_friday * 4

    def test_cards_without_forms_cost_a_call_each_and_a_conversation(self) -> None:
        each_friday = Use(45, 45 + 2 * 45 + 45 * 4, 45 * 4)
        assert november(45, tariff=replace(PLAIN, cards=True)) == each_friday * 4

    def test_who_is_not_waited_for_is_not_reminded(self) -> None:
        assert november(45, SILENT) == Use(45, 3 + 45 * 4, 45 * 4) * 4

    def test_a_reply_costs_the_manager_a_request_a_reminder_and_an_escalation_and_the_author_an_answer(self) -> None:
        """The top has no manager. An escalation is two messages: who is passed over hears it first."""
        authors = Use(9, 1 + 9 + 9 * 4 + 9, 9 * 4)
        managers = Use(0, 8 * (1 + 1 + 2 + 2), 8 * 2)
        assert november(9, REVIEW) == (authors + managers) * 4

    def test_with_templates_every_card_of_a_ladder_is_changed_once_it_is_over(self) -> None:
        """A request and its new face are one card; the escalation's sentence to who is passed over stays as it is."""
        authors = Use(9, 9 + 2 * 9 + 2 * 9, 9)
        managers = Use(0, 8 * (1 + 2 + 2 + 1), 8)
        assert november(9, REVIEW, FORMS) == (authors + managers) * 4

    def test_an_escalation_by_mail_alone_costs_the_sentence_to_who_is_passed_over(self) -> None:
        ladder = "ladders: {reply: {rungs: [{after: 24h, do: escalate, to: hrbp, by: mail}]}}\n"
        mail = "mail: {host: smtp.example.com, from: a@example.com}\n"
        without = "ladders: {reply: {rungs: []}}\n"
        assert november(9, ladder + mail + REVIEW).calls - november(9, without + REVIEW).calls == 4 * 8

    def test_a_summary_for_teams_is_a_call_for_twenty_of_a_team(self) -> None:
        found = november(9, "cadences: {weekly: {preset: review, follow_up: null}, monday: {preset: monday}}")
        without = november(9, "cadences: {weekly: {preset: review, follow_up: null}}")
        assert (found.calls - without.calls, found.people - without.people) == (5 * 1, 5 * 9)

    def test_a_notice_to_all_costs_as_little_as_a_prompt(self) -> None:
        text = "cadences: {own: {when: FRI 10:00, notice: {before: 1d}}}"
        assert november(45, text) == Use(45, 3, 0) * 4

    def test_only_people_on_the_platform_count_and_a_manager_elsewhere_costs_nothing_here(self) -> None:
        weekly = organisation(REVIEW).policy.cadences[0]
        here = stage_cost(weekly, Stage.ASK, SHANGHAI, FIRM, PLAIN)
        elsewhere = stage_cost(weekly, Stage.ASK, SHANGHAI, FIRM, replace(PLAIN, platform="feishu"))
        assert (here.people, elsewhere.people) == (3, 1)
        assert here.pushes == 3 * 4 + 4 * 2  # li, liu, chen and gone have managers on DingTalk
        assert elsewhere.pushes == 1 * 4

    def test_a_stage_that_a_practice_does_not_have_costs_nothing(self) -> None:
        weekly = organisation(REVIEW).policy.cadences[0]
        assert stage_cost(weekly, Stage.SUMMARY, SHANGHAI, FIRM, PLAIN) == Use()
        assert stage_cost(weekly, Stage.DONE, SHANGHAI, FIRM, PLAIN) == Use()

    @given(st.integers(1, 200), st.sampled_from([MICRO, REVIEW, SILENT]), st.sampled_from([PLAIN, FORMS]))
    def test_more_people_never_use_less_and_no_message_is_free(self, size: int, text: str, tariff: Tariff) -> None:
        fewer, more = november(size, text, tariff), november(size + 1, text, tariff)
        assert fewer.calls <= more.calls
        assert fewer.pushes < more.pushes
        assert fewer.calls * DINGTALK_BATCH >= fewer.people

    @given(st.integers(1, 200), st.sampled_from([MICRO, REVIEW, SILENT]))
    def test_a_form_never_costs_more_pushes_than_a_conversation(self, size: int, text: str) -> None:
        assert november(size, text, FORMS).pushes < november(size, text, PLAIN).pushes


class TestMonths:
    POLICY = organisation(REVIEW + "\ncalendar: {country: null}").policy
    ROLL = Roll.guess(20, SHANGHAI, "dingtalk")

    @given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 100))
    def test_each_month_is_whole_whatever_part_of_it_is_planned(self, first: date, days: int) -> None:
        last = date.fromordinal(first.toordinal() + days)
        found = forecast(self.POLICY, self.ROLL, PLAIN, first, last)
        assert (found[0].month, found[-1].month) == (first.replace(day=1), last.replace(day=1))
        for month in found:
            fridays = [each for each in self.days_of(month.month) if each.weekday() == 4]
            assert month.total.people == 20 * len(fridays)

    def days_of(self, month: date) -> list[date]:
        days = (date.fromordinal(month.toordinal() + offset) for offset in range(31))
        return [day for day in days if day.month == month.month]

    def test_what_is_skipped_costs_nothing(self) -> None:
        text = "calendar: {off: [2026-11-06]}\ncadences: {weekly: {preset: micro, if_day_off: skip}}"
        assert november(10, text) == Use(10, 1 + 10 + 40, 40) * 3

    def test_a_month_without_anything_is_told_as_nothing(self) -> None:
        (month,) = forecast(organisation("cadences: {}").policy, self.ROLL, PLAIN, *NOVEMBER)
        assert (month.total, list(month.warnings())) == (Use(), [])


class TestWarnings:
    def month(self, calls: int, pushes: int, tariff: Tariff = PLAIN) -> list[str]:
        return list(MonthOfUse(date(2026, 11, 1), tariff, {"weekly": Use(1, calls, pushes)}).warnings())

    def test_below_four_fifths_nothing_is_said(self) -> None:
        assert self.month(3999, 2399) == []

    def test_from_four_fifths_on_it_is_said_with_what_helps(self) -> None:
        assert self.month(4000, 0) == [
            "dingtalk: 2026-11 would use 4000 of 5000 API calls at worst (80 %); with form_template an answer is one "
            "push; or set allowance to what your edition includes"
        ]
        (pushes,) = self.month(0, 3300, FORMS)
        assert pushes.startswith("dingtalk: 2026-11 would use 3300 of 3000 pushes at worst (110 %); ask fewer people")

    def test_without_a_limit_nothing_is_too_much(self) -> None:
        assert self.month(10**9, 10**9, replace(PLAIN, api=0, push=0)) == []

    @given(st.integers(0, 10_000), st.integers(1, 10_000))
    def test_a_share_is_never_rounded_up_to_a_limit(self, used: int, included: int) -> None:
        assert (int(share(used, included).removesuffix(" %")) >= 100) == (used >= included)


class TestOrganisation:
    def of(self, org: LoadedOrg, people: int | None) -> Forecast:
        return forecast_of(org, people, *NOVEMBER)

    def test_only_a_platform_with_an_allowance_is_forecast(self) -> None:
        assert tariffs_of(organisation(dingtalk=", allowance: {api: 0, push: 0}").platforms) == []
        assert tariffs_of(organisation(dingtalk=", allowance: {push: 0}").platforms) == [replace(PLAIN, push=0)]
        assert tariffs_of(organisation(dingtalk=", form_template: x, card_template: y").platforms) == [FORMS]

    def test_without_a_number_the_directory_alone_knows_how_many_there_are(self) -> None:
        assert self.of(organisation(), None) == Forecast((), ("dingtalk",))
        assert self.of(organisation(), 45).months[0].total == november(45)

    def test_a_file_that_names_everybody_is_counted(self, tmp_path: Path) -> None:
        rows = "".join(f"  - {{id: p{n}, name: P, ids: {{dingtalk: '{n}'}}}}\n" for n in range(45))
        (tmp_path / "people.yaml").write_text("people:\n" + rows, "utf-8")
        org = organisation(MICRO + "\npeople: {file: people.yaml}", folder=tmp_path)
        assert self.of(org, None).months[0].total == november(45)
        assert self.of(org, 10).months[0].total == november(10)

    def test_a_file_that_lies_over_a_directory_is_not_everybody(self, tmp_path: Path) -> None:
        (tmp_path / "people.yaml").write_text("people: [{id: a, name: A}]", "utf-8")
        org = organisation(MICRO + "\npeople: {file: people.yaml, source: dingtalk}", folder=tmp_path)
        assert self.of(org, None).unsized == ("dingtalk",)


def test_uses_add_up() -> None:
    assert Use(1, 2, 3) + Use(1, 1, 1) * 2 == Use(3, 4, 5)


def test_a_practice_that_only_tells_is_counted_by_whom_it_tells() -> None:
    (own,) = organisation("cadences: {own: {when: FRI 10:00, notice: {before: 1d, to: managers}}}").policy.cadences
    assert isinstance(own, Cadence)
    assert stage_cost(own, Stage.NOTICE, SHANGHAI, FIRM, PLAIN) == Use(2, 2, 0)
