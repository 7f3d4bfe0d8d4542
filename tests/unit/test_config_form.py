"""Mistakes of form: each with its line and what is allowed, all of them at once, none because of another."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.problems import ConfigErrors
from config.schema import OrgFilePart
from config.validation import known_keys, validate
from config.yaml_source import Node
from tests.unit.config_texts import MINIMAL, any_yaml, problems, read

_WORDS = """
    org id name timezone platforms feishu app_id cadences weekly when preset review ladder ladders rungs after 24h do
    remind overrides department 研发 person questionnaires questions text kind options only_if is calendar off audience
    2026-12-25 except people file source quiet_hours from to 20:00 attention per_person_per_day 1
"""
WORDS = st.sampled_from(["FRI 16:00", *_WORDS.split()])
documents: st.SearchStrategy[Node] = st.recursive(
    st.none() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)


class TestOneMistake:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("orgg: {id: a}", "org.yaml:3: orgg: unknown key; did you mean 'org'?; allowed: quiet_hours, attention,"),
            ("org: {nmae: a}", "org.yaml:3: org.nmae: unknown key; did you mean 'name'?; allowed: id, name, timezone,"),
            ("org: [1]", "org.yaml:3: org: must be a mapping of keys to values"),
            ("org: null", "org.yaml:3: org: must be a mapping of keys to values"),
            ("org: {name: [a]}", "org.yaml:3: org.name: must be a text"),
            ("org: {locale: fr}", "org.yaml:3: org.locale: is none of the words known here; allowed: 'zh-CN' or 'en'"),
            ("org: {id: A B}", "org.yaml:3: org.id: 'A B' is no id; allowed: 1 to 32 of a-z, 0-9, _ and -"),
            ("org: {timezone: Asia/Shangai}", "org.yaml:3: org.timezone: 'Asia/Shangai' is no time zone; did you mean"),
            (
                "quiet_hours: {from: '25:00', to: '08:30'}",
                "quiet_hours.from: '25:00' is no time of day",
            ),
            ("quiet_hours: {from: '20:00'}", "org.yaml:3: quiet_hours.to: is missing"),
            ("attention: {per_person_per_day: many}", "per_person_per_day: must be a valid integer"),
            ("attention: {per_person_per_day: 0}", "per_person_per_day: must be greater than or equal to 1"),
            ("calendar: {weekend: SAT}", "org.yaml:3: calendar.weekend: must be a list"),
            (
                "calendar: {weekend: [SAT, 星期天]}",
                "calendar.weekend[1]: is none of the words known here",
            ),
            ("calendar: {off: [2026-02-30]}", "org.yaml:3: calendar.off[0]: there is no day 2026-02-30"),
            ("mail: {host: h}", "org.yaml:3: mail.from: is missing"),
            ("public_url: fupan", "org.yaml:3: public_url: is no address; allowed: http:// or https://"),
            ("cadences: {weekly: {when: 5 16:00}}", "cadences.weekly.when: '5 16:00': '5' is no weekday"),
            ("cadences: {a b: null}", "org.yaml:3: cadences.a b: 'a b' is no name; allowed: 1 to 40 letters"),
            (
                "cadences: {weekly: {preset: micro, audience: some}}",
                "cadences.weekly.audience: must be a mapping of keys to values",
            ),
            (
                "cadences: {weekly: {preset: micro, audience: {people: []}}}",
                "audience.people: must not be empty; leave the key out",
            ),
            (
                "ladders: {l: {rungs: [{do: shout, after: 1h}]}}",
                "ladders.l.rungs[0].do: is none of the words",
            ),
            ("ladders: {l: {rungs: [{do: close, after: 1h, by: fax}]}}", "ladders.l.rungs[0].by: is none of the words"),
            ("- a", "org.yaml:3: is not YAML"),
        ],
    )
    def test_a_mistake_is_told_with_its_line_and_what_is_allowed(self, text: str, told: str) -> None:
        try:
            found = problems(text)
        except ConfigErrors as errors:
            found = [str(error) for error in errors.errors]
        assert len(found) == 1
        assert told in found[0]

    def test_a_file_that_is_a_list_is_no_configuration(self) -> None:
        assert [str(each) for each in read("- a\n- b\n").problems] == [
            "org.yaml:1: must be a mapping of keys to values"
        ]

    @pytest.mark.parametrize("text", ["", "org: {id: acme}", "platforms: {}"])
    def test_without_a_platform_there_is_nothing_to_do(self, text: str) -> None:
        (problem,) = read(text).problems
        assert problem.message == "names no platform"
        assert problem.allowed == "feishu, wecom, dingtalk"

    @pytest.mark.parametrize("name", ["teams", "slack"])
    def test_a_platform_that_the_bot_does_not_speak_is_refused_with_those_it_does(self, name: str) -> None:
        (told,) = map(str, read(f"{MINIMAL}  {name}: {{a: b}}").problems)
        assert told == f"org.yaml:3: platforms.{name}: unknown key; allowed: feishu, wecom, dingtalk"


class TestManyMistakes:
    TEXT = """
        org: {timezone: Nowhere}
        ladders:
          slow: {rungs: [{after: 3x, do: remind}, {after: 24h}, 7, {after: 48h, do: escalate}]}
        cadences:
          weekly: {preset: reviw, grace: 12}
          other: {when: "FRI 16:00", questionnaire: nine}
        overrides:
          - 3
          - {team: li, attention: {per_person_per_day: x}}
          - {person: a, team: b, cadences: {weekly: null}}
    """

    def test_all_of_them_are_told_at_once(self) -> None:
        told = [
            each.split(": ")[0].removeprefix("org.yaml:") + " " + each.split(": ")[1] for each in problems(self.TEXT)
        ]
        assert told == [
            "4 org.timezone",
            "6 ladders.slow.rungs[0].after",
            "6 ladders.slow.rungs[1].do",
            "6 ladders.slow.rungs[2]",
            "8 cadences.weekly.grace",
            "8 cadences.weekly.preset",
            "9 cadences.other.questionnaire",
            "11 overrides[0]",
            "12 overrides[1].attention.per_person_per_day",
            "13 overrides[2]",
        ]

    def test_what_follows_from_a_mistake_is_not_told_again(self) -> None:
        text = """
            ladders: {slow: {rungs: [{after: 3x, do: remind}]}}
            questionnaires: {q: {title: Q, questions: []}}
            cadences: {weekly: {when: "FRI 25:00", questionnaire: q, ladder: slow}}
        """
        keys = [each.split(": ")[1] for each in problems(text)]
        assert keys == ["ladders.slow.rungs[0].after", "questionnaires.q.questions", "cadences.weekly.when"]

    def test_lines_stay_right_below_a_list_item_that_is_wrong(self) -> None:
        text = """
            overrides:
              - no mapping
              - {person: a, cadences: {weekly: {ladder: none_such}}}
              - nor this
              - {person: b, cadences: {weekly: {ladder: none_such}}}
        """
        lines = [(each.split(":")[1], each.split(": ")[1]) for each in problems(text) if "none_such" in each]
        assert lines == [("6", "overrides[1].cadences.weekly.ladder"), ("8", "overrides[3].cadences.weekly.ladder")]


class TestKnownKeys:
    @pytest.mark.parametrize(
        ("path", "first"),
        [
            ((), "quiet_hours"),
            (("org",), "id"),
            (("overrides", 0, "cadences", "weekly", "audience", "except"), "departments"),
            (("cadences", "weekly", "follow_up"), "kind"),
            (("questionnaires", "q", "questions", 1, "only_if"), "question"),
            (("questionnaires", "q", "questions", 1, "options", 0), "label"),
            (("ladders", "l", "rungs", 3), "after"),
        ],
    )
    def test_the_keys_of_any_part_can_be_told(self, path: tuple[str | int, ...], first: str) -> None:
        assert known_keys(OrgFilePart, path)[0] == first

    def test_keys_are_told_as_they_are_written(self) -> None:
        assert known_keys(OrgFilePart, ("quiet_hours",)) == ["from", "to", "workdays_only"]

    def test_what_is_no_mapping_has_no_keys(self) -> None:
        assert known_keys(OrgFilePart, ("org", "name")) == []


class TestAnything:
    @given(documents)
    def test_of_any_document_a_model_or_a_finding_comes(self, document: Node) -> None:
        validated = validate(OrgFilePart, document)
        assert (validated.model is not None) or validated.findings
        assert bool(validated.removed) <= bool(validated.findings)

    @given(documents)
    def test_any_document_of_our_words_is_loaded_or_told_with_lines(self, document: Node) -> None:
        result = read(json.dumps(document, ensure_ascii=False, indent=1))
        assert (result.org is None) == bool(result.problems)
        assert all(problem.line >= 1 and problem.file.endswith(".yaml") for problem in result.problems)

    @given(any_yaml)
    def test_any_text_that_is_no_configuration_is_told_with_lines(self, text: str) -> None:
        try:
            found = read(text).problems
        except ConfigErrors as errors:
            found = errors.errors
        assert found
        assert all(problem.line >= 1 for problem in found)
