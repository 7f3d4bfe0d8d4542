"""Batch sending (`message/v4`), for announcements: one id, no updates, errors with HTTP 200 (feishu.md section 3.6)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.company import ROOT_DEPARTMENT, User
from sandbox.feishu import settings
from sandbox.feishu.calls import ApiCall, Body, ok, success
from sandbox.feishu.contact_objects import with_below
from sandbox.feishu.content import Content, read_content
from sandbox.feishu.messages import Draft, Messages, Sender
from sandbox.feishu.refusals import Refusal, refusal
from sandbox.feishu.sending import check_reach

_LISTS = {"open_ids": "open_id", "user_ids": "user_id", "union_ids": "union_id"}
_MOST_IDS = 200
_TYPES = ("text", "image", "post", "share_chat", "interactive")


def send_batch(messages: Messages, call: ApiCall) -> Body:
    """`POST /message/v4/batch_send/`: everybody named directly or by department, once each."""
    lists = {key: _ids(call, key) for key in (*_LISTS, "department_ids")}
    if not any(lists.values()):
        raise refusal(10003)
    _check_scopes(call, lists)
    content = _content(messages, call)
    batch_id = messages.world.store.mint("bm-")
    invalid: Body = {f"invalid_{key}": [] for key in lists}
    members = _of_departments(messages, lists["department_ids"], invalid)
    receivers = [
        *_named(messages, call, lists, invalid),
        *(each for each in members if _reachable(messages, call, each)),
    ]
    unique = {user.user_id: user for user in receivers}
    with messages.world.store.transaction():
        for user_id in unique:
            messages.add(Draft(call.app.app_id, user_id, Sender.BOT, call.needed("msg_type"), content, None, batch_id))
    for user_id in unique:
        messages.world.changed(user_id)
    return ok({"message_id": batch_id, **invalid})


def batch_progress(messages: Messages, call: ApiCall) -> Body:
    """`GET /im/v1/batch_messages/:batch_message_id/get_progress`."""
    batch = messages.of_batch(call.app.app_id, call.parts["batch_message_id"])
    if not batch:
        raise refusal(230001, "invalid batch_message_id")
    read, recalled = sum(bool(each.read_ms) for each in batch), sum(each.recalled for each in batch)
    counts = {"valid_user_ids_count": len(batch), "success_user_ids_count": len(batch), "read_user_ids_count": read}
    recalls = {"recall": recalled > 0, "recall_count": recalled}
    return success({"batch_message_send_progress": counts, "batch_message_recall_progress": recalls})


def recall_batch(messages: Messages, call: ApiCall) -> Body:
    """`DELETE /im/v1/batch_messages/:batch_message_id`: takes back every message of the batch."""
    batch = messages.of_batch(call.app.app_id, call.parts["batch_message_id"])
    if not batch:
        raise refusal(230001, "invalid batch_message_id")
    for message in batch:
        messages.recall(message)
    return success()


def _ids(call: ApiCall, key: str) -> list[str]:
    ids = call.body.get(key, [])
    if not isinstance(ids, list) or len(ids) > _MOST_IDS:
        raise refusal(10003)
    return [str(each) for each in ids]


def _check_scopes(call: ApiCall, lists: Mapping[str, Sequence[str]]) -> None:
    if lists["department_ids"] and settings.SCOPE_BATCH_DEPARTMENTS not in call.app.scopes:
        raise refusal(11204)
    if any(lists[key] for key in _LISTS) and settings.SCOPE_BATCH_USERS not in call.app.scopes:
        raise refusal(11203)


def _content(messages: Messages, call: ApiCall) -> Content:
    msg_type = call.body.get("msg_type")
    if msg_type not in _TYPES:
        raise refusal(10003)
    given: Any = call.body.get("card" if msg_type == "interactive" else "content")
    if not isinstance(given, dict):
        raise refusal(10003)
    # Unlike im/v1, a post is wrapped once more.
    shape = given.get("post") if msg_type == "post" else given
    as_string = ApiCall(
        call.app, call.path, call.parts, call.query, {"content": json.dumps(shape)}, call.size_bytes, call.uploads
    )
    try:
        return read_content(messages.world, as_string, msg_type)
    except Refusal as refused:
        raise refusal(11246 if refused.code == 230099 else 10003, refused.message) from refused


def _named(messages: Messages, call: ApiCall, lists: dict[str, list[str]], invalid: Body) -> Iterable[User]:
    for key, id_type in _LISTS.items():
        for value in lists[key]:
            user = messages.world.directory.lookup(call.app.app_id, value, id_type)
            if user is not None and _reachable(messages, call, user):
                yield user
            else:
                invalid[f"invalid_{key}"].append(value)


def _of_departments(messages: Messages, department_ids: list[str], invalid: Body) -> Iterable[User]:
    directory = messages.world.directory
    for value in department_ids:
        department = directory.department(value, "open_department_id") or directory.department(value)
        if department is None or value == ROOT_DEPARTMENT:
            invalid["invalid_department_ids"].append(value)
            continue
        for each in with_below(messages.world, department):
            yield from directory.members(each.department_id)


def _reachable(messages: Messages, call: ApiCall, user: User) -> bool:
    try:
        check_reach(messages.world, call.app, user, call.path)
    except Refusal:
        return False
    return True
