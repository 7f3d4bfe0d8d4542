"""Checks of the parts that template cards are made of; each raises the code that the platform has for that part.

Rules and codes: wecom.md sections 5 and 15.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.wecom.refusals import Refusal

Card = Mapping[str, Any]

LONGEST_KEY_BYTES = 1024
LONGEST_OPTION_ID_BYTES = 128
_URL, _MINI_PROGRAM = 1, 2
_NEEDED_BY_LINE = {1: ("url", 42028), 2: ("media_id", 42029), 3: ("userid", 42050)}


def text_of(node: Any, key: str) -> str:
    """A text member, empty where it is missing or no text."""
    value = node.get(key) if isinstance(node, Mapping) else None
    return value if isinstance(value, str) else ""


def need(node: Any, key: str, code: int) -> str:
    """A text member that must not be empty.

    Raises:
        Refusal: `code`.
    """
    found = text_of(node, key)
    if not found:
        raise Refusal(code)
    return found


def objects(node: Card, key: str, most: int, code: int) -> list[Card]:
    """A list of objects; empty where it is missing.

    Raises:
        Refusal: `code`, for anything else and for too many.
    """
    found = node.get(key) or []
    if not isinstance(found, list) or len(found) > most or not all(isinstance(each, Mapping) for each in found):
        raise Refusal(code)
    return found


def need_unique(value: str, seen: set[str], longest_bytes: int, code: int) -> None:
    """Note a key that must be there, short enough and new.

    Raises:
        Refusal: `code`.
    """
    if not value or value in seen or len(value.encode()) > longest_bytes:
        raise Refusal(code)
    seen.add(value)


def check_jump(node: Card) -> None:
    """Whether what leads somewhere says where."""
    if node.get("type") == _URL:
        need(node, "url", 42028)
    elif node.get("type") == _MINI_PROGRAM:
        need(node, "appid", 42030)


def check_card_action(card: Card) -> None:
    """`card_action`, where it must be there."""
    action = card.get("card_action")
    if not isinstance(action, Mapping) or action.get("type") not in (_URL, _MINI_PROGRAM):
        raise Refusal(42045)
    check_jump(action)


def check_optional_card_action(card: Card) -> None:
    """`card_action`, where it may be missing or of type 0."""
    action = card.get("card_action")
    if isinstance(action, Mapping):
        check_jump(action)


def check_title(card: Card) -> None:
    """`main_title.title`."""
    need(card.get("main_title"), "title", 42033)


def check_title_or_subtitle(card: Card) -> None:
    """Either `main_title.title` or `sub_title_text`."""
    if not text_of(card, "sub_title_text"):
        check_title(card)


def check_quote(card: Card) -> None:
    """`quote_area`."""
    quote = card.get("quote_area")
    if isinstance(quote, Mapping):
        check_jump(quote)


def check_horizontal(card: Card) -> None:
    """`horizontal_content_list`."""
    for line in objects(card, "horizontal_content_list", 6, 42035):
        need(line, "keyname", 42027)
        kind = line.get("type")
        if isinstance(kind, int) and kind in _NEEDED_BY_LINE:
            need(line, *_NEEDED_BY_LINE[kind])


def check_vertical(card: Card) -> None:
    """`vertical_content_list`."""
    for line in objects(card, "vertical_content_list", 4, 42036):
        need(line, "title", 42033)


def check_jumps(card: Card) -> None:
    """`jump_list`."""
    for jump in objects(card, "jump_list", 3, 42042):
        need(jump, "title", 42033)
        check_jump(jump)


def check_image(card: Card) -> None:
    """`card_image` or `image_text_area`, one of which is needed."""
    area = card.get("image_text_area")
    if isinstance(area, Mapping):
        need(area, "image_url", 42044)
        check_jump(area)
    else:
        need(card.get("card_image"), "url", 42044)


def check_menu(card: Card) -> None:
    """`action_menu`, which may be missing."""
    menu = card.get("action_menu")
    if menu is None:
        return
    actions = objects(menu, "action_list", 3, 42051) if isinstance(menu, Mapping) else []
    if not actions:
        raise Refusal(42051)
    keys: set[str] = set()
    for action in actions:
        need(action, "text", 42051)
        need_unique(text_of(action, "key"), keys, LONGEST_KEY_BYTES, 42051)


def check_buttons(card: Card) -> None:
    """`button_list`."""
    buttons = objects(card, "button_list", 6, 42038)
    if not buttons:
        raise Refusal(42038)
    keys: set[str] = set()
    for button in buttons:
        need(button, "text", 42038)
        if button.get("type") == _URL:
            need(button, "url", 42028)
        else:
            need_unique(text_of(button, "key"), keys, LONGEST_KEY_BYTES, 42039)


def check_selection(card: Card) -> None:
    """`button_selection`, which may be missing."""
    selection = card.get("button_selection")
    if isinstance(selection, Mapping):
        _check_question(selection, 10, set())


def check_checkbox(card: Card) -> None:
    """`checkbox`."""
    checkbox = card.get("checkbox")
    if not isinstance(checkbox, Mapping):
        raise Refusal(42043)
    if checkbox.get("mode", 0) not in (0, 1):
        raise Refusal(40058)
    _check_question(checkbox, 20, set())


def check_selects(card: Card) -> None:
    """`select_list`."""
    selects = objects(card, "select_list", 3, 42047)
    if not selects:
        raise Refusal(42047)
    keys: set[str] = set()
    for select in selects:
        _check_question(select, 10, keys)


def check_submit(card: Card) -> None:
    """`submit_button`; its text may be missing, not empty or of another type."""
    submit = card.get("submit_button")
    need_unique(text_of(submit, "key"), set(), LONGEST_KEY_BYTES, 42046)
    if isinstance(submit, Mapping) and "text" in submit:
        need(submit, "text", 42049)


def _check_question(question: Card, most: int, keys: set[str]) -> None:
    need_unique(text_of(question, "question_key"), keys, LONGEST_KEY_BYTES, 42043)
    options = objects(question, "option_list", most, 42037)
    if not options:
        raise Refusal(42037)
    ids: set[str] = set()
    for option in options:
        need_unique(text_of(option, "id"), ids, LONGEST_OPTION_ID_BYTES, 42040)
        need(option, "text", 42041)
