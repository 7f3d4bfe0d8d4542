"""What is shipped: defaults and presets as the design says, the examples, and that all of it can be loaded."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

import config
from config.ladders import ladder_findings
from config.loader import load
from config.organisation import LoadedOrg, read_organisation
from config.practice_schema import PresetPart
from config.problems import ConfigErrors
from config.questionnaires import questionnaire_findings
from config.schema import Locale, OrgFilePart
from config.shipped import defaults_file, preset_files, read_shipped, shipped
from config.yaml_source import Node, parse_source, read_source
from domain.cadences import AudienceRole, Cadence, Listener, Owner, Report, Section
from domain.calendar import ClockKind, DayOff, QuietHours
from domain.duties import Act, Channel, Ladder, Rung
from domain.people import Role
from domain.policy import AttentionRules
from domain.questionnaire import QuestionKind
from domain.recurrence import occurrences
from tests.unit.config_texts import ENV, cadence, loaded, problems

FOLDER = Path(config.__file__).parent
DAY = timedelta(days=1)
PRESET_NAMES = ("calibration", "micro", "milestone", "monday", "monthly", "review")


def preset(name: str, locale: Locale = "zh-CN") -> Cadence:
    when = ', when: "on 2026-12-15 10:00"' if name == "milestone" else ""
    practices = f"cadences: {{own: {{preset: {name}{when}}}, weekly: {{preset: review}}}}"
    return cadence("own", f"org: {{locale: {locale}}}\n{practices}")


class TestDefaults:
    def test_nothing_is_said_from_eight_in_the_evening_to_half_past_eight_and_six_times_a_day_at_most(self) -> None:
        assert loaded().policy.attention == AttentionRules(QuietHours(time(20), time(8, 30)), 6, True, time(18))

    def test_an_answer_is_asked_for_once_more_after_a_workday_and_given_up_after_two(self) -> None:
        weekly = loaded().policy.cadences[0]
        steps = (Rung(Act.REMIND, after=DAY), Rung(Act.CLOSE, after=2 * DAY))
        assert weekly.answer_ladder == Ladder("answer", ClockKind.WORKDAYS, steps)

    def test_a_reply_is_owed_within_48_hours_and_then_the_hrbp_hears_by_chat_and_mail(self) -> None:
        weekly = loaded().policy.cadences[0]
        assert weekly.follow_up is not None
        steps = (
            Rung(Act.REMIND, after=DAY),
            Rung(Act.ESCALATE, Role.HRBP, (Channel.CHAT, Channel.MAIL), after=2 * DAY),
        )
        assert weekly.follow_up.ladder == Ladder("reply", ClockKind.WORKDAYS, steps)

    def test_the_reply_is_one_text_named_reply(self) -> None:
        weekly = loaded().policy.cadences[0]
        assert weekly.follow_up is not None
        (question,) = weekly.follow_up.questionnaire.questions
        assert (question.name, question.kind) == ("reply", QuestionKind.TEXT)

    def test_china_and_saturday_and_sunday_are_the_calendar(self) -> None:
        calendar = loaded().policy.calendar
        assert (calendar.country, calendar.weekend) == ("CN", frozenset({5, 6}))


class TestPresets:
    def test_there_are_six(self) -> None:
        assert tuple(shipped("zh-CN").presets) == PRESET_NAMES

    @pytest.mark.parametrize("name", PRESET_NAMES)
    def test_each_can_be_used_with_no_more_than_its_name_and_the_dates_it_cannot_know(self, name: str) -> None:
        assert preset(name).family == "own"

    def test_the_weekly_review_asks_on_friday_at_four_and_shares_only_the_result(self) -> None:
        review = preset("review")
        assert (str(review.recurrence), review.if_day_off) == ("FRI 16:00", DayOff.EARLIER)
        assert review.questionnaire is not None
        asked = [(question.name, question.shared, question.kind) for question in review.questionnaire.questions]
        text = QuestionKind.TEXT
        assert asked == [("result", True, text), ("obstacle", False, text), ("next", False, text)]
        assert review.report is Report.PERSONAL

    def test_the_micro_review_is_three_single_choices_that_can_be_compared_and_nobody_must_reply(self) -> None:
        micro = preset("micro")
        assert str(micro.recurrence) == "FRI 15:00"
        assert micro.questionnaire is not None
        for question in micro.questionnaire.questions:
            assert question.kind is QuestionKind.CHOICE
            assert [(option.value, option.score) for option in question.options] == [("A", 3), ("B", 2), ("C", 1)]
            assert question.advice is not None
            assert question.advice.below
            assert question.advice.level
            assert question.advice.above
        assert (len(micro.questionnaire.questions), micro.report, micro.follow_up) == (3, Report.COMPARE, None)
        assert micro.answer_ladder is not None

    def test_the_monday_checkpoint_asks_nothing_and_tells_the_team_about_last_week(self) -> None:
        monday = preset("monday")
        assert (str(monday.recurrence), monday.if_day_off, monday.questionnaire) == ("MON 09:30", DayOff.LATER, None)
        assert monday.summary is not None
        assert (monday.summary.to, monday.summary.of) == (Listener.TEAM, "weekly")
        assert monday.summary.sections == (Section.KEY_POINTS, Section.OPEN_DUTIES)

    def test_the_calibration_is_led_by_hrbps_every_two_weeks_with_agenda_and_decisions(self) -> None:
        calibration = preset("calibration")
        assert calibration.audience.role is AudienceRole.HRBPS
        assert calibration.notice is not None
        assert (calibration.notice.before, calibration.notice.to) == (DAY, Listener.AUDIENCE)
        assert calibration.agenda
        assert calibration.questionnaire is not None
        assert {question.name for question in calibration.questionnaire.questions} >= {"decision", "owner", "deadline"}
        assert calibration.follow_up is None
        assert calibration.summary is not None
        assert calibration.summary.to is Listener.AUDIENCE

    def test_the_calibration_falls_on_every_second_wednesday(self) -> None:
        calibration = preset("calibration")
        found = occurrences(
            calibration.recurrence,
            after=datetime(2026, 3, 1, tzinfo=UTC),
            until=datetime(2026, 4, 1, tzinfo=UTC),
            calendar=loaded().policy.calendar,
            zone=ZoneInfo("Asia/Shanghai"),
            if_day_off=calibration.if_day_off,
        )
        days = [each.nominal_day for each in found]
        assert [day.weekday() for day in days] == [2] * len(days)
        assert [later - earlier for earlier, later in pairwise(days)] == [14 * DAY] * (len(days) - 1)

    def test_a_milestone_is_accepted_by_the_manager_who_says_what_is_missing_if_it_is_not(self) -> None:
        milestone = preset("milestone")
        follow_up = milestone.follow_up
        assert follow_up is not None
        assert (follow_up.kind, follow_up.by) == ("acceptance", Owner.MANAGER)
        verdict, reason = follow_up.questionnaire.questions
        assert [option.label for option in verdict.options] == ["通过", "未通过"]
        assert follow_up.questionnaire.asked({"verdict": "passed"}) == (verdict,)
        assert follow_up.questionnaire.asked({"verdict": "failed"}) == (verdict, reason)

    def test_the_monthly_review_is_on_the_last_workday_and_replied_to(self) -> None:
        monthly = preset("monthly")
        assert str(monthly.recurrence) == "last workday 15:00"
        assert monthly.follow_up is not None
        assert (monthly.follow_up.by, monthly.follow_up.ladder.name) == (Owner.MANAGER, "monthly_reply")
        assert monthly.summary is not None
        assert monthly.summary.to is Listener.MANAGERS


LOCALES = get_args(Locale)
WORDS_FOR_PEOPLE = frozenset({"about", "title", "intro", "text", "label", "placeholder", "advice"})
"""Keys whose values differ from one language to the other."""

each_locale = pytest.mark.parametrize("locale", LOCALES)


def files(locale: Locale) -> list[Path]:
    return [defaults_file(locale), *preset_files(locale)]


def structure(node: Node) -> object:
    """Return a document without the words that people read: what is left means the same in every language."""
    if isinstance(node, list):
        return [structure(each) for each in node]
    if isinstance(node, dict):
        return {
            key: "words" if key in WORDS_FOR_PEOPLE else len(value or ()) if key == "agenda" else structure(value)
            for key, value in node.items()
        }
    return node


class TestLanguages:
    def test_every_language_of_the_product_has_the_same_files(self) -> None:
        assert {tuple(path.stem for path in preset_files(locale)) for locale in LOCALES} == {PRESET_NAMES}
        assert all(defaults_file(locale).is_file() for locale in LOCALES)

    @pytest.mark.parametrize("name", ["defaults", *PRESET_NAMES])
    def test_names_kinds_values_and_schedules_are_the_same_in_every_language(self, name: str) -> None:
        first, *others = (
            structure(read_source(path).content)
            for locale in LOCALES
            for path in files(locale)
            if name == path.stem or (name == "defaults" and path == defaults_file(locale))
        )
        assert others == [first]

    def test_a_structure_knows_another_value_from_another_word(self) -> None:
        said = parse_source("questions: [{name: a, text: x, options: [{value: A, label: y}]}]", "f").content
        other_word = parse_source("questions: [{name: a, text: z, options: [{value: A, label: w}]}]", "f").content
        other_value = parse_source("questions: [{name: a, text: x, options: [{value: B, label: y}]}]", "f").content
        assert structure(said) == structure(other_word) != structure(other_value)

    @each_locale
    def test_what_is_stored_for_a_choice_is_no_word_of_a_language(self, locale: Locale) -> None:
        parts = [question for each in shipped(locale).questionnaires.values() for question in each.questions]
        assert [option.label for part in parts for option in part.options if not option.value] == []

    def test_an_english_organisation_asks_in_english_and_any_other_in_chinese(self) -> None:
        titles = [loaded(text).policy.cadences[0].title for text in ("", "org: {locale: zh-CN}", "org: {locale: en}")]
        assert titles == ["本周复盘", "本周复盘", "This week's review"]

    def test_the_manager_of_an_english_organisation_is_asked_for_the_reply_in_english(self) -> None:
        follow_up = loaded("org: {locale: en}").policy.cadences[0].follow_up
        assert follow_up is not None
        assert follow_up.questionnaire.title == "A word back"

    @pytest.mark.parametrize("name", PRESET_NAMES)
    def test_an_english_practice_has_no_chinese_word_left(self, name: str) -> None:
        practice = preset(name, "en")
        assert str(practice) == str(practice).encode("ascii", "replace").decode()

    def test_an_organisation_whose_language_is_wrong_is_told_nothing_else(self) -> None:
        assert [each.split(": ")[1] for each in problems("org: {locale: fr}")] == ["org.locale"]


@each_locale
class TestFiles:
    def test_no_name_is_given_twice_among_shipped_files(self, locale: Locale) -> None:
        for section in ("ladders", "questionnaires"):
            names = [name for path in files(locale) for name in self.names(path, section)]
            assert len(set(names)) == len(names) > 0

    def names(self, path: Path, section: str) -> list[str]:
        content = read_source(path).content
        assert isinstance(content, dict)
        named = content.get(section) or {}
        assert isinstance(named, dict)
        return list(named)

    def test_nothing_is_wrong_with_what_is_shipped(self, locale: Locale) -> None:
        texts = shipped(locale)
        assert [finding for each in texts.questionnaires.values() for finding in questionnaire_findings(each)] == []
        assert [finding for each in texts.ladders.values() for finding in ladder_findings(each)] == []

    def test_people_are_addressed_as_equals_and_nobody_is_shouted_at(self, locale: Locale) -> None:
        for path in files(locale):
            words = path.read_text("utf-8")
            assert not [word for word in ("您", "！", "确定", "!", "please", "Please") if word in words], path

    def test_titles_fit_a_phone(self, locale: Locale) -> None:
        """About 12 Chinese characters are seen, or twice as many Latin letters."""
        titles = [each.title for each in shipped(locale).questionnaires.values()]
        titles += [each.cadence.title for each in shipped(locale).presets.values() if each.cadence.title]
        assert [title for title in titles if sum(2 if ord(sign) > 0xFF else 1 for sign in title) > 24] == []


@pytest.fixture(scope="module")
def example() -> LoadedOrg:
    """The example as it is shipped."""
    return load(FOLDER / "example.yaml", ENV).orgs[0]


class TestExample:
    def test_it_loads(self, example: LoadedOrg) -> None:
        assert (example.policy.org_id, example.policy.admins) == ("acme", ("chenjing",))
        assert example.people is not None
        assert len(example.people) == 5

    def test_it_shows_every_key_of_the_top(self) -> None:
        content = read_source(FOLDER / "example.yaml").content
        assert isinstance(content, dict)
        assert set(content) == set(OrgFilePart.model_fields)

    def test_its_ladders_are_the_shipped_ones(self, example: LoadedOrg) -> None:
        weekly = example.policy.cadence("weekly")
        assert weekly is not None
        assert weekly.answer_ladder == loaded().policy.cadences[0].answer_ladder

    def test_without_its_secrets_it_tells_which_are_missing(self) -> None:
        path = FOLDER / "example.yaml"
        result = read_organisation(path, parse_source(path.read_text("utf-8"), "example.yaml"), {})
        assert [problem.key for problem in result.problems] == ["platforms.feishu.app_secret", "mail.password"]


def test_a_broken_shipped_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("about: x\ncadence: {whenn: MON 09:00}\n", "utf-8")
    with pytest.raises(ConfigErrors, match=r"broken\.yaml:2: cadence\.whenn: unknown key; did you mean 'when'"):
        read_shipped(tmp_path / "broken.yaml", PresetPart)
