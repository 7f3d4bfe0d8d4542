"""Practices: what a cadence's keys mean, what they take over from a preset, and what cannot be meant."""

from datetime import timedelta

import pytest

from domain.cadences import (
    Audience,
    AudienceRole,
    Listener,
    Notice,
    Owner,
    Report,
    Scope,
    Section,
    Summary,
)
from domain.calendar import DayOff
from domain.ids import PersonId
from tests.unit.config_texts import cadence, loaded, problems

CHOICES = "questionnaires: {q: {title: 选一选, questions: [{name: a, text: x, kind: choice, options: [p, q]}]}}\n"


def told(body: str, more: str = "") -> list[str]:
    """Return what is wrong with a cadence ``own``, without its place."""
    return [each.split("cadences.own", 1)[1] for each in problems(f"{more}cadences: {{own: {{{body}}}}}")]


class TestMeaning:
    def test_the_weekly_review_of_the_readme_is_what_it_says(self) -> None:
        weekly = cadence(
            "weekly",
            """
            cadences:
              weekly: {when: "FRI 16:00", if_day_off: earlier, questionnaire: review,
                       audience: all, ladder: answer, grace: 12h}
            """,
        )
        assert (weekly.family, weekly.title, str(weekly.recurrence)) == ("weekly", "本周复盘", "FRI 16:00")
        assert (weekly.if_day_off, weekly.grace, weekly.audience) == (DayOff.EARLIER, timedelta(hours=12), Audience())
        assert weekly.questionnaire is not None
        assert [question.name for question in weekly.questionnaire.questions] == ["result", "obstacle", "next"]
        assert weekly.answer_ladder is not None
        assert weekly.answer_ladder.name == "answer"
        assert weekly.follow_up is not None
        assert (weekly.follow_up.kind, weekly.follow_up.by) == ("reply", Owner.MANAGER)
        assert weekly.follow_up.ladder.name == "reply"
        assert (weekly.report, weekly.summary, weekly.notice, weekly.agenda) == (Report.PERSONAL, None, None, ())

    def test_every_key_has_its_place_in_the_domains_value(self) -> None:
        own = cadence(
            "own",
            """
            cadences:
              own:
                title: 对表
                when: "last workday 15:00"
                if_day_off: later
                audience: {departments: [研发], teams: [li], people: [wang], role: managers, except: {people: [zhao]}}
                questionnaire: micro
                ladder: null
                grace: 2h
                follow_up: {kind: talk, by: dotted, questionnaire: acceptance, ladder: acceptance}
                report: compare
                summary: {to: hrbps, sections: [counts, answers], after: 1d}
                notice: {before: 2d, to: team}
                agenda: [一, 二]
            """,
        )
        assert (own.title, str(own.recurrence), own.if_day_off) == ("对表", "last workday 15:00", DayOff.LATER)
        assert own.audience.scope == Scope(("研发",), (PersonId("li"),), (PersonId("wang"),))
        assert (own.audience.role, own.audience.without) == (
            AudienceRole.MANAGERS,
            (Scope(people=(PersonId("zhao"),)),),
        )
        assert (own.answer_ladder, own.grace, own.report) == (None, timedelta(hours=2), Report.COMPARE)
        assert own.follow_up is not None
        assert (own.follow_up.kind, own.follow_up.by, own.follow_up.questionnaire.name) == (
            "talk",
            Owner.DOTTED,
            "acceptance",
        )
        assert own.summary == Summary(Listener.HRBPS, (Section.COUNTS, Section.ANSWERS), timedelta(days=1))
        assert own.notice == Notice(timedelta(days=2), Listener.TEAM)
        assert own.agenda == ("一", "二")

    def test_a_practice_that_only_tells_asks_nothing_and_nothing_is_owed(self) -> None:
        own = cadence("own", "cadences: {own: {when: MON 09:00, notice: {before: 1h}}}")
        assert (own.questionnaire, own.answer_ladder, own.follow_up, own.title) == (None, None, None, "own")

    def test_left_out_an_answer_is_owed_by_the_ladder_answer(self) -> None:
        own = cadence("own", "cadences: {own: {when: MON 09:00, questionnaire: review}}")
        assert own.answer_ladder is not None
        assert own.answer_ladder.name == "answer"


class TestFollowUp:
    def test_whoever_answers_in_words_is_answered_by_the_manager(self) -> None:
        own = cadence("own", "cadences: {own: {when: MON 09:00, questionnaire: monthly}}")
        assert own.follow_up is not None
        assert (own.follow_up.kind, own.follow_up.questionnaire.name, own.follow_up.by) == (
            "reply",
            "reply",
            Owner.MANAGER,
        )

    def test_whoever_only_picks_is_not(self) -> None:
        assert cadence("own", CHOICES + "cadences: {own: {when: MON 09:00, questionnaire: q}}").follow_up is None

    def test_nobody_owes_anything_where_it_says_null(self) -> None:
        body = "{when: MON 09:00, questionnaire: review, follow_up: null}"
        assert cadence("own", f"cadences: {{own: {body}}}").follow_up is None

    def test_an_empty_follow_up_is_the_managers_reply(self) -> None:
        body = "{when: MON 09:00, questionnaire: q, follow_up: {}}"
        own = cadence("own", f"{CHOICES}cadences: {{own: {body}}}")
        assert own.follow_up is not None
        assert own.follow_up.questionnaire.questions[0].name == "reply"


class TestPresets:
    def test_a_key_that_is_written_replaces_the_presets(self) -> None:
        own = cadence("own", "cadences: {own: {preset: micro, when: THU 10:00, report: none}}")
        assert (str(own.recurrence), own.report) == ("THU 10:00", Report.NONE)
        assert own.questionnaire is not None
        assert own.questionnaire.name == "micro"

    def test_null_takes_away_what_the_preset_has(self) -> None:
        own = cadence("own", "cadences: {own: {preset: monthly, summary: null, follow_up: null, ladder: null}}")
        assert (own.summary, own.follow_up, own.answer_ladder) == (None, None, None)

    def test_a_questionnaire_or_ladder_of_a_shipped_name_replaces_it_in_presets_too(self) -> None:
        text = """
            questionnaires: {review: {title: 我们的复盘, questions: [{name: one, text: 一句话}]}}
            ladders: {reply: {rungs: [{after: 12h, do: remind}]}}
            cadences: {weekly: {preset: review}}
        """
        weekly = cadence("weekly", text)
        assert weekly.title == "我们的复盘"
        assert weekly.follow_up is not None
        assert weekly.follow_up.ladder.allowed == timedelta(hours=12)

    def test_without_cadences_the_weekly_review_runs(self) -> None:
        assert [each.name for each in loaded().policy.cadences] == ["weekly"]

    @pytest.mark.parametrize("text", ["cadences: {}", "cadences: {weekly: null}"])
    def test_whoever_writes_cadences_has_only_those(self, text: str) -> None:
        assert loaded(text).policy.cadences == ()


class TestMistakes:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (
                "preset: mikro",
                ".preset: there is no preset 'mikro'; did you mean 'micro'?; allowed: calibration, micro,",
            ),
            ("preset: milestone", ".when: is missing, and there is no preset that has it"),
            ("questionnaire: review", ".when: is missing"),
            ("when: MON 09:00", ": neither asks nor tells anything; allowed: at least one of questionnaire,"),
            (
                "when: MON 09:00, questionnaire: reviw",
                ".questionnaire: there is no questionnaire 'reviw'; did you mean",
            ),
            (
                "preset: review, ladder: anwser",
                ".ladder: there is no ladder 'anwser'; did you mean 'answer'?; allowed:",
            ),
            ("preset: micro, follow_up: {ladder: x}", ".follow_up.ladder: there is no ladder 'x'"),
            ("preset: micro, follow_up: {questionnaire: x}", ".follow_up.questionnaire: there is no questionnaire 'x'"),
            ("preset: review, report: compare", ".report: compares scores, and no question has any"),
            ("preset: monday, ladder: answer", ".ladder: has no effect, because nothing is asked"),
            ("preset: monday, follow_up: {}", ".follow_up: has no effect, because nothing is asked"),
            ("preset: monday, report: personal", ".report: has no effect, because nothing is asked"),
            ("preset: review, summary: {to: team, sections: []}", ".summary.sections: must not be empty"),
            (
                "preset: review, summary: {to: team, sections: [counts, counts]}",
                ".summary.sections: names a section twice",
            ),
            ("preset: review, summary: {to: team, of: none, sections: [counts]}", ".summary.of: there is no practice"),
            ("preset: review, title: ''", ".title: must have at least 1 character"),
            ("preset: review, when: null", ".when: is missing"),
        ],
    )
    def test_what_cannot_be_meant_is_told(self, body: str, expected: str) -> None:
        own = told(body)
        assert [each for each in own if "no practice 'weekly'" not in each and each.startswith(expected)], own
        assert len([each for each in own if "no practice 'weekly'" not in each]) == 1

    def test_a_summary_of_a_practice_that_is_not_held_is_refused(self) -> None:
        assert told("preset: monday") == [".summary.of: there is no practice 'weekly'; allowed: own"]

    @pytest.mark.parametrize("to", ["team", "audience"])
    def test_colleagues_never_hear_what_was_answered_in_confidence(self, to: str) -> None:
        (only,) = told(f"preset: review, summary: {{to: {to}, sections: [answers]}}")
        assert only.startswith(".summary.sections: tells colleagues what was answered in confidence: obstacle, next;")

    @pytest.mark.parametrize("to", ["managers", "hrbps"])
    def test_superiors_may_hear_all_answers(self, to: str) -> None:
        assert told(f"preset: review, summary: {{to: {to}, sections: [answers]}}") == []

    def test_the_answers_of_another_practice_are_as_confidential(self) -> None:
        text = """
            cadences:
              weekly: {preset: review}
              monday: {preset: monday, summary: {to: team, of: weekly, sections: [answers]}}
        """
        (only,) = problems(text)
        assert only.startswith("org.yaml:6: cadences.monday.summary.sections: tells colleagues")

    def test_where_everything_is_shared_colleagues_may_hear_it(self) -> None:
        text = """
            questionnaires: {q: {title: 站会, questions: [{name: a, text: x, shared: true}]}}
            cadences: {standup: {when: daily 09:30, questionnaire: q, summary: {to: team, sections: [answers]}}}
        """
        assert problems(text) == []

    def test_what_follows_from_an_unknown_questionnaire_is_not_told(self) -> None:
        (only,) = told("when: MON 09:00, questionnaire: none, report: compare")
        assert only.startswith(".questionnaire: there is no questionnaire 'none'")
