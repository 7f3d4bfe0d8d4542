"""DingTalk: the templates that we ship have the variables that we fill, and hand back what we read.

Whether the vendor's editor takes them is seen only there; these tests keep them and the adapter together.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.dingtalk.form import form_of
from adapters.dingtalk.render import Template, face
from adapters.dingtalk.settings import DingTalkSettings
from domain.cards import Button, Card, CardKey, ChoiceField, Option, Style, TextField

FOLDER = Path(__file__).parents[2] / "docs" / "dingtalk-templates"
SETTINGS = DingTalkSettings("c", "s", card_template="c", form_template="f")
CARD = Card(
    CardKey("checkin", "1"),
    "本周复盘",
    "s",
    fields=(
        TextField("result", "成果", placeholder="p", initial="i"),
        ChoiceField("pace", "节奏", (Option("1", "正好"),), initial=("1",)),
    ),
    buttons=(Button("submit", "提交", Style.MAIN, submits=True), Button("later", "晚点")),
)


def editor(template: Template) -> dict[str, Any]:
    exported = orjson.loads((FOLDER / f"{template}.json").read_bytes())
    assert (exported["type"], exported["mode"]) == ("im", "card")
    read: dict[str, Any] = orjson.loads(exported["editorData"])
    return read


def components(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", ()):
        yield from components(child)


def of_kind(template: Template, kind: str) -> list[dict[str, Any]]:
    (root,) = editor(template)["schema"]["componentsTree"]
    return [each["props"] for each in components(root) if each["componentName"] == kind]


def names(schema: list[dict[str, Any]]) -> set[str]:
    return {each["name"] for each in schema}


@pytest.mark.parametrize("template", list(Template))
def test_a_templates_variables_are_those_that_we_fill(template: Template) -> None:
    read = editor(template)
    assert names(read["variableList"]) == set(face(CARD, template, SETTINGS))
    assert set(read["mockData"]["cardData"]) == names(read["variableList"])


@pytest.mark.parametrize("template", list(Template))
def test_its_buttons_are_ours_in_each_style_and_hand_back_their_action(template: Template) -> None:
    buttons = of_kind(template, "SingleButton")
    shown_for = [each["visible"]["condition"]["conditions"][0]["value"] for each in buttons]
    assert shown_for == [style.value for style in Style]
    for each in buttons:
        (parameter,) = each["params"]
        assert (parameter["name"], parameter["variable"]) == ("action", "buttons[0].action")
    (described,) = (each for each in editor(template)["variableList"] if each["name"] == "buttons")
    drawn = orjson.loads(face(CARD, template, SETTINGS)["buttons"])
    assert names(described["schema"]) == set(drawn[0])


@pytest.mark.parametrize("template", list(Template))
def test_its_body_is_markdown_and_its_buttons_go_when_the_card_is_closed(template: Template) -> None:
    (markdown,) = of_kind(template, "Markdown")
    assert markdown["content"]["variable"] == "body"
    (loop,) = of_kind(template, "Loop")
    (condition,) = loop["visible"]["condition"]["conditions"]
    assert (condition["variable"], condition["value"]) == ("status", face(CARD, template, SETTINGS)["status"])


def test_the_form_hands_back_its_action_with_its_answers() -> None:
    (form,) = of_kind(Template.FORM, "Form")
    assert form["id"] == "form"
    assert form["formSchema"]["variable"] == "form"
    (parameter,) = form["params"]
    assert (parameter["name"], parameter["variable"]) == ("action", "form_action")
    assert form["status"]["variable"] == "form_status"
    assert of_kind(Template.CARD, "Form") == []


def test_every_member_of_a_field_is_described() -> None:
    (described,) = (each for each in editor(Template.FORM)["variableList"] if each["name"] == "form")
    (fields,) = described["schema"]
    drawn = {name for field in form_of(CARD.fields)["fields"] for name in field}
    assert drawn <= names(fields["schema"])


@pytest.mark.parametrize("template", list(Template))
def test_every_component_is_declared_and_every_node_has_an_id_of_its_own(template: Template) -> None:
    schema = editor(template)["schema"]
    (root,) = schema["componentsTree"]
    nodes = list(components(root))
    assert {each["componentName"] for each in nodes} == {each["componentName"] for each in schema["componentsMap"]}
    assert len({each["id"] for each in nodes}) == len(nodes)
