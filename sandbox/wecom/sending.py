"""Sending (`message/send`), recalling and counting messages, with everything that is refused or dropped.

Rules and codes: wecom.md sections 4, 6 and 14.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sandbox.company import User
from sandbox.wecom.calls import ApiCall, Body, ok
from sandbox.wecom.cards import calls_back, check_task_id
from sandbox.wecom.content import Content, read_content
from sandbox.wecom.messages import Draft, Messages
from sandbox.wecom.receivers import Receivers, named_in_send, resolve
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.response_codes import ResponseCodes
from sandbox.wecom.settings import DUPLICATE_SECONDS, MOST_DUPLICATE_SECONDS, RECALL_AGE
from sandbox.wecom.world import Drop, World


@dataclass(frozen=True, slots=True)
class _Send:
    call: ApiCall
    msg_type: str
    content: Content
    msgid: str


def send(messages: Messages, codes: ResponseCodes, call: ApiCall) -> Body:
    """`POST /cgi-bin/message/send`."""
    world = messages.world
    call.check_agent()
    named = named_in_send(call.body)
    msg_type, content = read_content(world, call.body)
    is_card = msg_type == "template_card"
    task_id = _checked_card(world, call, content) if is_card else ""
    receivers = resolve(world, call.app, named)
    if not receivers.users:
        raise Refusal(81013)
    sending = _Send(call, msg_type, content, world.store.mint("vc"))
    with world.store.transaction():
        _count(world, call.app.agent_id, len(receivers.users))
        _remember(world, sending, task_id)
        reached = [user for user in receivers.users if _arrives(world, sending, user)]
        for user in reached:
            messages.add_from_bot(Draft(call.app.agent_id, user.user_id, msg_type, content, sending.msgid))
        code = codes.issue(call.app.agent_id, sending.msgid) if is_card and calls_back(content) else ""
    for user in reached:
        world.changed(user.user_id)
    return ok({**_invalid(receivers), "msgid": sending.msgid, **({"response_code": code} if code else {})})


def recall(messages: Messages, call: ApiCall) -> Body:
    """`POST /cgi-bin/message/recall`: takes back every copy."""
    world, msgid = messages.world, call.body.get("msgid")
    row = world.store.row("SELECT * FROM sends WHERE msgid = ?", msgid) if isinstance(msgid, str) else None
    if row is None or row["agent_id"] != call.app.agent_id:
        raise Refusal(40058)
    if row["at_ms"] <= world.ms_ago(RECALL_AGE):
        raise Refusal(42052)
    for message in messages.of_send(row["msgid"]):
        messages.recall(message)
    return ok()


def statistics(world: World, call: ApiCall) -> Body:
    """`POST /cgi-bin/message/get_statistics`: what each app sent today (`time_type` 0) or yesterday (1)."""
    days_ago = call.body.get("time_type", 0)
    if days_ago not in (0, 1):
        raise Refusal(40035)
    rows = world.store.rows("SELECT agent_id, number FROM person_times WHERE day = ?", world.day(days_ago))
    counts = [
        {"agentid": row["agent_id"], "app_name": world.apps[row["agent_id"]].name, "count": row["number"]}
        for row in rows
        if row["agent_id"] in world.apps
    ]
    return ok({"statistics": counts})


def _checked_card(world: World, call: ApiCall, card: Mapping[str, Any]) -> str:
    if calls_back(card) and not call.app.callback_url:
        raise Refusal(43012)
    task_id = check_task_id(card)
    used = world.store.row("SELECT 1 FROM task_ids WHERE agent_id = ? AND task_id = ?", call.app.agent_id, task_id)
    if used is not None:
        raise Refusal(42014)
    return task_id


def _remember(world: World, sending: _Send, task_id: str) -> None:
    agent_id = sending.call.app.agent_id
    world.store.run(
        "INSERT INTO sends (msgid, agent_id, at_ms) VALUES (?, ?, ?)",
        *(sending.msgid, agent_id, world.now_ms()),
    )
    if task_id:
        world.store.run("INSERT INTO task_ids (agent_id, task_id) VALUES (?, ?)", agent_id, task_id)


def _count(world: World, agent_id: int, persons: int) -> None:
    day = world.day()
    row = world.store.row("SELECT number FROM person_times WHERE agent_id = ? AND day = ?", agent_id, day)
    total = (row["number"] if row is not None else 0) + persons
    if total > world.most_person_times():
        raise Refusal(45009)
    world.store.run(
        "INSERT OR REPLACE INTO person_times (agent_id, day, number) VALUES (?, ?, ?)", agent_id, day, total
    )


def _arrives(world: World, sending: _Send, user: User) -> bool:
    """Whether a message comes to a person; what does not is noted, since its sender is told nothing."""
    agent_id = sending.call.app.agent_id
    if _is_repeat(world, sending, user.user_id):
        world.drops.append(Drop(agent_id, user.user_id, sending.msg_type, "duplicate"))
        return False
    if not world.rates.member(agent_id, user.user_id):
        world.drops.append(Drop(agent_id, user.user_id, sending.msg_type, "rate"))
        world.complain(f"a {sending.msg_type} to {user.user_id} vanished: too many messages to one person")
        return False
    return True


def _is_repeat(world: World, sending: _Send, user_id: str) -> bool:
    body = sending.call.body
    if body.get("enable_duplicate_check") != 1:
        return False
    seconds = body.get("duplicate_check_interval", DUPLICATE_SECONDS)
    if not isinstance(seconds, int) or not 0 < seconds <= MOST_DUPLICATE_SECONDS:
        raise Refusal(40035)
    digest = sha256(json.dumps([sending.msg_type, sending.content], sort_keys=True).encode()).hexdigest()
    key = (sending.call.app.agent_id, user_id, digest)
    row = world.store.row("SELECT at_ms FROM seen WHERE agent_id = ? AND user_id = ? AND digest = ?", *key)
    if row is not None and row["at_ms"] > world.now_ms() - seconds * 1000:
        return True
    world.store.run(
        "INSERT OR REPLACE INTO seen (agent_id, user_id, digest, at_ms) VALUES (?, ?, ?, ?)", *key, world.now_ms()
    )
    return False


def _invalid(receivers: Receivers) -> Body:
    return {
        "invaliduser": "|".join(receivers.invalid_users),
        "invalidparty": "|".join(receivers.invalid_parties),
        "invalidtag": "|".join(receivers.invalid_tags),
        "unlicenseduser": "",
    }
