"""The rules of a template card, written once more from the vendor page "发送应用消息" (read 2026-11-22; wecom.md 5)."""

from collections.abc import Iterator
from typing import Any

ALLOWED = {
    "button_interaction": {
        *("card_type", "source", "main_title", "quote_area", "sub_title_text", "horizontal_content_list", "task_id"),
        *("button_list", "replace_text"),
    },
    "vote_interaction": {"card_type", "source", "main_title", "task_id", "checkbox", "submit_button", "replace_text"},
    "multiple_interaction": {
        *("card_type", "source", "main_title", "task_id", "select_list", "submit_button", "replace_text"),
    },
}
REQUIRED = {
    "button_interaction": {"main_title", "button_list", "task_id"},
    "vote_interaction": {"main_title", "checkbox", "submit_button", "task_id"},
    "multiple_interaction": {"main_title", "select_list", "submit_button", "task_id"},
}
TASK_ID = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-@")


def broken_rules(template: dict[str, Any], *, update: bool = False) -> list[str]:
    """Return what the platform would refuse, or its client cut off."""
    kind = template["card_type"]
    broken = [f"{name} is not of {kind}" for name in template.keys() - ALLOWED[kind]]
    broken += [f"{name} is missing" for name in REQUIRED[kind] - template.keys()]
    broken += [what for what, holds in _checks(template) if not holds]
    if not update:
        broken += [f"{name} is for updates only" for name in _names(template) & {"disable", "replace_text"}]
    return broken


def _checks(template: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    title = template["main_title"]
    yield "title", 1 <= len(title["title"]) <= 36
    yield "desc", len(title.get("desc", "")) <= 44
    yield "task_id", 1 <= len(template["task_id"]) <= 128 and set(template["task_id"]) <= TASK_ID
    source = template.get("source", {"desc": "x"})
    yield "source", 1 <= len(source["desc"]) <= 20
    yield (
        "colour",
        source.get("desc_color", 0) in ((0, 1, 2, 3) if template["card_type"] == "button_interaction" else (0,)),
    )
    yield "sub_title_text", len(template.get("sub_title_text", "x")) in range(1, 161)
    yield "replace_text", len(template.get("replace_text", "x")) in range(1, 11)
    yield from _quoted(template.get("quote_area"))
    yield from _pairs(template.get("horizontal_content_list"))
    yield from _pressed(template)
    yield from _questions(template.get("select_list"), 3, 10, 16)
    yield from _questions([box] if (box := template.get("checkbox")) else None, 1, 20, 17)


def _quoted(area: dict[str, Any] | None) -> Iterator[tuple[str, bool]]:
    if area is not None:
        yield "quote_area", area["type"] == 0 and len(area["quote_text"]) <= 160 and len(area.get("title", "")) <= 36


def _pairs(rows: list[dict[str, Any]] | None) -> Iterator[tuple[str, bool]]:
    if rows is not None:
        yield "rows", 1 <= len(rows) <= 6
        yield "keyname", all(1 <= len(row["keyname"]) <= 5 for row in rows)
        yield "value", all(1 <= len(row["value"]) <= 30 for row in rows)


def _pressed(template: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    buttons = template.get("button_list", [])
    yield "buttons", len(buttons) <= 6 and ("button_list" not in template or bool(buttons))
    yield "style", all(button["style"] in (1, 2, 3, 4) and button["type"] == 0 for button in buttons)
    if submit := template.get("submit_button"):
        buttons = [submit]
    yield "label", all(1 <= len(button["text"]) <= 10 for button in buttons)
    keys = [button["key"] for button in buttons]
    yield "key", all(1 <= len(key.encode()) <= 1024 for key in keys) and len(set(keys)) == len(keys)


def _questions(
    questions: list[dict[str, Any]] | None, most: int, options: int, longest: int
) -> Iterator[tuple[str, bool]]:
    if questions is None:
        return
    yield "questions", 1 <= len(questions) <= most
    keys = [each["question_key"] for each in questions]
    yield "question_key", len(set(keys)) == len(keys) and all(1 <= len(key.encode()) <= 1024 for key in keys)
    for each in questions:
        listed = each["option_list"]
        ids = [option["id"] for option in listed]
        yield "options", 1 <= len(listed) <= options
        yield "option id", len(set(ids)) == len(ids) and all(1 <= len(one.encode()) <= 128 for one in ids)
        yield "option text", all(1 <= len(option["text"]) <= longest for option in listed)
        if "selected_id" in each:
            yield "selected_id", each["selected_id"] in ids and len(each["title"]) in range(1, 37)


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()
