"""Passive replies: opening what an app answers a callback with, and doing it for the person who caused it.

The real platform drops a reply that it cannot use without a word; here a complaint tells why (wecom.md section 12).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.wecom import sealing, xml
from sandbox.wecom.card_xml import card_of
from sandbox.wecom.content import read_content
from sandbox.wecom.deliveries import Delivery
from sandbox.wecom.messages import Cause, Draft, Messages
from sandbox.wecom.payloads import CARD_CLICKED, MENU_CHOSEN
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import FakeWeComApp
from sandbox.wecom.updating import new_face
from sandbox.wecom.xml import Node, XmlError, text_in

_NOTHING = (b"", b"success")
_CLICKS = (CARD_CLICKED, MENU_CHOSEN)
_MEDIA = {"image": "Image", "voice": "Voice", "video": "Video"}

Fields = Mapping[str, list[Node]]


class Unusable(Exception):
    """A reply cannot be used; says why."""


class PassiveReplies:
    """Applies the replies to one company's chats."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._world = messages.world

    def take(self, delivery: Delivery, body: bytes) -> None:
        """Do what an answer with HTTP 200 says; an empty one says nothing."""
        if body.strip() in _NOTHING:
            return
        try:
            self._apply(delivery, self._opened(self._world.apps[delivery.agent_id], delivery, body))
        except (sealing.SealBroken, XmlError, Unusable) as broken:
            self._world.complain(f"the reply to {delivery.event} was dropped: {broken}")
        except Refusal as refused:
            self._world.complain(f"the reply to {delivery.event} was dropped: {refused.code}")

    def _opened(self, app: FakeWeComApp, delivery: Delivery, body: bytes) -> Fields:
        envelope = xml.read(body)
        sealed = text_in(envelope, "Encrypt").strip()
        expected = sealing.sign(app.token, text_in(envelope, "TimeStamp"), text_in(envelope, "Nonce"), sealed)
        if text_in(envelope, "MsgSignature") != expected:
            raise Unusable("the signature is wrong")
        fields = xml.read(sealing.unseal(app.aes_key, sealed, app.corp_id))
        if (text_in(fields, "ToUserName"), text_in(fields, "FromUserName")) != (delivery.user_id, app.corp_id):
            raise Unusable("it is not from the company to the person who caused it")
        return fields

    def _apply(self, delivery: Delivery, fields: Fields) -> None:
        msg_type = text_in(fields, "MsgType")
        if msg_type == "update_button":
            button = fields.get("Button", [{}])[0]
            name = text_in(button, "ReplaceName") if not isinstance(button, str) else ""
            self._update(delivery, {"button": {"replace_name": name}})
        elif msg_type == "update_template_card":
            self._update(delivery, {"template_card": card_of(fields.get("TemplateCard", [""])[0])})
        else:
            self._say(delivery, {"msgtype": msg_type, msg_type: _content(msg_type, fields)})

    def _update(self, delivery: Delivery, update: Mapping[str, Any]) -> None:
        if delivery.event not in _CLICKS:
            raise Unusable("only a click can be answered with an update")
        card = self._messages.known(delivery.message_id)
        face = new_face(self._world, card.content, update)
        if not card.recalled:
            self._messages.rewrite(card.message_id, face, Cause.CLICK_ANSWERED)

    def _say(self, delivery: Delivery, body: Mapping[str, Any]) -> None:
        msg_type, content = read_content(self._world, body)
        self._messages.add_from_bot(Draft(delivery.agent_id, delivery.user_id, msg_type, content))
        self._world.changed(delivery.user_id)


def _content(msg_type: str, fields: Fields) -> dict[str, Any]:
    if msg_type == "text":
        return {"content": text_in(fields, "Content")}
    if msg_type in _MEDIA:
        media = fields.get(_MEDIA[msg_type], [{}])[0]
        return {"media_id": text_in(media, "MediaId") if not isinstance(media, str) else ""}
    if msg_type == "news":
        return {"articles": [_article(each) for each in _items(fields)]}
    raise Unusable(f"{msg_type!r} is no type of a reply")


def _items(fields: Fields) -> list[Node]:
    articles = fields.get("Articles", [{}])[0]
    return [] if isinstance(articles, str) else articles.get("item", [])


def _article(item: Node) -> dict[str, str]:
    if isinstance(item, str):
        raise Unusable("an article has no elements")
    names = {"title": "Title", "description": "Description", "url": "Url", "picurl": "PicUrl"}
    return {key: text_in(item, name) for key, name in names.items()}
