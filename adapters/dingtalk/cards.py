"""Interactive cards (互动卡片): made, shown to one person, and changed.

The row's id is the card's id (outTrackId), so that a repeated call is refused as known: the first one has arrived. How
a card can be changed depends on its template, which the id therefore tells. Formats: dingtalk.md 7, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.errors import CARD_EXISTS, INVALID_PARAMETER
from adapters.dingtalk.render import Face, Template, face
from adapters.dingtalk.settings import DOCUMENTED_VALUE_BYTES, DingTalkSettings, Mode
from domain.cards import Card
from domain.errors import ContentRefused, PlatformDown
from domain.messages import Outgoing

CREATE_AND_DELIVER = "/v1.0/card/instances/createAndDeliver"
INSTANCES = "/v1.0/card/instances"
REGISTER = "/v1.0/card/callbacks/register"

ROUTE = "fupan"
"""Under which our address for clicks is registered (callbackRouteKey), where the platform calls us."""

_FORM_END = ".form"
_LOCALES = ("ZH_CN", "EN_US")


class NotShown(Exception):
    """A card was made, but could not be put into somebody's chat; `reason` is the platform's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Cards:
    """The interactive cards of one app.

    Args:
        api: The server API.
        settings: Which app, and its templates.
    """

    def __init__(self, api: DingTalkApi, settings: DingTalkSettings) -> None:
        self._api = api
        self._settings = settings

    async def send(self, message: Outgoing, card: Card, template: Template) -> str:
        """Make a card and put it into a person's chat; return its id.

        Args:
            message: The row.
            card: What to show.
            template: Which template shows it.

        Raises:
            NotShown: It was made, but its receiver cannot see it.
            PlatformError: As its subclasses say.
        """
        out_track_id = out_track_id_of(message.message_id, template)
        request = self._request(out_track_id, message.receiver, card, template)
        try:
            payload = await self._api.call("POST", CREATE_AND_DELIVER, request, attempts=message.attempts)
        except ContentRefused as refused:
            if refused.code != CARD_EXISTS:
                raise
            return out_track_id
        _check_delivered(payload)
        return out_track_id

    async def show(self, out_track_id: str, card: Card, attempts: int = 0) -> None:
        """Give a card a new face, for everybody who sees it; shorter, if the platform minds how long it is.

        Args:
            out_track_id: Which card.
            card: What it shows from now on.
            attempts: Tries before this one.

        Raises:
            PlatformError: As its subclasses say.
        """
        template = template_of(out_track_id)
        whole = face(card, template, self._settings)
        try:
            await self._put(out_track_id, whole, attempts)
        except ContentRefused as refused:
            if (
                refused.code != INVALID_PARAMETER
                or (short := face(card, template, documented(self._settings))) == whole
            ):
                raise
            await self._put(out_track_id, short, attempts)

    async def register_address(self, url: str, secret: str) -> None:
        """Tell the platform where clicks go, where it calls us.

        Args:
            url: Our public address.
            secret: Signs the calls.

        Raises:
            PlatformError: As its subclasses say.
        """
        request = {"callbackRouteKey": ROUTE, "callbackUrl": url, "apiSecret": secret, "forceUpdate": True}
        await self._api.call("POST", REGISTER, request)

    async def _put(self, out_track_id: str, variables: Face, attempts: int) -> None:
        request = {
            "outTrackId": out_track_id,
            "cardData": {"cardParamMap": variables},
            "cardUpdateOptions": {"updateCardDataByKey": True},
            "userIdType": 1,
        }
        payload = await self._api.call("PUT", INSTANCES, request, attempts=attempts)
        if payload.get("success") is False:
            raise PlatformDown("card-not-updated", "the platform reported no success")

    def _request(self, out_track_id: str, receiver: str, card: Card, template: Template) -> dict[str, Any]:
        settings = self._settings
        stream = settings.mode is Mode.STREAM
        variables: Face = face(card, template, settings)
        summary = card.summary.strip() or card.title
        request: dict[str, Any] = {
            "cardTemplateId": template_id_of(settings, template),
            "outTrackId": out_track_id,
            "callbackType": "STREAM" if stream else "HTTP",
            "cardData": {"cardParamMap": variables},
            "imRobotOpenSpaceModel": {
                "supportForward": False,
                "lastMessageI18n": dict.fromkeys(_LOCALES, summary),
                "notification": {"alertContent": summary, "notificationOff": False},
            },
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": settings.client_id},
            "openSpaceId": f"dtv1.card//IM_ROBOT.{receiver}",
            "userIdType": 1,
        }
        return request if stream else {**request, "callbackRouteKey": ROUTE}


def documented(settings: DingTalkSettings) -> DingTalkSettings:
    """Return the settings with variables no longer than the platform's documents promise."""
    return replace(settings, value_bytes=min(settings.value_bytes, DOCUMENTED_VALUE_BYTES))


def out_track_id_of(message_id: str, template: Template) -> str:
    """Return the id of the card that a row makes."""
    return message_id + (_FORM_END if template is Template.FORM else "")


def template_id_of(settings: DingTalkSettings, template: Template) -> str:
    """Return the configured id of a template, empty if there is none."""
    return settings.form_template if template is Template.FORM else settings.card_template


def template_of(out_track_id: str) -> Template:
    """Return which template a card was made from."""
    return Template.FORM if out_track_id.endswith(_FORM_END) else Template.CARD


def _check_delivered(payload: Mapping[str, Any]) -> None:
    result = payload.get("result")
    results = result.get("deliverResults") if isinstance(result, dict) else None
    listed = [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []
    if payload.get("success") is False or not listed:
        raise PlatformDown("no-deliver-result", "the platform did not say whether the card is shown; a retry tells")
    for each in listed:
        if each.get("success") is not True:
            raise NotShown(str(each.get("errorMsg") or "no reason given"))
