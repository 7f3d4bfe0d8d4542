"""What a person can press and fill in on a template card, in a form that a page can draw without knowing WeCom's cards.

The client's habits: wecom.md section 5. A drop-down always has a choice: the first one, where the card names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.wecom.card_fields import Card, text_of
from sandbox.wecom.cards import shown

_STYLES = {1: "primary", 2: "default", 3: "default", 4: "danger"}
_SUBMIT_LABEL = "提交"
_LINK = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A drop-down or a vote of a card.

    Attributes:
        key: Its `question_key`.
        label: What stands beside it.
        options: Ids and texts.
        initial: What is chosen before the person touches it.
        several: Whether more than one can be chosen, or none.
        may_be_empty: Whether nothing may be chosen.
        fixed: Whether it cannot be changed.
    """

    key: str
    label: str
    options: Mapping[str, str]
    initial: tuple[str, ...]
    several: bool
    may_be_empty: bool
    fixed: bool

    def as_input(self) -> dict[str, Any]:
        """As `messages_of` tells it."""
        chosen: Any = list(self.initial) if self.several else next(iter(self.initial), None)
        return {
            "name": self.key,
            "kind": "multi" if self.several else "select",
            "label": self.label,
            "placeholder": "",
            "required": False,
            "multiline": False,
            "max_length": None,
            "options": [{"value": value, "label": label} for value, label in self.options.items()],
            "initial": chosen,
            "disabled": self.fixed,
        }


def buttons_of(card: Card) -> list[dict[str, Any]]:
    """What can be pressed: buttons, the submit button, entries of the menu, links; a grey card has one dead button."""
    presses = [*_own_buttons(card), *_submit(card)]
    grey = text_of(card, "replace_text")
    if grey and presses:
        presses = [{**presses[0], "label": grey, "style": "default", "disabled": True, "link": None}]
    return [*presses, *_menu(card), *_links(card)]


def menu_keys(card: Card) -> set[str]:
    """Keys of the entries of the card's menu, which cause another event than buttons."""
    return {str(each["action"]) for each in _menu(card)}


def questions_of(card: Card) -> list[Question]:
    """The drop-downs and votes, in the order of writing."""
    selection, box = shown(card, "button_selection"), shown(card, "checkbox")
    lone = [_drop_down(selection)] if isinstance(selection, Mapping) else []
    votes = [_vote(card, box)] if isinstance(box, Mapping) else []
    return [*lone, *votes, *(_drop_down(each) for each in shown(card, "select_list") or [])]


def _own_buttons(card: Card) -> list[dict[str, Any]]:
    submits = isinstance(shown(card, "button_selection"), Mapping)
    found = []
    for button in shown(card, "button_list") or []:
        link = text_of(button, "url") if button.get("type") == _LINK else None
        action = link or text_of(button, "key")
        style = next((word for number, word in _STYLES.items() if button.get("style") == number), "primary")
        found.append(_button(action, text_of(button, "text"), style, link, submits=submits and link is None))
    return found


def _submit(card: Card) -> list[dict[str, Any]]:
    submit = shown(card, "submit_button")
    if not isinstance(submit, Mapping):
        return []
    label = text_of(submit, "text") or _SUBMIT_LABEL
    return [_button(text_of(submit, "key"), label, "primary", None, submits=True)]


def _menu(card: Card) -> list[dict[str, Any]]:
    menu = shown(card, "action_menu")
    actions = menu.get("action_list") or [] if isinstance(menu, Mapping) else []
    return [_button(text_of(each, "key"), text_of(each, "text"), "default", None, submits=False) for each in actions]


def _links(card: Card) -> list[dict[str, Any]]:
    jumps = [each for each in shown(card, "jump_list") or [] if each.get("type") == _LINK]
    return [
        _button(text_of(each, "url"), text_of(each, "title"), "default", text_of(each, "url"), submits=False)
        for each in jumps
    ]


def _button(action: str, label: str, style: str, link: str | None, *, submits: bool) -> dict[str, Any]:
    return {
        "action": action,
        "label": label,
        "style": style,
        "disabled": False,
        "submits": submits,
        "confirm": None,
        "link": link,
    }


def _drop_down(select: Card) -> Question:
    options = _options(select)
    wanted = text_of(select, "selected_id")
    first = wanted if wanted in options else next(iter(options))
    return Question(
        key=text_of(select, "question_key"),
        label=text_of(select, "title"),
        options=options,
        initial=(first,),
        several=False,
        may_be_empty=False,
        fixed=select.get("disable") is True,
    )


def _vote(card: Card, box: Card) -> Question:
    several = box.get("mode") == 1
    checked = tuple(text_of(each, "id") for each in box["option_list"] if each.get("is_checked") is True)
    return Question(
        key=text_of(box, "question_key"),
        label=text_of(card.get("main_title"), "title"),
        options=_options(box),
        initial=checked if several else checked[:1],
        several=several,
        may_be_empty=True,
        fixed=box.get("disable") is True,
    )


def _options(question: Card) -> dict[str, str]:
    return {text_of(each, "id"): text_of(each, "text") for each in question["option_list"]}
