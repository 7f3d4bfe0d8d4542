"""What the demo page draws: messages and people as plain dictionaries.

A card stands as `kind` "card" with the decoded variables of its template in `card`; every other message is `kind`
"text", and those of the robot have `msgKey` and the members of `msgParam` in `card`, so that a page that knows the
platform can draw markdown, and one that does not shows `text`. Links that speak in the person's name are buttons of
`kind` "link" with the actions `dtmd:0`, `dtmd:1` and so on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.company import User
from sandbox.dingtalk.card_face import Button, Field, buttons_of, drawn, fields_of
from sandbox.dingtalk.card_instances import CardInstances
from sandbox.dingtalk.forms import LONGEST_TEXT
from sandbox.dingtalk.links import DTMD, action_links, speaking_links
from sandbox.dingtalk.message_kinds import CARD, MARKDOWN, PERSON_TEXT, shown_text
from sandbox.dingtalk.messages import Message
from sandbox.dingtalk.settings import Layout
from sandbox.dingtalk.world import World, moment

SPEAKS = "dtmd:"
"""What the action of a speaking link begins with; its number follows."""


def shown_message(instances: CardInstances, message: Message, user_id: str) -> dict[str, Any]:
    """A message as a person sees it; the keys are those of `DingTalkFake.messages_of`."""
    shown = {
        "id": message.message_id,
        "time": moment(message.created_ms).isoformat(),
        "from": message.sender.value,
        "recalled": message.recalled,
    }
    if message.kind == CARD:
        return {**shown, **_card(instances, message, user_id)}
    return {**shown, **_words(message)}


def layout_of(world: World, client_id: str, template_id: str) -> Layout:
    """What a template draws; one that the app no longer has draws as a plain card."""
    template = world.apps[client_id].template(template_id) if client_id in world.apps else None
    return Layout.CARD if template is None else template.layout


def shown_person(world: World, user: User) -> dict[str, Any]:
    """A person; the keys are those of `DingTalkFake.people`."""
    return {
        "userid": user.user_id,
        "name": user.name,
        "department": world.directory.path(user.departments[0]) if user.departments else "",
        "title": user.job_title,
        "mail": user.mail,
        "leader": user.leader,
        "status": user.status.value,
    }


def _words(message: Message) -> dict[str, Any]:
    native = None if message.kind == PERSON_TEXT else {"msgKey": message.kind, **message.content}
    return {
        "kind": "text",
        "text": shown_text(message.kind, message.content),
        "card": native,
        "buttons": _links(message.kind, message.content),
        "inputs": [],
        "version": 1,
    }


def _card(instances: CardInstances, message: Message, user_id: str) -> dict[str, Any]:
    card = instances.known(message.content["outTrackId"])
    face = instances.face(card.out_track_id, user_id)
    layout = layout_of(instances.world, card.client_id, card.template_id)
    native = {
        "template": layout.value,
        "templateId": card.template_id,
        "outTrackId": card.out_track_id,
        # The shape in which the demo's list of chats looks for a card's last-message line.
        "config": {"summary": {"content": message.content["lastMessage"]}},
        **drawn(layout, face.variables),
    }
    return {
        "kind": "card",
        "text": None,
        "card": native,
        "buttons": [_button(button) for button in buttons_of(layout, face.variables)],
        "inputs": [_input(field) for field in fields_of(layout, face.variables)],
        "version": face.version,
    }


def _button(button: Button) -> dict[str, Any]:
    return {
        **_blank(button.action, button.label, button.style, "button"),
        "submits": button.submits,
    }


def _links(kind: str, content: Mapping[str, str]) -> list[dict[str, Any]]:
    if kind == MARKDOWN:
        links = speaking_links(content.get("text", ""))
        return [_blank(f"{SPEAKS}{number}", link.label, "plain", "link") for number, link in enumerate(links)]
    return [
        {**_blank(f"link:{number}", label, "plain", "link"), "link": None if url.startswith(DTMD) else url}
        for number, (label, url) in enumerate(action_links(content))
    ]


def _blank(action: str, label: str, style: str, kind: str) -> dict[str, Any]:
    return {
        "action": action,
        "label": label,
        "style": style,
        "kind": kind,
        "disabled": False,
        "submits": False,
        "confirm": None,
        "link": None,
    }


def _input(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind,
        "label": field.label,
        "placeholder": field.placeholder,
        "required": field.required,
        "multiline": False,
        "max_length": LONGEST_TEXT if field.kind == "text" else None,
        "options": [{"value": value, "label": text} for value, text in field.options],
        "initial": field.initial,
    }
