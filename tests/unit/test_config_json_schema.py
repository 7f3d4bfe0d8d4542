"""The schema for editors: it admits what is shipped, marks mistakes of form, and explains every key."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

import config
from config.json_schema import json_schema, people_json_schema
from config.practice_schema import PresetPart
from config.schema import Locale
from config.shipped import preset_files
from tests.unit.config_texts import MINIMAL
from tests.unit.json_schema_check import Judge

FOLDER = Path(config.__file__).parent


def as_json(text: str) -> Any:
    """Return a YAML text as an editor's checker sees it: typed, dates as texts."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=date.isoformat))


def marked(text: str) -> list[str]:
    return Judge(json_schema()).violations(as_json(MINIMAL + text))


def properties(schema: Any) -> Iterator[tuple[str, Any]]:
    for name, definition in {"the file": schema, **schema["$defs"]}.items():
        for key, each in definition.get("properties", {}).items():
            yield f"{name}.{key}", each


class TestAdmits:
    def test_the_example(self) -> None:
        assert Judge(json_schema()).violations(as_json((FOLDER / "example.yaml").read_text("utf-8"))) == []

    def test_the_example_of_people(self) -> None:
        assert (
            Judge(people_json_schema()).violations(as_json((FOLDER / "example_people.yaml").read_text("utf-8"))) == []
        )

    @pytest.mark.parametrize("locale", get_args(Locale))
    def test_every_preset(self, locale: Locale) -> None:
        judge = Judge(PresetPart.model_json_schema())
        assert preset_files(locale)
        for path in preset_files(locale):
            assert judge.violations(as_json(path.read_text("utf-8"))) == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "cadences: {weekly: null}",
            "cadences: {weekly: {preset: review, audience: {except: {people: [li]}}, follow_up: null}}",
            "cadences: {weekly: {when: 周五 16:00, questionnaire: q}}",
            "ladders: {l: {due: 2 天, rungs: [{before: 30m, do: remind, by: chat}]}}",
            "questionnaires: {q: {title: t, questions: [{name: a, text: x, kind: scale, options: [1, 2.5, three]}]}}",
            "questionnaires: {q: {title: t, questions: [{name: a, text: x, only_if: {question: b, is: c}}]}}",
            "quiet_hours: null",
            "calendar: {country: null, off: [2026-12-25], confirmed_years: [2027]}",
            "  wecom: {corp_id: ww1, agent_id: 1000002, secret: '${S}', token: t, aes_key: '${K}'}",
            "  dingtalk: {client_id: d, client_secret: s, allowance: {api: 0}, form_template: x.schema}",
        ],
    )
    def test_every_way_to_write_a_setting(self, text: str) -> None:
        assert marked(text) == []


class TestMarks:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("orgg: {}", "$.orgg is unknown"),
            ("  wecom: {corp_id: ww1, agent_id: x, secret: s, token: t, aes_key: k}", "$.platforms.wecom breaks anyOf"),
            ("  dingtalk: {client_id: d}", "$.platforms.dingtalk breaks anyOf"),
            ("org: {nmae: x}", "$.org.nmae is unknown"),
            ("org: {locale: fr}", "$.org.locale breaks enum"),
            ("cadences: {weekly: {when: 16}}", "$.cadences breaks anyOf"),
            ("ladders: {l: {rungs: [{after: 24, do: remind}]}}", "$.ladders.l.rungs[0].after breaks anyOf"),
            ("ladders: {l: {rungs: [{after: 24h}]}}", "$.ladders.l.rungs[0] breaks required"),
            ("questionnaires: {q: {title: t, questions: []}}", "$.questionnaires.q.questions breaks minItems"),
            ("calendar: {off: [25.12.2026]}", "$.calendar.off[0] breaks pattern"),
            ("overrides: [{quiet_hours: {from: '25:00', to: '08:00'}}]", "$.overrides[0].quiet_hours breaks anyOf"),
        ],
    )
    def test_a_mistake_of_form_is_marked(self, text: str, expected: str) -> None:
        assert [each for each in marked(text) if each.startswith(expected)]

    def test_a_file_without_platforms_is_marked(self) -> None:
        assert Judge(json_schema()).violations({}) == ["$ breaks required ['platforms']"]


class TestExplains:
    @pytest.mark.parametrize("schema", [json_schema(), people_json_schema()], ids=["organisation", "people"])
    def test_every_key_has_a_description(self, schema: Any) -> None:
        assert [name for name, each in properties(schema) if not each.get("description")] == []

    def test_keys_have_the_names_that_are_written(self) -> None:
        keys = {name for name, _ in properties(json_schema())}
        assert {"QuietPart.from", "QuietPart.to", "ConditionPart.is", "AudiencePart.except", "MailPart.from"} <= keys

    def test_defaults_are_written_as_an_operator_would(self) -> None:
        defaults = {name: each["default"] for name, each in properties(json_schema()) if "default" in each}
        assert defaults["CadencePart.grace"] == "12h"
        assert defaults["StoragePart.url"] == "sqlite:///var/fupan.db"
        assert None not in defaults.values()

    def test_the_default_of_follow_up_is_explained_where_a_reader_looks(self) -> None:
        follow_up = dict(properties(json_schema()))["CadencePart.follow_up"]["description"]
        assert "answered in words: the manager owes a reply" in follow_up
        assert "`null`: nobody owes anything" in follow_up

    def test_schedules_have_examples(self) -> None:
        when = dict(properties(json_schema()))["CadencePart.when"]
        assert "FRI 16:00" in when["anyOf"][0]["examples"]

    def test_it_is_json(self) -> None:
        assert json.loads(json.dumps(json_schema())) == json_schema()
