"""Updating cards (`message/update_template_card`, and as passive replies): grey buttons, or another card.

Rules and codes: wecom.md section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.wecom.calls import ApiCall, Body, ok
from sandbox.wecom.cards import INTERACTIVE, check_card, check_task_id, oddities
from sandbox.wecom.messages import Cause, Message, Messages
from sandbox.wecom.receivers import Named, named_in_update, resolve
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.response_codes import ResponseCodes
from sandbox.wecom.world import World

Card = dict[str, Any]


def update_card(messages: Messages, codes: ResponseCodes, call: ApiCall) -> Body:
    """`POST /cgi-bin/message/update_template_card`; who has no copy of the card comes back as invalid, in an array."""
    world, code = messages.world, call.body.get("response_code")
    call.check_agent()
    msgid = codes.msgid_of(code, call.app.agent_id)
    named = named_in_update(call.body)
    copies = {message.user_id: message for message in messages.of_send(msgid)}
    meant, invalid = _meant(world, call, named, copies)
    faces = {message.message_id: new_face(world, message.content, call.body) for message in meant}
    with world.store.transaction():
        codes.spend(str(code))
        for message_id, face in faces.items():
            messages.rewrite(message_id, face, Cause.UPDATED)
    return ok({"invaliduser": invalid} if invalid else {})


def new_face(world: World, old: Mapping[str, Any], update: Mapping[str, Any]) -> Card:
    """The card that an update leaves.

    Args:
        world: The company.
        old: The card as it stands.
        update: Holds `button.replace_name` or `template_card`.

    Raises:
        Refusal: 40058 where it holds neither, or greys a card without buttons; 42016 for another task_id; else what is
            wrong with the card.
    """
    button, card = update.get("button"), update.get("template_card")
    if isinstance(button, Mapping):
        name = button.get("replace_name")
        if not isinstance(name, str) or not name or old["card_type"] not in INTERACTIVE:
            raise Refusal(40058)
        return {**old, "replace_text": name}
    if card is None:
        raise Refusal(40058)
    check_card(card)
    if "task_id" in card and check_task_id(card) != old.get("task_id", card["task_id"]):
        raise Refusal(42016)
    for oddity in oddities(card, is_update=True):
        world.complain(oddity)
    return {**({"task_id": old["task_id"]} if "task_id" in old else {}), **card}


def _meant(world: World, call: ApiCall, named: Named, copies: Mapping[str, Message]) -> tuple[list[Message], list[str]]:
    if named.everybody:
        return list(copies.values()), []
    receivers = resolve(world, call.app, named)
    strangers = [user.user_id.lower() for user in receivers.users if user.user_id not in copies]
    meant = [copies[user.user_id] for user in receivers.users if user.user_id in copies]
    return meant, [*receivers.invalid_users, *strangers]
