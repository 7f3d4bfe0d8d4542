"""The cards' API: create, deliver, update, stream, and the addresses for HTTP callbacks (dingtalk.md section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk import card_request as asked
from sandbox.dingtalk.calls import ApiCall, Body
from sandbox.dingtalk.card_instances import CallbackType, Card, CardInstances, Cause
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.links import speaking_links
from sandbox.dingtalk.message_kinds import CARD
from sandbox.dingtalk.messages import Chat, Draft, Messages, Sender
from sandbox.dingtalk.refusals import refusal
from sandbox.dingtalk.robot import reachable
from sandbox.dingtalk.settings import Template

_ILLEGAL_SPACE = "spaceId is illegal"


class Cards:
    """The methods.

    Args:
        messages: The organisation's messages.
        instances: Its cards.
    """

    def __init__(self, messages: Messages, instances: CardInstances) -> None:
        self._messages = messages
        self._instances = instances
        self._world = messages.world

    def create_and_deliver(self, call: ApiCall) -> Body:
        """`POST /v1.0/card/instances/createAndDeliver`; a failed delivery is inside HTTP 200.

        Raises:
            Refusal: `param.*`.
        """
        spaces = asked.spaces_of(call)
        with self._world.store.transaction():
            card = self._create(call)
            asked.check_models(call, [kind for kind, _ in spaces], card.spaces)
            results = [self._deliver(call, card, kind, space_id) for kind, space_id in spaces]
        self._world.changed(self._instances.receivers(card.out_track_id))
        return {"success": True, "result": {"outTrackId": card.out_track_id, "deliverResults": results}}

    def create(self, call: ApiCall) -> Body:
        """`POST /v1.0/card/instances`. Raises as `create_and_deliver`."""
        return {"success": True, "result": self._create(call).out_track_id}

    def deliver(self, call: ApiCall) -> Body:
        """`POST /v1.0/card/instances/deliver`. Raises as `create_and_deliver`."""
        card, spaces = self._own(call), asked.spaces_of(call)
        asked.check_models(call, [kind for kind, _ in spaces], card.spaces)
        with self._world.store.transaction():
            results = [self._deliver(call, card, kind, space_id) for kind, space_id in spaces]
        self._world.changed(self._instances.receivers(card.out_track_id))
        return {"success": True, "result": results}

    def update(self, call: ApiCall) -> Body:
        """`PUT /v1.0/card/instances`; overwrites whole maps unless `cardUpdateOptions` say otherwise.

        Raises:
            Refusal: `param.cardNotExist`, `param.cardDataAndPrivateDataBothEmpty`, `param.userIdNotExist`,
                `param.contentUnsafe`, `param.invalid`, `param.outTrackIdEmpty`.
        """
        card = self._own(call)
        template = self._template(card, call)
        public = asked.public_variables(self._world, template, call)
        private = asked.private_variables(self._world, template, call)
        if public is None and not private:
            raise refusal("param.cardDataAndPrivateDataBothEmpty")
        public_by_key, private_by_key = asked.by_key_options(call.body.get("cardUpdateOptions"))
        if public is not None:
            self._instances.publish(card.out_track_id, public, Cause.UPDATED, by_key=public_by_key)
        for user_id, variables in private.items():
            self._instances.confide(card.out_track_id, user_id, variables, Cause.UPDATED, by_key=private_by_key)
        return {"success": True, "result": True}

    def stream(self, call: ApiCall) -> Body:
        """`PUT /v1.0/card/streaming`: one variable, whole or as a further piece.

        Raises:
            Refusal: `param.cardNotExist`, `param.outTrackIdEmpty`, `param.invalid`.
        """
        card, key, content = self._own(call), call.text("key"), call.body.get("content")
        if not key or not isinstance(content, str) or not call.text("guid"):
            raise refusal("param.invalid", "guid, key and content must be strings")
        before = "" if call.body.get("isFull") is True else card.public.get(key, "")
        self._instances.publish(card.out_track_id, {key: before + content}, Cause.STREAMED, by_key=True)
        return {"success": True, "result": True}

    def register_route(self, call: ApiCall) -> Body:
        """`POST /v1.0/card/callbacks/register`.

        Raises:
            Refusal: `param.callbackRouteKeyEmpty`, `param.callbackUrlEmpty`, 500 `param.callbackRouteKeyExist`.
        """
        key, url, secret = call.text("callbackRouteKey"), call.text("callbackUrl"), call.text("apiSecret")
        if not key:
            raise refusal("param.callbackRouteKeyEmpty")
        if not url:
            raise refusal("param.callbackUrlEmpty")
        store, client_id = self._world.store, call.app.client_id
        known = store.row("SELECT url FROM routes WHERE client_id = ? AND route_key = ?", client_id, key)
        if known is not None and known["url"] != url and call.body.get("forceUpdate") is not True:
            raise refusal("param.callbackRouteKeyExist")
        store.run(
            "INSERT OR REPLACE INTO routes (client_id, route_key, url, secret) VALUES (?, ?, ?, ?)",
            *(client_id, key, url, secret),
        )
        return {"success": True, "result": {"callbackUrl": url, "apiSecret": secret}}

    def _create(self, call: ApiCall) -> Card:
        out_track_id, template = asked.track_id(call), asked.template_of(call)
        if self._instances.find(out_track_id) is not None:
            raise refusal("param.cardAlreadyExist")
        public = asked.public_variables(self._world, template, call)
        if public is None:
            raise refusal("param.cardPublicDataEmpty")
        private = asked.private_variables(self._world, template, call)
        card = Card(
            out_track_id=out_track_id,
            client_id=call.app.client_id,
            template_id=template.template_id,
            callback_type=self._callback_type(call),
            route_key=call.text("callbackRouteKey"),
            user_id_type=asked.user_id_type(call),
            spaces=asked.space_models(call),
            public=public,
        )
        self._instances.create(card, private)
        if speaking_links(public.get("body", "")):
            self._world.complain("a card's body has a dtmd link, which does nothing there")
        return card

    def _callback_type(self, call: ApiCall) -> CallbackType:
        try:
            kind = CallbackType(call.text("callbackType"))
        except ValueError:
            raise refusal("param.invalid", "callbackType is STREAM or HTTP") from None
        if kind is CallbackType.HTTP and self.route(call.app.client_id, call.text("callbackRouteKey")) is None:
            raise refusal("param.invalid", "callbackRouteKey is not registered")
        return kind

    def route(self, client_id: str, route_key: str) -> tuple[str, str] | None:
        """The address and the secret of a registered route, None where there is none."""
        row = self._world.store.row(
            "SELECT url, secret FROM routes WHERE client_id = ? AND route_key = ?", client_id, route_key
        )
        return None if row is None else (row["url"], row["secret"])

    def _own(self, call: ApiCall) -> Card:
        card = self._instances.find(asked.track_id(call))
        if card is None or card.client_id != call.app.client_id:
            raise refusal("param.cardNotExist")
        return card

    def _template(self, card: Card, call: ApiCall) -> Template:
        return call.app.template(card.template_id) or Template(card.template_id)

    def _deliver(self, call: ApiCall, card: Card, kind: str, space_id: str) -> Body:
        chat = self._space(call, kind, space_id)
        if chat is None:
            return _result(kind, space_id, "", _ILLEGAL_SPACE)
        fault = self._world.faults.take(FaultKind.UNDELIVERABLE, user_id=chat.user_id)
        if fault is not None:
            return _result(kind, space_id, "", fault.code or _ILLEGAL_SPACE)
        carrier = self._world.mint_opaque()
        content = {"outTrackId": card.out_track_id, "lastMessage": asked.last_message(call, kind, card.public)}
        self._messages.add(Draft(chat, chat.user_id, Sender.BOT, CARD, content, carrier))
        for user_id in chat.members:
            self._instances.deliver(card.out_track_id, user_id)
        return _result(kind, space_id, carrier, "")

    def _space(self, call: ApiCall, kind: str, space_id: str) -> Chat | None:
        if kind == "IM_ROBOT":
            user = self._world.directory.resolve(space_id, asked.user_id_type(call))
            if user is None or not reachable(self._messages, call.app, user.user_id):
                return None
            return self._messages.single_chat(call.app.client_id, user.user_id)
        chat = self._messages.chat(space_id) if kind == "IM_GROUP" else None
        return chat if chat is not None and chat.is_group and chat.client_id == call.app.client_id else None


def answered_maps(instances: CardInstances, answer: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The checked maps in the answer to a click, by `cardData` and `userPrivateData`.

    Raises:
        Refusal: `param.invalid`.
    """
    found = {}
    for key in ("cardData", "userPrivateData"):
        data = answer.get(key)
        if data is None:
            continue
        given = data.get("cardParamMap") if isinstance(data, Mapping) else None
        if not isinstance(given, dict):
            raise refusal("param.invalid", f"{key} must hold a cardParamMap")
        problem = asked.map_problem(instances.world, given)
        if problem:
            raise refusal("param.invalid", problem)
        found[key] = given
    return found


def _result(kind: str, space_id: str, carrier: str, error: str) -> Body:
    return {"spaceType": kind, "spaceId": space_id, "success": not error, "carrierId": carrier, "errorMsg": error}
