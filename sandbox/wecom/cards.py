"""Template cards as a whole: which parts each type needs, which it shows, and how long texts may be.

Rules and codes: wecom.md section 5. What the client merely cuts or does not show is told as a sentence, not refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.wecom import card_fields as fields
from sandbox.wecom.card_fields import Card
from sandbox.wecom.refusals import Refusal

INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")
"""The types whose clicks come back, and which therefore need a callback URL and a task_id."""

LONGEST_TASK_ID_BYTES = 128
_TASK_ID = re.compile(r"[0-9A-Za-z_@-]+", re.ASCII)

_NOTICE = (fields.check_quote, fields.check_horizontal, fields.check_jumps, fields.check_card_action, fields.check_menu)
_CHECKS: Mapping[str, tuple[Callable[[Card], None], ...]] = {
    "text_notice": (fields.check_title_or_subtitle, *_NOTICE),
    "news_notice": (fields.check_title, fields.check_image, fields.check_vertical, *_NOTICE),
    "button_interaction": (
        *(fields.check_title, fields.check_quote, fields.check_horizontal, fields.check_selection),
        *(fields.check_buttons, fields.check_optional_card_action, fields.check_menu),
    ),
    "vote_interaction": (fields.check_title, fields.check_checkbox, fields.check_submit),
    "multiple_interaction": (fields.check_title, fields.check_selects, fields.check_submit),
}

_EVERYWHERE = {"card_type", "source", "main_title", "task_id"}
_SHOWN: Mapping[str, set[str]] = {
    "text_notice": {"action_menu", "quote_area", "emphasis_content", "sub_title_text", "horizontal_content_list"}
    | {"jump_list", "card_action"},
    "news_notice": {"action_menu", "quote_area", "horizontal_content_list", "vertical_content_list", "jump_list"}
    | {"card_action", "card_image", "image_text_area"},
    "button_interaction": {"action_menu", "quote_area", "sub_title_text", "horizontal_content_list", "card_action"}
    | {"button_selection", "button_list"},
    "vote_interaction": {"checkbox", "submit_button"},
    "multiple_interaction": {"select_list", "submit_button"},
}
_ONLY_IN_UPDATES = {"replace_text"}

_MOST_CHARACTERS: Mapping[str, int] = {
    "source.desc": 20,
    "main_title.title": 36,
    "main_title.desc": 44,
    "emphasis_content.title": 14,
    "emphasis_content.desc": 22,
    "sub_title_text": 160,
    "horizontal_content_list.keyname": 5,
    "horizontal_content_list.value": 30,
    "vertical_content_list.title": 38,
    "vertical_content_list.desc": 160,
    "jump_list.title": 18,
    "button_selection.option_list.text": 16,
    "button_list.text": 10,
    "checkbox.option_list.text": 17,
    "select_list.option_list.text": 16,
    "submit_button.text": 10,
}


def check_card(card: Any) -> None:
    """Whether a card has what its type needs; the task_id is checked by `check_task_id`.

    Raises:
        Refusal: 42027 to 42051, as wecom.md section 15 lists them.
    """
    card_type = fields.text_of(card, "card_type")
    if card_type not in _CHECKS:
        raise Refusal(42031)
    for check in _CHECKS[card_type]:
        check(card)


def check_task_id(card: Card) -> str:
    """The task_id of a card, empty where it has none and needs none.

    Raises:
        Refusal: 42014 where it is missing, too long or has other characters; the platform has one code for all.
    """
    task_id = card.get("task_id")
    if task_id is None and not calls_back(card):
        return ""
    if not isinstance(task_id, str) or not _TASK_ID.fullmatch(task_id) or len(task_id) > LONGEST_TASK_ID_BYTES:
        raise Refusal(42014)
    return task_id


def calls_back(card: Card) -> bool:
    """Whether clicks on a checked card reach the app, and so whether it gets a `response_code`."""
    return card["card_type"] in INTERACTIVE or isinstance(shown(card, "action_menu"), Mapping)


def shown(card: Card, key: str) -> Any:
    """A part of a checked card, None where it is missing or the card's type does not show it."""
    return card.get(key) if key in _SHOWN[card["card_type"]] else None


def oddities(card: Card, *, is_update: bool) -> Iterator[str]:
    """What the platform accepts of a card, and its client then cuts or does not show."""
    card_type = card["card_type"]
    known = _EVERYWHERE | _SHOWN[card_type] | (_ONLY_IN_UPDATES if is_update else set())
    for key in sorted(set(card) - known):
        yield f"{card_type} does not show {key}"
    for path, most in _MOST_CHARACTERS.items():
        for text in _texts(card, path.split(".")):
            if len(text) > most:
                yield f"{path} of {len(text)} characters is cut after {most}"


def _texts(node: Any, path: list[str]) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _texts(each, path)
    elif path and isinstance(node, Mapping):
        yield from _texts(node.get(path[0]), path[1:])
    elif isinstance(node, str) and not path:
        yield node
